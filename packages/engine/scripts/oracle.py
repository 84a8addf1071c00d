"""Every op of @smol/ops and its gradients, on each engine, against PyTorch in f64.

python scripts/oracle.py   (the packages must be built: `npm run oracle -- engine` does it)

An engine this machine cannot have is named and left out.
"""

import json
import math
import subprocess
import sys
from pathlib import Path

import torch
from torch.nn import functional as F

SCRIPT = Path(__file__).parent / "run-ops.mjs"
ENGINES = ["native", "wasm", "cpu", "tensorflow"]
TOLERANCE = 1e-5  # of the largest expected number
torch.manual_seed(0)
torch.set_default_dtype(torch.float64)


def normal(*shape):
    return torch.randn(shape).float().double()


def rope(x, theta):
    time, width = x.shape[1], x.shape[3]
    frequencies = theta ** (-torch.arange(0, width, 2) / width)
    angles = torch.arange(time)[:, None] * frequencies
    cos, sin = angles.cos()[:, None], angles.sin()[:, None]
    a, b = x.chunk(2, -1)
    return torch.cat([a * cos - b * sin, b * cos + a * sin], -1)


def attention(q, k, v, scale=None, causal=True, slidingWindow=0, softCap=0, segments=None):
    queries, keys = q.shape[1], k.shape[1]
    group = q.shape[2] // k.shape[2]
    q, k, v = q.transpose(1, 2), k.transpose(1, 2).repeat_interleave(group, 1), v.transpose(1, 2).repeat_interleave(group, 1)
    scores = q @ k.transpose(-1, -2) * (scale or 1 / math.sqrt(q.shape[-1]))
    if softCap:
        scores = softCap * torch.tanh(scores / softCap)
    position, key = torch.arange(keys - queries, keys)[:, None], torch.arange(keys)[None]
    visible = torch.ones(1, 1, queries, keys, dtype=torch.bool)
    if causal:
        visible = visible & (key <= position)
    if slidingWindow:
        visible = visible & (position - key < slidingWindow)
    if segments is not None:
        ids = torch.tensor(segments)
        visible = visible & (ids[:, keys - queries:, None] == ids[:, None, :])[:, None]
    return (scores.masked_fill(~visible, -math.inf).softmax(-1) @ v).transpose(1, 2)


def row_losses(logits, targets=None, probabilities=None, ids=None, logProbabilities=None, ignoreIndex=-100):
    log_q = logits.log_softmax(-1)
    if targets is not None:
        return F.nll_loss(log_q, torch.tensor(targets), ignore_index=ignoreIndex, reduction="none"), torch.tensor(targets) != ignoreIndex
    counted = torch.ones(len(logits), dtype=torch.bool)
    if probabilities is not None:
        return -(torch.tensor(probabilities) * log_q).sum(-1), counted
    kept = log_q.gather(1, torch.tensor(ids))
    p = torch.tensor(logProbabilities).exp()
    return -(p * kept).sum(-1) - (1 - p.sum(-1)) * torch.log(1 - kept.exp().sum(-1)), counted


def cross_entropy(logits, zLoss=0, chunkRows=None, **targets):
    losses, counted = row_losses(logits, **targets)
    return ((losses + zLoss * logits.logsumexp(-1) ** 2) * counted).sum() / counted.sum()


def adamw(parameter, m, v, gradient, learningRate, beta1, beta2, epsilon, weightDecay, correction1, correction2):
    steps = round(math.log(1 - correction1) / math.log(beta1))
    weight = torch.nn.Parameter(parameter.clone())
    optimizer = torch.optim.AdamW([weight], lr=learningRate, betas=(beta1, beta2), eps=epsilon, weight_decay=weightDecay)
    optimizer.state[weight] = dict(step=torch.tensor(float(steps - 1)), exp_avg=m.clone(), exp_avg_sq=v.clone())
    weight.grad = gradient
    optimizer.step()
    state = optimizer.state[weight]
    return torch.stack([weight.detach(), state["exp_avg"], state["exp_avg_sq"]])


def newton_schulz(x):
    y = x / (x.norm() + 1e-7)
    for _ in range(5):
        gram = y @ y.T
        y = 3.4445 * y + (-4.775 * gram + 2.0315 * gram @ gram) @ y
    return y


def matmul(a, b, transposeA=False, transposeB=False):
    return (a.mT if transposeA else a) @ (b.mT if transposeB else b)


REFERENCE = dict(
    linear=lambda x, weight: F.linear(x, weight),
    embedding=lambda weight, ids: F.embedding(torch.tensor(ids), weight),
    rmsNorm=lambda x, gain, epsilon: F.rms_norm(x, gain.shape, gain, epsilon),
    rope=rope,
    swiglu=lambda gate, up: F.silu(gate) * up,
    relu2=lambda x: F.relu(x) ** 2,
    attention=attention,
    crossEntropy=cross_entropy,
    linearCrossEntropy=lambda hidden, weight, **options: cross_entropy(hidden @ weight.T, **options),
    adamwStep=adamw,
    globalNorm=lambda *tensors: torch.cat([x.flatten() for x in tensors]).norm(),
    newtonSchulz=newton_schulz,
    matMul=matmul,
)

