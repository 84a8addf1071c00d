import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { toFloat32 } from '@smol/weights';
import { readSafetensors } from '@smol/weights/node';
import * as tf from '@tensorflow/tfjs-core';
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
import { exists, finishReplacing, summarize, type FileSummary } from './durable-files.ts';
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
  for (const file of Object.values(tensorFiles)) await checkFile(folder, join(path, file), files[file]);
  const model = await readTensors(join(path, tensorFiles.model));
  return { place: path, state, model, optimizer: await readTensors(join(path, tensorFiles.optimizer)) };
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

async function checkFile(folder: string, path: string, expected: FileSummary | undefined): Promise<void> {
  if (!(await exists(path))) throw new TrainError('CHECKPOINT_DAMAGED', `${path} is not there; ${advice(folder)}`);
  const found = await summarize(path);
  if (expected && found.bytes === expected.bytes && found.sha256 === expected.sha256) return;
  throw new TrainError(
    'CHECKPOINT_DAMAGED',
    `${path} has ${found.bytes} bytes (sha256 ${found.sha256.slice(0, 12)}…) instead of the ${expected?.bytes} (${expected?.sha256.slice(0, 12)}…) that were written; ${advice(folder)}`,
  );
}

async function readTensors(path: string): Promise<Map<string, tf.Tensor>> {
  const { tensors } = await readSafetensors(path);
  return new Map([...tensors].map(([name, tensor]) => [name, tf.tensor(toFloat32(tensor), tensor.shape, 'float32')]));
}
