/** One line of the benchmark; a ratio above 1 means that we are ahead. */
export interface BenchRow {
  bench: string;
  case: string;
  ours: number;
  unit: string;
  peer: string;
  peerValue: number | null;
  ratio: number | null;
}

const round = (value: number) => Number(value.toPrecision(4));

/** A row whose ratio is ours / peer where more is better, and peer / ours where less is. */
export function row(
  [what, name, unit]: readonly [what: string, name: string, unit: string],
  ours: number,
  peer: string,
  peerValue: number | null | undefined,
  better: 'more' | 'less',
): BenchRow {
  const known = peerValue ?? null;
  const ratio = known === null ? null : round(better === 'more' ? ours / known : known / ours);
  return {
    bench: 'engine',
    case: `${what} ${name}`,
    ours: round(ours),
    unit,
    peer,
    peerValue: known === null ? null : round(known),
    ratio,
  };
}

/** Median milliseconds of `runs` calls after `warm` to warm up. */
export function median(call: () => void, runs: number, warm = 2): number {
  for (let count = 0; count < warm; count++) call();
  const times = Array.from({ length: runs }, () => {
    const start = performance.now();
    call();
    return performance.now() - start;
  });
  return times.toSorted((a, b) => a - b)[runs >> 1];
}
