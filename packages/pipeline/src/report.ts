import { basename } from 'node:path';
import type { ShardStats } from './completion.ts';
import { addCounts, zeroCounts } from './step-counts.ts';
import type { Counts } from './step-counts.ts';

/** What came of a whole run; the same for any number of workers and however often it was interrupted. */
export interface PipelineReport extends Counts {
  shards: { input: string; documents: string; read: number; kept: number }[];
}

/** Adds up the shards' stats. */
export function makeReport(shards: readonly ShardStats[], documentPaths: readonly string[]): PipelineReport {
  const total = zeroCounts(shards[0]?.steps ?? []);
  for (const shard of shards) addCounts(total, shard);
  return {
    ...total,
    shards: shards.map(({ input, read, kept }, index) => {
      return { input, documents: `documents/${basename(documentPaths[index])}`, read, kept };
    }),
  };
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
