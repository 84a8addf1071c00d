import type { StageSettings, TaskResult } from './stage-settings.ts';

/** What stages tell the later ones about each part (rank), and about the largest clusters. */
export interface RunFacts {
  /** numbered documents of each part */
  documents: readonly number[];
  /** lines of its file before each part */
  linesBefore: readonly number[];
  /** documents that stand for the largest clusters, by part and number; `null` for one of an earlier run */
  largest: readonly ([rank: number, document: number] | null)[];
}

/** What is known when all signatures are made. */
export function factsOf({ parts }: Pick<StageSettings, 'parts'>, signatures: readonly TaskResult[]): RunFacts {
  let lines = 0;
  const linesBefore = parts.map(({ input }, rank) => {
    lines = rank > 0 && parts[rank - 1].input === input ? lines + signatures[rank - 1].counts.lines : 0;
    return lines;
  });
  return { documents: signatures.map(({ counts }) => counts.documents), linesBefore, largest: [] };
}

/** Before that. */
export const NO_FACTS: RunFacts = { documents: [], linesBefore: [], largest: [] };
