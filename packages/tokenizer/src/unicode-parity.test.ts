import { Tiktoken } from 'tiktoken';
import { Tokenizer as HuggingFaceTokenizer } from 'tokenizers';
import { beforeAll, describe, expect, it } from 'vitest';
import { PATTERN_SOURCES } from './patterns.ts';
import { encodingFromRanks } from './tiktoken.ts';
import type { Tokenizer } from './tokenizer.ts';

/** All bytes, and every end of a character together with a letter or digit: tokens that show where pieces end. */
function revealingRanks(): string {
  const base64 = (...bytes: number[]): string => btoa(String.fromCharCode(...bytes));
  const lines = Array.from({ length: 256 }, (_, byte) => `${base64(byte)} ${byte}`);
  for (let last = 0x80; last < 0xc0; last++) {
    for (const next of ['a', 'A', '1']) lines.push(`${base64(last, next.charCodeAt(0))} ${lines.length}`);
  }
  return lines.join('\n');
}

/** Every code point that is assigned or may be, between characters that tell its classes; some dozens a text. */
function* revealingTexts(): Generator<string> {
  let lines: string[] = [];
  for (let code = 0x80; code < 0x34000; code++) {
    const character = String.fromCodePoint(code);
    if (code < 0xd800 || code > 0xdfff)
      lines.push(`${character}${character}a ${character}A${character}Aa ${character}1`);
    if (lines.length < 64) continue;
    yield lines.join('\n');
    lines = [];
  }
  yield lines.join('\n');
}

// The pattern of o200k names all classes that the others name.
describe('the pattern of o200k', { tags: ['slow'], timeout: 120_000 }, () => {
  const ranks = revealingRanks();
  let ours: Tokenizer;
  let texts: string[];
  beforeAll(() => {
    ours = encodingFromRanks({ ranks, pattern: PATTERN_SOURCES.o200k, specialTokens: {} });
    texts = [...revealingTexts()];
  });

  it('has the classes of tiktoken for every code point', () => {
    const theirs = new Tiktoken(ranks, {}, PATTERN_SOURCES.o200k);
    expect(texts.filter((text) => ours.encode(text).join() !== theirs.encode_ordinary(text).join())).toEqual([]);
  });

  it('has the classes of Hugging Face for every code point', async () => {
    const theirs = HuggingFaceTokenizer.fromString(JSON.stringify(ours.toJson()));
    const encodings = await theirs.encodeBatch(texts, { addSpecialTokens: false });
    expect(texts.filter((text, index) => ours.encode(text).join() !== encodings[index].getIds().join())).toEqual([]);
  });
});
