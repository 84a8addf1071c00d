import type { CliArguments } from './cli-arguments.ts';
import type { PipelineOptions } from './pipeline-options.ts';
import type { PipelineProgress } from './progress.ts';
import { ProgressLine, formatCount, formatDuration } from './progress-line.ts';
import { formatReport } from './report.ts';
import type { PipelineReport } from './report.ts';
import type { CliStreams } from './run-cli.ts';
import { pipelineOptions } from './run-config.ts';
import { runPipeline } from './run-pipeline.ts';

/** `run`: the report on standard output, progress on standard error. The first Ctrl-C stops cleanly. */
export async function runCommand(asked: CliArguments, { stdout, stderr }: CliStreams): Promise<number> {
  const options = await pipelineOptions(asked);
  const line = new ProgressLine(stderr);
  let last: PipelineProgress | undefined;
  const onProgress = (progress: PipelineProgress) => {
    last = progress;
    if (!asked.quiet) show(line, progress, asked.json, stderr);
  };
  const start = performance.now();
  const report = await stoppable((signal) => runPipeline({ ...options, onProgress, signal })).finally(() =>
    line.clear(),
  );
  stdout.write(asked.json ? `${JSON.stringify(report)}\n` : `${formatReport(report)}\n`);
  if (!asked.quiet && !asked.json) stderr.write(summary(report, options, last, (performance.now() - start) / 1000));
  return 0;
}

function show(line: ProgressLine, progress: PipelineProgress, json: boolean, stderr: CliStreams['stderr']): void {
  if (json) stderr.write(`${JSON.stringify(progress)}\n`);
  else line.show(progress);
}

async function stoppable<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const stop = () => controller.abort(new Error('interrupted'));
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
  try {
    return await work(controller.signal);
  } finally {
    process.removeListener('SIGINT', stop);
    process.removeListener('SIGTERM', stop);
  }
}

function summary(
  report: PipelineReport,
  { outputFolder }: PipelineOptions,
  last: PipelineProgress | undefined,
  seconds: number,
): string {
  const { documents = 0, documentsPerSecond = 0 } = last ?? {};
  const tasks = report.tasks.length === 1 ? '1 task' : `${report.tasks.length} tasks`;
  const now =
    documents === 0
      ? 'nothing was left to do'
      : `${formatCount(documents)} documents in ${formatDuration(seconds)}, ${formatCount(documentsPerSecond)}/s`;
  return `${tasks} finished in ${outputFolder}; ${now}\n`;
}
