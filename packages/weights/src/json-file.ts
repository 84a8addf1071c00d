import { writeAtomically } from './atomic-write.ts';
import { openFile } from './safetensors-file.ts';
import { WeightsError } from './weights-error.ts';

/** A JSON object as a configuration file holds it. */
export type JsonObject = Record<string, unknown>;

/**
 * Reads a file that must hold a JSON object.
 *
 * @throws WeightsError `FILE_NOT_FOUND`, or `BAD_FOLDER` when it holds something else
 */
export async function readJsonObject(path: string): Promise<JsonObject> {
  const file = await openFile(path);
  try {
    const parsed: unknown = JSON.parse(await file.readFile('utf8'));
    if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)) return parsed as JsonObject;
  } catch (cause) {
    throw new WeightsError('BAD_FOLDER', `${path}: is not JSON (${(cause as Error).message})`, { cause });
  } finally {
    await file.close();
  }
  throw new WeightsError('BAD_FOLDER', `${path}: must hold a JSON object`);
}

/** Writes JSON as `transformers` does (two spaces, final newline), atomically. */
export async function writeJson(path: string, value: object): Promise<void> {
  await writeAtomically(path, [new TextEncoder().encode(`${JSON.stringify(value, null, 2)}\n`)]);
}
