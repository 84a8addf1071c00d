import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { NEXT_TOKEN, type StepRecord } from '@smol/train';

/** The lines of metrics.jsonl that are training steps. */
export function readStepRecords(runFolder: string): StepRecord[] {
  const path = join(runFolder, 'metrics.jsonl');
  if (!existsSync(path)) return [];
  return readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as StepRecord)
    .filter((record) => 'loss' in record);
}

/** The loss of the next token on the data, whatever else a step learned. */
export function lossOnData({ loss, parts }: StepRecord): number | null {
  return parts?.[NEXT_TOKEN] ?? loss;
}
