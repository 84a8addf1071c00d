import { describe, expect, it } from 'vitest';
import { c4Paragraphs } from './c4-paragraphs.ts';
import { FINEWEB2_SYMBOL_LINES, removeSymbolLines } from './symbol-lines.ts';

describe('removeSymbolLines', () => {
  it('gives the text of datatrove’s own test', () => {
    const input =
      '-\n-\n-\n>> He is ranked No. 1385.\n\n\n>> A 3-star prospect.\n|\n|\n|\nhello ehehe -\n|\n- oi mate\n|\n\nbye';
    expect(removeSymbolLines(input)).toBe(
      '>> He is ranked No. 1385.\n\n\n>> A 3-star prospect.\nhello ehehe -\n- oi mate\n\nbye',
    );
  });

  it('makes a break of what is left of a table, as FineWeb2 does', () => {
    expect(removeSymbolLines('a\n| |\n|\nb\n-\nc', FINEWEB2_SYMBOL_LINES)).toBe('a\n\n\nb\n-\nc');
  });
});

describe('c4Paragraphs', () => {
  // datatrove tests/pipeline/filters/test_filters.py: three long lines pass, three short ones fail.
  it('wants three long lines', () => {
    expect(c4Paragraphs().check(`${'x'.repeat(250)}\n`.repeat(3))).toEqual({ keep: true });
    expect(c4Paragraphs().check('short\nshort\nshort')).toEqual({
      keep: false,
      reason: 'paragraphs',
      value: 0,
      limit: 3,
    });
    expect(c4Paragraphs().check(`${'😀'.repeat(199)}\n`.repeat(3))).toMatchObject({ keep: false });
  });
});
