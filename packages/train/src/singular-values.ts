// N order of a symmetric matrix, row-major.

/** Householder reflections to tridiagonal form: diagonal and off-diagonal (at 1 … N−1). Overwrites the matrix. */
function tridiagonalize(matrix_NN: Float64Array, order: number): [diagonal: Float64Array, offDiagonal: Float64Array] {
  const at = (row: number, column: number) => row * order + column;
  const offDiagonal = new Float64Array(order);
  for (let row = order - 1; row > 1; row--) {
    const v = matrix_NN.slice(at(row, 0), at(row, row));
    const alpha = -Math.sign(v[row - 1] || 1) * Math.hypot(...v);
    offDiagonal[row] = alpha;
    v[row - 1] -= alpha;
    const squared = v.reduce((sum, value) => sum + value * value, 0);
    if (squared > 0) reflect(matrix_NN, order, v, 2 / squared);
  }
  offDiagonal[1] = order > 1 ? matrix_NN[at(1, 0)] : 0;
  return [Float64Array.from({ length: order }, (_, index) => matrix_NN[at(index, index)]), offDiagonal];
}

/** A ← HAH with H = I − scale·vvᵀ on the leading rows and columns: A − vwᵀ − wvᵀ. */
function reflect(matrix_NN: Float64Array, order: number, v: Float64Array, scale: number): void {
  const size = v.length;
  const w = new Float64Array(size);
  for (let row = 0; row < size; row++) {
    let sum = 0;
    for (let column = 0; column < size; column++) sum += matrix_NN[row * order + column] * v[column];
    w[row] = scale * sum;
  }
  const half = (scale / 2) * w.reduce((sum, value, index) => sum + value * v[index], 0);
  for (let index = 0; index < size; index++) w[index] -= half * v[index];
  for (let row = 0; row < size; row++) {
    for (let column = 0; column < size; column++)
      matrix_NN[row * order + column] -= v[row] * w[column] + w[row] * v[column];
  }
}

/** Eigenvalues of a tridiagonal matrix below x, by Sturm's count. */
function countBelow(diagonal: Float64Array, squares: Float64Array, x: number): number {
  let count = 0;
  let pivot = 1;
  for (let index = 0; index < diagonal.length; index++) {
    pivot = diagonal[index] - x - (index === 0 ? 0 : squares[index] / pivot);
    if (pivot === 0) pivot = Number.MIN_VALUE ** 0.5;
    if (pivot < 0) count++;
  }
  return count;
}

/** The k-th smallest eigenvalue, by bisection to the last bit that matters. */
function bisect(diagonal: Float64Array, squares: Float64Array, k: number, bounds: [number, number]): number {
  let [low, high] = bounds;
  const tolerance = 1e-14 * Math.max(Math.abs(low), Math.abs(high));
  while (high - low > tolerance) {
    const middle = (low + high) / 2;
    if (middle === low || middle === high) break;
    if (countBelow(diagonal, squares, middle) > k) high = middle;
    else low = middle;
  }
  return (low + high) / 2;
}

/**
 * Eigenvalues of a symmetric matrix, ascending: Householder tridiagonalisation, then bisection with Sturm counts
 * (Golub and Van Loan, §8.3 and §8.4). For the singular values of a weight: of its smaller Gram matrix.
 *
 * @param matrix row-major [N, N]
 */
export function symmetricEigenvalues(matrix: ArrayLike<number>, order: number): number[] {
  const [diagonal, offDiagonal] = tridiagonalize(Float64Array.from(matrix), order);
  const squares = offDiagonal.map((value) => value * value);
  const radius = (index: number) => Math.abs(offDiagonal[index]) + Math.abs(offDiagonal[index + 1] ?? 0);
  const low = Math.min(...diagonal.map((value, index) => value - radius(index)));
  const high = Math.max(...diagonal.map((value, index) => value + radius(index)));
  return Array.from({ length: order }, (_, k) => bisect(diagonal, squares, k, [low, high]));
}

/** Effective rank exp(−Σ p ln p), p = σ/Σσ (Roy and Vetterli 2007): how many directions count. */
export function effectiveRank(singularValues: readonly number[]): number {
  const total = singularValues.reduce((sum, value) => sum + value, 0);
  return total === 0 ? 0 : Math.exp(entropy(singularValues.map((value) => value / total)));
}

/** Stable rank ‖W‖²_F / ‖W‖²₂: never above the rank, and hardly moved by small singular values. */
export function stableRank(singularValues: readonly number[]): number {
  const largest = Math.max(...singularValues);
  return largest === 0 ? 0 : singularValues.reduce((sum, value) => sum + (value / largest) ** 2, 0);
}

/** Entropy of the energies σ², as a share of the largest possible (Moonlight, arXiv 2502.16982, §3.3). */
export function svdEntropy(singularValues: readonly number[]): number {
  const energy = singularValues.reduce((sum, value) => sum + value * value, 0);
  if (energy === 0 || singularValues.length < 2) return 0;
  return entropy(singularValues.map((value) => (value * value) / energy)) / Math.log(singularValues.length);
}

function entropy(shares: readonly number[]): number {
  return shares.reduce((sum, share) => sum - (share > 0 ? share * Math.log(share) : 0), 0);
}
