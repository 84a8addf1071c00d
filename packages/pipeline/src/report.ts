import type { TaskStats } from './completion.ts';
import type { Split } from './document.ts';
import { addCounts, zeroCounts } from './step-counts.ts';
import type { Counts } from './step-counts.ts';

/** A finished task in a report. */
export interface ReportedTask {
  task: number;
  input: string;
  split?: Split;
  /** Its files of kept documents, in their order; paths in the output folder. */
  documents: string[];
  read: number;
  kept: number;
}

/** What came of a run's finished tasks; the same for any number of workers and ranks and however often it was interrupted. */
export interface PipelineReport extends Counts {
  tasks: ReportedTask[];
}

/** Adds up the stats of tasks, in their order. */
export function makeReport(tasks: readonly (Pick<ReportedTask, 'task' | 'documents'> & { stats: TaskStats })[]) {
  const total = zeroCounts(tasks[0]?.stats.steps ?? []);
  for (const { stats } of tasks) addCounts(total, stats);
  const reported = tasks.map(({ task, documents, stats: { input, split, read, kept } }): ReportedTask => {
    return { task, input, ...(split && { split }), documents, read, kept };
  });
  return { ...total, tasks: reported } satisfies PipelineReport;
}

/** The report as a table for people: one line for each step, and under it the reasons, the commonest first. */
export function formatReport(report: Counts): string {
  const width = Math.max(8, ...report.steps.map(({ name }) => name.length));
  const line = (name: string, seen: number, left: number) =>
    `${name.padEnd(width)}  ${String(seen).padStart(10)} → ${String(left).padStart(10)}  ${percent(left, seen)}`;
  const unreadable = Object.values(report.unreadable).reduce((sum, count) => sum + count, 0);
  return [
    line('read', report.read, report.read - unreadable),
    ...reasonLines(report.unreadable),
    ...report.steps.flatMap((step) => [line(step.name, step.in, step.out), ...reasonLines(step.dropped)]),
    line('kept', report.read, report.kept),
  ].join('\n');
}

function reasonLines(reasons: Readonly<Record<string, number>>): string[] {
  const sorted = Object.entries(reasons).sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
  return sorted.map(([reason, count]) => `  − ${String(count).padStart(8)}  ${reason}`);
}

function percent(part: number, whole: number): string {
  return whole === 0 ? '' : `${((100 * part) / whole).toFixed(1)} %`;
}
