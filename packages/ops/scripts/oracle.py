"""What PyTorch gives for every op and its gradients, in f64: src/fixtures/pytorch-*.json, which the tests hold the ops to.

python scripts/oracle.py           checks that the files still say what PyTorch says (`npm run oracle -- ops` does it)
python scripts/oracle.py --write   makes them
"""

import json
import math
import sys
from pathlib import Path

import torch
from torch.nn import functional as F

FOLDER = Path(__file__).parent.parent / "src" / "fixtures"
TOLERANCE = 1e-7  # of the largest number: what is lost by writing nine digits
torch.set_default_dtype(torch.float64)


def normal(*shape):
    """Numbers that f32 holds exactly."""
    return torch.randn(shape).mul(2**12).round().div(2**12)


def table(length, width, theta):
    angles = torch.arange(length)[:, None] * theta ** (-torch.arange(0, width, 2) / width)
    return angles.cos()[:, None], angles.sin()[:, None]


def rope(x, theta, start=0):
    cos, sin = (part[start:] for part in table(start + x.shape[1], x.shape[3], theta))
    a, b = x.chunk(2, -1)
    return torch.cat([a * cos - b * sin, b * cos + a * sin], -1)


def mask_of(queries, keys, causal, slidingWindow, segments):
    position, key = torch.arange(keys - queries, keys)[:, None], torch.arange(keys)[None]
    visible = torch.ones(1, 1, queries, keys, dtype=torch.bool)
    if causal:
        visible = visible & (key <= position)
    if slidingWindow:
        visible = visible & (position - key < slidingWindow)
    if segments is not None:
        ids = torch.tensor(segments)
        visible = visible & (ids[:, keys - queries:, None] == ids[:, None, :])[:, None]
    return visible


