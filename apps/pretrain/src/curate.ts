import { statSync } from 'node:fs';
import { relative, isAbsolute } from 'node:path';
import type { PipelineReport } from '@smol/pipeline';
import { countDrops, type DroppedDocuments } from './dropped-documents.ts';
import { filterSource } from './filter-source.ts';
import { findDuplicates } from './find-duplicates.ts';
import { findInputs } from './find-inputs.ts';
import { formatCount } from './format.ts';
import { stopIfAsked, type Step, type StepContext } from './step.ts';
import { checkSourcesHaveText } from './sources-have-text.ts';
import { writeDocuments, type Redactions } from './write-documents.ts';

/** Documents of one source. */
export interface SourceDocuments {
  read: number;
  kept: number;
}

export interface CurateSummary extends SourceDocuments {
  sources: Record<string, SourceDocuments>;
  dropped: DroppedDocuments[];
  redacted: Redactions;
}

/** Raw inputs to clean, deduplicated documents: FineWeb's filters in parallel, then MinHash over everything, then PII. */
export const curateStep: Step<CurateSummary> = {
  name: 'curate',
  outputs: ['documents', 'duplicates.jsonl.gz'],
  inputs: (context) => {
    const { sources, curate, heldOut } = context.recipe;
    const files = Object.keys(sources).map((source) =>
      findInputs(context, source).map((file) => identify(file, context)),
    );
    return [sources, curate, heldOut, files];
  },
  async run(context) {
    const { recipe, signal } = context;
    const reports = new Map<string, PipelineReport>();
    for (const source of Object.keys(recipe.sources)) {
      stopIfAsked(signal);
      reports.set(source, await filterSource(context, source));
    }
    const duplicates = await findDuplicates(context);
    const { kept, redacted } = await writeDocuments(context, duplicates);
    checkSourcesHaveText(context, kept);
    const sources = Object.fromEntries(
      [...reports].map(([source, { read }]) => [source, { read, kept: kept[source] }] as const),
    );
    const total = (field: keyof SourceDocuments) =>
      Object.values(sources).reduce((sum, source) => sum + source[field], 0);
    const dropped = countDrops(reports.values(), duplicates.values(), recipe.heldOut.source);
    return { read: total('read'), kept: total('kept'), sources, dropped, redacted };
  },
  describe: ({ read, kept }) => `${formatCount(kept)} of ${formatCount(read)} documents kept`,
};

/** A user's file by name, size and time; a file of the run itself by name and size: the step that makes it is known. */
function identify(file: string, { runFolder }: StepContext): (string | number)[] {
  const { size, mtimeMs } = statSync(file);
  const inside = relative(runFolder, file);
  return inside.startsWith('..') || isAbsolute(inside) ? [file, size, mtimeMs] : [inside, size];
}
