import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { TokenShard } from '@smol/dataset';
import { PretrainError } from '../pretrain-error.ts';
import type { LogitsSource } from './teacher-logits.ts';

/** The part of node-llama-cpp that is used: it is an optional peer and may be absent. */
interface LlamaModule {
  getLlama(options: object): Promise<{ loadModel(options: { modelPath: string }): Promise<LlamaModel> }>;
}
interface LlamaModel {
  readonly fileInfo: { readonly metadata: { tokenizer?: { ggml?: { tokens?: readonly unknown[] } } } };
  createContext(options: object): Promise<{ getSequence(): LlamaSequence }>;
}
interface LlamaSequence {
  clearHistory(): Promise<void>;
  controlledEvaluate(
    input: readonly (readonly [number, object])[],
  ): Promise<({ next: { logits?: ReadonlyMap<number, number> } } | undefined)[]>;
}

/** Tokens that llama.cpp keeps in memory: the longest window that can be asked for. */
const CONTEXT_TOKENS = 4096;

/** From this project's folder or the user's; a test may name another by SMOL_NODE_LLAMA_CPP. */
async function loadLlamaModule(): Promise<LlamaModule> {
  const place = process.env.SMOL_NODE_LLAMA_CPP;
  const from = createRequire(place === undefined ? import.meta.url : join(place, 'package.json'));
  try {
    return (await import(pathToFileURL(from.resolve('node-llama-cpp')).href)) as LlamaModule;
  } catch (cause) {
    throw new PretrainError(
      'LLAMA_NOT_INSTALLED',
      'a GGUF teacher needs llama.cpp: npm install node-llama-cpp (3.22 or later), then run the same command again',
      { cause },
    );
  }
}

/** A GGUF file as a teacher, of any architecture that llama.cpp knows. It gives the logits of the whole vocabulary. */
export async function llamaLogits(path: string, threads: number): Promise<LogitsSource> {
  const { getLlama } = await loadLlamaModule();
  const llama = await getLlama({ build: 'never', gpu: false, maxThreads: threads, progressLogs: false });
  const model = await llama.loadModel({ modelPath: path });
  const vocabularySize = model.fileInfo.metadata.tokenizer?.ggml?.tokens?.length;
  if (vocabularySize === undefined)
    throw new PretrainError('TEACHER_MISMATCH', `${path} has no tokenizer in it; convert the model with its tokenizer`);
  const context = await model.createContext({ contextSize: CONTEXT_TOKENS, batchSize: 512, flashAttention: false });
  const sequence = context.getSequence();
  return {
    vocabularySize,
    of: (shard) => async (start, length) => {
      const logits = new Float32Array(length * vocabularySize);
      const ids = shard.read(start, length);
      for (const [from, to] of documentsOf(shard, start, length))
        await evaluate(sequence, ids.subarray(from, to), logits.subarray(from * vocabularySize, to * vocabularySize));
      return logits;
    },
  };
}

/** Stretches of a window that lie in one document, relative to its start. */
function documentsOf(shard: TokenShard, start: number, length: number): [from: number, to: number][] {
  const starts = [0, ...shard.documentStartsBetween(start, start + length).map((at) => at - start)];
  return starts.map((from, index) => [from, starts[index + 1] ?? length]);
}

async function evaluate(sequence: LlamaSequence, ids: Uint32Array, logits: Float32Array): Promise<void> {
  const vocabularySize = logits.length / ids.length;
  await sequence.clearHistory();
  const input = Array.from(ids, (id) => [id, { generateNext: { logits: true } }] as const);
  const outputs = await sequence.controlledEvaluate(input);
  // What llama.cpp leaves out is as good as impossible, but must be a number.
  logits.fill(-1e4);
  outputs.forEach((output, row) => {
    for (const [id, logit] of output?.next.logits ?? []) logits[row * vocabularySize + id] = logit;
  });
}
