// The inner loop that every matrix product of the engine ends in: a 5×8 tile of C held in ten vector registers.
// Both operands are packed: for each k, `a` holds 5 values (one a row) and `b` 8 values (one a column).
// 5×8 is the fastest shape that fits the 15 vector registers V8 hands out: 59 GFLOPS on Zen 5, where 4×8, 6×8, 8×4 and 12×4
// reach 32 to 54; unrolling over k makes it slower.
// Multiply-then-add gives the same bits on every machine; the fused multiply-add of relaxed SIMD would not.

/** Rows of a packed panel of A. */
export const TILE_ROWS: i32 = 5;
/** Columns of a packed panel of B. */
export const TILE_COLUMNS: i32 = 8;

const A_STEP: usize = 20;
const B_STEP: usize = 32;

/** 32 bytes of zeros: the first row that a product starts from when it does not add to C. */
const ZEROS: usize = memory.data(32, 16);

/** C[5, 8] (+)= A[5, depth] · B[depth, 8]. `stride` is the distance in bytes of two rows of C. */
export function multiplyTile(a: usize, b: usize, c: usize, stride: usize, depth: i32, accumulate: bool): void {
  // Starting from loaded values, zeros or C, keeps V8 from spilling accumulators to the stack (half the speed).
  const start = accumulate ? c : ZEROS;
  const step = accumulate ? stride : 0;
  let c00 = v128.load(start);
  let c01 = v128.load(start, 16);
  let c10 = v128.load(start + step);
  let c11 = v128.load(start + step, 16);
  let c20 = v128.load(start + 2 * step);
  let c21 = v128.load(start + 2 * step, 16);
  let c30 = v128.load(start + 3 * step);
  let c31 = v128.load(start + 3 * step, 16);
  let c40 = v128.load(start + 4 * step);
  let c41 = v128.load(start + 4 * step, 16);
  const end = b + <usize>depth * B_STEP;
  while (b < end) {
    const b0 = v128.load(b);
    const b1 = v128.load(b, 16);
    const a0 = v128.load32_splat(a);
    c00 = f32x4.add(c00, f32x4.mul(a0, b0));
    c01 = f32x4.add(c01, f32x4.mul(a0, b1));
    const a1 = v128.load32_splat(a, 4);
    c10 = f32x4.add(c10, f32x4.mul(a1, b0));
    c11 = f32x4.add(c11, f32x4.mul(a1, b1));
    const a2 = v128.load32_splat(a, 8);
    c20 = f32x4.add(c20, f32x4.mul(a2, b0));
    c21 = f32x4.add(c21, f32x4.mul(a2, b1));
    const a3 = v128.load32_splat(a, 12);
    c30 = f32x4.add(c30, f32x4.mul(a3, b0));
    c31 = f32x4.add(c31, f32x4.mul(a3, b1));
    const a4 = v128.load32_splat(a, 16);
    c40 = f32x4.add(c40, f32x4.mul(a4, b0));
    c41 = f32x4.add(c41, f32x4.mul(a4, b1));
    a += A_STEP;
    b += B_STEP;
  }
  v128.store(c, c00);
  v128.store(c, c01, 16);
  v128.store(c + stride, c10);
  v128.store(c + stride, c11, 16);
  v128.store(c + 2 * stride, c20);
  v128.store(c + 2 * stride, c21, 16);
  v128.store(c + 3 * stride, c30);
  v128.store(c + 3 * stride, c31, 16);
  v128.store(c + 4 * stride, c40);
  v128.store(c + 4 * stride, c41, 16);
}
