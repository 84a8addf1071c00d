import { formatCount } from '../format.ts';
import type { Funnel, FunnelReason, FunnelSample, FunnelStage } from './funnel.ts';

const BLOCKS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];
const NARROWEST_BAR = 10;
const WIDEST_BAR = 60;

/** A bar of full and fractional blocks; what is there at all is seen. */
export function drawBar(share: number, width: number): string {
  const eighths = Math.max(share > 0 ? 1 : 0, Math.round(Math.min(1, share) * width * 8));
  return '█'.repeat(eighths >> 3) + BLOCKS[eighths & 7];
}

/**
 * The funnel for a terminal: for each step what is left of all that was read, and under it what the step removed and why.
 *
 * @param columns width of the terminal; no line is longer
 */
export function drawFunnel(funnel: Funnel, columns = 80): string {
  const { name, read, kept, stages, sources } = funnel;
  const label = Math.max(
    8,
    ...stages.flatMap(({ step, reasons }) => [step.length, ...reasons.map(({ reason }) => reason.length + 4)]),
  );
  const number = Math.max(6, formatCount(read).length);
  const bar = Math.max(NARROWEST_BAR, Math.min(WIDEST_BAR, columns - label - number - 12));
  const line = (text: string, documents: number, mark: (share: number) => string) => {
    const share = read === 0 ? 0 : documents / read;
    const start = `${text.padEnd(label)}  ${formatCount(documents).padStart(number)}  ${percent(share).padStart(7)}`;
    return fit(`${start} ${mark(share)}`.trimEnd(), columns);
  };
  const reasonLines = ({ reason, documents, samples }: FunnelReason) => [
    line(`  − ${reason}`, documents, (share) => drawBar(share, bar).replaceAll('█', '▒')),
    ...samples.map((sample) => fit(`      ${describeSample(sample)}`, columns)),
  ];
  const stageLines = (stage: FunnelStage) => [
    line(stage.step, stage.out, (share) => drawBar(share, bar)),
    ...stage.reasons.flatMap(reasonLines),
  ];
  const head = `${name}: ${formatCount(kept)} of ${formatCount(read)} documents kept (${percent(read === 0 ? 0 : kept / read)})`;
  const each =
    sources.length > 1 ? sources.map((source) => line(source.name, source.kept, (share) => drawBar(share, bar))) : [];
  return `${[fit(head, columns), ...each, '', ...stages.flatMap(stageLines)].join('\n')}\n`;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

/** What gave a document away, where it was, and how it begins, in one line. */
function describeSample({ value, limit, message, url, id, text }: FunnelSample): string {
  const measured =
    value === undefined ? '' : `${short(value)}${limit === undefined ? '' : ` (limit ${short(limit)})`}  `;
  const beginning = text === '' ? (message ?? '') : `“${text.slice(0, 120)}”`;
  return `${measured}${url ?? id}  ${beginning}`.replaceAll(/[\s\p{Cc}]+/gu, ' ').trimEnd();
}

/** Numbers to four digits, words to forty characters. */
export function short(value: number | string): string {
  if (typeof value === 'string') return value.length > 40 ? `${value.slice(0, 39)}…` : value;
  return String(Number(value.toPrecision(4)));
}

function fit(line: string, columns: number): string {
  const characters = [...line];
  return characters.length <= columns ? line : `${characters.slice(0, columns - 1).join('')}…`;
}
