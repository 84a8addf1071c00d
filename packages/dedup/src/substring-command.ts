import { join } from 'node:path';
import type { CommandArguments } from './command-arguments.ts';
import { DedupError } from './dedup-error.ts';
import type { RecordDocument, Verdict } from './filter-files.ts';
import { inputProgress, runFilter } from './filter-commands.ts';
import type { Outcome, Talk } from './filter-commands.ts';
import { checkInputs } from './output-names.ts';
import { readRecordGroups } from './read-records.ts';
import { checkMinimum, cutRanges, textRanges } from './repeated-substrings.ts';
import { SubstringParts } from './substring-parts.ts';
import type { SymbolRange } from './window-filter.ts';

/** Words, or tokens, that must be left of a document that was cut; words as datatrove has it. */
const LEAST_LEFT = 50;
/** Memory for buffers where nothing else is said. */
const DEFAULT_MEMORY = 512 * 2 ** 20;
/** Bytes, or tokens, that must be the same where nothing else is said. */
const MINIMUM = { bytes: 200, tokens: 50 };

/** The token ids of a record; what holds other numbers is refused, as cutting it would be wrong. */
function tokensOf({ tokenKey }: CommandArguments, document: RecordDocument): Uint32Array {
  const value = document.field(tokenKey!) ?? [];
  const isToken = (id: unknown) => Number.isInteger(Number(id)) && Number(id) >= 0 && Number(id) < 2 ** 32;
  if (Array.isArray(value) && value.every(isToken)) return Uint32Array.from(value, Number);
  throw new DedupError('INVALID_RECORD', `${document.id}: "${tokenKey}" must be a list of token ids`);
}

/** Reads all documents for the first time. */
async function collect(
  given: CommandArguments,
  parts: SubstringParts,
  onBytes: (bytes: number) => void,
): Promise<void> {
  for (const path of given.operands) {
    for await (const group of readRecordGroups(path, { ...given, onBytes })) {
      for (const { document, field } of group) {
        if (document === null) continue;
        parts.add(given.tokenKey === undefined ? Buffer.from(document.text) : tokensOf(given, { ...document, field }));
      }
    }
  }
}

function cutText(textKey: string, text: string, ranges: readonly SymbolRange[]): Verdict {
  const found = textRanges(Buffer.from(text), ranges);
  if (found.length === 0) return null;
  const left = cutRanges(text, found);
  const explanation = { repeated_ranges: found.map(({ start, end }) => [start, end]) };
  const words = left.split(/\s+/).filter((word) => word !== '').length;
  if (words < LEAST_LEFT) return { reason: 'repeated_substrings', explanation };
  return { fields: { [textKey]: left }, explanation };
}

/** The text is left as it is: what belongs to the tokens is for a tokenizer to say. */
function cutTokens(tokenKey: string, tokens: Uint32Array, ranges: readonly SymbolRange[]): Verdict {
  const left = Array.from(tokens).filter((_, index) => !ranges.some(({ start, end }) => index >= start && index < end));
  const explanation = { repeated_ranges: ranges.map(({ start, end }) => [start, end]) };
  if (left.length < LEAST_LEFT) return { reason: 'repeated_substrings', explanation };
  return { fields: { [tokenKey]: left }, explanation };
}

/** Cuts out what stands elsewhere, byte by byte or token by token, in bounded memory. */
export async function substrings(given: CommandArguments, talk: Talk): Promise<Outcome> {
  const { keep, output, textKey, tokenKey, quiet } = given;
  const unit = tokenKey === undefined ? 'bytes' : 'tokens';
  const minimum = given.minimum ?? MINIMUM[unit];
  checkMinimum(`the minimum of ${unit}`, minimum);
  checkInputs(given.operands, output);
  const onBytes = inputProgress(given, talk, 2);
  const folder = join(output, 'stages', 'substrings');
  const memory = given.memory ?? DEFAULT_MEMORY;
  const onPair = (done: number, total: number) => {
    if (!quiet) talk.progress.show({ stage: 'suffix arrays', done, total, unit: 'pairs' });
  };
  const parts = new SubstringParts({ folder, width: unit === 'bytes' ? 1 : 4, minimum, keep, memory, onPair });
  await collect(given, parts, onBytes);
  const rangesOf = parts.find();
  let sequence = 0;
  let removedSymbols = 0;
  const decide = (document: RecordDocument): Verdict => {
    const ranges = rangesOf(sequence++);
    if (ranges.length === 0) return null;
    for (const { start, end } of ranges) removedSymbols += end - start;
    if (tokenKey === undefined) return cutText(textKey, document.text, ranges);
    return cutTokens(tokenKey, tokensOf(given, document), ranges);
  };
  const settings = { minimum, unit, keep, tokenKey };
  const finish = () => ({ repeated: { [unit]: removedSymbols } });
  const outcome = await runFilter(given, talk, { decide, changes: true, settings, finish }, onBytes);
  parts.close();
  return outcome;
}
