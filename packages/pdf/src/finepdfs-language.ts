/** The likeliest language of a text, like `eng_Latn` or `en`, and how likely it is. */
export type IdentifyLanguage = (text: string) => LanguageGuess | Promise<LanguageGuess>;

/** What an identifier answers. */
export interface LanguageGuess {
  language: string;
  score: number;
}

/** FinePDFs' columns about language. */
export interface PageLanguages {
  language: string;
  language_score: number;
  page_average_lid: string;
  page_average_lid_score: number;
  full_doc_lid: string;
  full_doc_lid_score: number;
  per_page_languages: string[];
}

/** Characters of a document that are looked at as a whole. */
const FULL_TEXT = 40_000;
/** A page with fewer bytes of letters, or a smaller share of them, tells nothing. */
const FEWEST_LETTER_BYTES = 50;
const SMALLEST_LETTER_SHARE = 0.2;
const UNKNOWN = 'unknown';

/**
 * Languages page by page and of the document: the language with the highest score averaged over all pages (pages that tell nothing
 * count as none), as in FinePDFs. Of each page only its likeliest language is known here, not all scores.
 */
export async function identifyPages(pages: string[], identify: IdentifyLanguage): Promise<PageLanguages> {
  const sums = new Map<string, number>();
  const languages: string[] = [];
  for (const page of pages) {
    const guess = await identifyPage(page, identify);
    languages.push(guess.language);
    if (guess.language !== UNKNOWN) sums.set(guess.language, (sums.get(guess.language) ?? 0) + guess.score);
  }
  const [language, sum] = [...sums].reduce((best, entry) => (entry[1] > best[1] ? entry : best), [UNKNOWN, 0] as const);
  const full = await identifyPage(pages.join('\n\n').slice(0, FULL_TEXT), identify);
  const score = pages.length === 0 ? 0 : sum / pages.length;
  return {
    language,
    language_score: score,
    page_average_lid: language,
    page_average_lid_score: score,
    full_doc_lid: full.language,
    full_doc_lid_score: full.score,
    per_page_languages: languages,
  };
}

/** Without table rows and marks of Markdown. */
async function identifyPage(page: string, identify: IdentifyLanguage): Promise<LanguageGuess> {
  const text = page.replace(/^\|.*\|$/gm, '').replace(/[|\-*#]/g, '').trim(); // prettier-ignore
  const letters = (text.match(/\p{L}/gu) ?? []).join('');
  const isTelling =
    Buffer.byteLength(letters) >= FEWEST_LETTER_BYTES && letters.length >= text.length * SMALLEST_LETTER_SHARE;
  return isTelling ? identify(text) : { language: UNKNOWN, score: 0 };
}
