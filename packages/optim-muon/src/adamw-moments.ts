import { adamwStep, adamwUpdate, type AdamwStepOptions } from '@smol/ops';
import * as tf from '@tensorflow/tfjs-core';
import type { Parameters } from './optimizer.ts';
import { OptimizerError } from './optimizer-error.ts';
import { OptimizerState } from './optimizer-state.ts';
import { CodeBook, type QuantizedValues } from './quantized-state.ts';

/** A parameter that is to move, and its gradient. */
export interface Update {
  name: string;
  parameter: tf.Variable;
  gradient: tf.Tensor;
}

/** Where AdamW keeps the running mean and mean square of every gradient. */
export interface MomentStore {
  stepsDone: number;
  /** Moves parameters and moments on by one step. */
  update(updates: readonly Update[], numbers: AdamwStepOptions): void;
  snapshot(): Map<string, tf.Tensor>;
  restore(saved: ReadonlyMap<string, tf.Tensor>): void;
  dispose(): void;
}

/** Moments as f32 tensors. */
export class FullMoments implements MomentStore {
  readonly #state: OptimizerState;

  constructor(parameters: Parameters) {
    this.#state = new OptimizerState(parameters, ({ shape }) => [
      ['m', shape],
      ['v', shape],
    ]);
  }

  get stepsDone(): number {
    return this.#state.stepsDone;
  }

  set stepsDone(count: number) {
    this.#state.stepsDone = count;
  }

  update(updates: readonly Update[], numbers: AdamwStepOptions): void {
    const items = updates.map(({ name, parameter, gradient }) => ({
      parameter,
      gradient,
      m: this.#state.slot(name, 'm'),
      v: this.#state.slot(name, 'v'),
    }));
    adamwUpdate(items, numbers);
  }

  snapshot(): Map<string, tf.Tensor> {
    return this.#state.snapshot();
  }

  restore(saved: ReadonlyMap<string, tf.Tensor>): void {
    this.#state.restore(saved);
  }

  dispose(): void {
    this.#state.dispose();
  }
}

const books = { m: new CodeBook(true), v: new CodeBook(false) };
const slots = ['m', 'v'] as const;

interface QuantizedMoments extends Record<(typeof slots)[number], QuantizedValues> {
  shape: number[];
}

/** Moments in 8 bits an element plus one f32 a block of 256: a quarter of the memory, at the cost of a pass on the host. */
export class EightBitMoments implements MomentStore {
  readonly #moments = new Map<string, QuantizedMoments>();
  stepsDone = 0;

  constructor(parameters: Parameters) {
    for (const [name, { shape, size }] of parameters) {
      const zeros = new Float32Array(size);
      this.#moments.set(name, { shape, m: books.m.quantize(zeros), v: books.v.quantize(zeros) });
    }
  }

  update(updates: readonly Update[], numbers: AdamwStepOptions): void {
    for (const update of updates) tf.tidy(() => this.#updateOne(update, numbers));
  }

  #updateOne({ name, parameter, gradient }: Update, numbers: AdamwStepOptions): void {
    const held = this.#moments.get(name) as QuantizedMoments;
    const [m, v] = slots.map((slot) => tf.tensor(books[slot].dequantize(held[slot]), held.shape));
    const next = adamwStep({ parameter, m, v, gradient }, numbers);
    for (const slot of slots) held[slot] = books[slot].quantize(next[slot].dataSync<'float32'>());
    parameter.assign(next.parameter);
  }

  /** Codes are packed three to a number, which an f32 holds exactly; so a checkpoint is small and restores every bit. */
  snapshot(): Map<string, tf.Tensor> {
    const state = new Map<string, tf.Tensor>([['step', tf.scalar(this.stepsDone)]]);
    for (const [name, moments] of this.#moments) {
      for (const slot of slots) {
        state.set(`${name}.${slot}.codes`, tf.tensor1d(packCodes(moments[slot].codes)));
        state.set(`${name}.${slot}.scales`, tf.tensor1d(moments[slot].scales.slice()));
      }
    }
    return state;
  }

  restore(saved: ReadonlyMap<string, tf.Tensor>): void {
    const valuesOf = (key: string, length: number): Float32Array => {
      const tensor = saved.get(key);
      if (tensor?.size === length) return tensor.dataSync<'float32'>().slice();
      const got = tensor ? `${tensor.size} values` : 'nothing';
      throw new OptimizerError('BAD_STATE', `the saved state must have ${length} values in "${key}", got ${got}`);
    };
    const [stepsDone] = valuesOf('step', 1);
    const restored = [...this.#moments].map(([name, { shape, m, v }]) => {
      const slot = (key: string, { codes, scales }: QuantizedValues): QuantizedValues => ({
        codes: unpackCodes(valuesOf(`${name}.${key}.codes`, Math.ceil(codes.length / 3)), codes.length),
        scales: valuesOf(`${name}.${key}.scales`, scales.length),
      });
      return [name, { shape, m: slot('m', m), v: slot('v', v) }] as const;
    });
    for (const [name, moments] of restored) this.#moments.set(name, moments);
    this.stepsDone = stepsDone;
  }

  dispose(): void {
    this.#moments.clear();
  }
}

function packCodes(codes: Uint8Array): Float32Array {
  const byte = (at: number) => (at < codes.length ? codes[at] : 0);
  return Float32Array.from(
    { length: Math.ceil(codes.length / 3) },
    (_, index) => byte(3 * index) + 256 * byte(3 * index + 1) + 65_536 * byte(3 * index + 2),
  );
}

function unpackCodes(packed: Float32Array, length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, at) => Math.floor(packed[Math.floor(at / 3)] / 256 ** (at % 3)) % 256);
}
