import { basename } from 'node:path';
import type { CommandArguments } from './command-arguments.ts';
import { decontaminateFiles } from './decontaminate-files.ts';
import { ContaminationFilter } from './decontamination-stage.ts';
import { Decontaminator } from './decontaminator.ts';
import { DedupError } from './dedup-error.ts';
import { filterBetweenPipes, finishFilter, inputProgress, megabytes } from './filter-commands.ts';
import type { Outcome, Talk } from './filter-commands.ts';
import { readRecords } from './read-records.ts';
import { lookupMemory } from './stage-memory.ts';

/** Evaluation texts: the field `label`, or the text; perhaps with `query` and `task`. */
async function readEvaluations({ against, ngram, textKey, idKey }: CommandArguments): Promise<Decontaminator> {
  const decontaminator = new Decontaminator({ ngram });
  for (const path of against) {
    for await (const { document, field, line, problem } of readRecords(path, { textKey, idKey })) {
      if (document === null) throw new DedupError('INVALID_RECORD', `${path}:${line}: ${problem}`);
      const [query, task] = [field('query') ?? '', field('task') ?? basename(path)];
      decontaminator.add({ task: String(task), label: document.text, query: String(query) });
    }
  }
  if (decontaminator.size > 0) return decontaminator;
  const message = `${against.join(', ')}: no text is as long as an n-gram, so that nothing could be found; lower --ngram`;
  throw new DedupError('INVALID_OPTION', message);
}

/** Documents are decided about each alone: in many threads, or as they come where they go to standard output. */
export async function decontaminate(given: CommandArguments, talk: Talk): Promise<Outcome> {
  const { operands: inputs, output: folder, against, workers, memory, textKey, idKey } = given;
  const decontaminator = await readEvaluations(given);
  const settings = { ngram: given.ngram ?? 12, against };
  const ngrams = decontaminator.share();
  const bytes = lookupMemory(workers, ngrams.table.byteLength, memory);
  if (folder === '-') {
    const { decide, tasks } = new ContaminationFilter(decontaminator);
    const reports = await filterBetweenPipes(given, talk, decide, inputProgress(given, talk));
    return finishFilter(given, talk, reports, { settings, ngrams: decontaminator.size, tasks });
  }
  talk.say(`up to ${megabytes(bytes)} of memory, ${workers} workers\n`);
  const onBytes = inputProgress(given, talk);
  const onDamage = (message: string) => talk.say(`${message}; it is made again\n`);
  const what = { inputs, folder, against, textKey, idKey, ngrams, workers };
  const { reports, tasks } = await decontaminateFiles({ ...what, onBytes, onDamage });
  return finishFilter(given, talk, reports, { settings, ngrams: decontaminator.size, tasks });
}
