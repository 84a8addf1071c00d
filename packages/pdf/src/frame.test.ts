import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Frame } from './frame.ts';

const PAGE = [10, 20, 410, 620] as const;

describe('a frame', () => {
  it('lays upright text out from the top left corner', () => {
    const frame = new Frame(0, PAGE);
    expect([frame.width, frame.height]).toEqual([400, 600]);
    expect(frame.place([10, 610, 30, 620])).toEqual([0, 0, 20, 10]);
  });

  it('turns sideways text upright', () => {
    const upward = new Frame(90, PAGE); // it begins at the foot of the page, and its first line is at the left
    expect(upward.place([10, 20, 25, 120]).map(Math.round)).toEqual([0, 0, 100, 15]);
  });

  it('shows boxes where they stand on the page, also when readers turn it', () => {
    const box = fc.tuple(fc.integer({ min: 10, max: 200 }), fc.integer({ min: 20, max: 300 }));
    fc.assert(
      fc.property(
        box,
        fc.constantFrom(0, 90, 180, 270),
        fc.constantFrom(0, 90, 180, 270),
        ([x, y], angle, rotation) => {
          const pageBox = [x, y, x + 50, y + 9] as const;
          const shown = new Frame(rotation, PAGE).place(pageBox);
          const frame = new Frame(angle, PAGE, rotation);
          for (const [index, edge] of frame.show(frame.place(pageBox)).entries())
            expect(edge).toBeCloseTo(shown[index], 6);
        },
      ),
    );
  });
});
