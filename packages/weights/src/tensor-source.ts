/** A tensor that is read when it is needed, so that a whole model need not be in memory. */
export interface TensorSource {
  /** Row-major. */
  shape: readonly number[];
  /** Its values. */
  read(): Float32Array | Promise<Float32Array>;
}
