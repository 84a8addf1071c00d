import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DedupError } from './dedup-error.ts';
import type { MinHashOptions } from './min-hash-options.ts';
import { mergeRecords } from './record-merge.ts';
import { compareValues, layoutOf } from './signature-records.ts';
import { StageFile, findDamage } from './stage-file.ts';
import type { FileSeal } from './stage-file.ts';
import { stagePath } from './stage-settings.ts';

/** What an index says about itself, in `index.json`. */
interface IndexDescription {
  minHash: string;
  files: Record<string, FileSeal>;
}

const ROOM_WORDS = 2 ** 24;

const describe = (minHash: MinHashOptions) =>
  JSON.stringify({ ...minHash, maximumCharacters: String(minHash.maximumCharacters) });

function readRun(folder: string): { minHash: MinHashOptions; parts: unknown[] } {
  const path = join(folder, 'stages', 'run.json');
  if (!existsSync(join(folder, 'report.json')) || !existsSync(path)) {
    throw new DedupError('UNREADABLE_FILE', `${path}: is not there; give the folder of a finished run with its stages`);
  }
  const run = JSON.parse(readFileSync(path, 'utf8')) as { minHash: MinHashOptions; parts: unknown[] };
  return { ...run, minHash: { ...run.minHash, maximumCharacters: Number(run.minHash.maximumCharacters) } };
}

/**
 * Makes an index of the signatures of a finished run, so that later runs can leave out what resembles its documents:
 * `bucket_BBB/signatures.minhash.index` for each band, sorted values, each once; bytes as datatrove writes them.
 *
 * @param folder where `minHashFiles` has written its results
 * @param index folder to write to
 * @throws DedupError `UNREADABLE_FILE` when the run is not finished, or its stage files are gone
 */
export function saveMinHashIndex(folder: string, index: string): void {
  const { minHash, parts } = readRun(folder);
  const layout = layoutOf(minHash.rows, minHash.hash);
  const files: Record<string, FileSeal> = {};
  const room = new Uint32Array(Math.max(ROOM_WORDS, parts.length * layout.words));
  for (let band = 0; band < minHash.bands; band++) {
    const paths = parts.map((_, rank) => join(folder, stagePath.signatures(band, rank)));
    const file = new StageFile(join(index, stagePath.index(band)));
    const last = new Uint32Array(layout.words - 1);
    let written = 0;
    mergeRecords(paths, layout, room, (words, start) => {
      if (written > 0 && compareValues(last, 0, words, start, layout) === 0) return;
      last.set(words.subarray(start, start + last.length));
      file.write(new Uint8Array(last.buffer));
      written++;
    });
    files[stagePath.index(band)] = file.close();
  }
  const description = new StageFile(join(index, 'index.json'));
  description.write(Buffer.from(JSON.stringify({ minHash: describe(minHash), files } satisfies IndexDescription)));
  description.close();
}

/**
 * Makes sure that an index is whole and was made with the same settings.
 *
 * @throws DedupError `UNREADABLE_FILE`, `DAMAGED_STAGE_FILE`, `SIGNATURE_MISMATCH`
 */
export function checkMinHashIndex(index: string, minHash: MinHashOptions): void {
  const path = join(index, 'index.json');
  if (!existsSync(path)) throw new DedupError('UNREADABLE_FILE', `${path}: is not there; give a folder with an index`);
  const description = JSON.parse(readFileSync(path, 'utf8')) as IndexDescription;
  if (description.minHash !== describe(minHash)) {
    const message = `${index}: was made with other settings (${description.minHash}) than ${describe(minHash)}`;
    throw new DedupError('SIGNATURE_MISMATCH', message);
  }
  for (const [file, seal] of Object.entries(description.files)) {
    const damage = findDamage(join(index, file), seal);
    if (damage !== null) throw new DedupError('DAMAGED_STAGE_FILE', `${damage}; make the index again`);
  }
}
