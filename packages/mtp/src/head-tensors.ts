import * as tf from '@tensorflow/tfjs-core';
import { MtpError } from './mtp-error.ts';

/** Values of a parameter, as weight files hold them. */
export interface HeadTensor {
  shape: number[];
  data: Float32Array;
}

/** What has parameters to save: `ParallelHeads`, `SequentialModules`. */
export interface SavedHeads {
  readonly parameters: ReadonlyMap<string, tf.Variable>;
}

/** Whether a parameter belongs to heads: exports that know no heads leave it out. */
export function isHeadParameter(name: string): boolean {
  return name.startsWith('mtp.');
}

/** A copy of the heads' parameters by name, to be saved in a file of their own beside the model's. */
export function headTensors({ parameters }: SavedHeads): Map<string, HeadTensor> {
  return new Map(
    [...parameters].map(([name, variable]) => [
      name,
      { shape: [...variable.shape], data: variable.dataSync<'float32'>().slice() },
    ]),
  );
}

/**
 * Gives heads the values that were saved.
 *
 * @throws MtpError `SHAPE_MISMATCH` when a tensor is missing, unexpected or misshapen; then nothing has changed
 */
export function restoreHeadTensors({ parameters }: SavedHeads, tensors: ReadonlyMap<string, HeadTensor>): void {
  const unknown = [...tensors.keys()].find((name) => !parameters.has(name));
  if (unknown !== undefined) throw new MtpError('SHAPE_MISMATCH', `there is no parameter ${unknown} in these heads`);
  for (const [name, { shape }] of parameters) {
    const got = tensors.get(name)?.shape;
    if (got?.join() !== shape.join())
      throw new MtpError('SHAPE_MISMATCH', `${name} must be [${shape}], got ${got ? `[${got}]` : 'none'}`);
  }
  tf.tidy(() => {
    for (const [name, variable] of parameters) {
      const { shape, data } = tensors.get(name)!;
      variable.assign(tf.tensor(data, shape, 'float32'));
    }
  });
}
