import type { HeapMemory, MemoryRange } from '../heap/heap.ts';
import type { NativeAddon, Reservation } from './load-addon.ts';

/** Memory is reserved in pieces of this size; the system gives pages only when they are touched. Larger tensors get a piece of their own. */
const PIECE = 2 ** 30;
const PAGE = 2 ** 21;

/** Memory outside JavaScript's heap, reserved piece by piece. */
export class NativeMemory implements HeapMemory {
  readonly limitBytes: number;
  readonly #addon: NativeAddon;
  readonly #pieces: Reservation[] = [];
  #reserved = 0;

  constructor(addon: NativeAddon, limitBytes: number) {
    this.#addon = addon;
    this.limitBytes = limitBytes;
  }

  get reservedBytes(): number {
    return this.#reserved;
  }

  extend(_missing: number, whole: number): MemoryRange | undefined {
    const left = this.limitBytes - this.#reserved;
    const bytes = Math.min(Math.ceil(Math.max(PIECE, whole) / PAGE) * PAGE, Math.floor(left / PAGE) * PAGE);
    const piece = bytes < whole ? undefined : this.#addon.reserve(bytes);
    if (piece === undefined) return undefined;
    this.#pieces.push(piece);
    this.#reserved += bytes;
    return { address: piece.address, bytes };
  }

  locate(address: number): { buffer: ArrayBuffer; offset: number } {
    const piece = this.#pieces.find(
      (candidate) => address >= candidate.address && address < candidate.address + candidate.buffer.byteLength,
    ) as Reservation;
    return { buffer: piece.buffer, offset: address - piece.address };
  }
}
