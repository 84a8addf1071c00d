/**
 * Least squares with a penalty: w that minimises Σ sᵢ (xᵢ·w − yᵢ)² + penalty · |w|², by the normal equations and Cholesky's factorisation.
 * The last feature is the constant one; it is not penalised. Memory grows with the square of the width, time with rows × width².
 *
 * @param rows features, all of one length
 * @param shares weight of each row, or all 1
 */
export function solveRidge(
  rows: readonly Float64Array[],
  targets: ArrayLike<number>,
  penalty: number,
  shares?: ArrayLike<number>,
): Float64Array {
  const width = rows[0].length;
  const normal = Array.from({ length: width }, () => new Float64Array(width));
  const right = new Float64Array(width);
  for (const [index, row] of rows.entries()) addRow(normal, right, row, targets[index], shares ? shares[index] : 1);
  // A trace of a penalty on the constant keeps the matrix positive definite.
  for (let at = 0; at < width; at++) normal[at][at] += at === width - 1 ? 1e-9 : penalty;
  return solve(normal, right);
}

function addRow(normal: Float64Array[], right: Float64Array, row: Float64Array, target: number, share: number): void {
  for (let at = 0; at < row.length; at++) {
    const scaled = share * row[at];
    const line = normal[at];
    right[at] += scaled * target;
    for (let other = 0; other <= at; other++) line[other] += scaled * row[other];
  }
}

/** Factorises the lower half in place (L·Lᵀ), then solves forwards and backwards. */
function solve(lower: Float64Array[], right: Float64Array): Float64Array {
  const width = right.length;
  for (let at = 0; at < width; at++) {
    for (let other = 0; other <= at; other++) {
      let sum = lower[at][other];
      for (let k = 0; k < other; k++) sum -= lower[at][k] * lower[other][k];
      lower[at][other] = at === other ? Math.sqrt(Math.max(sum, Number.MIN_VALUE)) : sum / lower[other][other];
    }
  }
  const solution = Float64Array.from(right);
  for (let at = 0; at < width; at++) {
    for (let k = 0; k < at; k++) solution[at] -= lower[at][k] * solution[k];
    solution[at] /= lower[at][at];
  }
  for (let at = width - 1; at >= 0; at--) {
    for (let k = at + 1; k < width; k++) solution[at] -= lower[k][at] * solution[k];
    solution[at] /= lower[at][at];
  }
  return solution;
}