def attention(q, k, v, *gains, scale=None, causal=True, slidingWindow=0, softCap=0, segments=None, theta=None):
    queries, keys = q.shape[1], k.shape[1]
    if gains:
        q, k = (F.rms_norm(x, gain.shape, gain, 1e-6) for x, gain in zip((q, k), gains))
    if theta:
        q, k = rope(q, theta, keys - queries), rope(k, theta)
    q, k, v = (x.transpose(1, 2) for x in (q, k, v))
    visible = mask_of(queries, keys, causal, slidingWindow, segments)
    if not softCap:
        return F.scaled_dot_product_attention(q, k, v, visible, scale=scale, enable_gqa=True).transpose(1, 2)
    k, v = (x.repeat_interleave(q.shape[1] // k.shape[1], 1) for x in (k, v))
    scores = softCap * torch.tanh(q @ k.transpose(-1, -2) * (scale or 1 / math.sqrt(q.shape[-1])) / softCap)
    return (scores.masked_fill(~visible, -math.inf).softmax(-1) @ v).transpose(1, 2)


def sparse_losses(logits, ids, logProbabilities):
    kept, p = torch.tensor(ids), torch.tensor(logProbabilities).exp()
    log_q = logits.log_softmax(-1).gather(-1, kept)
    return -(p * log_q).sum(-1) - (1 - p.sum(-1)) * torch.log1p(-log_q.exp().sum(-1))


def cross_entropy(logits, targets=None, probabilities=None, ids=None, logProbabilities=None, zLoss=0, reduction="mean", **_):
    counted = torch.ones(len(logits), dtype=torch.bool)
    if targets is not None:
        counted = torch.tensor(targets) != -100
        losses = F.cross_entropy(logits, torch.tensor(targets), reduction="none")
    elif probabilities is not None:
        losses = F.cross_entropy(logits, torch.tensor(probabilities), reduction="none")
    else:
        losses = sparse_losses(logits, ids, logProbabilities)
    losses = (losses + zLoss * logits.logsumexp(-1) ** 2) * counted
    return losses if reduction == "none" else losses.sum() / (counted.sum() if reduction == "mean" else 1)


def adamw(parameter, m, v, gradient, learningRate, beta1, beta2, epsilon, weightDecay, steps, **_):
    weight = torch.nn.Parameter(parameter.clone())
    optimizer = torch.optim.AdamW([weight], lr=learningRate, betas=(beta1, beta2), eps=epsilon, weight_decay=weightDecay)
    optimizer.state[weight] = dict(step=torch.tensor(float(steps - 1)), exp_avg=m.clone(), exp_avg_sq=v.clone())
    weight.grad = gradient
    optimizer.step()
    return torch.stack([weight.detach(), optimizer.state[weight]["exp_avg"], optimizer.state[weight]["exp_avg_sq"]])


def newton_schulz(x):
    y = x / (x.norm() + 1e-7)
    for _ in range(5):
        gram = y @ y.T
        y = 3.4445 * y + (-4.775 * gram + 2.0315 * gram @ gram) @ y
    return y


def block(x, gain, weight):
    projected = F.linear(F.rms_norm(x, gain.shape, gain, 1e-5), weight)
    return F.silu(projected) * projected


def scatter_add(x, ids, segments):
    return torch.zeros(segments, x.shape[1]).index_add(0, torch.tensor(ids), x)


REFERENCE = dict(
    linear=F.linear,
    embedding=lambda weight, ids: F.embedding(torch.tensor(ids), weight),
    scatterAdd=scatter_add,
    rmsNorm=lambda x, gain, epsilon: F.rms_norm(x, gain.shape, gain, epsilon),
    rope=rope,
    swiglu=lambda gate, up: F.silu(gate) * up,
    relu2=lambda x: F.relu(x) ** 2,
    attention=attention,
    crossEntropy=cross_entropy,
    linearCrossEntropy=lambda hidden, weight, **options: cross_entropy(hidden @ weight.T, **options),
    checkpoint=block,
    adamwStep=adamw,
    adamwUpdate=adamw,
    globalNorm=lambda *tensors: torch.nn.utils.get_total_norm(tensors),
    newtonSchulz=newton_schulz,
)


def heads(batch, queries, keys, query_heads, key_heads, width):
    return [(batch, queries, query_heads, width), (batch, keys, key_heads, width), (batch, keys, key_heads, width)]


torch.manual_seed(0)
HARD = dict(targets=[(7 * row) % 20 if row % 3 else -100 for row in range(8)], zLoss=1e-3)
SOFT = dict(probabilities=normal(8, 20).softmax(-1).float().tolist(), zLoss=1e-3)
SPARSE = dict(ids=[[(row + 6 * slot) % 20 for slot in range(3)] for row in range(8)],
              logProbabilities=(normal(8, 3) - 4).tolist(), zLoss=1e-3)
ADAMW = dict(learningRate=1e-2, beta1=0.9, beta2=0.95, epsilon=1e-8, weightDecay=0.1, steps=3,
             correction1=1 - 0.9**3, correction2=1 - 0.95**3)
SEGMENTS = [[0, 0, 1, 1, 1, 2, 2], [3, 3, 3, 3, 4, 4, 4]]

FILES = {
    "layers": [
        ("linear", [(2, 3, 7), (4, 7)], {}),
        ("embedding", [(9, 4)], dict(ids=[[1, 8, 1], [7, 0, 1]])),
        ("scatterAdd", [(6, 3)], dict(ids=[2, 0, 2, 4, 2, 0], segments=5)),
        ("rmsNorm", [(2, 3, 10), (10,)], dict(epsilon=1e-5)),
        ("rope", [(2, 5, 3, 8)], dict(theta=10000)),
        ("swiglu", [(5, 9), (5, 9)], {}),
        ("relu2", [(5, 9)], {}),
        ("checkpoint", [(4, 6), (6,), (5, 6)], {}),
    ],
    "attention": [
        ("attention", heads(1, 7, 7, 3, 3, 4), {}),
        ("attention", heads(1, 6, 6, 4, 2, 4), dict(causal=False, scale=0.3)),
        ("attention", heads(1, 3, 8, 4, 1, 6), {}),
        ("attention", heads(2, 7, 7, 2, 1, 4), dict(segments=SEGMENTS)),
        ("attention", heads(1, 8, 8, 2, 1, 4), dict(slidingWindow=3, softCap=1.5)),
        ("attention", [*heads(1, 4, 6, 4, 2, 8), (8,), (8,)], dict(theta=100)),
    ],
    "losses": [
        ("crossEntropy", [(8, 20)], HARD),
        ("crossEntropy", [(8, 20)], dict(HARD, reduction="none")),
        ("crossEntropy", [(8, 20)], SOFT),
        ("crossEntropy", [(8, 20)], SPARSE),
        ("linearCrossEntropy", [(8, 6), (20, 6)], dict(HARD, chunkRows=3)),
        ("linearCrossEntropy", [(8, 6), (20, 6)], dict(HARD, chunkRows=3, chunkVocabulary=7, reduction="sum")),
        ("linearCrossEntropy", [(8, 6), (20, 6)], dict(SOFT, chunkRows=5, chunkVocabulary=7)),
        ("linearCrossEntropy", [(8, 6), (20, 6)], dict(SPARSE, chunkRows=5, chunkVocabulary=7)),
    ],
    "optimizers": [
        ("adamwStep", [(5, 8)] * 4, ADAMW),
        ("adamwUpdate", [(5, 8)] * 4, ADAMW),
        ("globalNorm", [(5, 8), (7,), (3, 2, 2)], {}),
        ("newtonSchulz", [(6, 11)], {}),
    ],
}
NOT_DIFFERENTIABLE = ("adamwStep", "adamwUpdate", "globalNorm", "newtonSchulz")


def packed(x):
    return dict(shape=list(x.shape), values=[float(f"{value:.9g}") for value in x.detach().flatten().tolist()])


def run(seed, op, shapes, options):
    torch.manual_seed(seed)
    inputs = [normal(*shape) for shape in shapes]
    if op.startswith("adamw"):
        inputs[2] = inputs[2].abs()
    case = dict(op=op, options=options, inputs=[packed(x) for x in inputs])
    differentiable = op not in NOT_DIFFERENTIABLE
    for x in inputs:
        x.requires_grad_(differentiable)
    value = REFERENCE[op](*inputs, **options)
    gradients = []
    if differentiable:
        dy = normal(*value.shape)
        case["dy"] = packed(dy)
        gradients = torch.autograd.grad(value, inputs, dy)
    return dict(case, value=packed(value), gradients=[packed(x) for x in gradients])


def close(kept, now):
    """The same structure, and numbers that differ by no more than rounding."""
    if isinstance(now, dict):
        return isinstance(kept, dict) and kept.keys() == now.keys() and all(close(kept[key], now[key]) for key in now)
    if isinstance(now, list):
        return isinstance(kept, list) and len(kept) == len(now) and all(map(close, kept, now))
    if isinstance(now, float):
        return isinstance(kept, (int, float)) and abs(kept - now) <= TOLERANCE * max(1, abs(now))
    return kept == now


def main():
    passed = failed = 0
    for name, cases in FILES.items():
        path = FOLDER / f"pytorch-{name}.json"
        results = json.loads(json.dumps([run(seed, *case) for seed, case in enumerate(cases)]))
        if "--write" in sys.argv:
            path.write_text("[\n" + ",\n".join(json.dumps(case, separators=(",", ":")) for case in results) + "\n]\n")
        kept = json.loads(path.read_text())
        for index, case in enumerate(results):
            ok = index < len(kept) and len(kept) == len(results) and close(kept[index], case)
            passed, failed = passed + ok, failed + (not ok)
            shapes = " ".join(str(x["shape"]) for x in case["inputs"])
            print(f"{'ok  ' if ok else 'FAIL'} {case['op']:18} {shapes}")
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


main()
