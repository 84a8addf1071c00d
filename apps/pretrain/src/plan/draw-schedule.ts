/** A curve to draw: its value at steps from 1 to `steps`, and where its parts begin. */
export interface Curve {
  steps: number;
  valueAt: (step: number) => number;
  parts: readonly { name: string; start: number }[];
}

const eighths = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/** The step that a column stands for: the first and the last column are the first and the last step. */
const stepOfColumn = (column: number, width: number, steps: number) =>
  1 + Math.round((column * (steps - 1)) / Math.max(1, width - 1));

/** The curve in block characters, with the names of its parts below. */
export function drawForTerminal({ steps, valueAt, parts }: Curve, width = 64, height = 6): string[] {
  const values = Array.from({ length: width }, (_, column) => valueAt(stepOfColumn(column, width, steps)));
  const top = Math.max(...values, Number.MIN_VALUE);
  const rows = Array.from({ length: height }, (_, row) =>
    values
      .map((value) => {
        const filled = Math.round((8 * height * value) / top) - 8 * (height - 1 - row);
        return eighths[Math.max(0, Math.min(8, filled))];
      })
      .join('')
      .trimEnd(),
  );
  return [...rows, '─'.repeat(width), partNames(parts, steps, width)];
}

function partNames(parts: Curve['parts'], steps: number, width: number): string {
  return parts.reduce((line, { name, start }) => {
    const column = Math.floor((start / steps) * width);
    return column < line.length ? line : `${line.padEnd(column)}${`│${name}`.slice(0, width - column)}`;
  }, '');
}

/** The curve as an SVG picture. */
export function drawAsSvg({ steps, valueAt, parts }: Curve, width = 720, height = 180): string {
  const columns = 360;
  const values = Array.from({ length: columns }, (_, column) => valueAt(stepOfColumn(column, columns, steps)));
  const top = Math.max(...values, Number.MIN_VALUE);
  const points = values.map((value, column) => {
    const x = (column * width) / (columns - 1);
    return `${x.toFixed(1)},${(height - 30 - ((height - 50) * value) / top).toFixed(1)}`;
  });
  const marks = parts.map(({ name, start }) => {
    const x = ((start / steps) * width).toFixed(1);
    return `<line x1="${x}" y1="10" x2="${x}" y2="${height - 20}" class="mark"/><text x="${x}" dx="4" y="${height - 6}">${escapeXml(name)}</text>`;
  });
  const style =
    'polyline{fill:none;stroke:#2563eb;stroke-width:2}.mark{stroke:#9ca3af;stroke-dasharray:3 3}text{font:12px system-ui,sans-serif;fill:#4b5563}';
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-label="learning rate by step">`,
    `<style>${style}</style>`,
    ...marks,
    `<polyline points="${points.join(' ')}"/>`,
    '</svg>',
  ].join('\n');
}

/** Text that may stand in XML. */
export function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
