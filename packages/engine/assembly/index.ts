// Every exported kernel has the form (begin, end, …arguments): it does the units of work begin … end-1 and nothing else,
// so that threads may share a call in any way. Pointers are bytes into the shared memory, 64-byte aligned and padded.

export { adamw } from './adamw';
export { attention, attentionQueryBlocks, attentionScratchBytes } from './attention';
export { attentionGradient, attentionGradientScratchBytes } from './attention-gradient';
export { crossEntropy, crossEntropyGradient } from './cross-entropy';
export { binary, binaryBroadcast, unary } from './elementwise';
export { multiply, multiplyScratchBytes, multiplyUnits, multiplyVectors, packB } from './matrix-multiply';
export { gatherRows, permuteRows, scatterAddRows, transposeMatrix } from './rearrange';
export { squareBlocks, sumBlocks, sumColumns, sumPartials, sumRows } from './reduce';
export { rmsNorm, rmsNormGradient } from './rms-norm';
export { rope } from './rope';
export { softmaxRows } from './softmax';
export { swiglu, swigluGradient } from './swiglu';
export {
  softCrossEntropy,
  softCrossEntropyGradient,
  sparseCrossEntropy,
  sparseCrossEntropyGradient,
} from './teacher-losses';
export { setThread } from './thread';
