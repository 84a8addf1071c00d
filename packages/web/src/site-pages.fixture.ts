/**
 * Pages of differently built sites with known main text: the structures are those of well-known content systems and layouts, the words
 * are our own. The truth of a page is what a person would copy out of it: title, text, lists, tables, code; no furniture.
 */

import { article, type Article } from './site-article.fixture.ts';

/** A page and the text that should come out of it. */
export interface SitePage {
  name: string;
  html: string;
  /** Blocks of the main text. */
  truth: string[];
}

const NAV = ['Home', 'News', 'Weather', 'Sport', 'Culture', 'Archive', 'About us', 'Contact'];
const links = (names: readonly string[], wrap: (link: string) => string = (link) => `<li>${link}</li>`) =>
  names.map((name) => wrap(`<a href="/${name.toLowerCase().replaceAll(' ', '-')}">${name}</a>`)).join('');
const RELATED = [
  'Ten walks for a rainy weekend',
  'Why the ferry is late again',
  'Our readers choose the best pie',
  'The council votes on parking',
];
const related = `<ul>${links(RELATED)}</ul>`;
const COOKIES =
  '<div id="cookie-banner" class="cookie-consent">We use cookies to make the site work. <button>Accept all</button></div>';
const COMMENTS = [
  'Great read, thanks for sharing!',
  'My grandfather worked there until he retired in the sixties, I must show him this.',
  'First!',
];

const ps = (list: readonly string[], attributes = '') => list.map((text) => `<p${attributes}>${text}</p>`).join('\n');
const ul = (items: readonly string[]) => `<ul>${items.map((item) => `<li>${item}</li>`).join('')}</ul>`;
const table = (rows: readonly (readonly string[])[]) =>
  `<table><tbody>${rows.map((row, at) => `<tr>${row.map((cell) => (at === 0 ? `<th>${cell}</th>` : `<td>${cell}</td>`)).join('')}</tr>`).join('')}</tbody></table>`;
const page = (head: string, body: string, html = 'lang="en"') =>
  `<!doctype html><html ${html}><head><meta charset="utf-8">${head}<script>var tracking = {id: 1};</script><style>p{margin:0}</style></head><body>${body}</body></html>`;

interface Template {
  name: string;
  build: (a: Article) => { html: string; truth: string[] };
}

/** Title, half of the text, a heading, the other half. */
const split = ({ paragraphs }: Article) => [paragraphs.slice(0, 3), paragraphs.slice(3)] as const;
const plainTruth = (a: Article) => [a.title, ...a.paragraphs];

