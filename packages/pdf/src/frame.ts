import type { Box } from './block.ts';

/** Left, bottom, right, top in page space: points, y up. */
export type PageBox = readonly [left: number, bottom: number, right: number, top: number];

/**
 * The coordinates in which text of one direction is laid out: x along the baseline, y down the lines, the corner of the page at the origin.
 */
export class Frame {
  /** Degrees of the baseline, counter-clockwise. */
  readonly angle: number;
  readonly width: number;
  readonly height: number;
  readonly #left: number;
  readonly #top: number;
  readonly #page: PageBox;
  readonly #rotation: number;

  /**
   * @param page the page's box
   * @param rotation degrees by which readers turn the page clockwise to show it
   */
  constructor(angle: number, page: PageBox, rotation = 0) {
    const [left, bottom, right, top] = turn(page, angle);
    this.angle = angle;
    this.width = right - left;
    this.height = top - bottom;
    this.#left = left;
    this.#top = top;
    this.#page = page;
    this.#rotation = rotation;
  }

  /** Left, top, right, bottom in this frame of a box in page space. */
  place(box: PageBox): Box {
    const [left, bottom, right, top] = turn(box, this.angle);
    return [left - this.#left, this.#top - top, right - this.#left, this.#top - bottom];
  }

  /** The same into an array that is there already: for glyphs, of which there are many. */
  placeInto(box: Float64Array, target: Float64Array): void {
    if (this.angle !== 0) return target.set(this.place([box[0], box[1], box[2], box[3]]));
    target[0] = box[0] - this.#left;
    target[1] = this.#top - box[3];
    target[2] = box[2] - this.#left;
    target[3] = this.#top - box[1];
  }

  /** Where a box of this frame stands on the page as readers show it. */
  show([left, top, right, bottom]: Box): Box {
    if (this.angle === this.#rotation) return [left, top, right, bottom];
    const turned: PageBox = [left + this.#left, this.#top - bottom, right + this.#left, this.#top - top];
    return new Frame(this.#rotation, this.#page).place(turn(turned, -this.angle));
  }

  /** The frame of the same page for text at another angle. */
  at(angle: number): Frame {
    return new Frame(angle, this.#page, this.#rotation);
  }
}

/** The box around a box turned by −angle about the origin, so that text at that angle runs to the right. */
function turn(box: PageBox, angle: number): PageBox {
  if (angle === 0) return box;
  const cosine = Math.cos((angle * Math.PI) / 180);
  const sine = Math.sin((angle * Math.PI) / 180);
  const [left, bottom, right, top] = box;
  const corners = [
    [left, bottom],
    [left, top],
    [right, bottom],
    [right, top],
  ];
  const xs = corners.map(([x, y]) => x * cosine + y * sine);
  const ys = corners.map(([x, y]) => y * cosine - x * sine);
  return [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)];
}
