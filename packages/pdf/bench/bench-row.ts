/** One figure beside a peer's. */
export interface BenchRow {
  bench: string;
  case: string;
  ours: number;
  unit: string;
  peer: string;
  peerValue: number | null;
  ratio: number | null;
}

export function row(
  bench: string,
  name: string,
  unit: string,
  ours: number,
  peer: string,
  peerValue: number | null,
): BenchRow {
  return { bench, case: name, ours, unit, peer, peerValue, ratio: peerValue ? ours / peerValue : null };
}

export function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1];
}
