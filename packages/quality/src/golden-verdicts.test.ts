import { describe, expect, it } from 'vitest';
import { c4Quality } from './c4-quality.ts';
import { finewebQuality } from './fineweb-quality.ts';
import { gopherQuality } from './gopher-quality.ts';
import { gopherRepetition } from './gopher-repetition.ts';
import { PRESETS } from './preset.ts';
import { ENGLISH, SIX_SENTENCES } from './sample-texts.fixture.ts';
import type { FilterResult } from './verdict.ts';

function reasonOf(result: FilterResult): string {
  return result.keep ? 'keep' : result.reason;
}

/** The texts and verdicts of datatrove's tests/pipeline/filters/test_filters.py, with each preset's own word splitter. */
describe.each(PRESETS)('%s gives the verdicts of datatrove’s own tests', (preset) => {
  it.each([
    ['I am your father.\n'.repeat(4), 'dup_line_frac'],
    ['I am your father.\n\n'.repeat(4), 'dup_para_frac'],
    [
      `I am groot.\n\nYou are a wizard.\n\nI am your father.\n\n${`${'x'.repeat(30)}.\n\n`.repeat(2)}`,
      'dup_para_char_frac',
    ],
    [`I am groot.\nYou are a wizard.\nI am your father.\n${`${'x'.repeat(40)}.\n`.repeat(2)}`, 'dup_line_char_frac'],
    ['I am Frank, I am Frank, I am Frank', 'top_2_gram'],
    ['I am Frank, you are Jhon. I am Frank. I am Frank you are Jhon', 'top_3_gram'],
    ['I am a solo traveller '.repeat(4) + ENGLISH, 'duplicated_5_n_grams'],
    [ENGLISH, 'keep'],
  ])('repetition: %j is %s', (text, reason) => {
    expect(reasonOf(gopherRepetition({ preset }).check(text))).toBe(reason);
  });

  it.each([
    ['I am too small...', 'gopher_short_doc'],
    ['I am '.repeat(20), 'gopher_below_avg_threshold'],
    ['interconnection '.repeat(20), 'gopher_above_avg_threshold'],
    ['# comment '.repeat(20), 'gopher_too_many_hashes'],
    ['... comment '.repeat(20), 'gopher_too_many_ellipsis'],
    ['the ./!*?<><> apple <?////> orange  ++ interconnection !<>??? have'.repeat(20), 'gopher_below_alpha_threshold'],
    [ENGLISH, 'keep'],
    ['word '.repeat(1001), 'gopher_long_doc'],
    ['- the item of that list is here\n'.repeat(10), 'gopher_too_many_bullets'],
    ['the item of that list is here and has a few more words to it…\n'.repeat(10), 'gopher_too_many_end_ellipsis'],
    ['quick brown foxes jump over lazy dogs again today', 'gopher_short_doc'],
    ['quick brown foxes jump over lazy dogs again today quickly', 'gopher_enough_stop_words'],
  ])('quality: %j is %s', (text, reason) => {
    expect(reasonOf(gopherQuality({ preset, minimumWords: 10, maximumWords: 1000 }).check(text))).toBe(reason);
  });

  it.each([
    [SIX_SENTENCES.join('\n'), 'keep'],
    [['This is a sentence with lorem ipsum dolor sit amet.', ...SIX_SENTENCES.slice(1)].join('\n'), 'lorem_ipsum'],
    [['This is some code with a { bracket.', ...SIX_SENTENCES.slice(1)].join('\n'), 'curly_bracket'],
    ['Just one sentence.', 'too_few_sentences'],
  ])('C4 with terminal punctuation: %j is %s', (text, reason) => {
    expect(reasonOf(c4Quality({ preset, requireTerminalPunctuation: true }).check(text))).toBe(reason);
  });

  it.each([
    [
      'No punctuation here\nAnother line without any\nStill nothing',
      { minimumPunctuatedLines: 0.5 },
      'line_punct_ratio',
    ],
    ['hi.\nbye.\nok.\nno.\nyes.', { maximumShortLines: 0.5, minimumPunctuatedLines: 0 }, 'short_line_ratio'],
    [SIX_SENTENCES.join(' the\n'), { minimumPunctuatedLines: -1 }, 'keep'],
    [`${SIX_SENTENCES.join('\n')}\n${SIX_SENTENCES[0]}`, {}, 'char_dup_ratio'],
    [SIX_SENTENCES.join('\n'), { maximumNewlinesPerWord: 0.05 }, 'list_ratio'],
    [SIX_SENTENCES.join('\n'), {}, 'keep'],
  ])('FineWeb: %j with %j is %s', (text, options, reason) => {
    expect(reasonOf(finewebQuality({ preset, ...options }).check(text))).toBe(reason);
  });
});

