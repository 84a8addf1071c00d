import { WeightsError } from './weights-error.ts';

/**
 * Refuses weights that are no numbers: one NaN makes every logit NaN.
 *
 * @param where names file and tensor in the error
 * @returns the values
 * @throws WeightsError `BAD_TENSOR` naming the first element that is NaN or infinite
 */
export function checkFinite(values: Float32Array, where: string): Float32Array {
  for (let index = 0; index < values.length; index++) {
    // x − x is 0 for numbers, else NaN.
    if (values[index] - values[index] === 0) continue;
    throw new WeightsError(
      'BAD_TENSOR',
      `${where}: element ${index} is ${values[index]}, but weights must be finite; the file is damaged or the training diverged`,
    );
  }
  return values;
}
