import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type * as tf from '@tensorflow/tfjs-core';
import type { StoredCheckpoint } from './checkpoint.ts';
import {
  advice,
  isCheckpointName,
  latestFile,
  listCheckpoints,
  stateFile,
  tensorFiles,
  type Manifest,
} from './checkpoint-layout.ts';
import { exists, finishReplacing } from './durable-files.ts';
import { readTensorFile, TensorFileDamage, type TensorFileSummary } from './tensor-file.ts';
import { TrainError } from './train-error.ts';

/**
 * Reads the checkpoint that `FOLDER/latest` names and checks every byte of it.
 *
 * @returns undefined when the folder has no checkpoint; else tensors that are the caller's to dispose
 * @throws TrainError `CHECKPOINT_MISSING` or `CHECKPOINT_DAMAGED`, naming the file
 */
export async function loadCheckpoint(folder: string): Promise<StoredCheckpoint | undefined> {
  const name = await newestName(folder);
  return name === undefined ? undefined : readCheckpoint(folder, name);
}

/** Reads one checkpoint of a folder. @throws TrainError as {@link loadCheckpoint} */
export async function readCheckpoint(folder: string, name: string): Promise<StoredCheckpoint> {
  const path = join(folder, name);
  await finishReplacing(folder, name);
  if (!(await exists(path)))
    throw new TrainError(
      'CHECKPOINT_MISSING',
      `${join(folder, latestFile)} names ${name}, but ${path} is not there; ${advice(folder)}`,
    );
  const { state, files } = await readManifest(folder, path);
  const read = (file: string) => readTensors(folder, join(path, file), files[file]);
  const model = await read(tensorFiles.model);
  return { place: path, state, model, optimizer: await read(tensorFiles.optimizer) };
}

async function newestName(folder: string): Promise<string | undefined> {
  const latest = join(folder, latestFile);
  if (!(await exists(latest))) return (await exists(folder)) ? (await listCheckpoints(folder)).at(-1)?.name : undefined;
  const name = (await readFile(latest, 'utf8')).trim();
  if (isCheckpointName(name)) return name;
  throw new TrainError(
    'CHECKPOINT_DAMAGED',
    `${latest} must hold a name like step-00000123, got ${JSON.stringify(name.slice(0, 40))}; ${advice(folder)}`,
  );
}

async function readManifest(folder: string, path: string): Promise<Manifest> {
  const file = join(path, stateFile);
  try {
    const manifest = JSON.parse(await readFile(file, 'utf8')) as Manifest;
    if (manifest?.state?.version === 2 && Number.isSafeInteger(manifest.state.step) && manifest.files) return manifest;
  } catch (cause) {
    throw new TrainError('CHECKPOINT_DAMAGED', `${file} cannot be read as JSON; ${advice(folder)}`, { cause });
  }
  throw new TrainError('CHECKPOINT_DAMAGED', `${file} is not a checkpoint of version 2; ${advice(folder)}`);
}

async function readTensors(
  folder: string,
  path: string,
  expected: TensorFileSummary | undefined,
): Promise<Map<string, tf.Tensor>> {
  if (!(await exists(path))) throw new TrainError('CHECKPOINT_DAMAGED', `${path} is not there; ${advice(folder)}`);
  try {
    if (expected?.crc32) return await readTensorFile(path, expected);
  } catch (cause) {
    if (!(cause instanceof TensorFileDamage)) throw cause;
    throw new TrainError('CHECKPOINT_DAMAGED', `${path} ${cause.message}; ${advice(folder)}`, { cause });
  }
  throw new TrainError('CHECKPOINT_DAMAGED', `${path} has no checksum in ${stateFile}; ${advice(folder)}`);
}
