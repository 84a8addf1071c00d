import type { Document } from './document.ts';
import { JsonlWriter } from './jsonl-writer.ts';
import type { RemovedDocument } from './run-steps.ts';
import type { ShardFiles } from './shard-files.ts';

/** The files one shard writes: what is kept, and what each step has removed for each reason. */
export class ShardOutput {
  readonly #files: ShardFiles;
  readonly #shard: number;
  readonly #kept: JsonlWriter;
  readonly #removed = new Map<string, JsonlWriter>();

  constructor(files: ShardFiles, shard: number) {
    this.#files = files;
    this.#shard = shard;
    this.#kept = new JsonlWriter(files.documents(shard));
  }

  keep({ id, text, url, metadata }: Document): void {
    this.#kept.write({ id, text, url, metadata });
  }

  remove({ document, step, drop }: RemovedDocument): void {
    const { drop: reason, ...details } = drop;
    const { id = null, text = null, url, metadata = {} } = document ?? {};
    this.#writerOf(step, reason).write({
      id,
      text,
      url,
      metadata: { ...metadata, removed: { step, reason, ...details } },
    });
  }

  /** Puts all files in place; returns the bytes of the kept documents' file. */
  close(): number {
    for (const writer of [...this.#removed.values(), this.#kept]) writer.close();
    return this.#kept.size;
  }

  /** Leaves nothing unfinished behind. */
  abort(): void {
    for (const writer of [...this.#removed.values(), this.#kept]) writer.abort();
  }

  #writerOf(step: string, reason: string): JsonlWriter {
    const path = this.#files.removed(this.#shard, step, reason);
    let writer = this.#removed.get(path);
    if (writer === undefined) this.#removed.set(path, (writer = new JsonlWriter(path)));
    return writer;
  }
}
