export { encodeTensor, toFloat32 } from './convert.ts';
export type { Dtype } from './dtype.ts';
export { decodeSafetensors, encodeSafetensors } from './safetensors.ts';
export type { SafetensorsContents } from './safetensors.ts';
export type { NamedTensor, TensorData, TensorInput, TensorInputs } from './tensor.ts';
export { WeightsError } from './weights-error.ts';
export type { WeightsErrorCode } from './weights-error.ts';
