import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { readJsonl, runPipeline, type Document, type PipelineProgress, type PipelineReport } from '@smol/pipeline';
import type { CurateOptions } from './curate-worker.ts';
import { findInputs } from './find-inputs.ts';
import { formatCount, formatDuration } from './format.ts';
import { stopIfAsked, type StepContext } from './step.ts';

const filteredFolder = (runFolder: string, source: string) => join(runFolder, 'filtered', source);

/** One source through the filters, an input file at a time, on worker threads. Finished files are not done again. */
export async function filterSource(context: StepContext, source: string): Promise<PipelineReport> {
  const { recipe, runFolder, threads, progress, signal } = context;
  const { kind, filter } = recipe.sources[source];
  const { preset, languages, bannedUrlWords, bannedDomains, onDamage } = recipe.curate;
  const urls = { bannedWords: bannedUrlWords, bannedDomains };
  const options: CurateOptions = { kind, filter, preset, languages, urls, onDamage };
  try {
    return await runPipeline({
      inputs: findInputs(context, source),
      stepsModule: new URL('./curate-worker.js', import.meta.url),
      options,
      outputFolder: filteredFolder(runFolder, source),
      workers: threads,
      restart: 'if-changed',
      signal,
      onProgress: (state) => progress.update('curate', pipelineLine(source, state)),
    });
  } catch (error) {
    // The pipeline's own word for it is about its shards.
    stopIfAsked(signal);
    throw error;
  }
}

/** How far a pipeline is, as a line. */
export function pipelineLine(
  source: string,
  { documents, documentsPerSecond, share, secondsLeft }: PipelineProgress,
): string {
  const left = secondsLeft === undefined || secondsLeft < 1 ? '' : `, ${formatDuration(secondsLeft)} left`;
  return `${source}: ${Math.floor(100 * share)} %, ${formatCount(documents)} documents, ${formatCount(documentsPerSecond)} a second${left}`;
}

/** The documents of a source that the filters kept, in the order of its inputs. */
export async function* readFiltered(runFolder: string, source: string): AsyncGenerator<Document> {
  const folder = join(filteredFolder(runFolder, source), 'documents');
  // A killed run may have left a file under a temporary name.
  const files = readdirSync(folder).filter((file) => /^\d+\.jsonl\.gz$/.test(file));
  for (const file of files.sort()) yield* readJsonl(join(folder, file));
}

/** Held-out documents first, so that nothing like them stays in the other sources. */
export function sourceOrder({ recipe }: Pick<StepContext, 'recipe'>): string[] {
  const { source: heldOut } = recipe.heldOut;
  return [heldOut, ...Object.keys(recipe.sources).filter((source) => source !== heldOut)];
}
