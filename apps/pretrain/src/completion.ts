import { createHash } from 'node:crypto';
import { existsSync, lstatSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { writeFileAtomic } from './atomic-write.ts';
import type { StepName } from './step.ts';

/** What a finished step leaves in `steps/NAME.json`. */
export interface Completion {
  /** Fingerprint of everything that the step depended on. */
  key: string;
  seconds: number;
  summary: unknown;
  /** Every file that it left, by its path in the run folder, with its size in bytes. */
  files: Record<string, number>;
}

const completionPath = (runFolder: string, name: StepName) => join(runFolder, 'steps', `${name}.json`);

/** The completion record of a step, or undefined when it never finished (or somebody damaged the record). */
export function readCompletion(runFolder: string, name: StepName): Completion | undefined {
  const path = completionPath(runFolder, name);
  if (!existsSync(path)) return undefined;
  try {
    const completion = JSON.parse(readFileSync(path, 'utf8')) as Partial<Completion> | null;
    const isWhole = typeof completion?.key === 'string' && typeof completion.files === 'object';
    return isWhole ? (completion as Completion) : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Says that a step is finished, after everything that it left is on the disk. */
export function writeCompletion(runFolder: string, name: StepName, completion: Completion): void {
  writeFileAtomic(completionPath(runFolder, name), `${JSON.stringify(completion, null, 2)}\n`);
}

/** The step has to be done again. */
export function removeCompletion(runFolder: string, name: StepName): void {
  rmSync(completionPath(runFolder, name), { force: true });
}

/** All files under some files and folders of the run folder, with their sizes; names with `/` on every system. */
export function listFiles(runFolder: string, outputs: readonly string[]): Record<string, number> {
  const walk = (path: string): string[] =>
    lstatSync(path).isDirectory() ? readdirSync(path).flatMap((name) => walk(join(path, name))) : [path];
  const paths = outputs.flatMap((output) => walk(join(runFolder, output))).sort();
  return Object.fromEntries(paths.map((path) => [relative(runFolder, path).split(sep).join('/'), statSync(path).size]));
}

/** The first file of a finished step that is gone or has another size than it had. */
export function findChangedFile(runFolder: string, { files }: Completion): string | undefined {
  return Object.keys(files).find(
    (file) => statSync(join(runFolder, file), { throwIfNoEntry: false })?.size !== files[file],
  );
}

/** SHA-256 of JSON-able data. */
export function hash(data: unknown): string {
  return createHash('sha256').update(JSON.stringify(data)).digest('hex');
}
