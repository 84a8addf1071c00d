import { checkCount, TrainError } from './train-error.ts';

/** What a plan is made from; the order counts. */
export interface ShardedParameter {
  name: string;
  shape: readonly number[];
  /** matrices of Muon are updated whole, everything else may be cut anywhere */
  kind: 'whole' | 'flat';
}

/** A stretch of one parameter, in elements, that one rank keeps the optimizer state of and updates. */
export interface ShardPiece {
  name: string;
  offset: number;
  length: number;
  owner: number;
  whole: boolean;
}

/** Which rank updates what (ZeRO-1). */
export interface ShardPlan {
  readonly size: number;
  readonly pieces: readonly ShardPiece[];
}

/**
 * Shares the optimizer's work out over ranks: a pure function of names, shapes and the number of ranks, so that all ranks
 * make the same plan and a checkpoint by name and slice can be cut anew for another number. Whole matrices go to the rank
 * with the least work so far, largest first (longest processing time); flat ones are laid end to end and cut into equal
 * slices. The plan of one rank gives it everything.
 *
 * @throws TrainError `BAD_OPTION`
 */
export function shardPlan(parameters: readonly ShardedParameter[], size: number): ShardPlan {
  checkCount('size', size);
  const names = parameters.map(({ name }) => name);
  const repeated = names.find((name, index) => names.indexOf(name) !== index);
  if (repeated !== undefined) throw new TrainError('BAD_OPTION', `"${repeated}" is in the list twice`);
  return { size, pieces: [...wholePieces(parameters, size), ...flatPieces(parameters, size)] };
}

/** Newton-Schulz on [m, n] costs about m·n·min(m, n). */
function orthogonalizationCost(shape: readonly number[]): number {
  return elementsOf(shape) * Math.min(...shape);
}

function wholePieces(parameters: readonly ShardedParameter[], size: number): ShardPiece[] {
  const load = new Float64Array(size);
  const whole = parameters.filter(({ kind }) => kind === 'whole');
  const byCost = whole.toSorted((a, b) => orthogonalizationCost(b.shape) - orthogonalizationCost(a.shape));
  const owners = new Map<string, number>();
  for (const { name, shape } of byCost) {
    const owner = load.indexOf(Math.min(...load));
    load[owner] += orthogonalizationCost(shape);
    owners.set(name, owner);
  }
  return whole.map(({ name, shape }) => ({
    name,
    offset: 0,
    length: elementsOf(shape),
    owner: owners.get(name) as number,
    whole: true,
  }));
}

function flatPieces(parameters: readonly ShardedParameter[], size: number): ShardPiece[] {
  const flat = parameters.filter(({ kind }) => kind === 'flat');
  const total = flat.reduce((sum, { shape }) => sum + elementsOf(shape), 0);
  const slice = Math.ceil(total / size);
  const pieces: ShardPiece[] = [];
  let start = 0;
  for (const { name, shape } of flat) {
    const end = start + elementsOf(shape);
    for (let from = start; from < end;) {
      const owner = Math.floor(from / slice);
      const to = Math.min(end, (owner + 1) * slice);
      pieces.push({ name, offset: from - start, length: to - from, owner, whole: from === start && to === end });
      from = to;
    }
    start = end;
  }
  return pieces;
}

function elementsOf(shape: readonly number[]): number {
  return shape.reduce((product, length) => product * length, 1);
}
