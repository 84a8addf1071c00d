import { checkFinite, decodeSafetensors, toFloat32 } from '@smol/weights';
import type { NamedTensor } from '@smol/weights';
import { ModelError } from './model-error.ts';
import { SmolLM } from './smol-lm.ts';

/** Gives the contents of a file of the folder, or undefined when there is none. Default: `fetch`. */
export type FetchFile = (url: URL) => Promise<Uint8Array | undefined>;

async function fetchFile(url: URL): Promise<Uint8Array | undefined> {
  const response = await fetch(url);
  if (response.status === 404) return undefined;
  if (!response.ok) throw new ModelError('INVALID_ARGUMENT', `${url}: the server answered ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}

function parseObject(bytes: Uint8Array, url: URL): Record<string, unknown> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    // The next line says what is wrong, for texts that are not JSON as for other values.
  }
  if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)) return parsed as Record<string, unknown>;
  throw new ModelError('INVALID_CONFIG', `${url}: must hold a JSON object`);
}

/** Names of the weight files: one, or those of the index. They must be plain, so that an index cannot point elsewhere. */
function shardNames(index: Record<string, unknown>, url: URL): string[] {
  const names = new Set(Object.values((index.weight_map ?? {}) as Record<string, unknown>));
  for (const name of names) {
    if (typeof name !== 'string' || !/^[\w.-]+\.safetensors$/.test(name)) {
      throw new ModelError('BAD_TENSORS', `${url}: ${JSON.stringify(name)} is no plain name of a .safetensors file`);
    }
  }
  return [...names] as string[];
}

/**
 * Loads a model from a Hugging Face folder on a web server: what `loadModel` of `./node` is to files. Works on pages.
 *
 * @param folder URL of the folder, with `config.json` and `model.safetensors` or shards with their index
 * @param fetchContents how to get a file; default `fetch`
 * @throws ModelError when a file is missing or does not fit, WeightsError when one is damaged or a weight is not finite
 */
export async function fetchModel(folder: string | URL, fetchContents: FetchFile = fetchFile): Promise<SmolLM> {
  const base = new URL(String(folder).replace(/\/?$/, '/'));
  const at = (name: string): URL => new URL(name, base);
  const needed = async (name: string): Promise<Uint8Array> => {
    const bytes = await fetchContents(at(name));
    if (bytes === undefined) throw new ModelError('BAD_TENSORS', `${at(name)}: no such file`);
    return bytes;
  };
  const config = parseObject(await needed('config.json'), at('config.json'));
  const indexUrl = at('model.safetensors.index.json');
  const index = await fetchContents(indexUrl);
  const names = index ? shardNames(parseObject(index, indexUrl), indexUrl) : ['model.safetensors'];
  const tensors = new Map<string, NamedTensor>();
  for (const name of names) {
    const contents = decodeSafetensors(await needed(name), String(at(name)));
    for (const [tensorName, tensor] of contents.tensors) tensors.set(tensorName, tensor);
  }
  const shapes = new Map([...tensors].map(([name, { shape }]) => [name, shape]));
  return SmolLM.load(config, shapes, (name) => checkFinite(toFloat32(tensors.get(name)!), `${base}, tensor "${name}"`));
}
