import { z } from 'zod';

const decayShape = z.enum(['linear', '1-sqrt', 'cosine']);

/** A learning-rate schedule within a stretch of steps. */
const schedule = z.strictObject({
  kind: z
    .enum(['wsd', 'cosine', 'trapezoid', 'warm-restarts', 'constant'])
    .default('wsd')
    .describe('wsd: rise, plateau, fall; cosine: rise, then fall all the way; trapezoid: wsd with straight sides'),
  scale: z.number().positive().max(1).default(1).describe('top of the schedule, as a factor on the learning rates'),
  warmupSteps: z.int().min(0).default(0),
  decaySteps: z.int().min(0).default(0),
  decayShape: decayShape.default('linear'),
  minimum: z.number().min(0).max(1).default(0).describe('where it ends, as a factor on the learning rates'),
  cycleSteps: z.int().min(1).optional().describe('warm-restarts: steps of the first cycle'),
});

const stage = z.strictObject({
  name: z.string().describe('shown in the report'),
  steps: z.int().min(1).describe('optimizer steps in this stage'),
  mixture: z.record(z.string(), z.number().positive()).describe('source: weight; rows are drawn in these proportions'),
  sequenceLength: z.int().min(8).optional().describe('tokens a row in this stage; default train.sequenceLength'),
  ropeTheta: z
    .number()
    .positive()
    .optional()
    .describe('base of the rotary embedding from this stage on; default: as before it, at first model.ropeTheta'),
  schedule: schedule.optional().describe("the stage's own learning rate, multiplied with that of the run"),
  resetOptimizer: z.boolean().optional().describe('begin the stage with empty running averages'),
});

const point = z.strictObject({ step: z.int().min(1), value: z.number().min(0) });

const muon = z.strictObject({
  learningRate: z.number().positive().describe('for hidden matrices'),
  weightDecay: z.number().min(0).default(0.1),
  scaling: z
    .enum(['keller', 'moonlight'])
    .default('moonlight')
    .describe('keller: √max(1, rows/columns); moonlight: 0.2·√max(rows, columns)'),
  momentum: z.number().min(0).lt(1).default(0.95),
  nesterov: z.boolean().default(true),
  cautious: z.boolean().default(false).describe('decay only where the update shrinks the weight too'),
  orthogonalization: z.enum(['newton-schulz', 'polar-express']).default('newton-schulz'),
  normalization: z.enum(['none', 'normuon']).default('none').describe('normuon: even out the rows of an update'),
  perHead: z.boolean().default(false).describe('orthogonalise each attention head on its own'),
  momentumSchedule: z.array(point).min(1).optional().describe('straight lines between points, instead of momentum'),
});

const adamw = z.strictObject({
  learningRate: z.number().positive().describe('for embeddings and gains (with optimizer: adamw, for everything)'),
  weightDecay: z.number().min(0).default(0.1).describe('never applied to embeddings and gains'),
  beta1: z.number().min(0).lt(1).default(0.9),
  beta2: z.number().min(0).lt(1).default(0.95),
  epsilon: z.number().min(0).default(1e-8),
  stateBits: z
    .union([z.literal(32), z.literal(8)])
    .default(32)
    .describe('bits of each running average'),
});

const clip = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('zclip'),
    threshold: z.number().positive().default(2.5),
    maximumNorm: z.number().positive().nullable().default(1),
  }),
  z.strictObject({
    kind: z.literal('adagc'),
    relativeLimit: z.number().min(1).default(1.05),
    absoluteLimit: z.number().positive().default(1),
  }),
]);

