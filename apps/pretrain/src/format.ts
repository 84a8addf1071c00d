/** `0:42`, `12:05`, `1:02:03`. */
export function formatDuration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const tail = `${minutes}:${String(rest).padStart(2, '0')}`;
  return hours > 0 ? `${hours}:${tail.padStart(5, '0')}` : tail;
}

/** `1,234,567`. */
export function formatCount(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

/** Columns under each other, two spaces between them; numbers and counts are set flush right. */
export function formatTable(rows: readonly (readonly string[])[], align: readonly ('left' | 'right')[]): string[] {
  const widths = align.map((_, column) => Math.max(0, ...rows.map((row) => row[column].length)));
  const pad = (cell: string, column: number) =>
    align[column] === 'left' ? cell.padEnd(widths[column]) : cell.padStart(widths[column]);
  return rows.map((row) => row.map(pad).join('  ').trimEnd());
}