const TEMPLATES: Template[] = [
  {
    name: 'wordpress, twenty-something theme',
    build: (a) => ({
      truth: [a.title, ...split(a)[0], a.headings[0], ...split(a)[1], a.quote],
      html: page(
        `<title>${a.title} – Valley Notes</title>`,
        `<a class="skip-link screen-reader-text" href="#content">Skip to content</a><header id="site-header" class="header-footer-group"><div class="site-title"><a href="/">Valley Notes</a></div><nav class="primary-menu-wrapper"><ul class="primary-menu">${links(NAV)}</ul></nav></header><main id="site-content"><article class="post-12 post type-post status-publish format-standard hentry category-history"><header class="entry-header"><h1 class="entry-title">${a.title}</h1><div class="post-meta"><span class="post-author">By Ann</span> <span class="post-date">May 4, 2021</span></div></header><div class="post-inner thin"><div class="entry-content">${ps(split(a)[0])}<h2>${a.headings[0]}</h2>${ps(split(a)[1])}<blockquote class="wp-block-quote"><p>${a.quote}</p></blockquote></div></div><div class="section-inner"><nav class="pagination-single"><a href="/p">Previous post</a></nav><div class="comments-wrapper"><h2>3 replies</h2>${COMMENTS.map((c) => `<div class="comment-body"><p>${c}</p></div>`).join('')}</div></div></article></main><aside class="footer-widgets"><h2 class="widget-title">Recent Posts</h2>${related}</aside><footer id="site-footer">© 2021 Valley Notes</footer>`,
      ),
    }),
  },
  {
    name: 'wordpress, classic with sidebar',
    build: (a) => ({
      truth: [...plainTruth(a), ...a.items],
      html: page(
        `<title>${a.title}</title>`,
        `<div id="page"><div id="header"><h1><a href="/">The Blog</a></h1><div class="description">Just another weblog</div></div><div id="content" class="narrowcolumn"><div class="post" id="post-9"><h2>${a.title}</h2><div class="entry">${ps(a.paragraphs)}${ul(a.items)}<p class="postmetadata alt"><small>This entry was posted on Monday and is filed under <a href="/c">History</a>. You can follow any responses through the feed.</small></p></div></div><h3 id="comments">Two Responses</h3><ol class="commentlist">${COMMENTS.map((c) => `<li class="alt"><p>${c}</p></li>`).join('')}</ol></div><div id="sidebar"><ul><li><h2>Pages</h2><ul>${links(NAV)}</ul></li><li><h2>Archives</h2><ul>${links(RELATED)}</ul></li></ul></div><div id="footer"><p>The Blog is proudly powered by software</p></div></div>`,
      ),
    }),
  },
  {
    name: 'wordpress, page builder',
    build: (a) => ({
      truth: plainTruth(a),
      html: page(
        `<title>${a.title}</title>`,
        `<div data-elementor-type="header" class="elementor elementor-location-header"><div class="elementor-nav-menu"><ul>${links(NAV)}</ul></div></div><div data-elementor-type="single-post" class="elementor elementor-location-single post"><div class="elementor-section-wrap"><section class="elementor-section elementor-top-section"><div class="elementor-container"><div class="elementor-row"><div class="elementor-column elementor-col-66"><div class="elementor-widget-wrap"><div class="elementor-widget elementor-widget-theme-post-title"><h1 class="elementor-heading-title">${a.title}</h1></div><div class="elementor-widget elementor-widget-theme-post-content"><div class="elementor-widget-container">${ps(a.paragraphs)}</div></div></div></div><div class="elementor-column elementor-col-33"><div class="elementor-widget elementor-widget-posts">${related}</div></div></div></div></section></div></div><div class="elementor elementor-location-footer"><p>Call us any time. All rights reserved.</p></div>${COOKIES}`,
      ),
    }),
  },
  {
    name: 'mediawiki, desktop',
    build: (a) => ({
      truth: [a.title, ...split(a)[0], a.headings[0], ...split(a)[1], ...a.rows.flat()],
      html: page(
        `<title>${a.title} - Openpedia</title>`,
        `<div id="mw-page-base" class="noprint"></div><div id="content" class="mw-body" role="main"><div id="siteNotice"></div><h1 id="firstHeading" class="firstHeading">${a.title}</h1><div id="bodyContent" class="vector-body"><div id="siteSub" class="noprint">From Openpedia, the free handbook</div><div id="jump-to-nav"></div><a class="mw-jump-link" href="#n">Jump to navigation</a><div id="mw-content-text" class="mw-body-content"><div class="mw-parser-output">${ps(split(a)[0])}<div id="toc" class="toc" role="navigation"><h2>Contents</h2><ul><li><a href="#1">1 ${a.headings[0]}</a></li></ul></div><h2><span class="mw-headline">${a.headings[0]}</span><span class="mw-editsection">[<a href="#e">edit</a>]</span></h2>${ps(split(a)[1])}${table(a.rows).replace('<table>', '<table class="wikitable">')}<div class="navbox" role="navigation"><ul>${links(RELATED)}</ul></div></div></div><div id="catlinks" class="catlinks">Categories: ${links(NAV, (l) => `${l} | `)}</div></div></div><div id="mw-navigation"><h2>Navigation menu</h2><div id="p-personal" role="navigation"><ul>${links(['Talk', 'Log in'])}</ul></div></div><footer id="footer" class="mw-footer"><ul><li>This page was last edited on a Friday.</li></ul></footer>`,
      ),
    }),
  },
  {
    name: 'mediawiki, mobile',
    build: (a) => ({
      truth: [a.title, ...split(a)[0], a.headings[0], ...split(a)[1]],
      html: page(
        `<title>${a.title}</title>`,
        `<div id="mw-mf-viewport"><header class="header-container header-chrome"><form class="header"><nav class="navigation-drawer">${ul(NAV)}</nav></form></header><main id="content" class="mw-body"><div class="pre-content heading-holder"><div class="page-heading"><h1>${a.title}</h1></div><ul class="page-actions-menu"><li><a href="#">Language</a></li><li><a href="#">Watch</a></li></ul></div><div id="bodyContent" class="content"><section class="mf-section-0">${ps(split(a)[0])}</section><h2 class="section-heading"><span class="mw-headline">${a.headings[0]}</span></h2><section class="mf-section-1 collapsible-block">${ps(split(a)[1])}</section></div><div class="post-content" id="page-secondary-actions"></div></main><footer class="mw-footer minerva-footer"><p>Last edited 3 days ago. Content is available under a free licence.</p></footer></div>`,
      ),
    }),
  },
  {
    name: 'discourse topic',
    build: (a) => ({
      truth: [a.title, ...a.paragraphs],
      html: page(
        `<title>${a.title} - Forum</title>`,
        `<header><a href="/">Forum</a></header><div id="main-outlet" class="wrap" role="main"><div id="topic-title"><h1><a href="/t/1">${a.title}</a></h1><div class="topic-category"><span class="category-title">General</span></div></div>${a.paragraphs.map((text, at) => `<div id="post_${at}" itemscope class="topic-body crawler-post"><div class="crawler-post-meta"><span class="creator"><a href="/u/x">user${at}</a></span><span class="crawler-post-infos"><time class="post-time">March ${at + 1}</time></span></div><div class="post" itemprop="text"><p>${text}</p></div><div class="crawler-linkback-list"></div></div>`).join('')}</div><footer class="container wrap"><nav class="crawler-nav"><ul>${links(NAV)}</ul></nav></footer>`,
      ),
    }),
  },
  {
    name: 'phpbb thread',
    build: (a) => ({
      truth: [a.title, ...a.paragraphs],
      html: page(
        `<title>${a.title}</title>`,
        `<div id="wrap"><div id="page-header"><div class="navbar"><ul class="linklist navlinks">${links(NAV)}</ul></div></div><div id="page-body" role="main"><h2 class="topic-title"><a href="#">${a.title}</a></h2>${a.paragraphs.map((text, at) => `<div id="p${at}" class="post bg${(at % 2) + 1}"><div class="inner"><dl class="postprofile"><dt><a href="#">member${at}</a></dt><dd>Posts: ${at * 7}</dd><dd>Joined: Mon Jan 05</dd></dl><div class="postbody"><div id="post_content${at}"><p class="author"><span class="responsive-hide">by <strong>member${at}</strong> » </span>Tue Feb 0${at + 1}</p><div class="content">${text}</div><div class="signature">Never argue with the tide</div></div></div></div></div>`).join('')}<div class="action-bar bar-bottom"><a href="#">Post Reply</a></div></div><div id="page-footer">Powered by a forum</div></div>`,
      ),
    }),
  },
  {
    name: 'question and answers',
    build: (a) => ({
      truth: [a.title, ...a.paragraphs, a.code],
      html: page(
        `<title>${a.title} - Stack</title>`,
        `<header class="top-bar"><a href="/">Stack</a></header><div class="container"><div id="left-sidebar"><nav role="navigation"><ol>${links(NAV)}</ol></nav></div><div id="content"><div id="question-header"><h1 itemprop="name"><a href="#" class="question-hyperlink">${a.title}</a></h1><a class="btn" href="#">Ask Question</a></div><div id="mainbar"><div class="question" id="question"><div class="votecell"><button>up</button><div>14</div></div><div class="postcell"><div class="js-post-body" itemprop="text">${ps(a.paragraphs.slice(0, 2))}<pre class="lang-py"><code>${a.code}</code></pre></div><div class="post-taglist"><a class="post-tag" href="#">stone</a></div><div class="user-info">asked yesterday <a href="#">digger</a></div></div></div><div id="answers"><div class="answer"><div class="votecell"><div>22</div></div><div class="answercell"><div class="js-post-body" itemprop="text">${ps(a.paragraphs.slice(2))}</div></div></div></div></div><div id="sidebar" class="show-votes"><div class="module sidebar-linked"><h4>Linked</h4>${related}</div></div></div></div><footer id="footer" class="site-footer">site design</footer>`,
      ),
    }),
  },
  {
    name: 'docusaurus',
    build: (a) => ({
      truth: [a.title, ...split(a)[0], a.headings[0], a.code, ...split(a)[1], ...a.items],
      html: page(
        `<title>${a.title} | Docs</title>`,
        `<div id="__docusaurus"><nav class="navbar navbar--fixed-top"><div class="navbar__inner">${links(NAV, (l) => l)}</div></nav><div class="main-wrapper"><div class="docPage"><aside class="docSidebarContainer"><ul class="menu__list">${links(RELATED)}</ul></aside><main class="docMainContainer"><div class="container"><div class="row"><div class="col docItemCol"><div class="docItemContainer"><article><nav class="theme-doc-breadcrumbs"><ul class="breadcrumbs"><li>Guides</li></ul></nav><div class="theme-doc-markdown markdown"><header><h1>${a.title}</h1></header>${ps(split(a)[0])}<h2 class="anchor" id="b">${a.headings[0]}<a class="hash-link" href="#b">​</a></h2><div class="language-python codeBlockContainer"><div class="codeBlockContent"><pre class="prism-code language-python"><code>${a.code}</code></pre><div class="buttonGroup"><button>Copy</button></div></div></div>${ps(split(a)[1])}${ul(a.items)}</div><footer class="theme-doc-footer"><a href="#">Edit this page</a></footer></article><nav class="pagination-nav"><a href="#">Next</a></nav></div></div><div class="col col--3"><div class="tableOfContents"><ul>${links(a.headings)}</ul></div></div></div></div></main></div></div><footer class="footer">Copyright 2024 Docs</footer></div>`,
      ),
    }),
  },
  {
    name: 'sphinx, read the docs',
    build: (a) => ({
      truth: [a.title, ...split(a)[0], a.headings[0], ...split(a)[1], a.code],
      html: page(
        `<title>${a.title} — manual</title>`,
        `<div class="wy-grid-for-nav"><nav data-toggle="wy-nav-shift" class="wy-nav-side"><div class="wy-side-scroll"><div role="search"><form><input></form></div><div class="wy-menu wy-menu-vertical"><ul>${links(RELATED)}</ul></div></div></nav><section class="wy-nav-content-wrap"><div class="wy-nav-content"><div class="rst-content"><div role="navigation" aria-label="breadcrumbs"><ul class="wy-breadcrumbs"><li>Docs »</li><li>${a.title}</li></ul></div><div role="main" class="document" itemprop="articleBody"><div class="section" id="x"><h1>${a.title}<a class="headerlink" href="#x">¶</a></h1>${ps(split(a)[0])}<div class="section"><h2>${a.headings[0]}<a class="headerlink" href="#y">¶</a></h2>${ps(split(a)[1])}<div class="highlight-python notranslate"><div class="highlight"><pre>${a.code}</pre></div></div></div></div></div><footer><div class="rst-footer-buttons"><a href="#">Next</a></div><div role="contentinfo"><p>© Copyright 2020. Built with a tool.</p></div></footer></div></div></section></div>`,
      ),
    }),
  },
  {
    name: 'mkdocs material',
    build: (a) => ({
      truth: [...plainTruth(a), ...a.items],
      html: page(
        `<title>${a.title}</title>`,
        `<header class="md-header"><nav class="md-header__inner">${a.title}</nav></header><div class="md-container"><main class="md-main"><div class="md-main__inner md-grid"><div class="md-sidebar md-sidebar--primary"><nav class="md-nav"><ul class="md-nav__list">${links(NAV)}</ul></nav></div><div class="md-sidebar md-sidebar--secondary"><nav class="md-nav md-nav--secondary"><ul>${links(a.headings)}</ul></nav></div><div class="md-content"><article class="md-content__inner md-typeset"><a class="md-content__button" href="#">Edit</a><h1>${a.title}</h1>${ps(a.paragraphs)}${ul(a.items)}<hr><div class="md-source-file"><small>Last update: 2022</small></div></article></div></div></main><footer class="md-footer"><div class="md-copyright">Made with a generator</div></footer></div>`,
      ),
    }),
  },
  {
    name: 'java api page',
    build: (a) => ({
      truth: [a.title, ...a.paragraphs, ...a.rows.flat()],
      html: page(
        `<title>${a.title}</title>`,
        `<div class="topNav"><ul class="navList">${links(NAV)}</ul></div><div class="header"><h2 class="title">${a.title}</h2></div><div class="contentContainer"><div class="description"><div class="block">${a.paragraphs.slice(0, 3).join('<p>')}</div></div><div class="summary"><div class="block">${a.paragraphs.slice(3).join('<p>')}</div>${table(a.rows)}</div></div><div class="bottomNav"><ul class="navList">${links(NAV)}</ul></div>`,
      ),
    }),
  },
  {
    name: 'code host, readme',
    build: (a) => ({
      truth: [...plainTruth(a), a.code],
      html: page(
        `<title>GitHost - mills</title>`,
        `<div class="application-main"><header class="Header"><nav>${links(NAV, (l) => l)}</nav></header><main><div id="repository-container-header"><ul class="UnderlineNav-body">${links(['Code', 'Issues', 'Pull requests'])}</ul></div><div class="repository-content"><div class="js-details-container Details"><div role="grid">${['src', 'LICENSE', 'README.md'].map((f) => `<div role="row"><a href="#">${f}</a> <span>first version</span> <time>3 years ago</time></div>`).join('')}</div></div><div id="readme" class="Box md"><article class="markdown-body entry-content" itemprop="text"><h1>${a.title}</h1>${ps(a.paragraphs)}<div class="highlight highlight-source-python"><pre>${a.code}</pre></div></article></div><div class="Layout-sidebar"><h2>About</h2><p>Loads of old beams</p><h2>Languages</h2></div></div></main></div><footer class="footer">Terms Privacy Security</footer>`,
      ),
    }),
  },
  {
    name: 'jekyll, minima',
    build: (a) => ({
      truth: plainTruth(a),
      html: page(
        `<title>${a.title}</title>`,
        `<header class="site-header" role="banner"><div class="wrapper"><a class="site-title" href="/">Notes</a><nav class="site-nav"><div class="trigger">${links(NAV, (l) => l)}</div></nav></div></header><main class="page-content"><div class="wrapper"><article class="post h-entry" itemscope><header class="post-header"><h1 class="post-title p-name">${a.title}</h1><p class="post-meta"><time class="dt-published">Jun 2, 2019</time></p></header><div class="post-content e-content" itemprop="articleBody">${ps(a.paragraphs)}</div><a class="u-url" href="/x" hidden></a></article></div></main><footer class="site-footer h-card"><div class="wrapper"><p>Notes on old things</p></div></footer>`,
      ),
    }),
  },
  {
    name: 'ghost',
    build: (a) => ({
      truth: [...plainTruth(a), a.quote],
      html: page(
        `<title>${a.title}</title>`,
        `<div class="viewport"><header id="gh-head" class="gh-head outer"><nav class="gh-head-menu"><ul class="nav">${links(NAV)}</ul></nav></header><div class="site-content"><main id="site-main" class="site-main"><article class="article post"><header class="article-header gh-canvas"><h1 class="article-title">${a.title}</h1><div class="article-byline"><section class="article-byline-content"><ul class="author-list"><li>Pat</li></ul></section></div></header><section class="gh-content gh-canvas">${ps(a.paragraphs)}<blockquote>${a.quote}</blockquote></section></article></main><section class="footer-cta"><h2>Sign up for more like this.</h2></section><aside class="read-more-wrap">${related}</aside></div><footer class="site-footer outer">Ghostly</footer></div>`,
      ),
    }),
  },
  {
    name: 'blogspot',
    build: (a) => ({
      truth: plainTruth(a),
      html: page(
        `<title>Old Stones: ${a.title}</title>`,
        `<div class="navbar section" id="navbar"></div><div id="outer-wrapper"><div id="header-wrapper"><h1 class="title">Old Stones</h1></div><div id="content-wrapper"><div id="main-wrapper"><div class="main section" id="main"><div class="widget Blog" id="Blog1"><div class="blog-posts hfeed"><h2 class="date-header"><span>Sunday</span></h2><div class="post hentry"><h3 class="post-title entry-title">${a.title}</h3><div class="post-body entry-content"><div dir="ltr">${a.paragraphs.join('<br /><br />')}</div></div><div class="post-footer"><span class="post-author">Posted by Jo</span> <span class="post-labels">Labels: <a href="#">stone</a></span></div></div><div class="comments" id="comments"><h4>2 comments:</h4>${COMMENTS.map((c) => `<p>${c}</p>`).join('')}</div></div><div class="blog-pager"><a href="#">Older Post</a></div></div></div></div><div id="sidebar-wrapper"><div class="widget BlogArchive"><h2>Blog Archive</h2>${related}</div></div></div></div>`,
      ),
    }),
  },
  {
    name: 'drupal',
    build: (a) => ({
      truth: plainTruth(a),
      html: page(
        `<title>${a.title} | Society</title>`,
        `<div class="dialog-off-canvas-main-canvas"><header role="banner"><nav role="navigation" id="block-main-menu">${ul(NAV)}</nav></header><main role="main"><a id="main-content"></a><div class="layout-content"><div class="region region-content"><div id="block-page-title"><h1 class="page-title"><span class="field field--name-title">${a.title}</span></h1></div><article role="article" class="node node--type-article"><footer class="node__meta">Submitted by editor on Monday</footer><div class="node__content"><div class="clearfix text-formatted field field--name-body field__item">${ps(a.paragraphs)}</div></div></article></div></div><aside class="layout-sidebar-second" role="complementary">${related}</aside></main><footer role="contentinfo">Powered by a system</footer></div>`,
      ),
    }),
  },
  {
    name: 'government page',
    build: (a) => ({
      truth: [a.title, ...split(a)[0], a.headings[0], ...split(a)[1], ...a.items],
      html: page(
        `<title>${a.title} - GOV</title>`,
        `${COOKIES}<header class="govuk-header" role="banner"><a href="/">GOV</a></header><div class="govuk-width-container"><div class="govuk-breadcrumbs"><ol>${links(['Home', 'Heritage'])}</ol></div><main id="content" role="main" class="govuk-main-wrapper"><div class="govuk-grid-row"><div class="govuk-grid-column-two-thirds"><h1 class="gem-c-title__text">${a.title}</h1></div></div><div class="govuk-grid-row"><div class="govuk-grid-column-two-thirds"><div class="gem-c-govspeak govuk-govspeak">${ps(split(a)[0])}<h2 id="h">${a.headings[0]}</h2>${ps(split(a)[1])}${ul(a.items)}</div></div><div class="govuk-grid-column-one-third"><div class="gem-c-contextual-sidebar"><nav role="navigation"><h2>Related content</h2>${related}</nav></div></div></div></main></div><footer class="gem-c-layout-footer" role="contentinfo">Crown copyright</footer>`,
      ),
    }),
  },
  {
    name: 'broadcaster news',
    build: (a) => ({
      truth: plainTruth(a),
      html: page(
        `<title>${a.title} - News</title><meta property="og:title" content="${a.title}">`,
        `<div id="root"><header role="banner"><nav aria-label="News">${ul(NAV)}</nav></header><main id="main-content"><article class="ssrcss-pv1rh6-ArticleWrapper"><header><h1 id="main-heading" class="ssrcss-gcq6xq-StyledHeading">${a.title}</h1></header><div data-component="byline-block"><p>By Kim Reporter</p><p>Rural affairs</p></div>${a.paragraphs.map((text, at) => `<div data-component="text-block"><div class="ssrcss-11r1m41-RichTextContainer"><p class="ssrcss-1q0x1qg-Paragraph">${at === 0 ? `<b>${text}</b>` : text}</p></div></div>${at === 2 ? `<div data-component="links-block"><h2>More on this story</h2>${related}</div>` : ''}`).join('')}<section data-component="topic-list"><h2>Related Topics</h2>${ul(['Heritage', 'Water'])}</section></article><aside><h2>Top stories</h2>${related}</aside></main><footer role="contentinfo"><p>© 2023. The broadcaster is not responsible for the content of external sites.</p></footer></div>`,
      ),
    }),
  },
  {
    name: 'newspaper with standfirst',
    build: (a) => ({
      truth: [a.title, a.quote, ...a.paragraphs],
      html: page(
        `<title>${a.title} | Paper</title>`,
        `<header class="dcr-1"><nav data-component="nav"><ul>${links(NAV)}</ul></nav></header><main><article class="dcr-2"><div class="dcr-3"><div data-gu-name="headline"><h1>${a.title}</h1></div><div data-gu-name="standfirst"><p>${a.quote}</p></div><div data-gu-name="meta"><address aria-label="Contributor info">Robin Writer</address><div class="share-buttons">${links(['Facebook', 'Email'])}</div></div><div data-gu-name="body"><div id="maincontent"><div class="article-body-commercial-selector">${ps(a.paragraphs.slice(0, 3))}<aside data-component="rich-link"><a href="#">Ten walks for a rainy weekend</a></aside><figure><img src="x.jpg"><figcaption>A view of the lower pond. Photograph: Staff</figcaption></figure>${ps(a.paragraphs.slice(3))}</div></div><div class="submeta"><span>Topics</span><ul>${links(['Heritage'])}</ul></div></div></div></article></main><section id="onwards-lower">${related}</section><footer>Privacy policy</footer>`,
      ),
    }),
  },
  {
    name: 'regional news, busy',
    build: (a) => ({
      truth: plainTruth(a),
      html: page(
        `<title>${a.title}</title>`,
        `<div class="topbar">${links(NAV, (l) => l)}</div><div id="wrapper"><div class="main-col"><div class="article" itemscope itemtype="NewsArticle"><h1 itemprop="headline">${a.title}</h1><div class="byline">By Staff, 12:04, 3 May</div><div class="social-share"><a href="#">Share</a><a href="#">Tweet</a></div><div class="article-text" itemprop="articleBody">${a.paragraphs.map((text, at) => `<p>${text}</p>${at === 1 ? '<div class="ad-slot"><p>Advertisement</p></div>' : ''}${at === 3 ? `<div class="newsletter-signup"><p>Get the best stories of the week in your inbox. Enter your email below to join thousands of readers.</p></div>` : ''}`).join('')}</div><div class="tags"><a href="#">heritage</a></div></div><div class="taboola"><h3>You may also like</h3>${related}</div><div id="comments">${COMMENTS.map((c) => `<div class="comment">${c}</div>`).join('')}</div></div><div class="right-rail"><h3>Most read</h3>${related}</div></div><div class="footer">Published by the Regional Press</div>`,
      ),
    }),
  },
  {
    name: 'amp page',
    build: (a) => ({
      truth: plainTruth(a),
      html: page(
        `<title>${a.title}</title>`,
        `<amp-sidebar id="sidebar"><ul>${links(NAV)}</ul></amp-sidebar><header class="amp-header">Paper</header><article class="amp-article"><h1 class="amp-title">${a.title}</h1><div class="amp-content">${ps(a.paragraphs)}</div></article><amp-analytics></amp-analytics><footer class="amp-footer">Top of page</footer>`,
      ),
    }),
  },
  {
    name: 'site builder, div soup',
    build: (a) => ({
      truth: plainTruth(a),
      html: page(
        `<title>${a.title}</title>`,
        `<div id="SITE_CONTAINER"><div id="masterPage"><div id="SITE_HEADER"><div class="_2Hij5"><div class="_3bcaz">${links(NAV, (l) => `<div class="x8">${l}</div>`)}</div></div></div><div id="PAGES_CONTAINER"><div id="SITE_PAGES"><div class="_1KV2M"><div class="c1"><div class="txtNew" id="comp-k1"><h1 class="font_0"><span style="font-size:40px">${a.title}</span></h1></div><div class="txtNew" id="comp-k2">${ps(a.paragraphs, ' class="font_8"')}</div></div></div></div></div><div id="SITE_FOOTER"><div class="txtNew"><p class="font_9">123 Mill Lane. Tel 555-0100</p></div></div></div></div>`,
      ),
    }),
  },
  {
    name: 'shop product page',
    build: (a) => ({
      truth: [a.title, ...a.paragraphs.slice(0, 4), ...a.items],
      html: page(
        `<title>${a.title}</title>`,
        `<header class="header-wrapper"><nav class="header__inline-menu">${ul(NAV)}</nav></header><main id="MainContent" class="content-for-layout" role="main"><section class="product-section"><div class="product grid"><div class="product__info-wrapper"><div class="product__title"><h1>${a.title}</h1></div><div class="price">$12.00</div><form class="product-form"><button>Add to cart</button></form><div class="product__description rte">${ps(a.paragraphs.slice(0, 4))}${ul(a.items)}</div></div></div></section><section class="product-recommendations"><h2>You may also like</h2>${related}</section></main><footer class="footer">Subscribe to our emails</footer>`,
      ),
    }),
  },
  {
    name: 'recipe blog',
    build: (a) => ({
      truth: [a.title, ...a.paragraphs, ...a.items, a.quote],
      html: page(
        `<title>${a.title}</title>`,
        `<div class="site-container"><header class="site-header">Kitchen</header><div class="site-inner"><div class="content-sidebar-wrap"><main class="content"><article class="entry"><header class="entry-header"><h1 class="entry-title">${a.title}</h1><p class="entry-meta">by <span class="entry-author">Sam</span> 14 Comments</p></header><div class="entry-content"><div class="jump-to-recipe"><a href="#r">Jump to Recipe</a></div>${ps(a.paragraphs)}<div id="r" class="wprm-recipe-container"><div class="wprm-recipe"><h2>What you need</h2><ul class="wprm-recipe-ingredients">${a.items.map((i) => `<li>${i}</li>`).join('')}</ul><ol class="wprm-recipe-instructions"><li>${a.quote}</li></ol></div></div></div><footer class="entry-footer"><p class="entry-meta">Filed Under: <a href="#">Bread</a></p></footer></article></main><aside class="sidebar sidebar-primary widget-area"><section class="widget"><h3>Hi, I am Sam!</h3><p>I bake in a very small kitchen with a very big dog.</p></section></aside></div></div><footer class="site-footer">Kitchen 2020</footer></div>`,
      ).replace('What you need', ''),
    }),
  },
  {
    name: 'old table layout',
    build: (a) => ({
      truth: plainTruth(a),
      html: `<html><head><title>${a.title}</title></head><body bgcolor="#ffffff"><table width="800" border="0"><tr><td colspan="2"><font size="5"><b>Mill Society</b></font></td></tr><tr><td width="150" valign="top"><font size="2">${links(NAV, (l) => `${l}<br>`)}</font></td><td valign="top"><h1>${a.title}</h1>${a.paragraphs.map((text) => `<p><font face="Arial">${text}</font>`).join('\n')}</td></tr><tr><td colspan="2" align="center"><font size="1">Last updated 3/4/1999</font></td></tr></table></body></html>`,
    }),
  },
  {
    name: 'plain page with line breaks',
    build: (a) => ({
      truth: plainTruth(a),
      html: `<HTML><HEAD><TITLE>${a.title}</TITLE></HEAD><BODY><CENTER><H1>${a.title}</H1></CENTER>${a.paragraphs.join('<BR><BR>\n')}<HR><A HREF="index.html">Back to index</A></BODY></HTML>`,
    }),
  },
  {
    name: 'mailing list archive',
    build: (a) => ({
      truth: [a.title, ...a.paragraphs],
      html: page(
        `<title>[mills] ${a.title}</title>`,
        `<h1>[mills] ${a.title}</h1><b>Robin</b> <a href="mailto:x">robin at mills.example</a><br><i>Tue Mar 4 2008</i><ul><li>Previous message: <a href="1.html">[mills] wheels</a></li><li>Next message: <a href="2.html">[mills] cogs</a></li></ul><hr><pre>${a.paragraphs.join('\n\n')}</pre><hr><ul><li>Previous message: <a href="1.html">[mills] wheels</a></li></ul><a href="http://lists">More information about the mills mailing list</a>`,
      ),
    }),
  },
  {
    name: 'help centre',
    build: (a) => ({
      truth: [a.title, ...split(a)[0], a.headings[0], ...split(a)[1]],
      html: page(
        `<title>${a.title} – Help Center</title>`,
        `<header class="header"><nav class="user-nav">${links(NAV, (l) => l)}</nav></header><main role="main"><div class="container"><nav class="sub-nav"><ol class="breadcrumbs"><li>Help</li></ol></nav><div class="article-container"><aside class="article-sidebar"><div class="collapsible-sidebar"><span>Articles in this section</span>${related}</div></aside><article class="article"><header class="article-header"><h1 class="article-title">${a.title}</h1><div class="article-author"><div class="article-meta">3 months ago · Updated</div></div></header><section class="article-info"><div class="article-content"><div class="article-body">${ps(split(a)[0])}<h3>${a.headings[0]}</h3>${ps(split(a)[1])}</div></div></section><footer><div class="article-votes"><span>Was this article helpful?</span><button>Yes</button></div></footer><div class="article-relatives"><h3>Related articles</h3>${related}</div></article></div></div></main>`,
      ),
    }),
  },
  {
    name: 'wiki for teams',
    build: (a) => ({
      truth: [...plainTruth(a), ...a.rows.flat()],
      html: page(
        `<title>${a.title} - Team</title>`,
        `<div id="page"><div id="full-height-container"><header id="header" role="banner"><nav class="aui-header">${ul(NAV)}</nav></header><div class="ia-splitter"><div class="ia-fixed-sidebar"><div class="acs-nav-sections">${related}</div></div><div id="main" class="aui-page-panel"><div id="main-header"><h1 id="title-text"><a href="#">${a.title}</a></h1></div><div id="content" class="page view"><div class="page-metadata"><ul><li>Created by Jo, last modified on May 02</li></ul></div><div id="main-content" class="wiki-content">${ps(a.paragraphs)}<div class="table-wrap">${table(a.rows)}</div></div><div id="likes-and-labels-container"><span>No labels</span></div></div></div></div></div></div>`,
      ),
    }),
  },
  {
    name: 'scholarly abstract',
    build: (a) => ({
      truth: plainTruth(a).slice(0, 4),
      html: page(
        `<title>[1234.5678] ${a.title}</title>`,
        `<div class="flex-wrap-footer"><header><div id="header"><a href="/">Archive</a><div class="header-breadcrumbs">cs</div></div></header><main><div id="content"><div id="abs-outer"><div class="leftcolumn"><div id="content-inner"><div id="abs"><h1 class="title mathjax">${a.title}</h1><div class="authors"><a href="#">A. Miller</a></div><blockquote class="abstract mathjax">${a.paragraphs.slice(0, 3).join(' ')}</blockquote><div class="metatable"><table><tr><td class="tablecell label">Cite as:</td><td><a href="#">1234.5678</a></td></tr></table></div></div></div></div><div class="extra-services"><div class="full-text"><h2>Download:</h2><ul>${links(['PDF', 'Other formats'])}</ul></div></div></div></div></main><footer><ul>${links(['About', 'Help'])}</ul></footer></div>`,
      ),
    }),
  },
  {
    name: 'frequently asked questions',
    build: (a) => ({
      truth: [a.title, ...a.paragraphs.flatMap((text, at) => [`Question number ${at + 1} about it?`, text])],
      html: page(
        `<title>${a.title}</title>`,
        `<header><nav><ul>${links(NAV)}</ul></nav></header><main><h1>${a.title}</h1>${a.paragraphs.map((text, at) => `<details><summary>Question number ${at + 1} about it?</summary><p>${text}</p></details>`).join('')}</main><footer>Still stuck? Call us.</footer>`,
      ),
    }),
  },
  {
    name: 'legal document',
    build: (a) => ({
      truth: [a.title, ...a.paragraphs],
      html: page(
        `<title>${a.title}</title>`,
        `<div id="layout1"><div id="header"><h2><a href="/">legislation</a></h2></div><div id="primaryNav"><ul>${links(NAV)}</ul></div><div id="layout2" class="legToc"><h1 class="pageTitle">${a.title}</h1><div class="interface"><div id="content"><div id="viewLegContents"><div class="LegSnippet">${a.paragraphs.map((text, at) => `<div class="LegClearFix LegP1Container"><p class="LegP1NoText"><span class="LegDS LegP1No">${at + 1}</span></p><div class="LegRHS"><p class="LegText">${text}</p></div></div>`).join('')}</div></div></div></div></div><div id="footer"><p>All content is available under the Open Licence</p></div></div>`,
      ),
    }),
  },
  {
    name: 'newsletter platform',
    build: (a) => ({
      truth: plainTruth(a),
      html: page(
        `<title>${a.title} - by Lee</title>`,
        `<div id="entry"><div id="main" class="main typography"><div class="main-menu"><div class="main-menu-content">${links(NAV, (l) => l)}</div></div><div class="single-post-container"><div class="container"><div class="single-post"><article class="typography newsletter-post post"><div class="post-header"><h1 class="post-title">${a.title}</h1><div class="post-ufi">12 likes</div></div><div class="available-content"><div class="body markup">${ps(a.paragraphs.slice(0, 3))}<div class="subscription-widget-wrap"><div class="subscription-widget"><p>Thanks for reading! Subscribe for free to receive new posts.</p></div></div>${ps(a.paragraphs.slice(3))}</div></div></article></div></div><div class="container single-post-section"><div class="comments-page"><h4>Comments</h4>${COMMENTS.map((c) => `<div class="comment-body"><p>${c}</p></div>`).join('')}</div></div></div></div></div>`,
      ),
    }),
  },
  {
    name: 'single page of a static export',
    build: (a) => ({
      truth: plainTruth(a),
      html: page(
        `<title>${a.title}</title>`,
        `<div id="__next"><div class="css-0"><div class="css-1ab"><div class="css-nav1">${links(NAV, (l) => `<div class="css-2">${l}</div>`)}</div></div><div class="css-main9"><div class="css-7"><div class="css-8"><h1 class="css-h">${a.title}</h1></div><div class="css-9">${a.paragraphs.map((text) => `<div class="css-p"><span>${text}</span></div>`).join('')}</div></div></div><div class="css-foot"><div class="css-2">© Acme</div></div></div><script id="__NEXT_DATA__" type="application/json">{"props":{"text":"not this"}}</script></div>`,
      ),
    }),
  },
  {
    name: 'event page',
    build: (a) => ({
      truth: plainTruth(a).slice(0, 5),
      html: page(
        `<title>${a.title}</title>`,
        `<header class="site-header"><ul class="menu">${links(NAV)}</ul></header><section id="tribe-events"><div id="tribe-events-content" class="tribe-events-single"><p class="tribe-events-back"><a href="#">« All Events</a></p><h1 class="tribe-events-single-event-title">${a.title}</h1><div class="tribe-events-single-event-description tribe-events-content">${ps(a.paragraphs.slice(0, 4))}</div><div class="tribe-events-cal-links"><a href="#">+ Google Calendar</a></div></div></section><footer id="colophon">Hall, 5 Mill Lane</footer>`,
      ),
    }),
  },
];

/** One page of every template. */
export function sitePages(): SitePage[] {
  return TEMPLATES.map(({ name, build }, index) => {
    const { html, truth } = build(article(index));
    return { name, html, truth };
  });
}
