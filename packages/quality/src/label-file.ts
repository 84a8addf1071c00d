import { createHash } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { readJsonLines } from './json-lines.ts';
import { educationalPrompt } from './label-prompt.ts';
import { labelDocuments, type Labelable, type LabelOptions, type LabelUsage } from './label-documents.ts';
import { QualityError } from './quality-error.ts';

/** What {@link labelFile} did. */
export interface LabelFileReport extends LabelUsage {
  /** Texts that an earlier run had done already. */
  resumed: number;
}

/**
 * Labels the documents (`id`, `text`, …) of a JSON Lines file into another. Lines are appended to `OUTPUT.partial` as they
 * come, in the order of the input; a run that is stopped goes on behind the last whole line, and the file gets its name when
 * it is complete. Texts without a score carry `error`.
 *
 * @throws QualityError as `labelDocuments`; `INVALID_INPUT` for rows without `text`; `INVALID_CONFIG` when the unfinished
 *   output was made with another model, prompt or cut
 */
export async function labelFile(input: string, output: string, options: LabelOptions): Promise<LabelFileReport> {
  const partial = `${output}.partial`;
  checkSettings(`${partial}.json`, options);
  const done = wholeLines(partial);
  const file = openSync(partial, 'a');
  let usage: LabelUsage | undefined;
  try {
    const labelled = labelDocuments(skip(readLabelables(input), done), options);
    for (let next = await labelled.next(); ; next = await labelled.next()) {
      if (next.done) {
        usage = next.value;
        break;
      }
      writeSync(file, `${JSON.stringify(next.value)}\n`);
    }
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(partial, output);
  rmSync(`${partial}.json`);
  return { ...usage, resumed: done };
}

async function* readLabelables(path: string): AsyncGenerator<Labelable> {
  for await (const { row, line, source } of readJsonLines(path)) {
    const { text, id = `${source}:${line}` } = row;
    if (typeof text !== 'string')
      throw new QualityError('INVALID_INPUT', `${source}:${line}: expected a "text", got none`);
    yield { ...row, id: String(id), text };
  }
}

async function* skip<T>(items: AsyncIterable<T>, count: number): AsyncGenerator<T> {
  let index = 0;
  for await (const item of items) if (index++ >= count) yield item;
}

/** How many whole lines the unfinished output holds; what follows the last of them is cut off. */
function wholeLines(path: string): number {
  if (!existsSync(path)) return 0;
  const bytes = readFileSync(path);
  const end = bytes.lastIndexOf(10) + 1;
  if (end < bytes.length) truncateSync(path, end);
  return bytes.subarray(0, end).reduce((count, byte) => count + (byte === 10 ? 1 : 0), 0);
}

/** Answers of different models or prompts must not meet in one file. */
function checkSettings(path: string, options: LabelOptions): void {
  const { model, temperature = 0, maximumTokens = 400, maximumCharacters = 4000, prompt = educationalPrompt } = options;
  const promptHash = createHash('sha256').update(prompt('')).digest('hex').slice(0, 16);
  const settings = JSON.stringify({ model, temperature, maximumTokens, maximumCharacters, prompt: promptHash });
  if (!existsSync(path)) writeFileSync(path, settings);
  const before = readFileSync(path, 'utf8');
  if (before === settings) return;
  throw new QualityError(
    'INVALID_CONFIG',
    `${path}: the unfinished output was labelled with ${before}, now asked for ${settings}; finish it that way, or delete the .partial files`,
  );
}
