// Each thread runs its own instance of this module on the shared memory; only its number differs.

let thread: i32 = 0;

/** Tells this instance which thread it is (0 = the main thread). */
export function setThread(index: i32): void {
  thread = index;
}

/** The part of a scratch area of `bytes` a thread that belongs to this thread. */
export function threadScratch(base: usize, bytes: i32): usize {
  return base + <usize>thread * <usize>bytes;
}
