/** Whether pages are read by optical character recognition: never, where their text is missing, always. */
export type OcrMode = 'off' | 'auto' | 'force';

/** How a page is read, and why. */
export interface PageRoute {
  route: 'text' | 'ocr' | 'empty';
  reason: string;
}

/** Images that cover more of a page than this hold its text, when it has none of its own. */
const SCAN_SHARE = 0.5;
/** A page with hardly any text of its own is a scan when an image covers more than this. */
const FULL_PAGE_SHARE = 0.8;
const FEW_CHARACTERS = 50;

/**
 * Decides how a page is read. Hidden text over a scan is the work of an earlier recognition, and is kept.
 *
 * @param characters how many glyphs the page has
 * @param imageShare share of the page that images cover; asked for only when it matters
 */
export function routePage(characters: number, imageShare: () => number, mode: OcrMode): PageRoute {
  if (mode === 'force') return { route: 'ocr', reason: 'recognition was asked for' };
  const fallback: PageRoute =
    characters > 0
      ? { route: 'text', reason: 'the page has text' }
      : { route: 'empty', reason: 'the page has no text' };
  if (mode === 'off' || characters >= FEW_CHARACTERS) return fallback;
  const share = imageShare();
  if (share <= (characters === 0 ? SCAN_SHARE : FULL_PAGE_SHARE)) return fallback;
  const percent = Math.round(share * 100);
  return { route: 'ocr', reason: `images cover ${percent} % of the page, which has ${characters} characters` };
}
