import { useEngine } from '@smol/engine';
import { SmolLM } from '@smol/model';
import { RandomStream } from '@smol/random';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { acceptDrafts, distribution } from './accept-drafts.ts';
import { parallelDrafter, sequentialDrafter, type Drafter } from './drafter.ts';
import type { HeadBlockFactory } from './head-block.ts';
import { ParallelHeads } from './parallel-heads.ts';
import { residualBlock } from './residual-block.ts';
import { SequentialModules } from './sequential-modules.ts';
import { recomputingModel, speculate, type SpeculativeModel } from './speculate.ts';
import { transformerBlock } from './transformer-block.ts';

beforeAll(() => useEngine('cpu'));
beforeEach(() => tf.engine().startScope());
afterEach(() => tf.engine().endScope());

/** Pearson's statistic of counts against expected shares. */
function chiSquare(counts: readonly number[], shares: readonly number[]): number {
  const total = counts.reduce((sum, count) => sum + count, 0);
  return counts.reduce((sum, count, index) => sum + (count - total * shares[index]) ** 2 / (total * shares[index]), 0);
}

describe('the acceptance rule', () => {
  const p = [Float64Array.of(0.5, 0.3, 0.2), Float64Array.of(0.1, 0.2, 0.7), Float64Array.of(0.25, 0.5, 0.25)];
  const q = [Float64Array.of(0.2, 0.2, 0.6), Float64Array.of(0.6, 0.3, 0.1)];

  it("gives the model's own distribution, whatever the drafts are drawn from", () => {
    const random = new RandomStream(2, 'accept');
    let draws = 0;
    const uniform = () => random.uniform(draws++);
    const pairs = Array.from({ length: 9 }, () => 0);
    let accepted = 0;
    const rounds = 20_000;
    const draw = (of: Float64Array) => {
      const u = uniform();
      return u < of[0] ? 0 : u < of[0] + of[1] ? 1 : 2;
    };
    for (let round = 0; round < rounds; round++) {
      const drafts = q.map(draw);
      const result = acceptDrafts(drafts, { p, q }, uniform);
      const tokens = [...drafts.slice(0, result.accepted), result.next];
      pairs[tokens[0] * 3 + (tokens[1] ?? draw(p[1]))]++;
      accepted += Math.min(1, result.accepted);
    }
    const expected = Array.from({ length: 9 }, (_, pair) => p[0][Math.floor(pair / 3)] * p[1][pair % 3]);
    expect(chiSquare(pairs, expected)).toBeLessThan(26.1); // 8 degrees of freedom, 0.1 %
    expect(accepted / rounds).toBeCloseTo(0.2 + 0.2 + 0.2, 1); // Σ min(p, q)
  });

  it('takes drafts that are the model’s certain choice, and none other', () => {
    const certain = [0, 2, 1].map((id) => Float64Array.from({ length: 3 }, (_, other) => Number(other === id)));
    const never = () => 0.999;
    expect(acceptDrafts([0, 2], { p: certain, q: certain }, never)).toEqual({ accepted: 2, next: 1 });
    const wrong = [certain[0], certain[0]];
    expect(acceptDrafts([0, 0], { p: certain, q: wrong }, never)).toEqual({ accepted: 1, next: 2 });
  });

  it('knows temperature 0 as certainty', () => {
    expect(Array.from(distribution(Float32Array.of(1, 3, 3), 0))).toEqual([0, 1, 0]);
    expect(distribution(Float32Array.of(0, Math.log(3)), 1)[1]).toBeCloseTo(0.75, 6);
  });
});

