// AdamW with decoupled weight decay (Loshchilov & Hutter 2019). Unit of work: 16 elements.

/** m ← β₁m + (1−β₁)g; v ← β₂v + (1−β₂)g²; W ← W·decay − rate·(m/c₁)/(√(v/c₂) + ε), with decay = 1 − rate·λ. */
export function adamw(
  begin: i32,
  end: i32,
  weight: usize,
  m: usize,
  v: usize,
  gradient: usize,
  newWeight: usize,
  newM: usize,
  newV: usize,
  rate: f32,
  beta1: f32,
  beta2: f32,
  rest1: f32,
  rest2: f32,
  epsilon: f32,
  decay: f32,
  correction1: f32,
  correction2: f32,
): void {
  const stop = (<usize>end) << 6;
  for (let i = (<usize>begin) << 6; i < stop; i += 16) {
    const g = v128.load(gradient + i);
    const first = f32x4.add(f32x4.mul(v128.load(m + i), f32x4.splat(beta1)), f32x4.mul(g, f32x4.splat(rest1)));
    const second = f32x4.add(
      f32x4.mul(v128.load(v + i), f32x4.splat(beta2)),
      f32x4.mul(f32x4.mul(g, g), f32x4.splat(rest2)),
    );
    const scale = f32x4.add(f32x4.sqrt(f32x4.div(second, f32x4.splat(correction2))), f32x4.splat(epsilon));
    const update = f32x4.div(f32x4.div(first, f32x4.splat(correction1)), scale);
    const kept = f32x4.mul(v128.load(weight + i), f32x4.splat(decay));
    v128.store(newM + i, first);
    v128.store(newV + i, second);
    v128.store(newWeight + i, f32x4.sub(kept, f32x4.mul(update, f32x4.splat(rate))));
  }
}
