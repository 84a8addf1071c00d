// Cross-entropy under a teacher's distribution, whole or cut to its likeliest ids. Sums of few terms are taken in f64.
// Unit of work: one row.

import { rowLogSumExp, scaledSoftmax } from './cross-entropy';
import { addScaled, loadTail, sum, sumLanes } from './vector';

/** 1 − Σ below this is rounding error of f32 inputs. */
const SMALLEST_REST: f64 = 1e-7;

/** Σ p·(lse − z) of a row. */
function crossTerm(z: usize, p: usize, length: i32, logSumExp: f32): f32 {
  const shift = f32x4.splat(logSumExp);
  let total = f32x4.splat(0);
  let i = 0;
  for (; i + 4 <= length; i += 4, z += 16, p += 16)
    total = f32x4.add(total, f32x4.mul(v128.load(p), f32x4.sub(shift, v128.load(z))));
  if (i < length) {
    const rest = f32x4.sub(shift, loadTail(z, length - i, 0));
    total = f32x4.add(total, f32x4.mul(loadTail(p, length - i, 0), rest));
  }
  return sumLanes(total);
}

/** loss = Σ p·(lse − z) + zLoss·lse². Writes loss and lse. */
export function softCrossEntropy(
  begin: i32,
  end: i32,
  logits: usize,
  probabilities: usize,
  loss: usize,
  logSumExps: usize,
  vocabulary: i32,
  zLoss: f32,
): void {
  for (let row = <usize>begin; row < <usize>end; row++) {
    const at = row * <usize>vocabulary * 4;
    const logSumExp = rowLogSumExp(logits + at, vocabulary);
    store<f32>(logSumExps + row * 4, logSumExp);
    const term = crossTerm(logits + at, probabilities + at, vocabulary, logSumExp);
    store<f32>(loss + row * 4, term + zLoss * logSumExp * logSumExp);
  }
}

/** dz = dloss·(e^(z − lse)·(Σp + 2·zLoss·lse) − p). */
export function softCrossEntropyGradient(
  begin: i32,
  end: i32,
  dloss: usize,
  logits: usize,
  probabilities: usize,
  logSumExps: usize,
  dlogits: usize,
  vocabulary: i32,
  zLoss: f32,
): void {
  for (let row = <usize>begin; row < <usize>end; row++) {
    const at = row * <usize>vocabulary * 4;
    const scale = load<f32>(dloss + row * 4);
    const logSumExp = load<f32>(logSumExps + row * 4);
    const mass = <f32>sum(probabilities + at, vocabulary);
    scaledSoftmax(logits + at, dlogits + at, vocabulary, logSumExp, scale * (mass + 2 * zLoss * logSumExp));
    addScaled(dlogits + at, probabilities + at, -scale, vocabulary);
  }
}

function logQ(z: usize, id: i32, logSumExp: f32): f64 {
  return <f64>load<f32>(z + (<usize>id << 2)) - <f64>logSumExp;
}

/** 1 − Σp over the kept ids. */
function teacherRest(logProbabilities: usize, kept: i32): f64 {
  let rest: f64 = 1;
  for (let slot = 0; slot < kept; slot++) rest -= Math.exp(<f64>load<f32>(logProbabilities + (<usize>slot << 2)));
  return max(rest, SMALLEST_REST);
}

/** 1 − Σq over the kept ids. */
function studentRest(z: usize, ids: usize, kept: i32, logSumExp: f32): f64 {
  let rest: f64 = 1;
  for (let slot = 0; slot < kept; slot++)
    rest -= Math.exp(logQ(z, load<i32>(ids + (<usize>slot << 2)), logSumExp));
  return max(rest, SMALLEST_REST);
}

/** loss = −Σ p·log q − r·log s + zLoss·lse², r = 1 − Σp and s = 1 − Σq over the kept ids. Writes loss and lse. */
export function sparseCrossEntropy(
  begin: i32,
  end: i32,
  logits: usize,
  ids: usize,
  logProbabilities: usize,
  loss: usize,
  logSumExps: usize,
  vocabulary: i32,
  kept: i32,
  zLoss: f32,
): void {
  for (let row = <usize>begin; row < <usize>end; row++) {
    const z = logits + row * <usize>vocabulary * 4;
    const rowIds = ids + row * <usize>kept * 4;
    const rowLogs = logProbabilities + row * <usize>kept * 4;
    const logSumExp = rowLogSumExp(z, vocabulary);
    let total = -teacherRest(rowLogs, kept) * Math.log(studentRest(z, rowIds, kept, logSumExp));
    for (let slot: usize = 0; slot < <usize>kept; slot++) {
      const p = Math.exp(<f64>load<f32>(rowLogs + slot * 4));
      total -= p * logQ(z, load<i32>(rowIds + slot * 4), logSumExp);
    }
    store<f32>(logSumExps + row * 4, logSumExp);
    store<f32>(loss + row * 4, <f32>total + zLoss * logSumExp * logSumExp);
  }
}

/** dz = dloss·(e^(z − lse)·(1 − r/s + 2·zLoss·lse), and at kept ids + q·r/s − p). */
export function sparseCrossEntropyGradient(
  begin: i32,
  end: i32,
  dloss: usize,
  logits: usize,
  ids: usize,
  logProbabilities: usize,
  logSumExps: usize,
  dlogits: usize,
  vocabulary: i32,
  kept: i32,
  zLoss: f32,
): void {
  for (let row = <usize>begin; row < <usize>end; row++) {
    const z = logits + row * <usize>vocabulary * 4;
    const result = dlogits + row * <usize>vocabulary * 4;
    const rowIds = ids + row * <usize>kept * 4;
    const rowLogs = logProbabilities + row * <usize>kept * 4;
    const scale = load<f32>(dloss + row * 4);
    const logSumExp = load<f32>(logSumExps + row * 4);
    const ratio = teacherRest(rowLogs, kept) / studentRest(z, rowIds, kept, logSumExp);
    scaledSoftmax(z, result, vocabulary, logSumExp, scale * (<f32>(1 - ratio) + 2 * zLoss * logSumExp));
    for (let slot: usize = 0; slot < <usize>kept; slot++) {
      const id = load<i32>(rowIds + slot * 4);
      const p = Math.exp(<f64>load<f32>(rowLogs + slot * 4));
      const at = result + (<usize>id << 2);
      store<f32>(at, load<f32>(at) + <f32>(Math.exp(logQ(z, id, logSumExp)) * ratio - p) * scale);
    }
  }
}