describe('speculative decoding', () => {
  const config = {
    model_type: 'smollm3',
    vocab_size: 12,
    hidden_size: 8,
    intermediate_size: 12,
    num_hidden_layers: 2,
    num_attention_heads: 2,
    num_key_value_heads: 1,
    head_dim: 4,
    max_position_embeddings: 64,
    rope_theta: 1e4,
    no_rope_layers: [1, 0],
    rms_norm_eps: 1e-6,
    initializer_range: 0.6,
    tie_word_embeddings: true,
  };
  const block = transformerBlock({ dimension: 8, queryHeads: 2, feedForward: 12, seed: 2 });
  /** New heads say what the trunk says: these have something of their own to say. */
  const stirred = <T extends { parameters: ReadonlyMap<string, tf.Variable> }>(heads: T): T => {
    for (const [index, variable] of [...heads.parameters.values()].entries())
      variable.assign(tf.add(variable, tf.randomNormal(variable.shape, 0, 0.3, 'float32', index)));
    return heads;
  };
  const residual = residualBlock({ dimension: 8 });
  const drafters: Record<string, (model: SmolLM) => Drafter> = {
    'parallel transformer': () => parallelDrafter(stirred(new ParallelHeads({ predictions: 4, block }))),
    'parallel residual': () => parallelDrafter(stirred(new ParallelHeads({ predictions: 4, block: residual }))),
    'parallel other': () =>
      parallelDrafter(stirred(new ParallelHeads({ predictions: 3, block: (head) => block(head) }))),
    sequential: (model) =>
      sequentialDrafter(
        stirred(new SequentialModules({ depth: 3, dimension: 8, block, seed: 1 })),
        model.parameters.get('model.embed_tokens.weight')!,
        { window: 5 },
      ),
  };
  const readers: Record<string, (model: SmolLM) => SpeculativeModel> = {
    cached: (model) => model,
    recomputing: (model) => recomputingModel(model),
  };

  it.each(Object.keys(drafters).flatMap((kind) => Object.keys(readers).map((reader) => [kind, reader])))(
    'with %s drafts on a %s model writes the greedy text of plain decoding, in no more passes',
    async (kind, reader) => {
      for (const seed of [1, 2, 3]) {
        const model = SmolLM.initialize({ ...config, final_logit_softcapping: 3 }, { seed });
        const plain = await model.generate([3, 1, 4], { maxNewTokens: 20, temperature: 0, stopIds: [] });
        const drafter = drafters[kind](model);
        const before = tf.memory().numTensors;
        const result = speculate(readers[reader](model), drafter, [3, 1, 4], { maxNewTokens: 20 });
        expect(result.ids).toEqual(plain);
        expect(result.passes).toBeLessThanOrEqual(20);
        expect(tf.memory().numTensors).toBe(before);
      }
    },
  );

  it('writes the same greedy text on the fastest engine here, too', async () => {
    const engine = await useEngine('auto', { threads: 2 });
    for (const seed of [1, 2, 3]) {
      const model = SmolLM.initialize(config, { seed });
      const plain = await model.generate([3, 1, 4], { maxNewTokens: 40, temperature: 0, stopIds: [] });
      for (const drafter of Object.values(drafters))
        expect(speculate(model, drafter(model), [3, 1, 4], { maxNewTokens: 40 }).ids).toEqual(plain);
    }
    engine.close();
    await useEngine('cpu');
  });

  it('draws the same tokens with kept keys and values as without', () => {
    const model = SmolLM.initialize(config, { seed: 2 });
    const drafter = drafters['parallel transformer'](model);
    const [kept, recomputed] = Object.values(readers).map((reader) =>
      speculate(reader(model), drafter, [3, 1, 4], { maxNewTokens: 30, temperature: 1, seed: 5 }),
    );
    expect(kept).toEqual(recomputed);
    expect(kept.acceptanceRate).toBeGreaterThan(0);
    expect(kept.acceptanceRate).toBeLessThan(1);
  });

  /** Drafts that are the same whatever the model says. */
  const fixed = (depth: number, logits: (index: number, position: number) => ArrayLike<number>): Drafter => ({
    depth,
    startDrafting() {
      let position = 0;
      return {
        draft: ({ followers, count, choose }) => {
          position += followers.length;
          const rows = Array.from({ length: count }, (_, index) => Array.from(logits(index, position)));
          return choose(tf.tensor2d(rows));
        },
        dispose: () => {},
      };
    },
  });
  const none: Drafter = fixed(0, () => []);

  it('takes every draft of a drafter that knows, and counts them by place', () => {
    const model = SmolLM.initialize(config, { seed: 5 });
    const heard: number[] = [];
    const plain = speculate(model, none, [1], { maxNewTokens: 13, onToken: (id) => void heard.push(id) });
    expect(plain).toMatchObject({ passes: 13, proposed: [], acceptanceRate: 0 });
    expect(heard).toEqual(plain.ids);
    const knowing = fixed(3, (index, position) =>
      Array.from({ length: 12 }, (_, id) => Number(id === plain.ids[position + index])),
    );
    const result = speculate(model, knowing, [1], { maxNewTokens: 13 });
    expect(result).toEqual({ ids: plain.ids, passes: 4, proposed: [3, 3, 3], accepted: [3, 3, 3], acceptanceRate: 1 });
  });

  it('ends before a stop token, also in the middle of accepted drafts', () => {
    const model = SmolLM.initialize(config, { seed: 5 });
    const drafter = drafters['parallel residual'](model);
    const plain = speculate(model, drafter, [1], { maxNewTokens: 12 });
    const stop = plain.ids[5];
    const stopped = speculate(model, drafter, [1], { maxNewTokens: 12, stopIds: [stop] });
    expect(stopped.ids).toEqual(plain.ids.slice(0, plain.ids.indexOf(stop)));
  });

  it("samples three tokens with the model's own distribution, from drafts of another", () => {
    // Each token depends on the one before it: states are rows of a table, logits their products with the head.
    const size = 3;
    const table_VD = tf.tensor2d([
      [0.4, -0.3],
      [1, 0.2],
      [-0.6, 0.9],
    ]);
    const headWeight = tf.tensor2d([
      [1, 0.5],
      [-0.4, 1.2],
      [0.7, -1],
    ]);
    const trunk = {
      headWeight,
      hidden: (ids_BT: tf.Tensor2D) =>
        tf.reshape(tf.gather(table_VD, tf.reshape(ids_BT, [-1])), [1, -1, 2]) as tf.Tensor3D,
    };
    const logits = tf.matMul(table_VD, headWeight, false, true).dataSync<'float32'>();
    const next = Array.from({ length: size }, (_, id) => distribution(logits.slice(id * size, (id + 1) * size), 0.8));
    const drafter = fixed(2, (index) => [1 + index, 0, 0.3]);
    const counts = Array.from({ length: 27 }, () => 0);
    const runs = 2500;
    for (let seed = 0; seed < runs; seed++) {
      const { ids } = tf.tidy(
        () =>
          speculate(recomputingModel(trunk), drafter, [0], {
            maxNewTokens: 3,
            temperature: 0.8,
            seed,
          }) as unknown as tf.TensorContainerObject,
      ) as unknown as { ids: number[] };
      counts[ids[0] * 9 + ids[1] * 3 + ids[2]]++;
    }
    const expected = counts.map((_, index) => {
      const [a, b, c] = [Math.floor(index / 9), Math.floor(index / 3) % 3, index % 3];
      return next[0][a] * next[a][b] * next[b][c];
    });
    expect(chiSquare(counts, expected)).toBeLessThan(54.1); // 26 degrees of freedom, 0.1 %
  });

  it('draws from another distribution where one is given, such as the likeliest tokens alone', () => {
    const model = SmolLM.initialize(config, { seed: 5 });
    const drafter = drafters['parallel residual'](model);
    const greedy = speculate(model, drafter, [1], { maxNewTokens: 12 });
    const likeliest = (logits: Float32Array) => distribution(logits, 0);
    expect(speculate(model, drafter, [1], { maxNewTokens: 12, distribution: likeliest }).ids).toEqual(greedy.ids);
  });

  it('refuses what cannot be', () => {
    const model = SmolLM.initialize(config, { seed: 1 });
    expect(() => speculate(model, none, [], { maxNewTokens: 1 })).toThrow('at least one token');
    expect(() => speculate(model, none, [1], { maxNewTokens: -1 })).toThrow('maxNewTokens must be an integer ≥ 0');
    expect(() => speculate(model, none, [1], { maxNewTokens: 1, temperature: -1 })).toThrow('temperature must be');
  });
});

