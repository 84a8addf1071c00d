/** Characters of texts that go to a worker at once: enough that sending them is nothing beside the work. */
const BATCH_LENGTH = 1 << 19;

/** Gathers items into batches of about half a million characters. */
export async function* batchesOf<Item extends { text: string }>(
  items: AsyncIterable<Item> | Iterable<Item>,
): AsyncGenerator<Item[]> {
  let batch: Item[] = [];
  let length = 0;
  for await (const item of items) {
    batch.push(item);
    length += item.text.length;
    if (length < BATCH_LENGTH) continue;
    yield batch;
    batch = [];
    length = 0;
  }
  if (batch.length > 0) yield batch;
}

/**
 * Starts `run` on batches, at most `ahead` at a time, and gives the results in the order of the batches.
 */
export async function* inOrder<Batch, Result>(
  batches: AsyncIterable<Batch>,
  run: (batch: Batch) => Promise<Result>,
  ahead: number,
): AsyncGenerator<[Batch, Result]> {
  const waiting: [Batch, Promise<Result>][] = [];
  try {
    for await (const batch of batches) {
      waiting.push([batch, run(batch)]);
      if (waiting.length >= ahead) yield await first(waiting);
    }
    while (waiting.length > 0) yield await first(waiting);
  } finally {
    await Promise.allSettled(waiting.map(([, result]) => result));
  }
}

async function first<Batch, Result>(waiting: [Batch, Promise<Result>][]): Promise<[Batch, Result]> {
  const [batch, result] = waiting[0];
  const value = await result;
  waiting.shift();
  return [batch, value];
}
