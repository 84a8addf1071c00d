import { PipelineError, messageOf } from './pipeline-error.ts';

/** A file that is not Parquet, or damaged, or made to keep a reader busy; the message says how. */
export class DamagedParquet extends Error {}

/** Whatever the library throws is damage of the file, but for errors of reading it. */
export async function damageIfFails<T>(action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (cause) {
    if (cause instanceof PipelineError || cause instanceof DamagedParquet) throw cause;
    throw new DamagedParquet(messageOf(cause).slice(0, 200), { cause });
  }
}
