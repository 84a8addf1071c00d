import { StringDecoder } from 'node:string_decoder';
import { describeReadError, openBytes } from './open-bytes.ts';

/** Longest line in characters; one that is longer is taken for a file that is not JSON Lines. */
const LONGEST_LINE = 256 * 1024 * 1024;

async function* decode(path: string): AsyncGenerator<string> {
  const decoder = new StringDecoder('utf8');
  for await (const chunk of openBytes(path)) yield decoder.write(chunk);
  yield decoder.end();
}

/**
 * The lines of a text file, plain, gzipped (`.gz`) or `.zst`, without their line feeds; only "\n" ends a line, since JSON
 * may hold U+2028.
 *
 * @throws DedupError `FILE_NOT_FOUND`, `UNREADABLE_FILE` (also for damaged compression, and for lines over 256 Mi characters)
 */
export async function* readLines(path: string): AsyncGenerator<string> {
  let parts: string[] = [];
  let length = 0;
  try {
    for await (const chunk of decode(path)) {
      const lines = chunk.split('\n');
      for (const line of lines.slice(0, -1)) {
        yield parts.join('') + line;
        [parts, length] = [[], 0];
      }
      const rest = lines[lines.length - 1];
      parts.push(rest);
      if ((length += rest.length) > LONGEST_LINE) throw new Error('a line is longer than 256 Mi characters');
    }
  } catch (error) {
    throw describeReadError(path, error);
  }
  if (length > 0) yield parts.join('');
}
