import type { ClusterMemory } from './cluster-memory.ts';
import { labelPart, uniteBand, writeClusters } from './clustering-stage.ts';
import { readDone, writeDone } from './done-file.ts';
import { decontaminatePart } from './decontamination-stage.ts';
import type { DecontaminationContext } from './decontamination-stage.ts';
import { filterInput } from './filtering-stage.ts';
import { joinParts } from './joining-stage.ts';
import { matchBand } from './matching-stage.ts';
import type { RunFacts } from './run-facts.ts';
import { signInput } from './signature-stage.ts';
import type { Advance, Stage, StageSettings, TaskResult } from './stage-settings.ts';
import type { FilterContext } from './part-filter.ts';
import { scanPart } from './scanning-stage.ts';
import { writePart } from './writing-stage.ts';
import type { Workspace } from './workspace.ts';

/** Steps that leave nothing behind but numbers in shared memory. */
export type Step = 'uniting' | 'labelling';

/** One piece of work: a part (signatures, clustering, filtering, decontamination, scanning, writing), a band (matching) or an input (joining). */
export interface StageTask {
  stage: Stage | Step | 'decontamination' | 'scanning' | 'writing';
  task: number;
}

/** What all tasks of a stage of MinHash are told; plain data and shared memory. */
export interface MinHashContext {
  command: 'minhash';
  settings: StageSettings;
  facts: RunFacts;
  /** for clustering and its steps */
  memory: ClusterMemory | null;
}

/** What tasks are told. */
export type TaskContext = MinHashContext | DecontaminationContext | FilterContext;

const NOTHING: TaskResult = { files: {}, counts: {} };

function performStage(
  { stage, task }: StageTask,
  { settings, facts, memory }: MinHashContext,
  workspace: Workspace,
  advance: Advance,
): TaskResult | Promise<TaskResult> {
  if (stage === 'signatures') return signInput(settings, task, workspace, advance);
  if (stage === 'matching') return matchBand(settings, task, workspace, advance);
  if (stage === 'clustering') return writeClusters(settings, memory!, task);
  if (stage === 'filtering') return filterInput(settings, facts, task, advance);
  if (stage === 'uniting') uniteBand(settings, memory!, task);
  else labelPart(memory!, task);
  return NOTHING;
}

function perform(
  task: StageTask,
  context: TaskContext,
  workspace: Workspace,
  advance: Advance,
): TaskResult | Promise<TaskResult> {
  if (task.stage === 'joining') return joinParts(context.settings, task.task, advance);
  if (context.command === 'decontaminate') return decontaminatePart(context, task.task, advance);
  if (context.command === 'minhash') return performStage(task, context, workspace, advance);
  return task.stage === 'scanning' ? scanPart(context, task.task, advance) : writePart(context, task.task, advance);
}

/** Does the work, and writes its result down if it has one; of what is written, that is for who puts it together. */
export async function runStageTask(
  task: StageTask,
  context: TaskContext,
  workspace: Workspace,
  advance: Advance,
): Promise<TaskResult> {
  const result = await perform(task, context, workspace, advance);
  const { stage } = task;
  if (stage === 'uniting' || stage === 'labelling') advance(1);
  else if (stage !== 'writing') writeDone(context.settings.folder, stage, task.task, result);
  return result;
}

/**
 * Takes over what earlier runs have done.
 *
 * @param results gets what is done, by task
 * @returns what has to be done, perhaps again
 */
export function takeOver(
  folder: string,
  tasks: readonly StageTask[],
  results: TaskResult[],
  onDamage?: (message: string) => void,
): StageTask[] {
  return tasks.filter(({ stage, task }) => {
    const known = readDone<TaskResult>(folder, stage, task, onDamage);
    if (known !== null) results[task] = known;
    return known === null;
  });
}
