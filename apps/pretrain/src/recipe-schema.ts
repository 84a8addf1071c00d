import { z } from 'zod';
import { distillSchema, mtpSchema } from './objectives/objective-schema.ts';
import { trainSchema } from './train-schema.ts';

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
  from: z
    .string()
    .optional()
    .describe('tokenizer folder to take instead of learning one; it must have our special tokens'),
  maximumCharacters: z.int().min(1000).default(20_000_000).describe('text the merges are learned from, at most'),
});

const model = z.strictObject({
  family: z.enum(['smollm3', 'llama']).default('smollm3').describe('llama: rotary embedding in every layer (SmolLM2)'),
  from: z
    .string()
    .optional()
    .describe('model folder to begin with instead of random weights; its shapes must be these'),
  hiddenSize: z.int().min(8).describe('width of the residual stream'),
  layers: z.int().min(1).describe('decoder layers'),
  attentionHeads: z.int().min(1).describe('query heads'),
  keyValueHeads: z.int().min(1).describe('key and value heads; query heads share them in groups'),
  intermediateSize: z.int().min(8).describe('width inside the SwiGLU block'),
  ropeTheta: z.number().positive().default(50_000).describe('base of the rotary embedding'),
  ropeEvery: z.int().min(2).default(4).describe('every n-th layer goes without rotary embedding (NoPE); smollm3 only'),
  normEpsilon: z.number().positive().default(1e-6).describe('added under the root of RMSNorm'),
  initializerRange: z.number().positive().default(0.02).describe('standard deviation of fresh weights'),
});

const evaluate = z.strictObject({
  prompts: z.array(z.string()).default([]).describe('the model continues each of these'),
  maxNewTokens: z.int().min(1).default(80),
  temperature: z.number().min(0).default(0.8),
  topK: z.int().min(0).default(50).describe('0: all tokens'),
  topP: z.number().gt(0).max(1).default(0.95),
});

const hardware = z.strictObject({
  devices: z.int().min(1).describe('how many work together'),
  tensorParallel: z.int().min(1).default(1).describe('devices that share one copy of the model'),
  teraflops: z.number().positive().describe('peak of one device, 10¹² operations a second'),
  utilization: z.number().gt(0).max(1).default(0.3).describe('share of the peak that training reaches'),
  memoryGiB: z.number().positive().describe('memory of one device'),
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
  train: trainSchema,
  distill: distillSchema.optional().describe('learn from a teacher'),
  mtp: mtpSchema.optional().describe('predict several tokens; the further heads are saved beside the model'),
  evaluate: evaluate.prefault({}),
  hardware: hardware.optional().describe('what `smol-pretrain plan` reckons with instead of this machine'),
});

/** A recipe after all checks, with every default filled in. */
export type Recipe = z.infer<typeof recipeSchema>;

/** JSON Schema of a recipe, for editors. */
export function recipeJsonSchema(): object {
  return z.toJSONSchema(recipeSchema, { io: 'input' });
}
