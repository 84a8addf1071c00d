import type { Split } from './document.ts';
import { PipelineError } from './pipeline-error.ts';
import { identifyInput, isSameInput, moduleHash } from './plan.ts';
import type { Plan, PlannedInput } from './plan.ts';
import type { PipelineOptions } from './pipeline-options.ts';
import { DEFAULTS, moduleUrlOf } from './pipeline-options.ts';
import type { WorkerPool } from './worker-pool.ts';
import type { StepsSource } from './worker.ts';

/**
 * Makes the plan of a run. Inputs are split by the reader, in the workers; what an earlier plan with the same settings
 * says of an unchanged input is not asked again.
 */
export async function makePlan(
  options: PipelineOptions,
  pool: WorkerPool,
  source: StepsSource,
  earlier: Plan | undefined,
): Promise<Plan> {
  const { splitBytes = DEFAULTS.splitBytes, version = '', command } = options;
  const steps = await pool.describe(source);
  const settings = {
    module: moduleHash(moduleUrlOf(options.stepsModule)),
    options: options.options ?? null,
    steps,
    version,
    keepRemoved: options.keepRemoved ?? DEFAULTS.keepRemoved,
    onRecordError: options.onRecordError ?? DEFAULTS.onRecordError,
    splitBytes,
    checkpointRecords: options.checkpointRecords ?? DEFAULTS.checkpointRecords,
    output: options.output ?? {},
  };
  const known = splitsByInput(earlier, settings);
  const inputs = options.inputs.map(async (input): Promise<PlannedInput> => {
    const identity = identifyInput(input);
    const before = known.get(input);
    if (before !== undefined && isSameInput(before, identity)) return before;
    if (splitBytes === false || isMissing(identity)) return identity;
    const splits = await pool.split({ source, input, bytes: splitBytes });
    return splits === undefined ? identity : { ...identity, splits: checkSplits(input, splits) };
  });
  return { settings, inputs: await Promise.all(inputs), command };
}

/** Inputs of an earlier plan, where code and settings that their splits depend on are the same. */
function splitsByInput(earlier: Plan | undefined, settings: Plan['settings']): Map<string, PlannedInput> {
  const parts = ({ module, options, splitBytes, version }: Plan['settings']) =>
    JSON.stringify([module, options, splitBytes, version]);
  if (earlier === undefined || parts(earlier.settings) !== parts(settings)) return new Map();
  return new Map(earlier.inputs.map((input) => [input.input, input]));
}

/** A local file that is not there: its task will say so. */
function isMissing({ input, size }: PlannedInput): boolean {
  return size === undefined && !input.includes('://');
}

function checkSplits(input: string, splits: readonly Split[]): readonly Split[] {
  const isFine = ({ start, end }: Split, index: number) =>
    Number.isFinite(start) && end >= start && (index === 0 || start === splits[index - 1].end);
  if (splits.length > 0 && splits.every(isFine)) return splits;
  throw new PipelineError(
    'STEPS_FAILED',
    `the reader must split ${input} into parts { start, end } that follow one another, got ${JSON.stringify(splits).slice(0, 200)}`,
  );
}
