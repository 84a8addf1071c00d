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
function isRedundantHead(name: string, tensors: ReadonlyMap<string, ModelTensor>, config: ModelConfig): boolean {
  if (name !== HEAD || !config.tie_word_embeddings) return false;
  const [head, table] = [tensors.get(HEAD)!.data, tensors.get(EMBEDDING)?.data];
  if (head.length === table?.length && head.every((value, index) => Object.is(value, table[index]))) return true;
  return bad(`${HEAD} differs from ${EMBEDDING}, but config.json says tie_word_embeddings; set it to false`);
}

/**
 * Checks that the tensors are exactly the parameters of the configuration.
 *
 * @returns the parameters in the order of the forward pass
 * @throws ModelError `BAD_TENSORS` naming the first missing, unexpected or misshapen tensor
 */
export function checkTensors(config: ModelConfig, tensors: ReadonlyMap<string, ModelTensor>): Map<string, ModelTensor> {
  const shapes = parameterShapes(config);
  for (const name of tensors.keys()) {
    if (!shapes.has(name) && !isRedundantHead(name, tensors, config))
      bad(`unexpected tensor ${name}; the configuration has none of that name`);
  }
  const checked = new Map<string, ModelTensor>();
  for (const [name, shape] of shapes) {
    const tensor = tensors.get(name) ?? bad(`tensor ${name} [${shape}] is missing`);
    if (tensor.shape.join() !== shape.join()) bad(`tensor ${name} must have shape [${shape}], got [${tensor.shape}]`);
    checked.set(name, tensor);
  }
  return checked;
}

/** A trainable variable with these values. */
export function toVariable({ shape, data }: ModelTensor): tf.Variable {
  return tf.tidy(() => tf.variable(tf.tensor(data, shape, 'float32')));
}
