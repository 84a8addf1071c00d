/** Tags by what they mean for text; everything that is in none of the sets is inline. */

/** Never text of the page: not even looked at. */
export const SKIPPED_TAGS = new Set(
  (
    'script style noscript template svg math iframe frame frameset object embed applet audio video canvas map area select option ' +
    'optgroup datalist button textarea progress meter rt rp noframes title'
  ).split(' '),
);

/** Start a new block of text. */
const BLOCK_TAGS = new Set(
  (
    'html body address article aside blockquote center dd details dialog dir div dl dt fieldset figcaption figure footer form h1 h2 h3 ' +
    'h4 h5 h6 header hgroup hr legend li main menu nav ol p pre search section summary table caption thead tbody tfoot tr td th ul'
  ).split(' '),
);

/** Whether a tag starts a new block; custom elements do, since whole pages are wrapped in them. */
export function isBlockTag(tag: string): boolean {
  return BLOCK_TAGS.has(tag) || tag.includes('-');
}

/** Inline elements small enough that furniture among them may be dropped without looking at the rest of the page. */
export const PHRASE_TAGS = new Set('a abbr button cite ins label small span sup'.split(' '));

/** Say how text looks, not what it is. Read as if they had no end: badly nested ones must not close paragraphs. */
export const FORMATTING_TAGS = new Set('b big em font i nobr s strike strong tt u'.split(' '));

/** Navigation and page furniture by their very name. */
export const BOILERPLATE_TAGS = new Set(
  'nav footer aside form menu dialog search header figcaption fieldset dir'.split(' '),
);

/** Furniture by ARIA role. */
export const BOILERPLATE_ROLES = new Set(
  (
    'navigation banner contentinfo complementary search dialog alertdialog alert menu menubar toolbar tooltip ' +
    'form status'
  ).split(' '),
);

/** Blocks that hold text rather than other containers: the search for the main content stops here. */
export const TEXT_TAGS = new Set('p pre blockquote ul ol dl table h1 h2 h3 h4 h5 h6 li address'.split(' '));

/** h1 → 1 … h6 → 6, anything else → 0. */
export function headingLevel(tag: string): number {
  return tag.length === 2 && tag[0] === 'h' && tag[1] >= '1' && tag[1] <= '6' ? Number(tag[1]) : 0;
}