HARD = dict(targets=[(7 * row) % 50 if row % 3 else -100 for row in range(12)], zLoss=1e-3)
SOFT = dict(probabilities=normal(12, 50).softmax(-1).tolist(), zLoss=1e-3)
SPARSE = dict(ids=[[(row + 11 * slot) % 50 for slot in range(4)] for row in range(12)],
              logProbabilities=(normal(12, 4) - 4).tolist())
LARGE = dict(targets=[(97 * row) % 3000 for row in range(64)])
ADAMW = dict(learningRate=1e-2, beta1=0.9, beta2=0.95, epsilon=1e-8, weightDecay=0.1, correction1=1 - 0.9**3, correction2=1 - 0.95**3)
SEGMENTS = [[position // 20 for position in range(65)]] * 2


def heads(batch, queries, keys, query_heads, key_heads, width):
    return [(batch, queries, query_heads, width), (batch, keys, key_heads, width), (batch, keys, key_heads, width)]


CASES = [
    ("linear", [(3, 5, 17), (9, 17)], {}),
    ("linear", [(64, 576), (192, 576)], {}),
    ("matMul", [(3, 20, 33), (3, 33, 12)], {}),
    ("matMul", [(65, 40), (65, 50)], dict(transposeA=True)),
    ("matMul", [(2, 21, 35), (2, 14, 21)], dict(transposeA=True, transposeB=True)),
    ("embedding", [(50, 12)], dict(ids=[[1, 49, 1], [7, 0, 1]])),
    ("rmsNorm", [(7, 96), (96,)], dict(epsilon=1e-5)),
    ("rmsNorm", [(2, 33, 576), (576,)], dict(epsilon=1e-6)),
    ("rope", [(2, 33, 3, 64)], dict(theta=10000)),
    ("swiglu", [(33, 70), (33, 70)], {}),
    ("relu2", [(33, 70)], {}),
    ("attention", heads(2, 40, 40, 4, 4, 16), {}),
    ("attention", heads(1, 129, 129, 9, 3, 64), {}),
    ("attention", heads(2, 5, 64, 8, 1, 32), {}),
    ("attention", heads(2, 65, 65, 4, 2, 24), dict(segments=SEGMENTS)),
    ("attention", heads(1, 65, 65, 4, 2, 24), dict(slidingWindow=16, softCap=2.5)),
    ("attention", heads(1, 33, 33, 2, 1, 20), dict(causal=False, scale=0.3)),
    ("crossEntropy", [(12, 50)], HARD),
    ("crossEntropy", [(64, 3000)], LARGE),
    ("crossEntropy", [(12, 50)], SOFT),
    ("crossEntropy", [(12, 50)], SPARSE),
    ("linearCrossEntropy", [(12, 20), (50, 20)], dict(HARD, chunkRows=5)),
    ("linearCrossEntropy", [(12, 20), (50, 20)], dict(SPARSE, chunkRows=5)),
    ("adamwStep", [(40, 30)] * 4, ADAMW),
    ("globalNorm", [(40, 30), (7,), (3, 2, 2)], {}),
    ("newtonSchulz", [(24, 60)], {}),
]
NOT_DIFFERENTIABLE = ("adamwStep", "globalNorm", "newtonSchulz")


def packed(x):
    return dict(shape=list(x.shape), values=x.detach().flatten().tolist())


def prepare(op, shapes, options):
    inputs = [normal(*shape) for shape in shapes]
    if op == "adamwStep":
        inputs[2] = inputs[2] ** 2
        inputs = [x.float().double() for x in inputs]
    if op not in NOT_DIFFERENTIABLE:
        for x in inputs:
            x.requires_grad_()
    value = REFERENCE[op](*inputs, **options)
    case = dict(op=op, inputs=[packed(x) for x in inputs], options=options)
    gradients = []
    if op not in NOT_DIFFERENTIABLE:
        dy = normal(*value.shape)
        case["dy"] = packed(dy)
        gradients = torch.autograd.grad(value, inputs, dy)
    return case, value.detach(), gradients


def error(actual, expected):
    expected = expected.flatten()
    actual = torch.tensor(actual)
    if actual.shape != expected.shape:
        return math.inf
    return float((actual - expected).abs().max() / expected.abs().max().clamp(min=1))


def check(engine, prepared):
    cases = json.dumps([case for case, _, _ in prepared])
    done = subprocess.run(["node", str(SCRIPT), engine], input=cases, capture_output=True, text=True)
    if done.returncode == 3:
        print(f"engine {engine} left out: {done.stderr.strip().splitlines()[-1][:160]}")
        return 0, 0
    if done.returncode != 0:
        print(done.stderr, file=sys.stderr)
        return 0, 1
    passed = failed = 0
    for (case, value, gradients), result in zip(prepared, json.loads(done.stdout)):
        errors = [error(result["value"], value)] + [error(a, e) for a, e in zip(result["gradients"], gradients)]
        worst, ok = max(errors), max(errors) < TOLERANCE and len(result["gradients"]) == len(gradients)
        passed, failed = passed + ok, failed + (not ok)
        shapes = " ".join(str(x["shape"]) for x in case["inputs"])
        print(f"{'ok  ' if ok else 'FAIL'} {engine:10} {case['op']:18} {shapes}: {worst:.1e}")
    return passed, failed


def main():
    prepared = [prepare(*case) for case in CASES]
    counts = [check(engine, prepared) for engine in ENGINES]
    passed, failed = (sum(column) for column in zip(*counts))
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


main()
