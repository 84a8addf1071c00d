/** Some text of a file, and where it is from. */
export interface TextChunk {
  readonly bytes: Uint8Array;
  /** Where the compressed block (gzip member, zstd frame) begins in the file; 0 in files that are not compressed. */
  readonly block: number;
  /** Where the bytes begin in the text of the block. */
  readonly offset: number;
}

/** Something in a file that cannot be read. The bytes around it can. */
export interface Gap {
  readonly compression: 'gzip' | 'zstd';
  /** What is wrong, in words. */
  readonly damage: string;
  /** Where the damaged part starts in the file, in bytes. */
  readonly offset: number;
}

/** Tells the two apart. */
export function isGap<G extends Gap>(item: object | G): item is G {
  return 'damage' in item;
}

/** A compressed block that cannot be decompressed; the message says what is wrong with it. */
export class DamagedBlock extends Error {}
