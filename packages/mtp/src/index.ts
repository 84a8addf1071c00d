export type { HeadBlock, HeadBlockFactory } from './head-block.ts';
export { MtpError, type MtpErrorCode } from './mtp-error.ts';
export { ParallelHeads, type HeadBatch, type HeadLossOptions, type ParallelHeadsOptions } from './parallel-heads.ts';
export { residualBlock, type ResidualBlockOptions } from './residual-block.ts';
export { shiftTargets } from './shift-targets.ts';
export { transformerBlock, type TransformerBlockOptions } from './transformer-block.ts';
export { withParallelHeads, type ModelWithHeads, type TrainingBatch, type Trunk } from './with-parallel-heads.ts';
