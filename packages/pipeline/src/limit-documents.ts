import { isDrop } from './document.ts';
import type { ReadContext, Reader } from './document.ts';

/** How much of an input is read. With one of these an input is not split. */
export interface LimitOptions {
  /** Documents to pass over at the start of each input. Default 0. */
  skip?: number;
  /** Documents to read of each input. Default: all. */
  limit?: number;
}

interface LimitedPosition {
  readonly inner: unknown;
  readonly seen: number;
}

/** A reader that reads only some documents of each input; what cannot be read does not count. */
export function limitDocuments(read: Reader, { skip = 0, limit = Infinity }: LimitOptions): Reader {
  if (skip === 0 && limit === Infinity) return read;
  return async function* readSome(input: string, context: ReadContext) {
    const { inner, seen: seenBefore = 0 } = (context.from ?? {}) as Partial<LimitedPosition>;
    let seen = seenBefore;
    const reached = (position: unknown) => context.reached({ inner: position, seen } satisfies LimitedPosition);
    if (seen >= skip + limit) return;
    for await (const item of read(input, { ...context, from: inner, reached })) {
      if (!isDrop(item)) seen += 1;
      if (seen > skip || isDrop(item)) yield item;
      if (seen >= skip + limit) return;
    }
  };
}
