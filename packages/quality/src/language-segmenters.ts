import { rememberLast, spacySegmenter, type Segmenter } from './segmenter.ts';
import { countSentencesOf } from './spacy-sentences.ts';
import { isWhitespace } from './python-text.ts';

/** Languages written without spaces between words, by ISO 639-1 and 639-3 code; ICU has dictionaries for them. */
const WITHOUT_SPACES = new Map(
  'zh:zh cmn:zh yue:zh wuu:zh lzh:zh nan:zh ja:ja jpn:ja th:th tha:th lo:lo lao:lo km:km khm:km my:my mya:my'
    .split(' ')
    .map((pair) => pair.split(':') as [string, string]),
);
const SCRIPTS = new Map([
  ['Hani', 'zh'],
  ['Hans', 'zh'],
  ['Hant', 'zh'],
  ['Jpan', 'ja'],
  ['Thai', 'th'],
  ['Laoo', 'lo'],
  ['Khmr', 'km'],
  ['Mymr', 'my'],
]);
const TIBETAN = new Set(['bo', 'bod', 'dz', 'dzo']);

const cache = new Map<string, Segmenter>();

/**
 * Words and sentences of a language, by its code (`en`, `fra`, `cmn_Hani`).
 *
 * - English and every language with spaces between words: spaCy's rules (`spacySegmenter`). datatrove uses spaCy's tokenizer of the
 *   language, whose lists of abbreviations differ; Kiwi for Korean cuts words into morphemes, this does not.
 * - Chinese, Japanese, Thai, Lao, Khmer, Burmese: `Intl.Segmenter`. Its dictionaries come with the ICU of Node, so a new Node may cut
 *   a few words differently: the segmenter's name says the version (`intl-zh-icu74.1`), and one corpus wants one Node.
 * - Tibetan and Dzongkha: syllables between tshegs.
 */
export function segmenterFor(language: string): Segmenter {
  const [code, script = ''] = language.split(/[_-]/);
  if (TIBETAN.has(code) || script === 'Tibt')
    return remembered('tibetan', () => fromWords('tibetan', tibetanSyllables));
  const locale = SCRIPTS.get(script) ?? (script === '' ? WITHOUT_SPACES.get(code) : undefined);
  return locale
    ? remembered(locale, () => fromWords(`intl-${locale}-icu${process.versions.icu}`, intlWords(locale)))
    : spacySegmenter;
}

function remembered(key: string, create: () => Segmenter): Segmenter {
  let segmenter = cache.get(key);
  if (!segmenter) cache.set(key, (segmenter = create()));
  return segmenter;
}

function fromWords(name: string, split: (text: string) => string[]): Segmenter {
  return { name, words: rememberLast(split), countSentences: (text) => countSentencesOf(split(text)) };
}

function intlWords(locale: string): (text: string) => string[] {
  const segmenter = new Intl.Segmenter(locale, { granularity: 'word' });
  return (text) => {
    const words: string[] = [];
    for (const { segment } of segmenter.segment(text)) if (!isBlank(segment)) words.push(segment);
    return words;
  };
}

function isBlank(segment: string): boolean {
  for (let at = 0; at < segment.length; at++) if (!isWhitespace(segment.charCodeAt(at))) return false;
  return true;
}

/** Tsheg (U+0F0B, U+0F0C) ends a syllable, shad (U+0F0D…) a clause. */
function tibetanSyllables(text: string): string[] {
  return text.match(/[^\s\u0f0b-\u0f12]+|[\u0f0d-\u0f12]/gu) ?? [];
}
