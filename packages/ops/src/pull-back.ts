import * as tf from '@tensorflow/tfjs-core';

/** What tfjs writes down of a differentiable call: enough to get from the gradients of its outputs to those of its inputs. */
interface TapeNode {
  readonly kernelName: string;
  readonly inputs: tf.NamedTensorMap;
  readonly outputs: readonly tf.Tensor[];
  readonly gradient?: (dys: readonly (tf.Tensor | undefined)[]) => Readonly<Record<string, () => tf.Tensor>>;
  /** Copies that the gradient reads, the node's own. */
  readonly saved?: readonly tf.Tensor[];
}

/** Gradients of tensors, by tensor id. */
type GradientsById = Map<number, tf.Tensor>;

/**
 * Value of f and its gradients at xs, pulled back from dy (ones by default), those that tfjs computes, bit for bit. tfjs holds
 * every saved activation and every gradient until the backward pass is over; here each is freed after its last use, which halves
 * the memory of a training step. What is returned is the caller's tidy's.
 *
 * @param f a differentiable function of the tensors in `xs`, which it reads from its closure
 * @param xs tensors of any kind, variables too
 * @param dy gradient of what f gives, of its shape
 * @returns gradients in the order of `xs`, `undefined` where f does not depend on one
 */
export function pullBack<T extends tf.Tensor>(
  f: () => T,
  xs: readonly tf.Tensor[],
  dy?: tf.Tensor,
): { value: T; gradients: (tf.Tensor | undefined)[] } {
  // Gradients of gradients need the whole tape.
  if (tf.engine().state.gradientDepth > 0) return pullBackByTfjs(f, xs, dy);
  const { value, tape } = record(f);
  try {
    const gradients = tf.tidy(() => backward(tape, value, xs, dy ? tf.clone(dy) : tf.onesLike(value)));
    return { value, gradients: xs.map((x) => gradients[x.id]) };
  } finally {
    // None is left, unless a gradient has thrown.
    for (const node of tape) tf.dispose([...(node.saved ?? [])]);
  }
}

function pullBackByTfjs<T extends tf.Tensor>(f: () => T, xs: readonly tf.Tensor[], dy?: tf.Tensor) {
  const { value, grads } = tf.engine().gradients(f, [...xs], dy, true);
  return { value: value as T, gradients: grads.map((gradient) => gradient ?? undefined) };
}

/** Runs f with a tape of its own; that of a backward pass under way is left as it was. */
function record<T extends tf.Tensor>(f: () => T): { value: T; tape: TapeNode[] } {
  const { state } = tf.engine();
  const outer = state.activeTape;
  const tape: TapeNode[] = [];
  state.activeTape = tape as typeof state.activeTape;
  state.gradientDepth += 1;
  try {
    return { value: tf.tidy(f), tape };
  } catch (error) {
    for (const node of tape) tf.dispose([...(node.saved ?? [])]);
    throw error;
  } finally {
    state.gradientDepth -= 1;
    state.activeTape = outer;
  }
}

/** Takes the tape from its end; returns the gradients of xs by id. */
function backward(tape: TapeNode[], value: tf.Tensor, xs: readonly tf.Tensor[], dy: tf.Tensor): tf.NamedTensorMap {
  const wanted = new Set(xs.map(({ id }) => id));
  const dependents = dependentsOf(tape, wanted);
  const gradients: GradientsById = new Map([[value.id, dy]]);
  for (let node = tape.pop(); node !== undefined; node = tape.pop()) {
    const leadsToValue = node.outputs.some(({ id }) => gradients.has(id));
    const inputs = Object.entries(node.inputs).filter(([, x]) => dependents.has(x.id));
    if (leadsToValue && inputs.length > 0) pullThrough(node, inputs, gradients);
    release(node, gradients, wanted);
  }
  return Object.fromEntries(gradients);
}

/** Ids of all tensors that depend on those of the given ids, and these. */
function dependentsOf(tape: readonly TapeNode[], ids: ReadonlySet<number>): Set<number> {
  const dependents = new Set(ids);
  for (const { inputs, outputs } of tape) {
    const depends = Object.values(inputs).some(({ id }) => dependents.has(id));
    if (depends) for (const { id } of outputs) dependents.add(id);
  }
  return dependents;
}

/** Adds what comes through a node to the gradients of its inputs. */
function pullThrough(node: TapeNode, inputs: readonly [string, tf.Tensor][], gradients: GradientsById): void {
  const dys = node.outputs.map(({ id }) => gradients.get(id));
  const pulled = tf.tidy(() => inputGradients(node, inputs, dys));
  for (const [index, [, x]] of inputs.entries()) {
    const before = gradients.get(x.id);
    gradients.set(x.id, before ? tf.add(before, pulled[index]) : pulled[index]);
    if (before) tf.dispose([before, pulled[index]]);
  }
}

/** Gradients of the inputs of a node, each a tensor of its own. */
function inputGradients(
  node: TapeNode,
  inputs: readonly [string, tf.Tensor][],
  dys: readonly (tf.Tensor | undefined)[],
): tf.Tensor[] {
  const { gradient, kernelName } = node;
  if (gradient === undefined)
    throw new Error(`${kernelName} has no gradient; leave it out of the loss or register one`);
  const scope = tf.engine().state.activeScope.id;
  const pulled = gradient(dys);
  const given = new Set<tf.Tensor>();
  return inputs.map(([name, x]) => {
    if (!(name in pulled)) throw new Error(`the gradient of ${kernelName} gives none for its input ${name}`);
    const dx = pulled[name]();
    checkGradient(dx, x, `the gradient of ${kernelName} for its input ${name}`);
    // One that is an output's gradient passed on, or is given for two inputs, would be freed twice.
    const isOwn = dx.scopeId === scope && !given.has(dx);
    given.add(dx);
    return isOwn ? dx : tf.clone(dx);
  });
}

function checkGradient(dx: tf.Tensor, x: tf.Tensor, name: string): void {
  if (dx.dtype === 'float32' && tf.util.arraysEqual(dx.shape, x.shape)) return;
  throw new Error(`${name} must be float32 [${x.shape}], got ${dx.dtype} [${dx.shape}]`);
}

/** Frees what only this node has needed: the gradients of its outputs, and what it had saved. */
function release({ outputs, saved }: TapeNode, gradients: GradientsById, wanted: ReadonlySet<number>): void {
  for (const { id } of outputs) {
    if (wanted.has(id)) continue;
    gradients.get(id)?.dispose();
    gradients.delete(id);
  }
  if (saved) tf.dispose([...saved]);
}