describe('where the presets part', () => {
  function reasons(
    create: typeof gopherRepetition | typeof gopherQuality | typeof finewebQuality,
    text: string,
    options = {},
  ) {
    return PRESETS.map((preset) => reasonOf(create({ ...options, preset }).check(text)));
  }

  it('2024 breaks lines at every line break Python knows, head at \\n only', () => {
    const text = [...SIX_SENTENCES, SIX_SENTENCES[0]].join('\v');
    expect(reasons(gopherRepetition, text, { duplicateLines: 0.1, duplicateNGrams: [] })).toEqual([
      'dup_line_frac',
      'keep',
    ]);
  });

  it('2024 accepts one stop word twice, head wants two', () => {
    const text = 'the quick brown foxes jump over the lazy dogs again today';
    expect(reasons(gopherQuality, text, { minimumWords: 10 })).toEqual(['keep', 'gopher_enough_stop_words']);
  });

  it('2024 counts empty lines and quotes as line ends, head takes Unicode’s end marks', () => {
    const blank = SIX_SENTENCES.join('\n\n\n\n\n\n\n\n\n\n\n\n\n');
    expect(reasons(finewebQuality, blank, { maximumNewlinesPerWord: 9 })).toEqual(['line_punct_ratio', 'keep']);
    const quoted = SIX_SENTENCES.map((sentence) => `'${sentence}'`).join('\n');
    expect(reasons(finewebQuality, quoted)).toEqual(['keep', 'line_punct_ratio']);
    const hindi = SIX_SENTENCES.map((sentence) => sentence.replace('.', '।')).join('\n');
    expect(reasons(finewebQuality, hindi)).toEqual(['line_punct_ratio', 'keep']);
  });

  it('2024 drops what equals a limit, head keeps it', () => {
    const lines = [
      'a line of that kind is long enough.',
      'the second of them is just as long.',
      'short one.',
      'tiny one.',
    ];
    expect(reasons(finewebQuality, lines.join('\n'), { maximumShortLines: 0.5 })).toEqual(['short_line_ratio', 'keep']);
  });
});

describe('the C4 filter', () => {
  it('returns the rewritten text: lines on cookies, scripts and of two words go, citations too', () => {
    const text = [
      ...SIX_SENTENCES,
      'This site uses cookies.',
      'Enable JavaScript now please.',
      'Two words',
      '  It ends [12][edit] so.  ',
    ].join('\r\n');
    expect(c4Quality().check(text)).toEqual({ keep: true, text: [...SIX_SENTENCES, 'It ends  so.'].join('\n') });
  });

  it('drops a document for a curly bracket only in a line that passed the rules before', () => {
    expect(c4Quality().check(`${SIX_SENTENCES.join('\n')}\n{ two`).keep).toBe(true);
    expect(c4Quality().check(`${SIX_SENTENCES.join('\n')}\n${'x'.repeat(1001)} { and more`).keep).toBe(true);
  });
});

describe('verdicts', () => {
  it('say what was measured and what was allowed', () => {
    expect(gopherRepetition().check('I am your father.\n\n'.repeat(4))).toEqual({
      keep: false,
      reason: 'dup_para_frac',
      value: 0.75,
      limit: 0.3,
    });
  });

  it('are given for empty documents, where the sources divide by zero', () => {
    const judge = (text: string) =>
      PRESETS.flatMap((preset) =>
        [gopherRepetition, gopherQuality, c4Quality, finewebQuality].map((create) =>
          reasonOf(create({ preset }).check(text)),
        ),
      );
    const old = ['keep', 'gopher_short_doc', 'too_few_sentences', 'line_punct_ratio'];
    const head = ['keep', 'gopher_short_doc', 'too_few_sentences', 'empty'];
    for (const text of [' ', '\t ']) expect(judge(text)).toEqual([...old, ...head]);
  });

  it('read the text of a document as well as a bare string', () => {
    expect(gopherQuality().check({ text: 'short' })).toEqual(gopherQuality().check('short'));
  });
});

describe('options', () => {
  it('are refused when unknown or of the wrong type, since a rule would be off unnoticed', () => {
    expect(() => gopherQuality({ minWords: 3 } as object)).toThrow(/^minWords: unknown option; known are minimumWords/);
    expect(() => gopherQuality({ minimumWords: NaN })).toThrow('minimumWords: expected a value like 50, got null');
    expect(() => gopherRepetition({ topNGrams: 3 } as object)).toThrow('topNGrams: expected a value like [[2,0.2],');
    expect(() => c4Quality({ preset: 'fineweb' as 'fineweb-head' })).toThrow(
      'preset: expected one of "fineweb-2024", "fineweb-head", got "fineweb"',
    );
  });

  it('that are undefined take their default', () => {
    expect(reasonOf(gopherQuality({ minimumWords: undefined }).check('short'))).toBe('gopher_short_doc');
  });
});
