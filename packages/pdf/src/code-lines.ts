import type { Fragment, Line } from './fragment.ts';
import { median } from './fragment.ts';
import { cleanText } from './clean-text.ts';

/** Lines that are all program text, or none of them. */
export interface CodePart {
  code: boolean;
  lines: Line[];
}

/** A pitch larger than the usual one by this factor is an empty line. */
const EMPTY_LINE = 1.6;
const MAXIMUM_EMPTY = 2;
const MAXIMUM_SPACES = 200;

/** Parts lines where those of fixed-pitch fonts begin and end. */
export function splitCode(lines: Line[]): CodePart[] {
  const parts: CodePart[] = [];
  for (const line of lines) {
    const code = isCode(line);
    const last = parts.at(-1);
    if (last?.code === code) last.lines.push(line);
    else parts.push({ code, lines: [line] });
  }
  return parts;
}

function isCode({ mono, text }: Line): boolean {
  return mono === true && /[!-~]{2}/.test(text);
}

/** Lines of program text with their indentation and their columns, by the width of a glyph. */
export function codeText(lines: Line[]): string {
  const width = median(lines.flatMap(({ parts }) => parts.map(glyphWidth)));
  const left = lines.reduce((least, line) => Math.min(least, line.left), Infinity);
  const pitches = lines.slice(1).map((line, index) => line.baseline - lines[index].baseline);
  const pitch = median(pitches.filter((step) => step > 0));
  return lines
    .map((line, index) => {
      const step = index === 0 ? 0 : line.baseline - lines[index - 1].baseline;
      const empty = step > EMPTY_LINE * pitch ? Math.round(step / pitch) - 1 : 0;
      return '\n'.repeat(Math.min(MAXIMUM_EMPTY, empty)) + codeLine(line, left, width);
    })
    .join('\n');
}

function glyphWidth({ left, right, text }: Fragment): number {
  return (right - left) / text.length;
}

function codeLine({ parts }: Line, left: number, width: number): string {
  let text = '';
  for (const part of [...parts].sort((a, b) => a.left - b.left)) {
    const column = Math.round((part.left - left) / width) || 0;
    const spaces = Math.max(text === '' ? 0 : 1, column - text.length);
    text += ' '.repeat(Math.min(MAXIMUM_SPACES, spaces)) + widen(part, width);
  }
  return text.trimEnd();
}

/** The text of a fragment with its wide spaces as several. */
function widen({ text, gaps = [] }: Fragment, width: number): string {
  let [result, from] = ['', 0];
  for (const gap of gaps) {
    const spaces = Math.round((gap.right - gap.left) / width) || 1;
    result += cleanText(text.slice(from, gap.at)) + ' '.repeat(Math.min(MAXIMUM_SPACES, spaces));
    from = gap.at + 1;
  }
  return result + cleanText(text.slice(from));
}
