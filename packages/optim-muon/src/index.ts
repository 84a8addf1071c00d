export { AdamW, type AdamWOptions } from './adamw.ts';
export { Muon, type MuonOptions } from './muon.ts';
export { MuonClip, type MuonClipOptions } from './muon-clip.ts';
export type { Gradients, Optimizer, OptimizerStep, Parameters } from './optimizer.ts';
export { OptimizerError, type OptimizerErrorCode } from './optimizer-error.ts';
export { orthogonalize, type Orthogonalization } from './orthogonalize.ts';
export { qkClip, qkClipFactors, type AttentionProjections, type QkClipOptions, type QkClipReport } from './qk-clip.ts';
export { isDecayed, isTokenTable, splitParameters } from './split-parameters.ts';
export { updateScale, type UpdateScaling } from './update-scale.ts';
