/** A compressed block up to this size is handed on only after it has been verified; of larger ones, parts are before. */
export const VERIFIED_BYTES = 16 * 2 ** 20;

/** Hands on the text of a block when `verify`, called at its end, has not thrown, or when it gets too long to hold. */
export async function* holdText(
  parts: AsyncIterable<Uint8Array>,
  verify: () => Promise<void>,
): AsyncGenerator<Uint8Array> {
  let held: Uint8Array[] = [];
  let heldBytes = 0;
  for await (const part of parts) {
    held.push(part);
    heldBytes += part.length;
    if (heldBytes <= VERIFIED_BYTES) continue;
    yield* held;
    [held, heldBytes] = [[], 0];
  }
  await verify();
  yield* held;
}