const guards = z.strictObject({
  spikeThreshold: z
    .number()
    .positive()
    .default(6)
    .describe('a step whose loss or gradient norm has this z-score is skipped'),
  window: z.int().min(2).default(128).describe('steps that the z-score looks back on'),
  notFinite: z.enum(['skip', 'stop']).default('skip').describe('what happens at NaN'),
  patience: z.int().min(1).default(3).describe('so many NaN steps in a row fail the run'),
  divergence: z
    .union([
      z.literal(false),
      z.strictObject({ rise: z.number().positive().default(0.3), steps: z.int().min(1).default(50) }),
    ])
    .optional()
    .describe('a smoothed loss that is higher than its lowest by `rise` for `steps` steps fails the run'),
  rollback: z
    .strictObject({
      maximum: z.int().min(1).default(3).describe('so many times, then the run ends'),
      adjust: z
        .strictObject({
          learningRate: z.number().positive().max(1).optional().describe('factor on the learning rates, each time'),
          warmupSteps: z.int().min(1).optional().describe('another warm-up from the checkpoint on'),
          clip: z.number().positive().max(1).optional().describe("factor on the gradient clip's limit, each time"),
        })
        .optional()
        .describe('what may be changed by rule; what is left out may not'),
    })
    .optional()
    .describe('a run that fails goes back to its last good checkpoint and leaves out the data since'),
  maxLogit: z.number().positive().default(100).describe('attention logit above which there is an alarm'),
});

/** How a recipe trains. */
export const trainSchema = z.strictObject({
  engine: z
    .enum(['auto', 'tensorflow', 'native', 'wasm', 'cpu'])
    .default('auto')
    .describe('what computes: auto takes the fastest one this machine has'),
  seed: z
    .int()
    .min(0)
    .optional()
    .describe('decides fresh weights and the order of rows, when it is to be another than that of the recipe'),
  precision: z
    .enum(['f32', 'bf16'])
    .default('f32')
    .describe('operands of matrix products; bf16 keeps sums and weights in f32 (native engine)'),
  optimizer: z.enum(['muonclip', 'muon', 'adamw']).default('muonclip').describe('for hidden matrices'),
  batchSize: z
    .union([z.int().min(1), z.array(z.strictObject({ fromStep: z.int().min(0), rows: z.int().min(1) })).min(1)], {
      error: 'expected a number of rows, or changes of it such as [{ fromStep: 0, rows: 64 }]',
    })
    .describe('rows a step, or changes of it: [{ fromStep: 0, rows: 64 }, …]'),
  microBatchRows: z.int().min(1).optional().describe('rows at a time; gradients are added up; default: all of a batch'),
  sequenceLength: z.int().min(8).describe('tokens a row'),
  packing: z.enum(['concatenate', 'best-fit']).default('concatenate').describe('how documents become rows'),
  schedule: z.enum(['wsd', 'cosine', 'trapezoid', 'warm-restarts', 'constant']).default('wsd'),
  warmupSteps: z.int().min(0).describe('learning rate rises linearly from 0'),
  decaySteps: z.int().min(0).describe('learning rate falls to its minimum over the last steps (WSD)'),
  decayShape: decayShape.default('linear').describe('how it falls'),
  minimum: z.number().min(0).max(1).default(0).describe('learning rate after the fall, as a factor'),
  cycleSteps: z.int().min(1).optional().describe('warm-restarts: steps of the first cycle'),
  muon: muon.optional(),
  adamw,
  gradientClip: z
    .union([z.number().positive(), z.null(), clip], {
      error: 'expected a number above 0, null, { kind: zclip, … } or { kind: adagc, … }',
    })
    .default(1)
    .describe('global norm; or zclip, or adagc; null: none'),
  qkClip: z.number().positive().default(100).describe('attention logits above this shrink their head (MuonClip)'),
  zLoss: z.number().min(0).default(0),
  checkpointing: z
    .union([z.boolean(), z.array(z.int().min(0)).min(1)], { error: 'expected true, false, or layers such as [0, 2]' })
    .optional()
    .describe('compute activations again in the backward pass, in all layers or these: less memory, a third more work'),
  guards: guards.prefault({}),
  checkpointEvery: z.int().min(1).describe('steps'),
  keepCheckpoints: z.int().min(1).default(2).describe('the last ones; the best one stays besides'),
  resume: z.enum(['auto', 'newest', 'never']).default('auto').describe('auto passes over damaged checkpoints'),
  evaluateEvery: z.int().min(1).optional().describe('steps between losses on held-out text'),
  inspectEvery: z.int().min(1).optional().describe('steps between looks at ranks, update ratios and dead units'),
  stages: z.array(stage).min(1),
});

/** The training part of a recipe, with every default filled in. */
export type TrainRecipe = z.infer<typeof trainSchema>;
/** One schedule of a recipe. */
export type ScheduleRecipe = z.infer<typeof schedule>;
