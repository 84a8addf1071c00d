import { join } from 'node:path';
import { writeFileAtomically } from './atomic-file.ts';
import type { Document, Step } from './document.ts';
import { mergeSummaries } from './merge-summaries.ts';
import { StatsCollector, datatroveMetric, largest } from './stats-collector.ts';
import type { Statistics, StatsOptions } from './stats-collector.ts';
import type { StatsBlock } from './text-stats.ts';

/** What a stats step does besides collecting. */
export interface StatsStepOptions extends StatsOptions {
  /** Default `stats`. */
  name?: string;
  version?: string;
  /** Whether the numbers go into each document's metadata, as datatrove does it. Default false. */
  annotate?: boolean;
}

/** A step that lets every document through and collects statistics, which are `statistics` of its summary in the report. */
export function statsStep(blocks: readonly StatsBlock[], options: StatsStepOptions = {}): Step {
  const collector = new StatsCollector(blocks, options);
  return {
    name: options.name ?? 'stats',
    version: options.version,
    process(document): Document {
      const numbers = collector.add(document);
      return options.annotate ? { ...document, metadata: { ...document.metadata, ...numbers } } : document;
    },
    reset: () => collector.reset(),
    state: () => collector.state(),
    restore: (state) => collector.restore(state as Statistics),
    summary: () => ({ statistics: collector.statistics() }),
  };
}

/** Statistics of several ranks as one, in the order given; of hosts and suffixes the `topK` of the most documents. */
export function mergeStatistics(parts: readonly Statistics[], topK = 100_000): Statistics {
  const merged = parts.reduce<Statistics>((sum, part) => mergeSummaries(sum, part) as Statistics, {});
  for (const group of ['fqdn', 'suffix']) {
    for (const [name, metrics] of Object.entries(merged[group] ?? {})) {
      merged[group][name] = Object.fromEntries(largest(Object.entries(metrics), topK));
    }
  }
  return merged;
}

/**
 * Writes statistics in datatrove's layout, `GROUP/NAME/metric.json` (with a rank `GROUP/NAME/00000.json`), which its tools read.
 *
 * @throws PipelineError WRITE_FAILED
 */
export function writeStatistics(folder: string, statistics: Statistics, rank?: number): void {
  const file = rank === undefined ? 'metric.json' : `${String(rank).padStart(5, '0')}.json`;
  for (const [group, names] of Object.entries(statistics)) {
    for (const [name, metrics] of Object.entries(names)) {
      const plain = Object.entries(metrics).map(([key, metric]) => [key, datatroveMetric(metric)]);
      writeFileAtomically(join(folder, group, name, file), JSON.stringify(Object.fromEntries(plain)));
    }
  }
}
