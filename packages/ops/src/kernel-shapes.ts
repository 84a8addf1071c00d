import { kernelContracts } from './kernel-contracts.ts';
import type { KernelContract, KernelName } from './kernel-contracts.ts';
import { checkShape } from './ops-error.ts';

/** Shapes by name of input or output. */
export type NamedShapes = Readonly<Record<string, readonly number[]>>;

/** What the letters of a contract stand for in one call; "…" may stand for several axes. */
type Sizes = Map<string, readonly number[]>;

function axesOf(pattern: string): string[] {
  return pattern
    .replace(/^int32 /, '')
    .slice(1, -1)
    .split(', ')
    .filter(Boolean);
}

/** The sizes of one axis of a pattern, where its letter is known. "K/2" is half of K. */
function resolve(axis: string, sizes: Sizes): readonly number[] | undefined {
  if (axis === 'rows') return [(sizes.get('…') ?? []).reduce((product, size) => product * size, 1)];
  const [letter, divisor = '1'] = axis.split('/');
  return sizes.get(letter)?.map((size) => size / Number(divisor));
}

/** Gives letters their sizes; false where the shape contradicts what they stand for already. */
function bind(pattern: string, shape: readonly number[], sizes: Sizes): boolean {
  const axes = axesOf(pattern);
  const open = shape.length - axes.length + 1;
  let at = 0;
  for (const axis of axes) {
    const actual = shape.slice(at, at + (axis === '…' ? open : 1));
    if (!sizes.has(axis) && axis !== 'rows' && !axis.includes('/')) sizes.set(axis, actual);
    if (resolve(axis, sizes)?.join() !== actual.join()) return false;
    at += actual.length;
  }
  return at === shape.length;
}

/** Gives all letters their sizes, or throws. `item` is what the names of one item of a list end in. */
function bindInputs(kernelName: KernelName, inputs: NamedShapes, sizes: Sizes, item: string): void {
  const contract: KernelContract = kernelContracts[kernelName];
  for (const [key, pattern] of Object.entries(contract.inputs)) {
    const [name, optional] = [key.replace('?', '') + item, key.endsWith('?')];
    const shape = inputs[name];
    if (optional && shape === undefined) continue;
    checkShape(
      shape !== undefined && bind(pattern, shape, sizes),
      () => `${kernelName}: ${name} must be ${pattern}, got ${shape ? `[${shape}]` : 'nothing'}`,
    );
  }
}

/**
 * Shapes of a fused kernel's outputs for inputs of these shapes, by its contract.
 *
 * @param inputs shape of every input, by the contract's names (without "?"; of the items of a list x0, x1, …)
 * @returns shape of every output, in the order in which the kernel returns them
 * @throws OpsError `SHAPE_MISMATCH` when the inputs contradict the contract or each other
 */
export function kernelOutputShapes(kernelName: KernelName, inputs: NamedShapes): Record<string, number[]> {
  const contract: KernelContract = kernelContracts[kernelName];
  const sizes: Sizes = new Map();
  if (contract.list) {
    const count = Object.keys(inputs).length / Object.keys(contract.inputs).length;
    for (let index = 0; index < count; index++) bindInputs(kernelName, inputs, new Map(), String(index));
  } else bindInputs(kernelName, inputs, sizes, '');
  const shapes = Object.entries(contract.outputs).map(([name, pattern]) => [
    name,
    axesOf(pattern).flatMap((axis) => [...(resolve(axis, sizes) ?? [])]),
  ]);
  return Object.fromEntries(shapes) as Record<string, number[]>;
}
