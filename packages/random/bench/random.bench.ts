import { RandomStream } from '../src/index.ts';

interface BenchRow {
  bench: string;
  case: string;
  ours: number;
  unit: string;
  peer: string;
  peerValue: number | null;
  ratio: number | null;
}

/** Calls a second, in millions: the median of five runs. */
function rate(draw: (index: number) => number, count: number): number {
  const seconds = Array.from({ length: 5 }, () => {
    const start = performance.now();
    for (let index = 0; index < count; index++) draw(index);
    return (performance.now() - start) / 1000;
  }).sort((a, b) => a - b);
  return count / seconds[2] / 1e6;
}

/** Counter-based draws against the engine's own stateful generator, which can be neither seeded nor resumed. */
export async function bench(): Promise<BenchRow[]> {
  const stream = new RandomStream(1, 'bench');
  const peerValue = rate(() => Math.random(), 2_000_000);
  const cases = {
    uniform: rate((index) => stream.uniform(index), 2_000_000),
    normal: rate((index) => stream.normal(index), 1_000_000),
    permute: rate((index) => stream.permute(index, 1_000_000), 200_000),
  };
  return Object.entries(cases).map(([name, ours]) => ({
    bench: 'random',
    case: name,
    ours,
    unit: 'million/s',
    peer: 'Math.random',
    peerValue,
    ratio: ours / peerValue,
  }));
}
