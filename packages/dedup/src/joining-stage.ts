import { closeSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { partsByInput } from './input-parts.ts';
import { StageFile } from './stage-file.ts';
import type { FileSeal } from './stage-file.ts';
import { stagePath } from './stage-settings.ts';
import type { Advance, RunSettings, TaskResult } from './stage-settings.ts';

const BLOCK_BYTES = 1 << 20;

function append(path: string, target: StageFile, advance: Advance): void {
  const block = Buffer.allocUnsafe(BLOCK_BYTES);
  const file = openSync(path, 'r');
  try {
    for (let count = readSync(file, block); count > 0; count = readSync(file, block)) {
      target.write(block.subarray(0, count));
      advance(count);
    }
  } finally {
    closeSync(file);
  }
}

/** Inputs that were read in parts; only their results have to be put together. */
export const joinedInputs = ({ inputs, parts }: RunSettings): number[] =>
  [...partsByInput(inputs.length, parts).entries()].flatMap(([input, ranks]) => (ranks.length > 1 ? [input] : []));

/** The last stage, for one input that was read in parts: puts the results of these behind one another. */
export function joinParts(settings: RunSettings, input: number, advance: Advance): TaskResult {
  const { folder, inputs, parts } = settings;
  const ranks = partsByInput(inputs.length, parts)[input];
  const files: Record<string, FileSeal> = {};
  for (const kind of ['kept', 'removed'] as const) {
    const path = join(kind, inputs[input].output);
    const target = new StageFile(join(folder, path));
    for (const rank of ranks) append(join(folder, stagePath.part(kind, rank)), target, advance);
    files[path] = target.close();
  }
  return { files, counts: {} };
}
