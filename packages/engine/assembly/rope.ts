// Rotary position embedding, rotate-half layout (Su et al. 2021, as in the Hugging Face Llama code):
// (y₁, y₂) = (x₁·cos − x₂·sin, x₂·cos + x₁·sin) on the two halves of the head dimension.

/** Rotates x [B, T, H, K]; `direction` −1 rotates back. Unit: one (batch, time). */
export function rope(
  begin: i32,
  end: i32,
  x: usize,
  cos: usize,
  sin: usize,
  y: usize,
  time: i32,
  heads: i32,
  half: i32,
  direction: f32,
): void {
  const halfBytes = <usize>half * 4;
  for (let unit = begin; unit < end; unit++) {
    const angles = <usize>(unit % time) * halfBytes;
    for (let head = 0; head < heads; head++) {
      const offset = (<usize>unit * <usize>heads + <usize>head) * 2 * halfBytes;
      rotate(x + offset, cos + angles, sin + angles, y + offset, half, direction);
    }
  }
}

function rotate(x: usize, cos: usize, sin: usize, y: usize, half: i32, direction: f32): void {
  const second = <usize>half * 4;
  const sign = f32x4.splat(direction);
  let i = 0;
  for (; i + 4 <= half; i += 4, x += 16, cos += 16, sin += 16, y += 16) {
    const x1 = v128.load(x);
    const x2 = v128.load(x + second);
    const c = v128.load(cos);
    const s = f32x4.mul(v128.load(sin), sign);
    v128.store(y, f32x4.sub(f32x4.mul(x1, c), f32x4.mul(x2, s)));
    v128.store(y + second, f32x4.add(f32x4.mul(x2, c), f32x4.mul(x1, s)));
  }
  for (; i < half; i++, x += 4, cos += 4, sin += 4, y += 4) {
    const s = load<f32>(sin) * direction;
    const x1 = load<f32>(x);
    const x2 = load<f32>(x + second);
    store<f32>(y, x1 * load<f32>(cos) - x2 * s);
    store<f32>(y + second, x2 * load<f32>(cos) + x1 * s);
  }
}
