/** What is known of the values of one number: enough to put two of these together. */
export interface Metric {
  readonly n: number;
  readonly total: number;
  readonly mean: number;
  /** Sum of the squared differences from the mean. */
  readonly m2: number;
  readonly minimum: number;
  readonly maximum: number;
}

/** A metric that grows: total, mean and variance in one pass (Welford 1962), as datatrove computes them. */
export class GrowingMetric implements Metric {
  n = 0;
  total = 0;
  mean = 0;
  m2 = 0;
  minimum = Infinity;
  maximum = -Infinity;

  add(value: number): void {
    this.total += value;
    this.n += 1;
    this.minimum = Math.min(this.minimum, value);
    this.maximum = Math.max(this.maximum, value);
    const delta = value - this.mean;
    this.mean += delta / this.n;
    if (this.n > 1) this.m2 += delta * (value - this.mean);
  }

  static of(metric: Metric): GrowingMetric {
    return Object.assign(new GrowingMetric(), metric);
  }
}

/** Two metrics as one (Chan et al. 1979, the parallel algorithm). The order matters in the last digits. */
export function mergeMetrics(a: Metric, b: Metric): Metric {
  const n = a.n + b.n;
  const delta = a.mean - b.mean;
  return {
    n,
    total: a.total + b.total,
    mean: n === 0 ? 0 : (a.n * a.mean + b.n * b.mean) / n,
    m2: n === 0 ? 0 : a.m2 + b.m2 + (delta * delta * a.n * b.n) / n,
    minimum: Math.min(a.minimum, b.minimum),
    maximum: Math.max(a.maximum, b.maximum),
  };
}

/** Tells a metric from whatever else is in a summary. */
export function isMetric(value: unknown): value is Metric {
  const { n, mean, m2 } = (value ?? {}) as Partial<Metric>;
  return typeof n === 'number' && typeof mean === 'number' && typeof m2 === 'number';
}

/** Sample variance: squared differences over n − 1. */
export function varianceOf({ n, m2 }: Metric): number {
  return n > 1 ? m2 / (n - 1) : 0;
}
