import { closeSync, existsSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { IdReader } from './id-reader.ts';
import { readRecords } from './read-records.ts';
import { StageFile } from './stage-file.ts';
import { FROM_INDEX, stagePath } from './stage-settings.ts';
import type { Advance, StageSettings, TaskResult } from './stage-settings.ts';

const TWIN_WORDS = 3;
const TWINS_PER_BLOCK = 4096;
const LINE_FEED = Uint8Array.of(0x0a);

/** A document to leave out and the one that is kept in its place, by numbers. */
interface Twin {
  document: number;
  keptRank: number;
  keptDocument: number;
}

/** Reads `.twins`, ascending by document. */
function* readTwins(path: string): Generator<Twin> {
  if (!existsSync(path)) return;
  const words = new Uint32Array(TWINS_PER_BLOCK * TWIN_WORDS);
  const bytes = new Uint8Array(words.buffer);
  const file = openSync(path, 'r');
  try {
    for (let count = readSync(file, bytes); count > 0; count = readSync(file, bytes)) {
      for (let at = 0; at < count / 4; at += TWIN_WORDS) {
        yield { document: words[at], keptRank: words[at + 1], keptDocument: words[at + 2] };
      }
    }
  } finally {
    closeSync(file);
  }
}

/** A removed record with the reason in its metadata. */
function explainRemoval(line: Buffer, explanation: object): Buffer {
  const record = JSON.parse(line.toString('utf8')) as { metadata?: object };
  return Buffer.from(JSON.stringify({ ...record, metadata: { ...record.metadata, ...explanation } }));
}

/**
 * Stage 4 for one input: `kept/NAME` with the lines that stay, byte for byte, and `removed/NAME` with the others and the
 * reason in their `metadata`: `filter_reason`, and `duplicate_of` with the id of the document that is kept.
 */
export async function filterInput(settings: StageSettings, rank: number, advance: Advance): Promise<TaskResult> {
  const { folder, inputs, longestLine } = settings;
  const { path, output } = inputs[rank];
  const [keptPath, removedPath] = [join('kept', output), join('removed', output)];
  const kept = new StageFile(join(folder, keptPath));
  const removed = new StageFile(join(folder, removedPath));
  const ids = new IdReader(folder);
  const twins = readTwins(join(folder, stagePath.cluster(rank, 'twins')));
  let twin = twins.next().value as Twin | undefined;
  let document = 0;
  const counts = { kept: 0, removed: 0 };
  for await (const record of readRecords(path, path, settings, longestLine, advance)) {
    if (record.document === null) continue;
    const isNumbered = record.document.text !== '';
    if (isNumbered && twin?.document === document) {
      const isIndexed = twin.keptRank === FROM_INDEX;
      const explanation = isIndexed
        ? { filter_reason: 'near_duplicate_of_index' }
        : { filter_reason: 'near_duplicate', duplicate_of: ids.idOf(twin.keptRank, twin.keptDocument) };
      removed.write(explainRemoval(record.bytes!, explanation));
      removed.write(LINE_FEED);
      counts.removed++;
      twin = twins.next().value as Twin | undefined;
    } else {
      kept.write(record.bytes!);
      kept.write(LINE_FEED);
      counts.kept++;
    }
    if (isNumbered) document++;
  }
  ids.close();
  return { files: { [keptPath]: kept.close(), [removedPath]: removed.close() }, counts };
}
