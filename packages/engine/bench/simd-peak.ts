import asc from 'assemblyscript/asc';

const OPERATIONS = 40_000_000;
const RUNS = 40;

/** A loop body over `vectors` registers. Which order suits a processor best differs, so several are tried. */
type Body = (vectors: number) => string[];

/** x ← x·f + s in every register. */
const chained: Body = (vectors) =>
  Array.from({ length: vectors }, (_, i) => `x${i} = f32x4.add(f32x4.mul(x${i}, f), s);`);

/** Half of the registers are multiplied, half are added to. */
const separate: Body = (vectors) =>
  Array.from({ length: vectors }, (_, i) =>
    i % 2 === 0 ? `x${i} = f32x4.mul(x${i}, f);` : `x${i} = f32x4.add(x${i}, s);`,
  );

interface Loop {
  readonly name: string;
  readonly source: string;
  /** Floating-point operations of one round. */
  readonly operations: number;
}

/** A function that does nothing but multiply and add vectors that stay in registers. */
function loop(name: string, body: Body, unrolled: number): Loop {
  const vectors = 12;
  const lines = Array.from({ length: unrolled }, () => body(vectors)).flat();
  const registers = Array.from({ length: vectors }, (_, i) => `x${i}`);
  const source = `export function ${name}(rounds: i32, start: f32, factor: f32, step: f32): f32 {
    const f = f32x4.splat(factor);
    const s = f32x4.splat(step);
    ${registers.map((x, i) => `let ${x} = f32x4.splat(start + ${i});`).join('\n')}
    for (let i = 0; i < rounds; i++) { ${lines.join('\n')} }
    return f32x4.extract_lane(${registers.reduce((sum, x) => `f32x4.add(${sum}, ${x})`)}, 0);
  }`;
  return { name, source, operations: 4 * lines.join(' ').split('f32x4.').length - 4 };
}

async function compile(source: string): Promise<Record<string, (...args: number[]) => number>> {
  let binary: Uint8Array | undefined;
  const { error } = await asc.main(['peak.ts', '-o', 'peak.wasm', '-O3', '--enable', 'simd', '--runtime', 'stub'], {
    readFile: (name) => (name === 'peak.ts' ? source : null),
    writeFile: (_, contents) => {
      binary = contents as Uint8Array;
    },
    listFiles: () => null,
  });
  if (error !== null || binary === undefined) throw error ?? new Error('the peak loops gave no binary');
  const { instance } = await WebAssembly.instantiate(new Uint8Array(binary));
  return instance.exports as Record<string, (...args: number[]) => number>;
}

/** GFLOPS one core reaches with 128-bit multiplications and additions that never touch memory: the best run of the best loop. */
export async function simdPeak(): Promise<number> {
  const loops = [1, 2, 4].flatMap((unrolled) => [
    loop(`chained${unrolled}`, chained, unrolled),
    loop(`separate${unrolled}`, separate, unrolled),
  ]);
  const functions = await compile(loops.map(({ source }) => source).join('\n'));
  const rates = loops.flatMap(({ name, operations }) =>
    Array.from({ length: RUNS }, () => {
      const rounds = Math.round(OPERATIONS / operations);
      const start = performance.now();
      functions[name](rounds, 1, 0.999, 1);
      return (rounds * operations) / (performance.now() - start) / 1e6;
    }),
  );
  return Math.max(...rates);
}
