import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { useEngine } from '@smol/engine';
import { loadModel } from '@smol/model/node';
import type { SmolLM } from '@smol/model';
import type { Tokenizer } from '@smol/tokenizer';
import { loadTokenizer } from '@smol/tokenizer/node';
import { PretrainError } from './pretrain-error.ts';

/** Loads the model and tokenizer of a run folder or of an exported model folder, which it names. @throws PretrainError `RUN_NOT_FOUND` */
export async function loadTrained(folder: string): Promise<{ model: SmolLM; tokenizer: Tokenizer; folder: string }> {
  const exported = [join(folder, 'model'), folder].find((candidate) => existsSync(join(candidate, 'config.json')));
  if (exported === undefined) {
    throw new PretrainError(
      'RUN_NOT_FOUND',
      `${folder} holds no exported model (no config.json there or in ${join(folder, 'model')})`,
    );
  }
  await useEngine('auto', { log: () => {} });
  return { model: await loadModel(exported), tokenizer: await loadTokenizer(exported), folder: exported };
}
