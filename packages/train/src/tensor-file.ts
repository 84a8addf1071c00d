import { stat } from 'node:fs/promises';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { crc32 } from 'node:zlib';
import { toFloat32 } from '@smol/weights';
import { readSafetensors, writeSafetensors } from '@smol/weights/node';
import * as tf from '@tensorflow/tfjs-core';

/** Length of a safetensors file and a checksum of every tensor in it: name, shape and values. */
export interface TensorFileSummary {
  bytes: number;
  crc32: Record<string, number>;
}

function checksum(name: string, shape: readonly number[], values: Float32Array | Uint8Array): number {
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  return crc32(bytes, crc32(`${name} [${shape.join()}]`));
}

/**
 * Writes tensors as f32. Values leave the backend one tensor at a time; the checksum of one is computed while the system
 * is writing it, so that it costs next to no time.
 */
export async function writeTensorFile(
  path: string,
  tensors: ReadonlyMap<string, tf.Tensor>,
): Promise<TensorFileSummary> {
  const sums: Record<string, number> = {};
  const pending: Promise<void>[] = [];
  const sumLater = async (name: string, shape: readonly number[], values: Float32Array) => {
    sums[name] = Number.NaN;
    await nextTurn();
    sums[name] = checksum(name, shape, values);
  };
  const lazy = [...tensors].map(([name, tensor]) => {
    const stored = {
      shape: tensor.shape,
      dtype: 'F32' as const,
      get data() {
        const values = tensor.dataSync<'float32'>();
        if (!(name in sums)) pending.push(sumLater(name, tensor.shape, values));
        return values;
      },
    };
    return [name, stored] as const;
  });
  await writeSafetensors(path, new Map(lazy));
  await Promise.all(pending);
  return { bytes: (await stat(path)).size, crc32: sums };
}

/** What is wrong with a tensor file; the message goes on where its path ends. */
export class TensorFileDamage extends Error {}

/** Reads tensors and checks every byte of them. @throws TensorFileDamage */
export async function readTensorFile(path: string, expected: TensorFileSummary): Promise<Map<string, tf.Tensor>> {
  const { size } = await stat(path);
  if (size !== expected.bytes)
    throw new TensorFileDamage(`has ${size} bytes instead of the ${expected.bytes} that were written`);
  const { tensors } = await readSafetensors(path).catch((cause: unknown) => {
    throw new TensorFileDamage(`cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  });
  const names = Object.keys(expected.crc32);
  const odd = names.find((name) => {
    const tensor = tensors.get(name);
    return !tensor || checksum(name, tensor.shape, tensor.data as Uint8Array) !== expected.crc32[name];
  });
  if (odd !== undefined)
    throw new TensorFileDamage(`was changed: the checksum of "${odd}" is not that of the values that were written`);
  return new Map([...tensors].map(([name, tensor]) => [name, tf.tensor(toFloat32(tensor), tensor.shape, 'float32')]));
}
