/** Scripts whose letters stand beside each other in words; letters of different ones in a word speak for garbage. */
const SCRIPTS = [
  /\p{Script=Latin}/u,
  /\p{Script=Cyrillic}/u,
  /\p{Script=Greek}/u,
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Bopomofo}]/u,
  /\p{Script=Hangul}/u,
  /\p{Script=Arabic}/u,
  /\p{Script=Hebrew}/u,
  /\p{Script=Devanagari}/u,
  /\p{Script=Thai}/u,
];
/** What no text is made of: controls, unassigned and private code points, U+FFFD. */
const MEANINGLESS = /[\p{Cc}\p{Cn}\p{Co}\p{Cs}\uFFFD]/u;
const LETTER = /\p{L}/u;

/** The commonest pairs of letters in the languages of the Latin alphabet that crawls have most of; nearly half of all pairs in any of them. */
const COMMON_PAIRS = new Set(
  (
    'th he in er an re nd on en at ou ed ha to or it is hi es ng de la le st al te se ar ti nt me ve ra li ri io ic el ro co ne ' +
    'ma si om us ur ca ch un ei ie ge as ec di em do os ad qu ue ta na so ai ll ss tr po pr ce be ke ij oo aa ee ow za ni pi'
  ).split(' '),
);
/** Shares of pairs that are common: text has .35 and more, garbage .1 and less. */
const TEXT_SHARE = 0.3;
const GARBAGE_SHARE = 0.16;
const MAXIMUM_MEANINGLESS = 0.3;
const MAXIMUM_SWITCHES = 0.3;
const FEWEST_PAIRS = 20;
/** Text of fewer different letters may be anything. */
const FEWEST_LETTERS = 8;

/** What a text looks like. */
export interface TextSigns {
  /** Share of characters without a meaning. */
  meaningless: number;
  /** Pairs of Latin letters within words, and the share of them that is common in some language. */
  pairs: number;
  commonShare: number;
  /** Different letters in those words. */
  letters: number;
  /** Share of neighbouring letters that are of different scripts. */
  switches: number;
}

/** Measures a text. */
export function textSigns(text: string): TextSigns {
  const characters = [...text];
  let [meaningless, letters, switches, neighbours] = [0, 0, 0, 0];
  let last = -1;
  for (const character of characters) {
    if (MEANINGLESS.test(character) && !/[\t\n\r]/.test(character)) meaningless++;
    const script = LETTER.test(character) ? SCRIPTS.findIndex((pattern) => pattern.test(character)) : -2;
    if (script !== -2) letters++;
    if (script !== -2 && last !== -2 && letters > 1) {
      neighbours++;
      if (script !== last) switches++;
    }
    last = script;
  }
  const visible = characters.filter((character) => !/[\t\n\r ]/.test(character)).length;
  return { meaningless: share(meaningless, visible), switches: share(switches, neighbours), ...pairSigns(text) };
}

function pairSigns(text: string): { pairs: number; commonShare: number; letters: number } {
  const letters = new Set<string>();
  let [pairs, common] = [0, 0];
  for (const word of text.toLowerCase().match(/[a-z]{2,}/g) ?? []) {
    for (const letter of word) letters.add(letter);
    for (let at = 0; at + 1 < word.length; at++) {
      pairs++;
      if (COMMON_PAIRS.has(word.slice(at, at + 2))) common++;
    }
  }
  return { pairs, commonShare: share(common, pairs), letters: letters.size };
}

function share(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole;
}

/** Whether a text, of a font that does not say what its glyphs mean, is garbage: meaningless, in several scripts at once, or in no language. */
export function isGarbled({ meaningless, pairs, commonShare, letters, switches }: TextSigns): boolean {
  if (pairs >= FEWEST_PAIRS && commonShare >= TEXT_SHARE) return false; // words, whatever stands between them
  if (meaningless >= MAXIMUM_MEANINGLESS || switches >= MAXIMUM_SWITCHES) return true;
  return pairs >= FEWEST_PAIRS && letters >= FEWEST_LETTERS && commonShare < GARBAGE_SHARE;
}

/** Offsets from glyph to character code where fonts keep the order of ASCII: 29 is that of TrueType fonts for Windows and Mac. */
const USUAL_SHIFTS = [29, 28, 30, 31];
const OTHER_SHIFTS = Array.from({ length: 40 }, (_, index) => index - 31).filter((shift) => shift !== 0);
/** Symbol fonts keep ASCII in the private use area. */
const SYMBOL_SHIFT = -0xf000;
const FEWEST_PAIRS_USUAL = 8;
/** Words are mostly letters that stand beside letters. */
const FEWEST_PAIRS_PER_GLYPH = 0.3;

/**
 * Finds by which constant the codes of a font's glyphs are off.
 *
 * @param codes as the font gives them
 * @returns undefined when no shift makes them text
 */
export function findShift(codes: readonly number[]): number | undefined {
  const usual = bestShift(codes, [...USUAL_SHIFTS, SYMBOL_SHIFT], FEWEST_PAIRS_USUAL);
  return usual ?? bestShift(codes, OTHER_SHIFTS, FEWEST_PAIRS);
}

function bestShift(codes: readonly number[], shifts: readonly number[], fewestPairs: number): number | undefined {
  let best: number | undefined;
  let bestScore = 0;
  for (const shift of shifts) {
    const text = shiftText(codes, shift);
    const { pairs, letters, commonShare } = textSigns(text);
    const glyphs = text.replaceAll(' ', '').length;
    if (pairs < Math.max(fewestPairs, glyphs * FEWEST_PAIRS_PER_GLYPH) || letters < FEWEST_LETTERS) continue;
    const score = commonShare * (0.5 + lowerCaseShare(text)); // capitals are 32 codes away and read the same
    if (commonShare <= TEXT_SHARE || score <= bestScore) continue;
    best = shift;
    bestScore = score;
  }
  return best;
}

function lowerCaseShare(text: string): number {
  return share((text.match(/[a-z]/g) ?? []).length, (text.match(/[a-z]/gi) ?? []).length);
}

/** The characters of codes that are off by `shift`; spaces between glyphs stay. */
export function shiftText(codes: readonly number[], shift: number): string {
  return codes.map((code) => shiftCode(code, shift)).join('');
}

/** One of them; codes that would leave Unicode have no meaning. */
export function shiftCode(code: number, shift: number): string {
  const shifted = code + shift;
  return shifted > 0 && shifted <= 0x10ffff ? String.fromCodePoint(shifted) : '\uFFFD';
}
