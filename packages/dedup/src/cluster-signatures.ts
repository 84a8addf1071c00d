import { BandIndex } from './band-index.ts';
import { DedupError } from './dedup-error.ts';
import type { Banding } from './match-probability.ts';
import { UnionFind } from './union-find.ts';

/** Who belongs together. Both arrays have one entry per signature. */
export interface SignatureClusters {
  /** smallest index of the cluster; a signature is kept where it is its own root */
  roots: Uint32Array;
  /** another member with an equal band (the smallest of those that were first in a band), or −1: why it is in the cluster */
  links: Int32Array;
}

function asWords(signature: BigUint64Array | null, index: number, length: number): Uint32Array | null {
  if (signature === null) return null;
  if (signature.length === length) return new Uint32Array(signature.buffer, signature.byteOffset, 2 * length);
  throw new DedupError(
    'SIGNATURE_MISMATCH',
    `signature ${index} has ${signature.length} values, bands · rows is ${length}: cluster with the settings that made it`,
  );
}

/**
 * Clusters documents by their MinHash signatures: two that are equal in at least one band are in the same cluster, and so
 * are the neighbours of neighbours. A pure function of the list of signatures; how they were computed or chunked plays no
 * part. Memory: 12 bytes per signature besides the signatures.
 *
 * @param signatures as {@link MinHasher.signature} gives them; `null` is in no cluster but its own
 * @throws DedupError `SIGNATURE_MISMATCH` when a signature has not `bands · rows` values
 */
export function clusterSignatures(
  signatures: readonly (BigUint64Array | null)[],
  { bands, rows }: Banding,
): SignatureClusters {
  const words = signatures.map((signature, index) => asWords(signature, index, bands * rows));
  const index = new BandIndex(words);
  const sets = new UnionFind(words.length);
  const links = new Int32Array(words.length).fill(-1);
  const link = (member: number, other: number) => {
    if (links[member] < 0 || other < links[member]) links[member] = other;
  };
  const joiners = new Int32Array(words.length).fill(-1);
  for (let band = 0; band < bands; band++) {
    index.clear();
    for (let member = 0; member < words.length; member++) {
      if (words[member] === null) continue;
      const first = index.addOrFind(member, 2 * band * rows, 2 * (band + 1) * rows);
      if (first === member) continue;
      sets.union(first, member);
      link(member, first);
      if (joiners[first] < 0 || member < joiners[first]) joiners[first] = member;
    }
  }
  const roots = Uint32Array.from(words, (_, member) => sets.find(member));
  return { roots, links: links.map((other, member) => (other < 0 ? joiners[member] : other)) };
}
