import { z } from 'zod';

/** Where documents come from. */
const source = z.strictObject({
  kind: z
    .enum(['warc', 'pdf', 'jsonl'])
    .describe('warc: web archives; pdf: PDF files; jsonl: documents {id, text, url?}'),
  paths: z
    .array(z.string().min(1))
    .min(1)
    .describe('files or globs, relative to the recipe; $RUN stands for the run folder'),
  filter: z.boolean().default(true).describe('false: trust this source, skip the quality filters (not the duplicates)'),
});

const curate = z.strictObject({
  preset: z
    .enum(['fineweb-2024', 'fineweb-head'])
    .default('fineweb-head')
    .describe('which version of the FineWeb recipe'),
  languages: z.array(z.string()).min(1).describe('languages to keep, as lid.176 names them'),
  bannedUrlWords: z.array(z.string()).default([]).describe('pages with one of these words in their URL are dropped'),
  bannedDomains: z.array(z.string()).default([]).describe('registered domains whose pages are dropped'),
  dedup: z
    .enum(['fineweb', 'fineweb2', 'finepdfs', 'exact', 'none'])
    .default('fineweb')
    .describe('MinHash preset, or exact, or none'),
  onDamage: z
    .enum(['stop', 'skip'])
    .default('stop')
    .describe('what to do with records and files that cannot be read: stop, or count and go on'),
  redactPii: z.boolean().default(true).describe('replace e-mail and public IPv4 addresses'),
});

const heldOut = z.strictObject({
  source: z
    .string()
    .describe('the source that is never trained on; its duplicates are removed from the others (curate.dedup)'),
});

const tokenizer = z.strictObject({
  vocabularySize: z.int().min(300).max(200_000).describe('entries, with the 256 bytes and the special tokens'),
  pattern: z
    .enum(['gpt2', 'cl100k', 'o200k', 'llama3'])
    .default('llama3')
    .describe('how text is cut into words before merging'),
  maximumCharacters: z.int().min(1000).default(20_000_000).describe('text the merges are learned from, at most'),
});

const model = z.strictObject({
  hiddenSize: z.int().min(8).describe('width of the residual stream'),
  layers: z.int().min(1).describe('decoder layers'),
  attentionHeads: z.int().min(1).describe('query heads'),
  keyValueHeads: z.int().min(1).describe('key and value heads; query heads share them in groups'),
  intermediateSize: z.int().min(8).describe('width inside the SwiGLU block'),
  ropeTheta: z.number().positive().default(50_000).describe('base of the rotary embedding'),
  ropeEvery: z.int().min(2).default(4).describe('every n-th layer goes without rotary embedding (NoPE)'),
});

const stage = z.strictObject({
  name: z.string().describe('shown in the report'),
  steps: z.int().min(1).describe('optimizer steps in this stage'),
  mixture: z.record(z.string(), z.number().positive()).describe('source: weight; rows are drawn in these proportions'),
});

const train = z.strictObject({
  batchSize: z.int().min(1).describe('rows a step'),
  sequenceLength: z.int().min(8).describe('tokens a row'),
  warmupSteps: z.int().min(0).describe('learning rate rises linearly from 0'),
  decaySteps: z.int().min(0).describe('learning rate falls to 0 over the last steps (WSD)'),
  decayShape: z.enum(['linear', '1-sqrt', 'cosine']).default('linear').describe('how it falls'),
  muon: z.strictObject({
    learningRate: z.number().positive().describe('for hidden matrices'),
    weightDecay: z.number().min(0).default(0.1),
    scaling: z
      .enum(['keller', 'moonlight'])
      .default('moonlight')
      .describe('keller: √max(1, rows/columns); moonlight: 0.2·√max(rows, columns)'),
  }),
  adamw: z.strictObject({
    learningRate: z.number().positive().describe('for embeddings and gains'),
    weightDecay: z.number().min(0).default(0.1).describe('never applied to embeddings and gains'),
  }),
  gradientClip: z.number().positive().default(1).describe('global norm'),
  qkClip: z.number().positive().default(100).describe('attention logits above this shrink their head (MuonClip)'),
  zLoss: z.number().min(0).default(0),
  checkpointEvery: z.int().min(1).describe('steps'),
  keepCheckpoints: z.int().min(1).default(2),
  stages: z.array(stage).min(1),
});

const evaluate = z.strictObject({
  prompts: z.array(z.string()).default([]).describe('the model continues each of these'),
  maxNewTokens: z.int().min(1).default(80),
  temperature: z.number().min(0).default(0.8),
  topK: z.int().min(0).default(50).describe('0: all tokens'),
  topP: z.number().gt(0).max(1).default(0.95),
});

/** What `smol-pretrain run` can be asked to do: one file, every key checked. */
export const recipeSchema = z.strictObject({
  name: z
    .string()
    .regex(/^[a-z0-9][a-z0-9._-]*$/)
    .describe('the run folder is runs/NAME'),
  seed: z.int().min(0).default(0).describe('decides every random choice'),
  sample: z.enum(['quickstart']).optional().describe('writes this sample corpus to $RUN/raw first'),
  sources: z.record(z.string().regex(/^[a-z0-9][a-z0-9_-]*$/), source),
  heldOut,
  curate,
  tokenizer,
  model,
  train,
  evaluate: evaluate.prefault({}),
});

/** A recipe after all checks, with every default filled in. */
export type Recipe = z.infer<typeof recipeSchema>;

/** JSON Schema of a recipe, for editors. */
export function recipeJsonSchema(): object {
  return z.toJSONSchema(recipeSchema, { io: 'input' });
}
