import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { writeFileAtomically } from './atomic-file.ts';

/** Writes a value as JSON under a line with its checksum, so that damage is found when it is read. */
export function writeSealed(path: string, value: unknown, partial?: string): void {
  const text = `${JSON.stringify(value)}\n`;
  writeFileAtomically(path, `${checksumOf(text)}\n${text}`, partial);
}

/** What `writeSealed` has written; `undefined` where there is no such file or it is damaged. */
export function readSealed<T>(path: string): T | undefined {
  const content = readIfThere(path);
  const end = content.indexOf('\n');
  const text = content.slice(end + 1);
  if (end === -1 || content.slice(0, end) !== checksumOf(text)) return undefined;
  return JSON.parse(text) as T;
}

function checksumOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // Whatever hinders reading it, it says nothing.
    return '';
  }
}
