/**
 * What an engine has to implement: every fused kernel, described once. All tensors are float32 and row-major unless marked
 * int32. Legend: B batch, T time or keys, Q queries, H query heads, G key heads, K head dimension, D width, N rows,
 * V vocabulary, S ids a teacher kept; "…" any axes, "rows" their product.
 */

/** One fused kernel. */
export interface KernelContract {
  /** The formula, and where it comes from unless the op's own comment says so. */
  readonly computes: string;
  /** The kernel takes any number of items, each with these inputs: x0, x1, … in a call. */
  readonly list?: true;
  /** Shape by name, in the order of the outputs' formula. A name that ends in "?" may be left out. */
  readonly inputs: Readonly<Record<string, string>>;
  readonly attributes: Readonly<Record<string, 'number' | 'boolean'>>;
  /** Shape by name, in the order in which the kernel returns them. */
  readonly outputs: Readonly<Record<string, string>>;
  /** Inputs and outputs that the backward pass gets. */
  readonly saved?: readonly string[];
  /** The kernel of the backward pass: its inputs are the gradient of the first output and what was saved, its attributes the same. */
  readonly gradient?: string;
}

const attentionInputs = { q: '[B, Q, H, K]', k: '[B, T, G, K]', v: '[B, T, G, K]' } as const;
const attentionAttributes = { scale: 'number', causal: 'boolean', slidingWindow: 'number', softCap: 'number' } as const;

const adamwAttributes = {
  learningRate: 'number',
  beta1: 'number',
  beta2: 'number',
  epsilon: 'number',
  weightDecay: 'number',
  correction1: 'number',
  correction2: 'number',
} as const;

