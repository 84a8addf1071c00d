import * as tf from '@tensorflow/tfjs-core';
import { ModelError } from './model-error.ts';
import type { ModelConfig } from './model-config.ts';
import { EMBEDDING, HEAD, parameterShapes } from './parameter-shapes.ts';

/** A parameter outside of tfjs: f32 values, row-major. */
export interface ModelTensor {
  shape: number[];
  data: Float32Array;
}

function bad(message: string): never {
  throw new ModelError('BAD_TENSORS', message);
}

/** Some files store a tied head as well; it must then be the embedding table. */
function refuseOtherHead(head: ArrayLike<number>, table: ArrayLike<number>): void {
  for (let index = 0; index < head.length; index++) {
    if (!Object.is(head[index], table[index])) {
      bad(`${HEAD} differs from ${EMBEDDING}, but config.json says tie_word_embeddings; set it to false`);
    }
  }
}

/** The same for a table that is a variable already. */
export async function checkRedundantHead(head: Float32Array, table: tf.Variable): Promise<void> {
  refuseOtherHead(head, await table.data());
}

/**
 * Checks that tensors of these shapes are exactly the parameters of the configuration; a tied head may be there, too.
 *
 * @returns the shapes of the parameters in the order of the forward pass
 * @throws ModelError `BAD_TENSORS` naming the first missing, unexpected or misshapen tensor
 */
export function checkShapes(
  config: ModelConfig,
  given: ReadonlyMap<string, readonly number[]>,
): ReadonlyMap<string, number[]> {
  const shapes = parameterShapes(config);
  for (const [name, shape] of given) {
    const isRedundantHead = name === HEAD && config.tie_word_embeddings;
    const expected = shapes.get(isRedundantHead ? EMBEDDING : name);
    if (expected === undefined) bad(`unexpected tensor ${name}; the configuration has none of that name`);
    if (shape.join() !== expected.join()) bad(`tensor ${name} must have shape [${expected}], got [${shape}]`);
  }
  for (const [name, shape] of shapes) if (!given.has(name)) bad(`tensor ${name} [${shape}] is missing`);
  return shapes;
}

/**
 * Checks that the tensors are exactly the parameters of the configuration.
 *
 * @returns the parameters in the order of the forward pass
 * @throws ModelError `BAD_TENSORS` as `checkShapes`, and when a tied head that is stored differs from the embedding table
 */
export function checkTensors(config: ModelConfig, tensors: ReadonlyMap<string, ModelTensor>): Map<string, ModelTensor> {
  const given = [...tensors].map(([name, { shape }]) => [name, shape] as const);
  const shapes = checkShapes(config, new Map(given));
  if (tensors.has(HEAD) && !shapes.has(HEAD)) {
    refuseOtherHead(tensors.get(HEAD)!.data, tensors.get(EMBEDDING)!.data);
  }
  return new Map([...shapes.keys()].map((name) => [name, tensors.get(name)!]));
}

/** A trainable variable with these values. */
export function toVariable({ shape, data }: ModelTensor): tf.Variable {
  return tf.tidy(() => tf.variable(tf.tensor(data, shape, 'float32')));
}
