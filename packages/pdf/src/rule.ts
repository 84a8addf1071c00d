/** A straight line along or across the text, in the coordinates of a frame: thin bars and edges of boxes, too. */
export interface Rule {
  /** Whether it runs along the text. */
  horizontal: boolean;
  /** The coordinate that its points share: y of a horizontal rule, x of a vertical one. */
  at: number;
  from: number;
  to: number;
}

/** Rules nearer to each other than this are drawn as one (pdfplumber's and camelot's snap tolerance is 2 to 3 points). */
const SNAP = 2;
/** Ends this near are joined. */
const JOIN = 3;

/** Pieces of one line → one rule; sorted by place. */
export function mergeRules(rules: Rule[]): Rule[] {
  const sorted = [...rules].sort((a, b) => a.at - b.at || a.from - b.from);
  const merged: Rule[] = [];
  for (let start = 0; start < sorted.length;) {
    let end = start + 1;
    while (end < sorted.length && sorted[end].at - sorted[start].at <= SNAP) end++;
    merged.push(...joinPieces(sorted.slice(start, end)));
    start = end;
  }
  return merged;
}

function joinPieces(pieces: Rule[]): Rule[] {
  const joined: Rule[] = [];
  for (const piece of pieces.sort((a, b) => a.from - b.from)) {
    const last = joined.at(-1);
    if (last && piece.from - last.to <= JOIN) last.to = Math.max(last.to, piece.to);
    else joined.push({ ...piece });
  }
  return joined;
}
