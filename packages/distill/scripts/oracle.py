"""Every loss of @smol/distill in PyTorch, values and gradients, in f64.

    python scripts/oracle.py            # recomputes them and compares with what the tests use
    python scripts/oracle.py --write    # rewrites src/fixtures/torch.json
"""

import json
import pathlib
import sys

import torch
import torch.nn.functional as F

FIXTURE = pathlib.Path(__file__).parent.parent / "src/fixtures/torch.json"
torch.set_default_dtype(torch.float64)


def rounded(*shape):
    return torch.round(torch.randn(*shape) * 1000) / 1000


def kl(student, teacher, t):
    p, q = F.log_softmax(teacher / t, -1), F.log_softmax(student / t, -1)
    return F.kl_div(q, p, log_target=True, reduction="none").sum(-1)


def reverse(student, teacher, t):
    return kl(teacher, student, t)


def jensen_shannon(student, teacher, t):
    p, q = F.softmax(teacher / t, -1), F.softmax(student / t, -1)
    m = ((p + q) / 2).log()
    return ((p * (p.log() - m)).sum(1) + (q * (q.log() - m)).sum(1)) / 2


def bucketed(student, teacher, k, t):
    p, ids = F.log_softmax(teacher / t, -1).topk(k)
    q = F.log_softmax(student / t, -1).gather(1, ids)
    rest_p, rest_q = 1 - p.exp().sum(1), 1 - q.exp().sum(1)
    return (p.exp() * (p - q)).sum(1) + rest_p * (rest_p / rest_q).log()


def uld(student, teacher, t):
    p, q = F.softmax(teacher / t, -1).sort(-1, descending=True)[0], F.softmax(student / t, -1).sort(-1, descending=True)[0]
    width = max(p.shape[1], q.shape[1])
    return (F.pad(p, (0, width - p.shape[1])) - F.pad(q, (0, width - q.shape[1]))).abs().sum(1)


def relations(x, heads):
    b, t, h, k = x.shape
    x = x.reshape(b, t, heads, h * k // heads).transpose(1, 2)
    scores = x @ x.transpose(-1, -2) / x.shape[-1] ** 0.5
    return F.log_softmax(scores.masked_fill(torch.ones(t, t).triu(1).bool(), float("-inf")), -1)


def relation(student, teacher, heads):
    q, p = relations(student, heads), relations(teacher, heads)
    terms = torch.where(p.isinf(), torch.zeros_like(p), p.exp() * (p - q.masked_fill(q.isinf(), 0)).nan_to_num(0, 0, 0))
    return terms.sum(-1).mean()


def attention_transfer(student, teacher):
    return (F.normalize(student.flatten(1), dim=1) - F.normalize(teacher.flatten(1), dim=1)).square().sum(1).mean()


def cases():
    torch.manual_seed(7)
    s, t, other = rounded(3, 7), rounded(3, 7), rounded(3, 9)
    weights, ids = torch.tensor([[0.5, 0.3, 0.2], [0.7, 0.2, 0.1], [0.4, 0.4, 0.2]]), torch.tensor([[0, 3, 6], [5, 1, 2], [2, 4, 0]])
    hs, ht, projection = rounded(3, 4), rounded(3, 5), rounded(5, 4)
    y = torch.tensor([2, 0, 6])
    vs, vt = rounded(2, 4, 2, 4), rounded(2, 4, 4, 3)
    maps_s, maps_t = rounded(2, 2, 4, 4).abs(), rounded(2, 2, 4, 4).abs()
    mixed = lambda x, k=None: 0.7 * 4 * (kl(x, t, 2) if k is None else bucketed(x, t, k, 2)).mean() + 0.3 * F.cross_entropy(x, y)
    return {
        "kl T=1": (s, t, lambda x: kl(x, t, 1).sum()),
        "kl T=2": (s, t, lambda x: kl(x, t, 2).sum()),
        "reverse kl T=1": (s, t, lambda x: reverse(x, t, 1).sum()),
        "reverse kl T=2": (s, t, lambda x: reverse(x, t, 2).sum()),
        "jensen-shannon T=1": (s, t, lambda x: jensen_shannon(x, t, 1).sum()),
        "jensen-shannon T=2": (s, t, lambda x: jensen_shannon(x, t, 2).sum()),
        "top-3 rest bucket T=1": (s, t, lambda x: bucketed(x, t, 3, 1).sum()),
        "top-3 rest bucket T=2": (s, t, lambda x: bucketed(x, t, 3, 2).sum()),
        "sampled": (s, [ids, weights], lambda x: -(weights * F.log_softmax(x, -1).gather(1, ids)).sum()),
        "mixed T=2": (s, [t, y], mixed),
        "mixed top-3 T=2": (s, [t, y], lambda x: mixed(x, 3)),
        "uld": (s, other, lambda x: uld(x, other, 1).sum()),
        "hidden mse": (hs, [ht, projection], lambda x: F.mse_loss(x @ projection.T, ht)),
        "hidden cosine": (hs, [ht, projection], lambda x: (1 - F.cosine_similarity(x @ projection.T, ht)).mean()),
        "attention transfer": (maps_s, maps_t, lambda x: attention_transfer(x, maps_t)),
        "value relation": (vs, vt, lambda x: relation(x, vt, 2)),
    }


def fixture():
    result = {}
    for name, (student, teacher, loss) in cases().items():
        x = student.clone().requires_grad_()
        value = loss(x)
        value.backward()
        given = [one.tolist() for one in (teacher if isinstance(teacher, list) else [teacher])]
        result[name] = {"student": student.tolist(), "teacher": given, "value": value.item(), "gradient": x.grad.flatten().tolist()}
    return result


def close(a, b):
    return torch.allclose(torch.tensor(a), torch.tensor(b), rtol=1e-9, atol=1e-12)


if __name__ == "__main__":
    found = fixture()
    if "--write" in sys.argv:
        FIXTURE.write_text(json.dumps(found, indent=1) + "\n")
    stored = json.loads(FIXTURE.read_text())
    verdicts = {name: name in stored and close(case["value"], stored[name]["value"]) and close(case["gradient"], stored[name]["gradient"])
                for name, case in found.items()}
    for name, same in verdicts.items():
        print(f"{'ok  ' if same else 'FAIL'} {name}")
    failed = list(verdicts.values()).count(False)
    print(f"{len(verdicts) - failed} passed, {failed} failed")
    sys.exit(1 if failed else 0)
