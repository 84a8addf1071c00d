import { checkFinite } from './check-finite.ts';
import { toFloat32 } from './convert.ts';
import type { NamedTensor } from './tensor.ts';
import { WeightsError } from './weights-error.ts';

/** Types in which weights are stored. */
export const FLOATS: ReadonlySet<string> = new Set(['F16', 'BF16', 'F32', 'F64']);

/**
 * The values of a weight.
 *
 * @param where names file and tensor in errors
 * @throws WeightsError `BAD_TENSOR` when it is stored as something else than F16, BF16, F32 or F64, or is not finite
 */
export function toWeights(tensor: NamedTensor, where: string): Float32Array {
  if (FLOATS.has(tensor.dtype)) return checkFinite(toFloat32(tensor), where);
  throw new WeightsError('BAD_TENSOR', `${where}: weights must be F16, BF16, F32 or F64, got ${tensor.dtype}`);
}
