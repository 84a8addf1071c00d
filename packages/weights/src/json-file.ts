import { writeAtomically } from './atomic-write.ts';
import { findDuplicateKey } from './duplicate-keys.ts';
import type { JsonObject } from './json-object.ts';
import { openFile } from './read-at.ts';
import { WeightsError } from './weights-error.ts';

/** Larger than any index or tokenizer. */
const MAXIMUM_JSON_BYTES = 2 ** 28;

async function readText(path: string): Promise<string> {
  const file = await openFile(path);
  try {
    const { size } = await file.stat();
    if (size > MAXIMUM_JSON_BYTES) {
      throw new WeightsError(
        'BAD_FOLDER',
        `${path}: has ${size} bytes; JSON files over ${MAXIMUM_JSON_BYTES} are refused`,
      );
    }
    return await file.readFile('utf8');
  } finally {
    await file.close();
  }
}

/**
 * Reads a file that must hold a JSON object.
 *
 * @throws WeightsError `FILE_NOT_FOUND`, or `BAD_FOLDER` when it holds something else or says something twice
 */
export async function readJsonObject(path: string): Promise<JsonObject> {
  const text = await readText(path);
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (cause) {
    throw new WeightsError('BAD_FOLDER', `${path}: is not JSON (${(cause as Error).message})`, { cause });
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
    throw new WeightsError('BAD_FOLDER', `${path}: must hold a JSON object`);
  }
  const duplicate = findDuplicateKey(text);
  if (duplicate !== undefined) throw new WeightsError('BAD_FOLDER', `${path}: "${duplicate}" occurs twice`);
  return parsed as JsonObject;
}

/** Writes JSON as `transformers` does (two spaces, final newline), atomically. */
export async function writeJson(path: string, value: object): Promise<void> {
  await writeAtomically(path, [new TextEncoder().encode(`${JSON.stringify(value, null, 2)}\n`)]);
}
