import { basename, dirname, join } from 'node:path';

/** `NAME.ds.teacher`, beside the shard or in another folder. */
export function cachePath(shard: string, folder: string = dirname(shard)): string {
  return join(folder, `${basename(shard)}.teacher`);
}
