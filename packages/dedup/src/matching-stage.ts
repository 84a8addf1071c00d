import { join } from 'node:path';
import { mergeRecords } from './record-merge.ts';
import { compareValues, layoutOf } from './signature-records.ts';
import { StageFile } from './stage-file.ts';
import { FROM_INDEX, stagePath } from './stage-settings.ts';
import type { Advance, StageSettings, TaskResult } from './stage-settings.ts';
import type { Workspace } from './workspace.ts';

const ADVANCE_EVERY = 10_000;

/**
 * Stage 2 for one band: merges the signature files of all inputs and writes `BBBBB_00.dups`, four 32-bit numbers for each
 * pair of neighbours with the same values: input and document of the one, input and document of the other. The bytes are
 * those of datatrove with one task per bucket. What equals a signature of an index is paired with 2^32 − 1 twice.
 */
export function matchBand(settings: StageSettings, band: number, workspace: Workspace, advance: Advance): TaskResult {
  const { folder, parts, indexes, minHash, taskBytes } = settings;
  const layout = layoutOf(minHash.rows, minHash.hash);
  const signatures = parts.map((_, rank) => join(folder, stagePath.signatures(band, rank)));
  const paths = [...indexes.map((index) => join(index, stagePath.index(band))), ...signatures];
  const file = new StageFile(join(folder, stagePath.matches(band)), { sync: false });
  const last = new Uint32Array(layout.words);
  const pair = new Uint32Array(4);
  let records = 0;
  let matches = 0;
  const take = (words: Uint32Array, start: number, source: number) => {
    const isIndexed = source < indexes.length;
    const document = isIndexed ? FROM_INDEX : words[start + layout.words - 1];
    const isEqual = records > 0 && compareValues(last, 0, words, start, layout) === 0;
    [pair[0], pair[1]] = [pair[2], pair[3]];
    [pair[2], pair[3]] = [isIndexed ? FROM_INDEX : source - indexes.length, document];
    if (!isEqual) for (let word = 0; word < layout.words - 1; word++) last[word] = words[start + word];
    else if (!isIndexed) {
      file.write(new Uint8Array(pair.buffer));
      matches++;
    }
    if (++records % ADVANCE_EVERY === 0) advance(ADVANCE_EVERY);
  };
  const room = workspace.words(taskBytes, paths.length * layout.words);
  mergeRecords(paths, layout, room, take, indexes.length);
  return { files: { [stagePath.matches(band)]: file.close() }, counts: { matches } };
}
