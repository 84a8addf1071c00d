/**
 * Looks for stop strings in a text that comes in pieces. What could be the beginning of one is held back until it is clear.
 */
export class StopScanner {
  readonly #stops: readonly string[];
  #held = '';
  /** Whether a stop string has come; nothing is given out after it. */
  isStopped = false;

  constructor(stops: readonly string[]) {
    this.#stops = stops.filter((stop) => stop !== '');
  }

  /** @returns what is certainly before any stop string */
  push(text: string): string {
    if (this.isStopped) return '';
    this.#held += text;
    const places = this.#stops.map((stop) => this.#held.indexOf(stop)).filter((place) => place >= 0);
    this.isStopped = places.length > 0;
    const end = this.isStopped ? Math.min(...places) : this.#held.length - this.#pending();
    const given = this.#held.slice(0, end);
    this.#held = this.#held.slice(end);
    return given;
  }

  /** @returns what was held back, when no more text comes */
  end(): string {
    const rest = this.isStopped ? '' : this.#held;
    this.#held = '';
    return rest;
  }

  /** Length of the longest end of the text that begins a stop string. */
  #pending(): number {
    const longest = Math.max(0, ...this.#stops.map((stop) => stop.length - 1));
    for (let length = Math.min(longest, this.#held.length); length > 0; length--) {
      const end = this.#held.slice(-length);
      if (this.#stops.some((stop) => stop.startsWith(end))) return length;
    }
    return 0;
  }
}
