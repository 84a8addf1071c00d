import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EngineError } from '../engine-error.ts';
import { WasmMemory } from '../wasm/wasm-memory.ts';
import { blockSize, Heap } from './heap.ts';

const MEBIBYTE = 2 ** 20;

describe('blockSize', () => {
  it('is a multiple of a cache line that wastes at most a quarter', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 32 }), (bytes) => {
        const size = blockSize(bytes);
        expect(size % 64).toBe(0);
        expect(size).toBeGreaterThanOrEqual(bytes);
        expect(size).toBeLessThanOrEqual(Math.max(bytes + 64, bytes * 1.25));
        expect(blockSize(size)).toBe(size);
      }),
    );
  });
});

describe('Heap', () => {
  it('hands out blocks that never overlap while in use', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 0, max: 5000 }), fc.boolean()), { maxLength: 200 }),
        (requests) => {
          const heap = new Heap(new WasmMemory(64 * MEBIBYTE));
          const live: { address: number; bytes: number }[] = [];
          for (const [bytes, free] of requests) {
            const block = live.length > 0 && free ? live.shift() : undefined;
            if (block !== undefined) heap.free(block.address, block.bytes);
            const address = heap.allocate(bytes);
            expect(address % 64).toBe(0);
            for (const other of live) {
              expect(
                address + blockSize(bytes) <= other.address || other.address + blockSize(other.bytes) <= address,
              ).toBe(true);
            }
            live.push({ address, bytes });
          }
          expect(heap.usedBytes).toBe(live.reduce((sum, { bytes }) => sum + blockSize(bytes), 0));
        },
      ),
      { numRuns: 30 },
    );
  });

  it('hands a freed block out again instead of growing', () => {
    const heap = new Heap(new WasmMemory());
    const first = heap.allocate(1000);
    heap.free(first, 1000);
    expect(heap.allocate(990)).toBe(first);
  });

  it('remembers the most that was in use at once', () => {
    const heap = new Heap(new WasmMemory());
    heap.free(heap.allocate(1000), 1000);
    heap.allocate(64);
    expect(heap.takePeak()).toBe(blockSize(1000));
    expect(heap.takePeak()).toBe(64);
  });

  it('reports a full heap with sizes and remedies, and works on', () => {
    const heap = new Heap(new WasmMemory(8 * MEBIBYTE));
    const address = heap.allocate(4 * MEBIBYTE);
    const attempt = () => heap.allocate(6 * MEBIBYTE);
    expect(attempt).toThrow(EngineError);
    expect(attempt).toThrow(/a tensor of 6\.0 MiB does not fit: 4\.0 MiB .* limit is 8\.0 MiB; use a smaller batch/);
    heap.free(address, 4 * MEBIBYTE);
    expect(heap.usedBytes).toBe(0);
    expect(heap.allocate(4 * MEBIBYTE)).toBe(address);
  });

  it('cuts up a larger free block before it gives up', () => {
    const heap = new Heap(new WasmMemory(8 * MEBIBYTE));
    const large = heap.allocate(6 * MEBIBYTE);
    heap.free(large, 6 * MEBIBYTE);
    const pieces = Array.from({ length: 6 }, () => heap.allocate(MEBIBYTE));
    expect(new Set(pieces).size).toBe(6);
    expect(heap.usedBytes).toBe(6 * MEBIBYTE);
  });
});
