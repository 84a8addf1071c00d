"""PyTorch's side of the benchmark: reads one JSON request from stdin, prints one JSON answer.

{"kind": "matmul", "sizes": [m, k, n], "transposeA": …, "transposeB": …, "dtype": "f32" | "bf16", "threads": 2} → {"ms": …}
{"kind": "op", "op": NAME, "shapes": […], "threads": 2} → {"ms": …}, forward and backward
{"kind": "step", "model": {…}, "dtype": …, "compile": bool, "threads": 2, "steps": 3} → {"ms": …, "peakBytes": …, "baseBytes": …}
"""

import json
import statistics
import sys
import time

import torch
from torch.nn import functional as F


def median(work, runs):
    work()
    work()
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        work()
        times.append((time.perf_counter() - start) * 1e3)
    return statistics.median(times)


def matmul(request):
    (m, k, n), dtype = request["sizes"], dict(f32=torch.float32, bf16=torch.bfloat16)[request["dtype"]]
    a = torch.randn(*((k, m) if request["transposeA"] else (m, k)), dtype=dtype)
    b = torch.randn(*((n, k) if request["transposeB"] else (k, n)), dtype=dtype)
    a, b = a.T if request["transposeA"] else a, b.T if request["transposeB"] else b
    return dict(ms=median(lambda: a @ b, 11))


def attention(q, k, v):
    q, k, v = (x.transpose(1, 2) for x in (q, k, v))
    return F.scaled_dot_product_attention(q, k, v, is_causal=True, enable_gqa=True).transpose(1, 2)


def make_rope(x):
    half = x.shape[-1] // 2
    angles = torch.arange(x.shape[1])[:, None] * 10000 ** (-torch.arange(half) / half)
    cos, sin = angles.cos()[:, None], angles.sin()[:, None]

    def rope(x):
        a, b = x.chunk(2, -1)
        return torch.cat([a * cos - b * sin, b * cos + a * sin], -1)

    return rope


def make_cross_entropy(logits):
    targets = torch.arange(len(logits)) % logits.shape[1]
    return lambda logits: F.cross_entropy(logits, targets)


# What does not change from call to call is made once, from the inputs.
OPS = dict(
    rmsNorm=lambda *_: lambda x, gain: F.rms_norm(x, gain.shape, gain, 1e-5),
    rope=make_rope,
    swiglu=lambda *_: lambda gate, up: F.silu(gate) * up,
    attention=lambda *_: attention,
    crossEntropy=make_cross_entropy,
)


def op(request):
    inputs = [torch.randn(*shape, requires_grad=True) for shape in request["shapes"]]
    run = OPS[request["op"]](*inputs)
    dy = torch.ones_like(run(*inputs))
    return dict(ms=median(lambda: torch.autograd.grad(run(*inputs), inputs, dy), 11))


def resident(field):
    """Bytes of this process in memory now (VmRSS), or the most since `forget_peak` (VmHWM); Linux only."""
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) * 1024 for line in status if line.startswith(field))


def forget_peak():
    with open("/proc/self/clear_refs", "w") as file:
        file.write("5")


def step(request):
    from transformers import LlamaConfig, LlamaForCausalLM

    before = resident("VmRSS")
    forget_peak()

    m = request["model"]
    config = LlamaConfig(vocab_size=m["vocabulary"], hidden_size=m["width"], intermediate_size=m["hidden"], num_hidden_layers=m["layers"],
                         num_attention_heads=m["heads"], num_key_value_heads=m["groups"], tie_word_embeddings=True,
                         max_position_embeddings=m["time"])
    model = LlamaForCausalLM(config)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, betas=(0.9, 0.95), weight_decay=0.1)
    ids = torch.arange(m["batch"] * m["time"]).reshape(m["batch"], m["time"]) * 7919 % m["vocabulary"]
    run = torch.compile(model) if request["compile"] else model

    def work():
        with torch.autocast("cpu", torch.bfloat16, enabled=request["dtype"] == "bf16"):
            loss = run(input_ids=ids, labels=ids, use_cache=False).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()

    ms = median(work, request["steps"])
    return dict(ms=ms, peakBytes=resident("VmHWM"), baseBytes=before)


request = json.load(sys.stdin)
torch.set_num_threads(request["threads"])
print(json.dumps(dict(matmul=matmul, op=op, step=step)[request["kind"]](request)))
