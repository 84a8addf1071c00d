/** Whether pages are read by optical character recognition: never, where their text is missing, always. */
export type OcrMode = 'off' | 'auto' | 'force';

/** How a page is read, and why. */
export interface PageRoute {
  /** `text`: from the page's own text; `ocr`: recognised from its picture; `empty`: there is none; `damaged`: it cannot be loaded. */
  route: 'text' | 'ocr' | 'empty' | 'damaged';
  reason: string;
}

/** What the route depends on. */
export interface PageSigns {
  /** Glyphs drawn, and glyphs drawn invisibly, as the text layer of a scan is. */
  visible: number;
  hidden: number;
  /** Share of glyphs whose meaning is lost, 0 to 1. */
  garbledShare: number;
  /** What is drawn beside text; asked for only when it matters. */
  drawing: () => DrawingSigns;
}

/** What is drawn on a page beside its text. */
export interface DrawingSigns {
  /** Share of the page that images cover, 0 to 1. */
  imageShare: number;
  /** Paths: more than this many may be letters drawn as outlines. */
  paths: number;
}

/** Images that cover more of a page than this hold its text, when it has none of its own. */
const SCAN_SHARE = 0.5;
/** A page with hardly any text of its own is a scan when an image covers more than this. */
const FULL_PAGE_SHARE = 0.8;
const FEW_CHARACTERS = 50;
/** FinePDFs recognises a document for a single garbled glyph; here a page may have some symbols without a meaning. */
const GARBLED_SHARE = 0.1;
/** A page of so many paths and no glyphs: its letters may be drawn. */
const OUTLINED_PATHS = 150;

const percent = (share: number): string => `${Math.round(share * 100)} %`;

/** Decides how a page is read. */
export function routePage(signs: PageSigns, mode: OcrMode): PageRoute {
  if (mode === 'force') return { route: 'ocr', reason: 'recognition was asked for' };
  const own = ownText(signs);
  const reason = ocrReason(signs);
  if (!reason) return own;
  return mode === 'auto'
    ? { route: 'ocr', reason }
    : { ...own, reason: `${own.reason}; recognition would help: ${reason}` };
}

/** The route when nothing is recognised. */
function ownText({ visible, hidden }: PageSigns): PageRoute {
  if (visible + hidden === 0) return { route: 'empty', reason: 'the page has no text' };
  if (visible > 0) return { route: 'text', reason: 'the page has text' };
  return { route: 'text', reason: 'the page has the text layer of an earlier recognition' };
}

/** Why a page should be recognised; undefined when its own text will do. */
function ocrReason({ visible, hidden, garbledShare, drawing }: PageSigns): string | undefined {
  const all = visible + hidden;
  if (garbledShare >= GARBLED_SHARE) return `${percent(garbledShare)} of the text means nothing`;
  if (all >= FEW_CHARACTERS) return undefined;
  const { imageShare, paths } = drawing();
  if (imageShare > (all === 0 ? SCAN_SHARE : FULL_PAGE_SHARE)) {
    return `images cover ${percent(imageShare)} of the page, which has ${all} characters`;
  }
  return all === 0 && paths >= OUTLINED_PATHS ? `the page has ${paths} paths and no characters` : undefined;
}
