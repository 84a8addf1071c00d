import { BOILERPLATE_ROLES, BOILERPLATE_TAGS } from './tag-roles.ts';

/** What the author's markup says an element is for. */
export type ElementRole = 'content' | 'comments' | 'boilerplate' | 'neutral';

/** Huge attributes are looked at so far. */
const MAXIMUM_NAME_CHARACTERS = 400;

const words = (list: string) => new Set(list.split(/\s+/));

/** A class or id with one of these words in it (`site-nav`, `shareButtons`) is furniture. */
const BOILERPLATE_WORDS = words(
  `ad ads adbox adsense adslot advert advertisement advertising addthis attribution banner breadcrumb breadcrumbs byline carousel catlinks
  colophon consent cookie cookies copyright cta dateline dropdown editsection footer footnav gdpr hatnote jumpto lightbox login masthead
  megamenu menu menubar metadata modal nav navbar navbox navigation navigator newsletter noprint outbrain overlay paginate pagination paginator
  pager permalink popup prevnext promo promotion rating recirc recommended recommendations related share sharebar sharing sharedaddy
  sidebar sidenav signin signup skiplink skiplinks social socials sponsor sponsored subscribe subscription taboola tagcloud taglist tags toolbar
  tooltip topbar timestamp teaser teasers caption captions nextstory disclaimer disclosure recirculation relatedlinks relatedposts author
  authorbox authorinfo flyout titlebar likes paywall werbung anzeige publicidad publicite reklama`,
);

/** Furniture only as the whole name: as a part they are also in the names of content. */
const BOILERPLATE_NAMES = words(
  `hidden widget widgets widget-area postprofile userinfo user-info avatar signature headerlink header-anchor heading-anchor
  anchor-link anchorjs-link hash-link meta post-meta entry-meta article-meta post-info entry-footer post-footer article-footer site-header page-header-bar
  global-header top-bar side-bar right-column left-column rightcol leftcol right-rail rail sr-only visually-hidden screen-reader-text
  skip-link skip-to-content more-link search searchform search-form search-box searchbox caption wp-caption-text mw-jump-link
  entry-utility reflist-nav printfooter jump-links post-navigation back-to-top cc-banner toc table-of-contents post-tags tag-list posted-on`,
);

const COMMENT_WORDS = words(
  'comment comments commentlist commentform disqus respond livefyre trackback trackbacks pingback kommentar kommentare comentarios commentaires commenti reacties',
);

const CONTENT_NAMES = words(
  `article-body articlebody article-content article-text article__body article__content body-text content-body content-main contentmain entry entry-content
  entrytext main main-content maincontent markdown-body mw-content-text mw-parser-output page-content post post-body post-content post-text postbody postcontent
  rich-text single-content story story-body story-content storycontent text-content theme-doc-markdown td-post-content document documentation`,
);

/** Class names that describe the page or the item, not the element (`has-sidebar`, WordPress' `tag-social`). */
const MODIFIER =
  /^(?:has|no|not|with|without|category|tag|is|page|layout|theme|template|type|format|single|js|post-\d|elementor)[-_]/;

/** Words that are in sentences and not in the names of furniture. */
const SENTENCE_WORDS = words('a an the of and or with for to in on is are how what when why your our');
const SENTENCE_LENGTH = 5;

/**
 * The role of an element by tag, ARIA role, visibility, and the words in class and id (camelCase, dashes and underscores divide).
 * The word lists were written for this package, from names that content systems commonly use.
 */
export function elementRole(tag: string, attributes: Readonly<Record<string, string>>): ElementRole {
  const { role, itemprop, style } = attributes;
  if (isHidden(attributes, style)) return 'boilerplate';
  if (BOILERPLATE_TAGS.has(tag) || (role && BOILERPLATE_ROLES.has(role))) return 'boilerplate';
  if (tag === 'body' || tag === 'html') return 'neutral';
  const named = roleByName(`${attributes.id ?? ''} ${attributes.class ?? ''}`.slice(0, MAXIMUM_NAME_CHARACTERS));
  const declared =
    tag === 'article' || tag === 'main' || role === 'main' || role === 'article' || itemprop === 'articleBody';
  return declared && named !== 'comments' ? 'content' : named;
}

/** Hidden from readers by attribute or inline style. */
function isHidden(attributes: Readonly<Record<string, string>>, style: string | undefined): boolean {
  if (attributes.hidden !== undefined || attributes['aria-hidden'] === 'true') return true;
  return (
    style !== undefined &&
    /(?:display\s?:\s?none|visibility\s?:\s?hidden)/i.test(style.slice(0, MAXIMUM_NAME_CHARACTERS))
  );
}

const roleCache = new Map<string, ElementRole>();

/** Pages repeat their class names: remembering a few thousand verdicts is most of the speed. */
function roleByName(names: string): ElementRole {
  const known = roleCache.get(names);
  if (known) return known;
  if (roleCache.size >= 4096) roleCache.clear();
  const role = judgeNames(names);
  roleCache.set(names, role);
  return role;
}

function judgeNames(names: string): ElementRole {
  let role: ElementRole = 'neutral';
  for (const name of names.split(/\s+/)) {
    if (name === '' || MODIFIER.test(name)) continue;
    const verdict = judgeName(name);
    if (verdict === 'content') return 'content';
    if (role === 'neutral') role = verdict;
  }
  return role;
}

function judgeName(name: string): ElementRole {
  const lower = name.toLowerCase();
  if (CONTENT_NAMES.has(lower)) return 'content';
  if (BOILERPLATE_NAMES.has(lower)) return 'boilerplate';
  const parts = name
    .replace(/([a-z])([A-Z])/g, '$1-$2')
    .toLowerCase()
    .split(/[^a-z]+/);
  if (isHeading(parts)) return 'neutral';
  if (parts.some((part) => COMMENT_WORDS.has(part))) return 'comments';
  return parts.some((part) => BOILERPLATE_WORDS.has(part)) ? 'boilerplate' : 'neutral';
}

/** Documentation names its sections by their headings: `sharing-with-a-single-developer` is no button. */
function isHeading(parts: readonly string[]): boolean {
  return parts.length >= SENTENCE_LENGTH && parts.some((part) => SENTENCE_WORDS.has(part));
}
