/** How many values two sorted arrays without repeats have in common. */
function countCommon(left: BigUint64Array, right: BigUint64Array): number {
  let common = 0;
  for (let i = 0, j = 0; i < left.length && j < right.length;) {
    if (left[i] === right[j]) common++;
    const advanceLeft = left[i] <= right[j];
    if (right[j] <= left[i]) j++;
    if (advanceLeft) i++;
  }
  return common;
}

/** Jaccard similarity |A ∩ B| / |A ∪ B| of two sets of shingles as {@link MinHasher.shingles} gives them; 0 if both are empty. */
export function jaccardSimilarity(left: BigUint64Array, right: BigUint64Array): number {
  const common = countCommon(left, right);
  const union = left.length + right.length - common;
  return union === 0 ? 0 : common / union;
}

/** The share of equal values of two signatures: an unbiased estimate of the Jaccard similarity of their texts. */
export function estimateJaccard(left: BigUint64Array, right: BigUint64Array): number {
  let equal = 0;
  for (let index = 0; index < left.length; index++) if (left[index] === right[index]) equal++;
  return equal / left.length;
}

/** The numbers of the bands in which two signatures are equal. */
export function matchingBands(left: BigUint64Array, right: BigUint64Array, rows: number): number[] {
  const bands = Array.from({ length: left.length / rows }, (_, band) => band);
  return bands.filter((band) => {
    for (let index = band * rows; index < (band + 1) * rows; index++) if (left[index] !== right[index]) return false;
    return true;
  });
}
