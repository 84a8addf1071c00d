import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { ModelConfig } from '@smol/model';
import { headTensors, restoreHeadTensors, type ParallelHeads, type SequentialModules } from '@smol/mtp';
import { toFloat32 } from '@smol/weights';
import { readSafetensors, writeSafetensors } from '@smol/weights/node';
import { z } from 'zod';
import { makeHeads, type HeadsShape } from './make-heads.ts';
import { PretrainError } from './pretrain-error.ts';

const fileName = 'heads.safetensors';
/** Under this key the file's metadata says what heads it holds. */
const metadataKey = 'smol.heads';

const savedShape = z.strictObject({
  kind: z.enum(['parallel', 'sequential']),
  heads: z.int().min(2).max(64),
  block: z.enum(['transformer', 'residual']),
  ropeTheta: z.number().positive(),
});

/** Heads as they were saved, and how they were made. */
export interface SavedHeads {
  shape: HeadsShape;
  heads: ParallelHeads | SequentialModules;
}

/**
 * Saves heads beside a model, in one file of their own: whoever does not know it finds the model's folder as it always was.
 *
 * @param config of the model that the heads were made for
 */
export async function saveHeads(folder: string, { shape, heads }: SavedHeads, config: ModelConfig): Promise<void> {
  const { kind, heads: count, block } = shape;
  const described = JSON.stringify({ kind, heads: count, block, ropeTheta: config.rope_theta });
  await writeSafetensors(join(folder, fileName), headTensors(heads), { [metadataKey]: described });
}

/**
 * The heads beside a model.
 *
 * @returns undefined when there are none
 * @throws PretrainError `HEADS_INVALID` when the file is not one of heads, or of another model; WeightsError when it is damaged
 */
export async function loadHeads(folder: string, config: ModelConfig): Promise<SavedHeads | undefined> {
  const path = join(folder, fileName);
  if (!existsSync(path)) return undefined;
  const { tensors, metadata } = await readSafetensors(path);
  const { ropeTheta, ...shape } = parseShape(metadata[metadataKey], path);
  const heads = makeHeads(shape, { ...config, rope_theta: ropeTheta }, 0);
  const values = [...tensors].map(
    ([name, tensor]) => [name, { shape: tensor.shape, data: toFloat32(tensor) }] as const,
  );
  try {
    restoreHeadTensors(heads, new Map(values));
  } catch (error) {
    heads.dispose();
    throw new PretrainError('HEADS_INVALID', `${path} does not fit the model beside it: ${(error as Error).message}`);
  }
  return { shape, heads };
}

function parseShape(text: string | undefined, path: string): z.infer<typeof savedShape> {
  const invalid = (why: string) =>
    new PretrainError('HEADS_INVALID', `${path} is not a file of heads (${why}); export the run again, or remove it`);
  if (text === undefined) throw invalid(`its metadata has no ${metadataKey}`);
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw invalid(`its ${metadataKey} is not JSON: ${text.slice(0, 80)}`);
  }
  const parsed = savedShape.safeParse(json);
  if (!parsed.success)
    throw invalid(`${metadataKey}: ${parsed.error.issues[0].path.join('.')} ${parsed.error.issues[0].message}`);
  return parsed.data;
}
