import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { clusterMatches } from './clustering-stage.ts';
import { filterInput } from './filtering-stage.ts';
import { matchBand } from './matching-stage.ts';
import { signInput } from './signature-stage.ts';
import { StageFile, findDamage } from './stage-file.ts';
import { stagePath } from './stage-settings.ts';
import type { Advance, Stage, StageSettings, TaskResult } from './stage-settings.ts';

/** One piece of work: an input (signatures, filtering), a band (matching), or everything (clustering). */
export interface StageTask {
  stage: Stage;
  task: number;
  /** documents of each input, for clustering */
  documents: readonly number[];
}

function perform(
  { stage, task, documents }: StageTask,
  settings: StageSettings,
  advance: Advance,
): TaskResult | Promise<TaskResult> {
  if (stage === 'signatures') return signInput(settings, task, advance);
  if (stage === 'matching') return matchBand(settings, task, advance);
  if (stage === 'clustering') return clusterMatches(settings, documents, advance);
  return filterInput(settings, task, advance);
}

const checksumOf = (content: string) => createHash('blake2b512').update(content).digest('hex').slice(0, 32);

/** Does the work, then writes its result down, after a checksum of its own, which makes it done. */
export async function runStageTask(task: StageTask, settings: StageSettings, advance: Advance): Promise<TaskResult> {
  const result = await perform(task, settings, advance);
  const content = JSON.stringify(result);
  const file = new StageFile(join(settings.folder, stagePath.result(task.stage, task.task)));
  file.write(Buffer.from(`${checksumOf(content)}\n${content}`));
  file.close();
  return result;
}

/** The result of a task that an earlier run has done, if all of its files are as they were; else what is wrong. */
export function readTaskResult(folder: string, stage: Stage, task: number): TaskResult | { damage: string } | null {
  const path = join(folder, stagePath.result(stage, task));
  if (!existsSync(path)) return null;
  const [checksum, content = ''] = readFileSync(path, 'utf8').split('\n');
  if (checksumOf(content) !== checksum) return { damage: `${path}: its checksum is not the one it was written with` };
  const result = JSON.parse(content) as TaskResult;
  for (const [file, seal] of Object.entries(result.files)) {
    const damage = findDamage(join(folder, file), seal);
    if (damage !== null) return { damage };
  }
  return result;
}
