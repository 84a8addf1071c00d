// y = silu(gate)·up, silu(g) = g·σ(g) (Shazeer 2020). Unit of work: 16 elements.

import { sigmoid4 } from './exponential';

export function swiglu(begin: i32, end: i32, gate: usize, up: usize, y: usize): void {
  const stop = (<usize>end) << 6;
  for (let i = (<usize>begin) << 6; i < stop; i += 16) {
    const g = v128.load(gate + i);
    v128.store(y + i, f32x4.mul(f32x4.mul(g, sigmoid4(g)), v128.load(up + i)));
  }
}

/** dup = dy·silu(g); dgate = dy·up·σ(g)·(1 + g·(1 − σ(g))). */
export function swigluGradient(
  begin: i32,
  end: i32,
  dy: usize,
  gate: usize,
  up: usize,
  dgate: usize,
  dup: usize,
): void {
  const one = f32x4.splat(1);
  const stop = (<usize>end) << 6;
  for (let i = (<usize>begin) << 6; i < stop; i += 16) {
    const d = v128.load(dy + i);
    const g = v128.load(gate + i);
    const s = sigmoid4(g);
    const slope = f32x4.mul(s, f32x4.add(one, f32x4.mul(g, f32x4.sub(one, s))));
    v128.store(dup + i, f32x4.mul(d, f32x4.mul(g, s)));
    v128.store(dgate + i, f32x4.mul(f32x4.mul(d, v128.load(up + i)), slope));
  }
}
