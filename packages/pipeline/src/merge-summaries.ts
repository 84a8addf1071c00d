import { isMetric, mergeMetrics } from './metric.ts';

/** Names of numbers of which the extreme, not the sum, is meant. */
const EXTREMES: Readonly<Record<string, (a: number, b: number) => number>> = { minimum: Math.min, maximum: Math.max };

/**
 * Puts together what a step has found out in two tasks: numbers are added (`minimum` and `maximum`: the extreme is
 * taken), statistics put together, objects merged key by key, lists joined; of anything else the first is kept.
 */
export function mergeSummaries(a: unknown, b: unknown, name = ''): unknown {
  if (a === undefined) return b;
  if (b === undefined) return a;
  if (typeof a === 'number' && typeof b === 'number') return (EXTREMES[name] ?? ((x, y) => x + y))(a, b);
  if (Array.isArray(a) && Array.isArray(b)) return [...(a as unknown[]), ...(b as unknown[])];
  if (isMetric(a) && isMetric(b)) return mergeMetrics(a, b);
  if (!isRecord(a) || !isRecord(b)) return a;
  const names = [...new Set([...Object.keys(a), ...Object.keys(b)])].sort();
  return Object.fromEntries(names.map((key) => [key, mergeSummaries(own(a, key), own(b, key), key)]));
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function own(record: Record<string, unknown>, key: string): unknown {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}
