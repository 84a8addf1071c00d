/** A stretch of a document, by its number in the list of lengths. */
export interface Piece {
  readonly document: number;
  /** First token within the document. */
  readonly start: number;
  readonly length: number;
}

/** Rows of pieces that fill them to the last token, and what did not get into one. */
export interface BestFitPacking {
  readonly rows: readonly (readonly Piece[])[];
  /** Tokens in no row: ends of cropped documents, and the last row that could not be filled. */
  readonly croppedTokens: number;
}

/**
 * Packs documents so that as many as possible are whole and each begins in the row it is seen in. A row takes the longest
 * piece that still fits, again and again; when none fits, the shortest one is cropped to fill the row. A document longer
 * than a row is first cut into rows of its own, and its rest is packed like a document.
 *
 * Source: nanochat's BestFit-Crop loader; Ding et al. 2024, "Fewer Truncations Improve Language Modeling" (arXiv 2404.10830).
 *
 * @param lengths tokens of each document
 * @param capacity tokens of a row
 */
export function packBestFit(lengths: readonly number[], capacity: number): BestFitPacking {
  const rows: Piece[][] = [];
  const waiting: Piece[] = [];
  lengths.forEach((length, document) => {
    let start = 0;
    for (; length - start >= capacity; start += capacity) rows.push([{ document, start, length: capacity }]);
    if (start < length) waiting.push({ document, start, length: length - start });
  });
  waiting.sort((a, b) => a.length - b.length || b.document - a.document);
  const total = lengths.reduce((sum, length) => sum + length, 0);
  for (let row = takeRow(waiting, capacity); row !== undefined; row = takeRow(waiting, capacity)) rows.push(row);
  return { rows, croppedTokens: total - rows.length * capacity };
}

/** One full row out of the pieces, which ascend by length; undefined when they are too few. */
function takeRow(waiting: Piece[], capacity: number): Piece[] | undefined {
  const row: Piece[] = [];
  for (let room = capacity; room > 0;) {
    if (waiting.length === 0) return undefined;
    const fitting = countUpTo(waiting, room);
    const [piece] = fitting > 0 ? waiting.splice(fitting - 1, 1) : waiting.splice(0, 1);
    const length = Math.min(piece.length, room);
    row.push({ ...piece, length });
    room -= length;
  }
  return row;
}

/** How many pieces are no longer than `limit`. */
function countUpTo(waiting: readonly Piece[], limit: number): number {
  let low = 0;
  let high = waiting.length;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (waiting[middle].length <= limit) low = middle + 1;
    else high = middle;
  }
  return low;
}
