import { open, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** Puts a finished folder in place; one of the same name, from an earlier run, makes way. */
export async function replaceFolder(partial: string, final: string): Promise<void> {
  if (await exists(final)) {
    const old = `${partial}.replaced`;
    await rename(final, old);
    await rename(partial, final);
    await rm(old, { recursive: true });
  } else {
    await rename(partial, final);
  }
  await syncFolder(join(final, '..'));
}

/** When {@link replaceFolder} was cut short between its two renames, puts the old folder back. */
export async function finishReplacing(folder: string, name: string): Promise<void> {
  const old = join(folder, `.${name}.partial.replaced`);
  if (!(await exists(join(folder, name))) && (await exists(old))) await rename(old, join(folder, name));
}

/** Writes a small file that appears only when it is whole and on the disk. */
export async function writeDurably(folder: string, name: string, text: string): Promise<void> {
  const partial = join(folder, `.${name}.partial`);
  const file = await open(partial, 'w');
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(partial, join(folder, name));
  await syncFolder(folder);
}

/** A rename is on the disk when its folder is. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Whether there is a file or folder of this name. */
export async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return false;
      throw error;
    },
  );
}
