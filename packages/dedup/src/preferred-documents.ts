import type { TextDocument } from './exact-deduplicator.ts';
import { ExactDeduplicator } from './exact-deduplicator.ts';

/** The document that is kept of all with the same key. */
interface Preferred {
  index: number;
  id: string;
  priority: number;
}

/**
 * Of documents with the same key, finds the one of the highest priority, the first of several; takes all documents before
 * it can answer. Any finite number is a priority, 0 and negative ones too.
 */
export class PreferredDocuments {
  readonly #exact = new ExactDeduplicator((document) => document.text);
  /** group of each document: the number of the first one with its key */
  readonly #groups: number[] = [];
  readonly #preferred = new Map<number, Preferred>();

  /** Takes the next document, its key as `text`. */
  add(document: TextDocument, priority: number): void {
    const index = this.#groups.length;
    const group = this.#exact.add(document);
    this.#groups.push(group);
    const known = this.#preferred.get(group);
    if (known === undefined || priority > known.priority) {
      this.#preferred.set(group, { index, id: document.id, priority });
    }
  }

  /** The document that is kept in place of another (or the same), by the number of that one. */
  of(index: number): Preferred {
    return this.#preferred.get(this.#groups[index])!;
  }
}
