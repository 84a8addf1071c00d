// loss = lse − logit[target] + z·lse², lse = log Σ e^logit (z-loss: PaLM, Chowdhery et al. 2022). Unit of work: one row.

import { exp4 } from './exponential';
import { largest, loadTail, storeTail, sumLanes } from './vector';

export function crossEntropy(
  begin: i32,
  end: i32,
  logits: usize,
  targets: usize,
  loss: usize,
  logSumExps: usize,
  vocabulary: i32,
  ignored: i32,
  zLoss: f32,
): void {
  for (let row = <usize>begin; row < <usize>end; row++) {
    const source = logits + row * <usize>vocabulary * 4;
    const target = load<i32>(targets + row * 4);
    const logSumExp = rowLogSumExp(source, vocabulary);
    store<f32>(logSumExps + row * 4, logSumExp);
    let value: f32 = 0;
    if (target != ignored) value = logSumExp - load<f32>(source + <usize>target * 4) + zLoss * logSumExp * logSumExp;
    store<f32>(loss + row * 4, value);
  }
}

export function rowLogSumExp(x: usize, length: i32): f32 {
  const maximum = largest(x, length);
  const shift = f32x4.splat(maximum);
  let sum = f32x4.splat(0);
  let i = 0;
  for (; i + 4 <= length; i += 4) sum = f32x4.add(sum, exp4(f32x4.sub(v128.load(x + <usize>i * 4), shift)));
  if (i < length) {
    sum = f32x4.add(sum, exp4(f32x4.sub(loadTail(x + <usize>i * 4, length - i, -Infinity), shift)));
  }
  return maximum + <f32>Math.log(<f64>sumLanes(sum));
}

/** dlogit = dloss·(e^(logit − lse)·(1 + 2·z·lse) − [is target]); 0 in ignored rows. */
export function crossEntropyGradient(
  begin: i32,
  end: i32,
  dloss: usize,
  logits: usize,
  targets: usize,
  logSumExps: usize,
  dlogits: usize,
  vocabulary: i32,
  ignored: i32,
  zLoss: f32,
): void {
  const bytes = <usize>vocabulary * 4;
  for (let row = <usize>begin; row < <usize>end; row++) {
    const target = load<i32>(targets + row * 4);
    const result = dlogits + row * bytes;
    if (target == ignored) {
      memory.fill(result, 0, bytes);
      continue;
    }
    const scale = load<f32>(dloss + row * 4);
    const logSumExp = load<f32>(logSumExps + row * 4);
    scaledSoftmax(logits + row * bytes, result, vocabulary, logSumExp, scale * (1 + 2 * zLoss * logSumExp));
    const at = result + <usize>target * 4;
    store<f32>(at, load<f32>(at) - scale);
  }
}

/** y = scale·e^(x − logSumExp) of a row. */
export function scaledSoftmax(x: usize, y: usize, length: i32, logSumExp: f32, scale: f32): void {
  const shift = f32x4.splat(logSumExp);
  const s = f32x4.splat(scale);
  let i = 0;
  for (; i + 4 <= length; i += 4, x += 16, y += 16) v128.store(y, f32x4.mul(s, exp4(f32x4.sub(v128.load(x), shift))));
  if (i < length) storeTail(y, f32x4.mul(s, exp4(f32x4.sub(loadTail(x, length - i, 0), shift))), length - i);
}
