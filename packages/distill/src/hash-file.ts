import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';

/** SHA-256 of files one after the other, in hex: what tells a shard or a teacher from others. */
export async function hashFiles(paths: readonly string[]): Promise<string> {
  const hash = createHash('sha256');
  for (const path of paths) for await (const piece of createReadStream(path)) hash.update(piece as Uint8Array);
  return hash.digest('hex');
}