/** Every fused kernel by its name. */
export const kernelContracts = {
  SmolRmsNorm: {
    computes: 'y = gain·x·r with r = inverseRms = 1/√(mean(x²) + epsilon) of every row',
    inputs: { x: '[…, D]', gain: '[D]' },
    attributes: { epsilon: 'number' },
    outputs: { y: '[…, D]', inverseRms: '[rows]' },
    saved: ['x', 'gain', 'inverseRms'],
    gradient: 'SmolRmsNormGrad',
  },
  SmolRmsNormGrad: {
    computes: 'with n = x·r and h = dy·gain: dx = r·(h − n·mean(h·n)), dgain = Σ over rows of dy·n',
    inputs: { dy: '[…, D]', x: '[…, D]', gain: '[D]', inverseRms: '[rows]' },
    attributes: { epsilon: 'number' },
    outputs: { dx: '[…, D]', dgain: '[D]' },
  },
  SmolRope: {
    computes:
      'x = [a, b] in halves of the last axis: y = [a·cos − b·sin, b·cos + a·sin]; inverse flips the sign of sin',
    inputs: { x: '[B, T, H, K]', cos: '[T, K/2]', sin: '[T, K/2]' },
    attributes: { inverse: 'boolean' },
    outputs: { y: '[B, T, H, K]' },
    saved: ['cos', 'sin'],
    gradient: 'SmolRope',
  },
  SmolAttention: {
    computes:
      'softmax(scale·q·kᵀ)·v over visible keys. Query i sits at key position T − Q + i and has its segment; query head h ' +
      'reads key head ⌊h·G/H⌋. Visible: not later (causal), within slidingWindow (0 = all), of the same segment. softCap c ' +
      '(0 = off) replaces score s by c·tanh(s/c). maxLogits: largest scale·q·k of a head over the batch and all visible pairs',
    inputs: { ...attentionInputs, 'segmentIds?': 'int32 [B, T]' },
    attributes: attentionAttributes,
    outputs: { output: '[B, Q, H, K]', logSumExp: '[B, H, Q]', maxLogits: '[H]' },
    saved: ['q', 'k', 'v', 'segmentIds?', 'output', 'logSumExp'],
    gradient: 'SmolAttentionGrad',
  },
  SmolAttentionGrad: {
    computes: 'gradients of q, k and v, probabilities computed again from logSumExp',
    inputs: {
      dy: '[B, Q, H, K]',
      ...attentionInputs,
      'segmentIds?': 'int32 [B, T]',
      output: '[B, Q, H, K]',
      logSumExp: '[B, H, Q]',
    },
    attributes: attentionAttributes,
    outputs: { dq: '[B, Q, H, K]', dk: '[B, T, G, K]', dv: '[B, T, G, K]' },
  },
  SmolSwiglu: {
    computes: 'y = gate·s·up with s = sigmoid(gate)',
    inputs: { gate: '[…]', up: '[…]' },
    attributes: {},
    outputs: { y: '[…]' },
    saved: ['gate', 'up'],
    gradient: 'SmolSwigluGrad',
  },
  SmolSwigluGrad: {
    computes: 'dgate = dy·up·s·(1 + gate·(1 − s)), dup = dy·gate·s',
    inputs: { dy: '[…]', gate: '[…]', up: '[…]' },
    attributes: {},
    outputs: { dgate: '[…]', dup: '[…]' },
  },
  SmolCrossEntropy: {
    computes: 'loss = logSumExp(z) − z[target] + zLoss·logSumExp², 0 where the target is ignoreIndex',
    inputs: { logits: '[N, V]', targets: 'int32 [N]' },
    attributes: { ignoreIndex: 'number', zLoss: 'number' },
    outputs: { loss: '[N]', logSumExp: '[N]' },
    saved: ['logits', 'targets', 'logSumExp'],
    gradient: 'SmolCrossEntropyGrad',
  },
  SmolCrossEntropyGrad: {
    computes: 'dlogits = dloss·(softmax·(1 + 2·zLoss·logSumExp) − onehot), 0 where ignored',
    inputs: { dloss: '[N]', logits: '[N, V]', targets: 'int32 [N]', logSumExp: '[N]' },
    attributes: { ignoreIndex: 'number', zLoss: 'number' },
    outputs: { dlogits: '[N, V]' },
  },
  SmolSoftCrossEntropy: {
    computes: 'loss = Σ p·(logSumExp(z) − z) + zLoss·logSumExp², p a row of probabilities',
    inputs: { logits: '[N, V]', probabilities: '[N, V]' },
    attributes: { zLoss: 'number' },
    outputs: { loss: '[N]', logSumExp: '[N]' },
    saved: ['logits', 'probabilities', 'logSumExp'],
    gradient: 'SmolSoftCrossEntropyGrad',
  },
  SmolSoftCrossEntropyGrad: {
    computes: 'dlogits = dloss·(softmax·(Σp + 2·zLoss·logSumExp) − p)',
    inputs: { dloss: '[N]', logits: '[N, V]', probabilities: '[N, V]', logSumExp: '[N]' },
    attributes: { zLoss: 'number' },
    outputs: { dlogits: '[N, V]' },
  },
  SmolSparseCrossEntropy: {
    computes:
      'with q = softmax(z) at the ids, r = max(1 − Σp, 1e-7), s = max(1 − Σq, 1e-7): ' +
      'loss = −Σ p·log q − r·log s + zLoss·logSumExp². No id stands twice in a row',
    inputs: { logits: '[N, V]', ids: 'int32 [N, S]', logProbabilities: '[N, S]' },
    attributes: { zLoss: 'number' },
    outputs: { loss: '[N]', logSumExp: '[N]' },
    saved: ['logits', 'ids', 'logProbabilities', 'logSumExp'],
    gradient: 'SmolSparseCrossEntropyGrad',
  },
  SmolSparseCrossEntropyGrad: {
    computes: 'dlogits = dloss·(softmax·(1 − r/s + 2·zLoss·logSumExp) + (q·r/s − p at the ids))',
    inputs: { dloss: '[N]', logits: '[N, V]', ids: 'int32 [N, S]', logProbabilities: '[N, S]', logSumExp: '[N]' },
    attributes: { zLoss: 'number' },
    outputs: { dlogits: '[N, V]' },
  },
  SmolAdamwStep: {
    computes:
      'm′ = β₁m + (1 − β₁)g, v′ = β₂v + (1 − β₂)g², W′ = W·(1 − learningRate·weightDecay) − ' +
      'learningRate·(m′/correction1)/(√(v′/correction2) + epsilon)',
    inputs: { parameter: '[…]', m: '[…]', v: '[…]', gradient: '[…]' },
    attributes: adamwAttributes,
    outputs: { parameter: '[…]', m: '[…]', v: '[…]' },
  },
  SmolAdamwUpdate: {
    computes: 'SmolAdamwStep of every item, written over its parameter, m and v, whose memory nobody shares',
    list: true,
    inputs: { parameter: '[…]', m: '[…]', v: '[…]', gradient: '[…]' },
    attributes: adamwAttributes,
    outputs: {},
  },
  SmolGlobalNorm: {
    computes: '√Σx² over all items, accumulated in f64',
    list: true,
    inputs: { x: '[…]' },
    attributes: {},
    outputs: { norm: '[]' },
  },
} as const satisfies Readonly<Record<string, KernelContract>>;

/** Name of a fused kernel. */
export type KernelName = keyof typeof kernelContracts;
