import { copyFileSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { useEngine } from '@smol/engine';
import { loadModel, saveModel } from '@smol/model/node';
import type { SmolLM } from '@smol/model';
import { saveHeads } from './heads-file.ts';
import { loadFinalHeads } from './load-final-heads.ts';
import { PretrainError } from './pretrain-error.ts';
import type { Step, StepContext } from './step.ts';
import { tokenizerFolder } from './tokenize.ts';
import { loadFinalModel } from './train.ts';

export interface ExportSummary {
  files: string[];
}

/** What a model folder holds of a tokenizer: its configuration and chat template, not the list of tokens for people. */
const MODEL_FILE = /\.(json|jinja)$/;

/** Writes the Hugging Face folder `model/`, then reads it back and compares the logits. */
export const exportStep: Step<ExportSummary> = {
  name: 'export',
  outputs: ['model'],
  inputs: () => [],
  async run(context) {
    const { runFolder, threads } = context;
    await useEngine('auto', { threads, log: () => {} });
    const folder = join(runFolder, 'model');
    const partial = `${folder}.partial`;
    rmSync(partial, { recursive: true, force: true });
    const model = await loadFinalModel(context);
    await saveModel(model, partial);
    const tokenizer = tokenizerFolder(runFolder);
    for (const file of readdirSync(tokenizer).filter((name) => MODEL_FILE.test(name))) {
      copyFileSync(join(tokenizer, file), join(partial, file));
    }
    const reread = await loadModel(partial);
    compareLogits(model, reread, partial);
    await exportHeads(context, model, partial);
    model.dispose();
    reread.dispose();
    rmSync(folder, { recursive: true, force: true });
    renameSync(partial, folder);
    return { files: readdirSync(folder).sort() };
  },
  describe: ({ files }) => `${files.length} files; read back, they give the same logits`,
};

/** Heads go into a file of their own, for `generate --speculate`; nothing else of the folder knows of them. */
async function exportHeads(context: StepContext, model: SmolLM, folder: string): Promise<void> {
  // Their positions turn with the base that training began with.
  const config = { ...model.config, rope_theta: context.recipe.model.ropeTheta };
  const saved = await loadFinalHeads(context, config);
  if (!saved) return;
  await saveHeads(folder, saved, config);
  saved.heads.dispose();
}

/** @throws PretrainError `EXPORT_MISMATCH` unless both models give the same logits, bit for bit */
function compareLogits(model: SmolLM, reread: SmolLM, folder: string): void {
  const length = Math.min(32, model.config.max_position_embeddings);
  const ids = Int32Array.from({ length }, (_, index) => (index * 7919) % model.config.vocab_size);
  const [expected, got] = [model, reread].map((candidate) => {
    const logits_BTV = tf.tidy(() => candidate.logits(tf.tensor2d(ids, [1, length], 'int32')));
    const logits = logits_BTV.dataSync();
    logits_BTV.dispose();
    return logits;
  });
  const different = expected.findIndex((value, index) => !Object.is(value, got[index]));
  if (different !== -1) {
    throw new PretrainError(
      'EXPORT_MISMATCH',
      `${folder} does not give the logits of the trained model: ${got[different]} for ${expected[different]} at ${different}`,
    );
  }
}
