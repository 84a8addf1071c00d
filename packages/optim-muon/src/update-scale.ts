/**
 * How large Muon's orthogonal update is made:
 * - `keller`: √max(1, rows / columns), learning rates about 0.02 (KellerJordan/Muon)
 * - `moonlight`: 0.2·√max(rows, columns), which gives the update the RMS of AdamW's (0.2), so that AdamW's learning
 *   rate and weight decay can be used for both (Moonlight, arXiv 2502.16982)
 *
 * A learning rate means nothing without this word, so there is no default.
 */
export type UpdateScaling = 'keller' | 'moonlight';

/** The factor on the orthogonal update of a [rows, columns] = [out, in] weight. */
export function updateScale(scaling: UpdateScaling, rows: number, columns: number): number {
  return scaling === 'keller' ? Math.sqrt(Math.max(1, rows / columns)) : 0.2 * Math.sqrt(Math.max(rows, columns));
}
