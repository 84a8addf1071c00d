import { join } from 'node:path';
import type { CurateSummary } from './curate.ts';
import type { EvaluateSummary } from './evaluate.ts';
import type { ExportSummary } from './export.ts';
import { formatCount, formatDuration, formatTable } from './format.ts';
import type { ReportSummary } from './report.ts';
import type { SampleSummary } from './sample.ts';
import { totalTokens, type TokenizeSummary } from './tokenize.ts';
import type { TrainSummary } from './train.ts';

/** Summaries of the steps that are complete. */
export interface Summaries {
  sample?: SampleSummary;
  curate?: CurateSummary;
  tokenize?: TokenizeSummary;
  train?: TrainSummary;
  evaluate?: EvaluateSummary;
  export?: ExportSummary;
  report?: ReportSummary;
}

const LABEL_WIDTH = 13;
const INDENT = ' '.repeat(LABEL_WIDTH);

/** `Label        first line`, the other lines under it. */
function section(label: string, [first, ...others]: readonly string[]): string {
  return [label.padEnd(LABEL_WIDTH) + first, ...others.map((line) => INDENT + line)].join('\n');
}

/** A run in a screenful: documents, tokens, model, loss, bits per byte, samples, where everything is. */
export function formatSummary({ runFolder, summaries }: { runFolder: string; summaries: Summaries }): string {
  const { curate, tokenize, train, evaluate } = summaries;
  const blocks = [
    curate && section('Documents', documentLines(curate)),
    tokenize && section('Tokens', tokenLines(tokenize, train)),
    train && trainingBlock(train),
    evaluate && section('Held out', heldOutLines(evaluate)),
    evaluate && evaluate.samples.length > 0 && section('Samples', evaluate.samples.map(sampleLine)),
    placesBlock(runFolder, summaries),
  ].filter((block) => typeof block === 'string' && block !== '');
  return blocks.length === 0 ? '' : `\n${blocks.join('\n\n')}\n`;
}

function documentLines({ read, kept, dropped, redacted }: CurateSummary): string[] {
  const rows = dropped.map(({ step, reason, documents }) => [formatCount(documents), step, reason]);
  const { emails, ipAddresses } = redacted;
  return [
    `${formatCount(read)} in, ${formatCount(kept)} kept, ${formatCount(read - kept)} dropped`,
    ...formatTable(rows, ['right', 'left', 'left']),
    ...(emails + ipAddresses > 0
      ? [`${formatCount(emails)} e-mail and ${formatCount(ipAddresses)} IP addresses replaced`]
      : []),
  ];
}

function tokenLines(tokenize: TokenizeSummary, train: TrainSummary | undefined): string[] {
  const { tokens, bytes } = totalTokens(tokenize);
  const shareOf = (source: string) => {
    const share = train?.sourceShares[source];
    if (share !== undefined) return `${(100 * share).toFixed(0)} % of training`;
    return train === undefined ? '' : 'not trained on';
  };
  const rows = Object.entries(tokenize.sources).map(([name, source]) => {
    const { tokens, documents } = source;
    return [
      formatCount(tokens),
      name,
      `${formatCount(documents)} document${documents === 1 ? ' ' : 's'}`,
      shareOf(name),
    ];
  });
  return [
    `${formatCount(tokens)} (vocabulary ${formatCount(tokenize.vocabularySize)}, ${(bytes / Math.max(1, tokens)).toFixed(2)} bytes a token)`,
    ...formatTable(rows, ['right', 'left', 'right', 'right']),
  ];
}

function trainingBlock({ parameters, steps, tokens, firstLoss, lastLoss, seconds, engine }: TrainSummary): string {
  const loss = `loss ${firstLoss.toFixed(3)} → ${lastLoss.toFixed(3)}`;
  return [
    section('Model', [`${formatCount(parameters)} parameters, SmolLM3 architecture`]),
    section('Training', [`${formatCount(steps)} steps, ${formatCount(tokens)} tokens, ${loss}`]),
    section('', [`${formatDuration(seconds)} on ${engine}`]),
  ].join('\n');
}

function heldOutLines({ before, after, gzip, brotli, bytes }: EvaluateSummary): string[] {
  return [
    `${before.toFixed(3)} → ${after.toFixed(3)} bits per byte on ${formatCount(bytes)} bytes`,
    `(gzip -9: ${gzip.toFixed(3)}, brotli: ${brotli.toFixed(3)})`,
  ];
}

const sampleLine = ({ prompt, text }: { prompt: string; text: string }) => `“${prompt}”${toOneLine(text)}`;

/** What a model writes may hold anything, also what moves a terminal's cursor. */
// oxlint-disable-next-line no-control-regex
const toOneLine = (text: string) => text.replace(/[\s\u0000-\u001f\u007f-\u009f]+/g, ' ');

function placesBlock(runFolder: string, { train, export: exported, report }: Summaries): string {
  const places: [string, string][] = [
    ...(report ? [['Report', 'report.html'] as [string, string]] : []),
    ...(exported ? [['Model folder', 'model'] as [string, string]] : []),
    ...(train ? [['Checkpoints', 'checkpoints'] as [string, string]] : []),
  ];
  return places.map(([label, name]) => section(label, [join(runFolder, name)])).join('\n');
}
