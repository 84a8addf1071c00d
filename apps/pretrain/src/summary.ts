import { join } from 'node:path';
import type { CurateSummary } from './curate.ts';
import type { EvaluateSummary } from './evaluate.ts';
import type { ExportSummary } from './export.ts';
import { formatCount, formatDuration } from './progress.ts';
import type { ReportSummary } from './report.ts';
import type { SampleSummary } from './sample.ts';
import type { TokenizeSummary } from './tokenize.ts';
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

/** A run in a screenful: documents, tokens, model, loss, bits per byte, samples, where everything is. */
export function formatSummary({ runFolder, summaries }: { runFolder: string; summaries: Summaries }): string {
  const { curate, tokenize, train, evaluate, export: exported, report } = summaries;
  const sections = [
    curate && documentLines(curate),
    tokenize && tokenLines(tokenize),
    train && modelLines(train),
    evaluate && evaluationLines(evaluate),
    (exported || report) && fileLines(runFolder, summaries),
  ];
  return `\n${sections.filter((section) => section !== undefined).join('\n\n')}\n`;
}

function documentLines({ read, kept, dropped, redacted }: CurateSummary): string {
  const lines = dropped.map(({ step, reason, documents }) => `  ${formatCount(documents).padStart(7)}  ${step}: ${reason}`);
  return [
    `Documents   ${formatCount(read)} in, ${formatCount(kept)} kept, ${formatCount(read - kept)} dropped`,
    ...lines,
    `  ${formatCount(redacted.emails).padStart(7)}  e-mail addresses and ${formatCount(redacted.ipAddresses)} IP addresses replaced`,
  ].join('\n');
}

function tokenLines({ vocabularySize, sources }: TokenizeSummary): string {
  const totals = Object.values(sources);
  const tokens = totals.reduce((sum, source) => sum + source.tokens, 0);
  const bytes = totals.reduce((sum, source) => sum + source.bytes, 0);
  return `Tokens      ${formatCount(tokens)} (vocabulary ${formatCount(vocabularySize)}, ${(bytes / Math.max(1, tokens)).toFixed(2)} bytes a token)`;
}

function modelLines(train: TrainSummary): string {
  return [
    `Model       ${formatCount(train.parameters)} parameters, SmolLM3 architecture`,
    `Training    ${formatCount(train.steps)} steps, ${formatCount(train.tokens)} tokens, loss ${train.firstLoss.toFixed(3)} → ${train.lastLoss.toFixed(3)}`,
    `Mixture     ${Object.entries(train.sourceShares)
      .map(([source, share]) => `${source} ${(100 * share).toFixed(0)} %`)
      .join(', ')}`,
  ].join('\n');
}

function evaluationLines({ before, after, gzip, brotli, samples, bytes }: EvaluateSummary): string {
  const quoted = samples.map(({ prompt, text }) => `  “${prompt}”${text.replace(/\s+/g, ' ')}`);
  return [
    `Held out    ${before.toFixed(3)} → ${after.toFixed(3)} bits per byte on ${formatCount(bytes)} bytes (gzip -9: ${gzip.toFixed(3)}, brotli: ${brotli.toFixed(3)})`,
    ...(quoted.length > 0 ? ['', 'Samples', ...quoted] : []),
  ].join('\n');
}

function fileLines(runFolder: string, { train, export: exported, report }: Summaries): string {
  const lines = [
    report && `Report      ${join(runFolder, 'report.html')}`,
    exported && `Model       ${join(runFolder, 'model')}`,
    train && `Checkpoints ${join(runFolder, 'checkpoints')}`,
    train && `Trained in  ${formatDuration(train.seconds)} on ${train.engine}`,
  ];
  return lines.filter((line) => line !== undefined).join('\n');
}
