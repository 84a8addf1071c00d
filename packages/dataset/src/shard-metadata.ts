import { DatasetError } from './dataset-error.ts';

/** Bytes per token: 2 when every id is below 65,536, else 4. */
export type TokenSize = 2 | 4;

/** What `NAME.ds.metadata` says of a shard, and how many documents its index lists. */
export interface ShardMetadata {
  /** Name or path of the tokenizer that made the ids. */
  readonly tokenizer: string;
  readonly tokenSize: TokenSize;
  readonly tokenCount: number;
  readonly documentCount: number;
}

const PREFIXES = ['', 'k', 'M', 'G', 'T', 'P', 'E'];

/**
 * A token count for people, as datatrove writes it (`humanize.metric(count, unit="T")`): three significant digits,
 * so 1234567 is `1.23 MT`.
 *
 * @param count tokens, an integer in [0, 10^18)
 */
export function humanTokenCount(count: number, exponent = String(count).length - 1): string {
  const group = Math.floor(exponent / 3);
  const digits = toFixedHalfEven(count / 1000 ** group, 2 - (exponent % 3));
  // Rounding can carry into a further digit: 999,999 is 1.00 M, not 1000 k.
  if (Number(digits) >= 10 ** ((exponent % 3) + 1)) return humanTokenCount(count, exponent + 1);
  return `${digits} ${PREFIXES[group]}T`;
}

/** Python rounds exact ties to the even neighbour, `toFixed` upwards. With up to two decimals, ties are multiples of 1/8. */
function toFixedHalfEven(value: number, decimals: number): string {
  const below = Math.floor(value * 10 ** decimals);
  const isTie = Number.isInteger(value * 8) && value * 10 ** decimals === below + 0.5;
  if (!isTie) return value.toFixed(decimals);
  return ((below % 2 === 0 ? below : below + 1) / 10 ** decimals).toFixed(decimals);
}

/** The text of `NAME.ds.metadata`, byte for byte as datatrove's `write_final_metadata`: three lines, no newline at the end. */
export function formatMetadata({ tokenizer, tokenSize, tokenCount }: Omit<ShardMetadata, 'documentCount'>): string {
  return `${tokenizer}|${tokenSize}\n${tokenCount}\n${humanTokenCount(tokenCount)}`;
}

/**
 * Reads the text of `NAME.ds.metadata`.
 *
 * @param path named in errors
 * @throws DatasetError CORRUPT_SHARD when it is not such a text
 */
export function parseMetadata(text: string, path: string): Omit<ShardMetadata, 'documentCount'> {
  const [first = '', second = ''] = text.split('\n');
  const bar = first.lastIndexOf('|');
  const tokenSize = Number(first.slice(bar + 1));
  const tokenCount = /^\d{1,15}$/.test(second.trim()) ? Number(second) : Number.NaN;
  if (bar < 0 || (tokenSize !== 2 && tokenSize !== 4) || Number.isNaN(tokenCount)) {
    throw new DatasetError(
      'CORRUPT_SHARD',
      `${path} must hold "TOKENIZER|2" or "TOKENIZER|4" and on the second line the token count, ` +
        `got ${JSON.stringify(text.slice(0, 80))}; tokenize the documents again`,
    );
  }
  return { tokenizer: first.slice(0, bar), tokenSize, tokenCount };
}
