import type { Dtype } from './dtype.ts';
import { tensorBytes } from './dtype.ts';
import { storedDtype } from './convert.ts';
import type { LazyTensorInput, TensorInput, WritableTensors } from './tensor.ts';
import { tensorEntries } from './tensor.ts';

/** The file of a model that has one file. */
export const SINGLE_FILE = 'model.safetensors';

/** The file that says which shard holds which tensor. */
export const INDEX_FILE = 'model.safetensors.index.json';

/** `model.safetensors.index.json`. */
export interface ShardIndex {
  metadata: { total_size: number };
  weight_map: Record<string, string>;
}

/** What goes into which file. */
export interface ShardPlan {
  files: { name: string; tensors: Map<string, TensorInput | LazyTensorInput> }[];
  /** Absent when one file holds everything. */
  index?: ShardIndex;
}

/** Every float tensor given as f32 gets `dtype`, unless it asks for another. */
export function withDtype(tensors: WritableTensors, dtype?: Dtype): [string, TensorInput | LazyTensorInput][] {
  return tensorEntries<TensorInput | LazyTensorInput>(tensors).map(([name, tensor]) => [
    name,
    'data' in tensor && tensor.data instanceof Float32Array ? { ...tensor, dtype: tensor.dtype ?? dtype } : tensor,
  ]);
}

const shardName = (index: number, count: number): string =>
  `model-${String(index + 1).padStart(5, '0')}-of-${String(count).padStart(5, '0')}.safetensors`;

/**
 * Distributes tensors over files in their order, starting a new file when the next tensor would make it longer than the
 * limit (huggingface_hub, `split_state_dict_into_shards_factory`). A tensor above the limit gets a file of its own.
 *
 * @param maximumBytes of tensor data in a file
 */
export function planShards(
  entries: readonly [string, TensorInput | LazyTensorInput][],
  maximumBytes: number,
): ShardPlan {
  const shards: Map<string, TensorInput | LazyTensorInput>[] = [new Map()];
  let total = 0;
  let current = 0;
  for (const [name, tensor] of entries) {
    const bytes = tensorBytes(storedDtype(tensor), tensor.shape, `tensor "${name}"`);
    if (current > 0 && current + bytes > maximumBytes) {
      shards.push(new Map());
      current = 0;
    }
    shards[shards.length - 1].set(name, tensor);
    current += bytes;
    total += bytes;
  }
  if (shards.length === 1) return { files: [{ name: SINGLE_FILE, tensors: shards[0] }] };
  const files = shards.map((shard, index) => ({ name: shardName(index, shards.length), tensors: shard }));
  const places = files.flatMap(({ name, tensors }) => [...tensors.keys()].map((tensor) => [tensor, name] as const));
  return { files, index: { metadata: { total_size: total }, weight_map: Object.fromEntries(places.toSorted(byName)) } };
}

const byName = ([left]: readonly [string, string], [right]: readonly [string, string]): number =>
  left < right ? -1 : Number(left > right);
