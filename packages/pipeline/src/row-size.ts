/** Deeper values than any schema or sensible JSON has. */
const DEEPEST = 100;
const BYTES_PER_ENTRY = 8;

/** About how many bytes a value takes when it is written as JSON; infinite for what is nested too deeply to be written. */
export function sizeOf(value: unknown, depth = 0): number {
  if (typeof value === 'string' || value instanceof Uint8Array) return value.length;
  if (typeof value !== 'object' || value === null || value instanceof Date) return BYTES_PER_ENTRY;
  if (depth > DEEPEST) return Infinity;
  if (ArrayBuffer.isView(value)) return value.byteLength;
  let size = BYTES_PER_ENTRY;
  for (const key in value) size += key.length + sizeOf((value as Record<string, unknown>)[key], depth + 1);
  return size;
}
