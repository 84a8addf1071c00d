/**
 * Finds whether any of many patterns occurs in a text, in one pass over it (Aho and Corasick, "Efficient string matching", 1975).
 * Works on UTF-16 code units. The automaton is a table of next states per (state, unit seen in a pattern).
 */
export class AhoCorasick {
  readonly #patterns: readonly string[];
  readonly #next: Map<number, number>[] = [new Map()];
  readonly #failure: number[] = [0];
  /** Index of a pattern that ends in the state, or −1. */
  readonly #match: number[] = [-1];

  constructor(patterns: Iterable<string>) {
    this.#patterns = [...new Set(patterns)].filter((pattern) => pattern !== '');
    this.#patterns.forEach((pattern, index) => this.#insert(pattern, index));
    this.#linkFailures();
  }

  /** The pattern whose occurrence in `text` ends first (the longest of those ending there), or undefined. */
  find(text: string): string | undefined {
    let state = 0;
    for (let index = 0; index < text.length; index++) {
      state = this.#step(state, text.charCodeAt(index));
      if (this.#match[state] >= 0) return this.#patterns[this.#match[state]];
    }
    return undefined;
  }

  #insert(pattern: string, index: number): void {
    let state = 0;
    for (let at = 0; at < pattern.length; at++) {
      const unit = pattern.charCodeAt(at);
      const next = this.#next[state].get(unit) ?? this.#next.push(new Map()) - 1;
      this.#next[state].set(unit, next);
      this.#failure[next] ??= 0;
      this.#match[next] ??= -1;
      state = next;
    }
    this.#match[state] = index;
  }

  /** Breadth first: the failure of a state is the longest proper suffix of it that is also a state. */
  #linkFailures(): void {
    const queue = [...this.#next[0].values()];
    for (let at = 0; at < queue.length; at++) {
      const state = queue[at];
      for (const [unit, child] of this.#next[state]) {
        this.#failure[child] = this.#step(this.#failure[state], unit);
        if (this.#match[child] < 0) this.#match[child] = this.#match[this.#failure[child]];
        queue.push(child);
      }
    }
  }

  #step(from: number, unit: number): number {
    for (let state = from; ; state = this.#failure[state]) {
      const next = this.#next[state].get(unit);
      if (next !== undefined) return next;
      if (state === 0) return 0;
    }
  }
}
