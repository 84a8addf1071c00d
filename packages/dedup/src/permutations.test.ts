import { describe, expect, it } from 'vitest';
import { MersenneTwister } from './mersenne-twister.ts';
import { drawPermutations } from './permutations.ts';

describe('MersenneTwister', () => {
  it('gives the published first word of seed 5489 and the ten thousandth one of the C++ standard', () => {
    const generator = new MersenneTwister(5489);
    const words = Array.from({ length: 10_000 }, () => generator.next32());
    expect([words[0], words[9999]]).toEqual([3499211612, 4123659995]);
  });
});

describe('drawPermutations', () => {
  it("draws numpy's RandomState(1).randint, all of a before all of b", () => {
    const { a, b } = drawPermutations(112, 1);
    expect([...a.subarray(0, 4)]).toEqual([
      775169054918279404n,
      1758426461858698313n,
      2109959069025162n,
      965365488286768774n,
    ]);
    expect([...b.subarray(0, 4)]).toEqual([
      1062448801025099917n,
      1324811268927594100n,
      1217488311597731462n,
      100775521383383736n,
    ]);
    expect([a[111], b[111]]).toEqual([223865076026037746n, 1097409548522419201n]);
  });
});
