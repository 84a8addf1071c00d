import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Checkpoint } from './checkpoint.ts';
import {
  checkpointName,
  latestFile,
  listCheckpoints,
  stateFile,
  tensorFiles,
  type CheckpointName,
  type Manifest,
} from './checkpoint-layout.ts';
import { replaceFolder, syncFolder, writeDurably } from './durable-files.ts';
import { writeTensorFile } from './tensor-file.ts';
import { checkCount } from './train-error.ts';

/** Options of {@link saveCheckpoint}. */
export interface SaveOptions {
  /** how many checkpoints stay, the newest included; default 2 */
  keep?: number;
  /** steps whose checkpoints stay beyond that */
  protect?: readonly number[];
}

/**
 * Writes `FOLDER/step-00000123/` with `model.safetensors`, `optimizer.safetensors` and `checkpoint.json`, then names it in
 * `FOLDER/latest`, then removes those that need not stay. Everything is written under a temporary name, flushed to the disk and
 * renamed, so that at any moment `latest` names a whole checkpoint.
 *
 * @returns the path of the checkpoint
 */
export async function saveCheckpoint(
  folder: string,
  checkpoint: Checkpoint,
  { keep = 2, protect = [] }: SaveOptions = {},
): Promise<string> {
  checkCount('checkpoint.keep', keep);
  const { step, rollbacks } = checkpoint.state;
  const name = checkpointName(step, rollbacks.count);
  await mkdir(folder, { recursive: true });
  await removePartial(folder);
  const partial = join(folder, `.${name}.partial`);
  await mkdir(partial);
  await writeContents(partial, checkpoint);
  await replaceFolder(partial, join(folder, name));
  await writeDurably(folder, latestFile, `${name}\n`);
  const current = { name, step, rollbacks: rollbacks.count };
  for (const doomed of outdated(await listCheckpoints(folder), current, { keep, protect }))
    await remove(folder, doomed);
  return join(folder, name);
}

async function writeContents(path: string, { state, model, optimizer }: Checkpoint): Promise<void> {
  const files: Manifest['files'] = {};
  for (const [key, tensors] of Object.entries({ model, optimizer })) {
    const file = tensorFiles[key as keyof typeof tensorFiles];
    files[file] = await writeTensorFile(join(path, file), tensors);
  }
  await writeDurably(path, stateFile, `${JSON.stringify({ state, files } satisfies Manifest, null, 2)}\n`);
  await syncFolder(path);
}

/** Removes what an interrupted write has left behind. */
async function removePartial(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (/^\.step-\d+(-r\d+)?\.partial/.test(name)) await rm(join(folder, name), { recursive: true });
  }
}

/**
 * Checkpoints that need not stay: all but the last ones and the protected ones, and those of steps that a rollback has
 * undone. Later steps of another run, that was given up for this one, are not counted and not touched.
 */
function outdated(
  all: readonly CheckpointName[],
  current: CheckpointName,
  { keep, protect }: Required<SaveOptions>,
): CheckpointName[] {
  const undone = all.filter(({ step, rollbacks }) => step > current.step && rollbacks < current.rollbacks);
  const own = all.filter(({ step }) => step <= current.step);
  return [...undone, ...own.slice(0, -keep).filter(({ step }) => !protect.includes(step))];
}

async function remove(folder: string, { name }: CheckpointName): Promise<void> {
  const doomed = join(folder, `.${name}.partial`);
  await rename(join(folder, name), doomed); // half-removed it must not look whole
  await rm(doomed, { recursive: true });
}
