/** The two numbers that decide which similarities banding finds. */
export interface Banding {
  bands: number;
  rows: number;
}

/**
 * The probability that two documents of Jaccard similarity s share a band: P(s) = 1 − (1 − s^rows)^bands (Leskovec,
 * Rajaraman and Ullman, "Mining of Massive Datasets", §3.4). This is the recall to expect at that similarity.
 */
export function matchProbability(similarity: number, { bands, rows }: Banding): number {
  return 1 - (1 - similarity ** rows) ** bands;
}

/** Where the curve of {@link matchProbability} is steep: (1 / bands)^(1 / rows), 0.72 for FineWeb. */
export function similarityThreshold({ bands, rows }: Banding): number {
  return (1 / bands) ** (1 / rows);
}

const SIMILARITIES = [0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95];

/** {@link matchProbability} at similarities from 0.5 to 0.95, for a report. */
export function expectedRecall(banding: Banding): Record<string, number> {
  return Object.fromEntries(SIMILARITIES.map((similarity) => [similarity, matchProbability(similarity, banding)]));
}