describe('heads that are read as one', () => {
  const dimension = 8;
  const stir = (heads: ParallelHeads) => {
    for (const [index, variable] of [...heads.parameters.values()].entries())
      variable.assign(tf.add(variable, tf.randomNormal(variable.shape, 0, 0.3, 'float32', index)));
    return heads;
  };
  const blocks: Record<string, HeadBlockFactory> = {
    residual: residualBlock({ dimension }),
    transformer: transformerBlock({ dimension, queryHeads: 4, keyValueHeads: 2, feedForward: 12, seed: 2 }),
    other: (head) => transformerBlock({ dimension, queryHeads: 2, feedForward: 12, seed: 2 })(head),
  };

  it.each(Object.keys(blocks))('say what each says alone, however the sequence is cut: %s blocks', (name) => {
    const heads = stir(new ParallelHeads({ predictions: 4, block: blocks[name] }));
    const hidden_1TD = tf.randomNormal([1, 9, dimension], 0, 1, 'float32', 1) as tf.Tensor3D;
    const stacked = heads.stack();
    let read = 0;
    for (const count of [4, 1, 3, 1]) {
      const states_CD = stacked.read(tf.slice(tf.reshape(hidden_1TD, [9, dimension]) as tf.Tensor2D, [read], [count]));
      read += count;
      const alone = heads.hidden(tf.slice(hidden_1TD, [0, 0, 0], [1, read, -1])).slice(1);
      const expected_CD = tf.concat(alone.map((own_1TD) => tf.reshape(tf.slice(own_1TD, [0, read - 1, 0]), [1, -1])));
      expect(tf.max(tf.abs(tf.sub(states_CD, expected_CD))).dataSync()[0]).toBeLessThan(1e-5);
    }
    stacked.dispose();
  });
});
