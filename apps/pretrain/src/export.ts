import { copyFileSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { useEngine } from '@smol/engine';
import { loadModel, saveModel } from '@smol/model/node';
import type { SmolLM } from '@smol/model';
import { PretrainError } from './pretrain-error.ts';
import type { Step } from './step.ts';
import { tokenizerFolder } from './tokenize.ts';
import { loadFinalModel } from './train.ts';

export interface ExportSummary {
  files: string[];
}

/** Writes the Hugging Face folder `model/`, then reads it back and compares the logits. */
export const exportStep: Step<ExportSummary> = {
  name: 'export',
  inputs: () => [],
  async run(context) {
    const { runFolder, threads, progress } = context;
    await useEngine('auto', { threads, log: () => {} });
    const folder = join(runFolder, 'model');
    rmSync(folder, { recursive: true, force: true });
    const model = await loadFinalModel(context);
    await saveModel(model, folder);
    for (const file of readdirSync(tokenizerFolder(runFolder))) copyFileSync(join(tokenizerFolder(runFolder), file), join(folder, file));
    const reread = await loadModel(folder);
    compareLogits(model, reread, folder);
    model.dispose();
    reread.dispose();
    progress.log(`export   ${folder}: reading it back gives the same logits`);
    return { files: readdirSync(folder).sort() };
  },
};

/** @throws PretrainError `EXPORT_MISMATCH` unless both models give the same logits, bit for bit */
function compareLogits(model: SmolLM, reread: SmolLM, folder: string): void {
  const length = Math.min(32, model.config.max_position_embeddings);
  const ids = Int32Array.from({ length }, (_, index) => (index * 7919) % model.config.vocab_size);
  const [expected, got] = [model, reread].map((candidate) =>
    tf.tidy(() => candidate.logits(tf.tensor2d(ids, [1, length], 'int32')).dataSync()),
  );
  const different = expected.findIndex((value, index) => !Object.is(value, got[index]));
  if (different !== -1) {
    throw new PretrainError('EXPORT_MISMATCH', `${folder} does not give the logits of the trained model: ${got[different]} for ${expected[different]} at ${different}`);
  }
}
