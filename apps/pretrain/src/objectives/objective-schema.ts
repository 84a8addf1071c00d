import { z } from 'zod';

const ramp = z.strictObject({
  from: z.number().min(0).max(1),
  to: z.number().min(0).max(1),
  start: z.number().min(0).max(1).default(0).describe('share of training at which it begins to move'),
  end: z.number().min(0).max(1).default(1).describe('share of training at which it has arrived'),
});

const hidden = z.strictObject({
  layers: z
    .union([z.literal('uniform'), z.array(z.tuple([z.int().min(0), z.int().min(0)])).min(1)], {
      error: 'expected uniform, or pairs of layers such as [[0, 1], [3, 5]], counted from 0',
    })
    .default('uniform')
    .describe('which layer of the student is to be like which of the teacher: [[student, teacher], …], or uniform'),
  weight: z.number().positive().default(1).describe('what the mean distance counts beside the other losses'),
  measure: z.enum(['mse', 'cosine']).default('cosine'),
});

/** Learning from a teacher. */
export const distillSchema = z.strictObject({
  teacher: z
    .string()
    .optional()
    .describe('model folder or run folder of a teacher that is asked in every step; it must have this tokenizer'),
  cache: z
    .string()
    .optional()
    .describe(
      'instead: folder of NAME.ds.teacher, written by smol-pretrain distill-cache; $RUN/tokens: beside the shards',
    ),
  method: z
    .enum(['forward', 'reverse', 'jensen-shannon', 'top-k', 'sampled'])
    .optional()
    .describe(
      'how student and teacher are compared: a divergence for a teacher (default forward), for a cache its kind',
    ),
  k: z.int().min(1).optional().describe('ids a token of the cache; another one is refused'),
  temperature: z.number().positive().default(1).describe('softens both sides; that of the cache, if there is one'),
  alpha: z
    .union([z.number().min(0).max(1), ramp], { error: 'expected a number from 0 to 1, or { from, to, start, end }' })
    .default(1)
    .describe('share of the teacher in the loss, the rest is that of the data; or its course over training'),
  hidden: hidden.optional().describe('hidden states are matched, too; for a teacher that is asked'),
  engine: z
    .enum(['shared', 'native', 'wasm', 'cpu', 'tensorflow'])
    .default('shared')
    .describe('where a teacher runs: with the student, or on an engine of its own in another thread'),
});

const headStage = z.strictObject({
  until: z.number().gt(0).max(1).describe('share of training at which the stage ends; the last one is 1'),
  weights: z.array(z.number().min(0)).min(2).describe('of each head, the model itself first'),
  final: z.array(z.number().min(0)).min(2).optional().describe('weights at the end of the stage, in a straight line'),
});

/** Predicting several tokens. */
export const mtpSchema = z.strictObject({
  kind: z
    .enum(['parallel', 'sequential'])
    .default('parallel')
    .describe('parallel: heads beside each other (Meta); sequential: modules in a chain (DeepSeek-V3)'),
  heads: z.int().min(2).max(64).describe('tokens that are predicted, the next one included'),
  block: z
    .enum(['transformer', 'residual'])
    .default('transformer')
    .describe('what a head is made of; residual ones draft fastest'),
  weight: z.number().min(0).default(0.3).describe('of all further heads, each (parallel) or together (sequential)'),
  stages: z.array(headStage).min(1).optional().describe('weights by stage of training, instead of weight'),
});

/** What a recipe says of a teacher, with every default filled in. */
export type DistillRecipe = z.infer<typeof distillSchema>;
/** What a recipe says of further heads, with every default filled in. */
export type MtpRecipe = z.infer<typeof mtpSchema>;
