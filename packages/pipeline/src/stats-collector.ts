import { parse } from 'tldts';
import type { Document } from './document.ts';
import { GrowingMetric, varianceOf } from './metric.ts';
import type { Metric } from './metric.ts';
import { PipelineError } from './pipeline-error.ts';
import { length, roundedText } from './python-characters.ts';
import type { StatsBlock } from './text-stats.ts';

/** By what documents are put together: all, the value itself, the host of the address, its public suffix. */
export type StatsGroup = 'summary' | 'histogram' | 'fqdn' | 'suffix';

/** What statistics are kept. */
export interface StatsOptions {
  /** Default `summary` and `histogram`; the others need addresses, and memory for each host. */
  groups?: readonly StatsGroup[];
  /** Decimal places of a histogram's values. Default 3. */
  histogramDigits?: number;
  /** Only so many hosts and suffixes are given, those of the most documents. Default 100,000. */
  topK?: number;
}

/** Statistics by group, name and key: `summary.length.summary`, `fqdn.length["example.com"]`, `histogram.length["250"]`. */
export type Statistics = Record<string, Record<string, Record<string, Metric>>>;

const GROUPS: readonly StatsGroup[] = ['summary', 'histogram', 'fqdn', 'suffix'];
const TOP_GROUPS: readonly StatsGroup[] = ['fqdn', 'suffix'];

/** Collects statistics of documents, the same numbers as datatrove's stats blocks do. */
export class StatsCollector {
  readonly #blocks: readonly StatsBlock[];
  readonly #groups: readonly StatsGroup[];
  readonly #digits: number;
  readonly #topK: number;
  #metrics: Map<string, Map<string, Map<string, GrowingMetric>>> = new Map();

  /** @throws PipelineError INVALID_ARGUMENT */
  constructor(blocks: readonly StatsBlock[], options: StatsOptions = {}) {
    const { groups = ['summary', 'histogram'], histogramDigits = 3, topK = 100_000 } = options;
    const unknown = groups.find((group) => !GROUPS.includes(group));
    if (unknown !== undefined)
      throw new PipelineError('INVALID_ARGUMENT', `groups are ${GROUPS.join(', ')}, got ${unknown}`);
    [this.#blocks, this.#groups, this.#digits, this.#topK] = [blocks, groups, histogramDigits, topK];
  }

  /** Takes a document in; returns its numbers. */
  add(document: Document): Record<string, number> {
    const values: Record<string, number> = {};
    const address = addressOf(document);
    const site = this.#groups.some((group) => TOP_GROUPS.includes(group)) ? siteOf(address) : undefined;
    for (const { integers, measure } of this.#blocks) {
      for (const [name, value] of Object.entries(measure(document))) {
        values[name] = value;
        for (const group of this.#groups) {
          if (group === 'histogram') this.#addToHistogram(name, value, integers.includes(name), document);
          else this.#metric(group, name, group === 'summary' ? 'summary' : site![group]).add(value);
        }
      }
    }
    return values;
  }

  /** What has been found, the hosts and suffixes of most documents only: plain JSON. */
  statistics(): Statistics {
    return this.#plain(this.#topK);
  }

  /** All that is remembered, as plain JSON. */
  state(): Statistics {
    return this.#plain(Infinity);
  }

  restore(state: Statistics): void {
    const copy = (metrics: Record<string, Metric>) =>
      new Map(Object.entries(metrics).map(([key, metric]) => [key, GrowingMetric.of(metric)]));
    const names = (group: Statistics[string]) =>
      new Map(Object.entries(group).map(([name, metrics]) => [name, copy(metrics)]));
    this.#metrics = new Map(Object.entries(state).map(([group, of]) => [group, names(of)]));
  }

  reset(): void {
    this.#metrics = new Map();
  }

  /** For each value how many documents, characters and tokens have it. */
  #addToHistogram(name: string, value: number, isInteger: boolean, { text, metadata }: Document): void {
    const key = roundedText(value, this.#digits, isInteger);
    this.#metric('histogram', name, key).add(1);
    this.#metric('histogram', `${name}__chars`, key).add(length(text));
    if (typeof metadata.token_count === 'number')
      this.#metric('histogram', `${name}__tokens`, key).add(metadata.token_count);
  }

  #metric(group: string, name: string, key: string): GrowingMetric {
    const metrics = getOrMake(
      getOrMake(this.#metrics, group, () => new Map()),
      name,
      () => new Map<string, GrowingMetric>(),
    );
    return getOrMake(metrics, key, () => new GrowingMetric());
  }

  #plain(topK: number): Statistics {
    const all = [...this.#metrics].map(([group, names]) => {
      const isCut = TOP_GROUPS.includes(group as StatsGroup);
      return [
        group,
        Object.fromEntries(
          [...names].map(([name, metrics]) => [name, Object.fromEntries(isCut ? largest(metrics, topK) : metrics)]),
        ),
      ];
    });
    return JSON.parse(JSON.stringify(Object.fromEntries(all))) as Statistics;
  }
}

/** A metric as datatrove's `metric.json` has it: all fields, or the number alone where there was one. */
export function datatroveMetric(metric: Metric): number | Record<string, number> {
  const { n, total, mean, minimum, maximum } = metric;
  const variance = varianceOf(metric);
  return n === 1 ? total : { total, n, mean, variance, std_dev: Math.sqrt(variance), min: minimum, max: maximum };
}

/** The keys with the most values; of equal ones those that came first. */
export function largest<M extends Metric>(metrics: Iterable<[string, M]>, count: number): [string, M][] {
  const entries = [...metrics];
  return entries.length <= count ? entries : entries.sort(([, a], [, b]) => b.n - a.n).slice(0, count);
}

function addressOf({ url, metadata }: Document): string {
  return url ?? (typeof metadata.url === 'string' ? metadata.url : '');
}

/** Host and public suffix of an address; empty where it has none (numbers, `localhost`), as tldextract has it. */
function siteOf(address: string): { fqdn: string; suffix: string } {
  const { hostname, domain, publicSuffix, isIcann } = parse(address, { allowPrivateDomains: false });
  if (!isIcann) return { fqdn: '', suffix: '' };
  return { fqdn: domain === null ? '' : (hostname ?? ''), suffix: publicSuffix ?? '' };
}

function getOrMake<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  let value = map.get(key);
  if (value === undefined) map.set(key, (value = make()));
  return value;
}
