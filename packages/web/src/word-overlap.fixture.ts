/** Words of a text: letters and digits; scripts without spaces by character. */
function countWords(text: string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const [word] of text.matchAll(/[\u2e80-\u9fff\uac00-\ud7af]|[\p{L}\p{N}]+/gu))
    counts.set(word, (counts.get(word) ?? 0) + 1);
  return counts;
}

/** How much of a text is in the truth and the other way round, by words with their counts. */
export function overlap(text: string, truth: string): { precision: number; recall: number; f1: number } {
  const [found, wanted] = [countWords(text), countWords(truth)];
  let common = 0;
  for (const [word, count] of found) common += Math.min(count, wanted.get(word) ?? 0);
  const sum = (counts: Map<string, number>) => [...counts.values()].reduce((total, count) => total + count, 0);
  const [precision, recall] = [common / Math.max(1, sum(found)), common / Math.max(1, sum(wanted))];
  return { precision, recall, f1: common === 0 ? 0 : (2 * precision * recall) / (precision + recall) };
}
