"""Losses of parallel heads and sequential modules in PyTorch, all at once, values and gradients, in f64.

    python scripts/oracle.py            # recomputes them and compares with what the tests use
    python scripts/oracle.py --write    # rewrites src/fixtures/torch.json
"""

import json
import pathlib
import sys

import torch
import torch.nn.functional as F

FIXTURE = pathlib.Path(__file__).parent.parent / "src/fixtures/torch.json"
WIDTH, VOCABULARY = 4, 6
INPUTS = torch.tensor([[0, 1, 2, 3, 5], [4, 5, 0, 1, 2]])
TARGETS = torch.tensor([[1, 2, 3, 5, 4], [5, 0, 1, 2, 3]])
torch.set_default_dtype(torch.float64)


def rounded(*shape):
    return torch.round(torch.randn(*shape) * 1000) / 1000


def norm(x, gain):
    return F.rms_norm(x, (WIDTH,), gain, 1e-6)


def residual(x, p, prefix):
    """residualBlock: RMSNorm(z + W RMSNorm(z))."""
    update = norm(x, p[prefix + "norm.weight"]) @ p[prefix + "projection.weight"].T
    return norm(x + update, p[prefix + "output_norm.weight"])


def shifted(ids, offset, filler):
    return torch.cat([ids[:, offset:], torch.full((ids.shape[0], offset), filler)], 1)


def head_loss(hidden, head, offset):
    targets = shifted(TARGETS, offset, -100)
    return F.cross_entropy((hidden @ head.T).flatten(0, 1), targets.flatten(), ignore_index=-100)


def parallel(p):
    losses = [head_loss(p["hidden"], p["head"], 0)]
    losses += [head_loss(residual(p["hidden"], p, f"mtp.heads.{i}."), p["head"], i - 1) for i in (2, 3)]
    return losses[0] + 0.5 * (losses[1] + losses[2])


def sequential(p):
    state, losses = p["hidden"], [head_loss(p["hidden"], p["head"], 0)]
    for k in (1, 2):
        name = f"mtp.modules.{k}."
        token = p["embedding"][shifted(INPUTS, k, 0)]
        both = torch.cat([norm(state, p[name + "hidden_norm.weight"]), norm(token, p[name + "embedding_norm.weight"])], -1)
        state = residual(both @ p[name + "join.weight"].T, p, name)
        losses.append(head_loss(state, p["head"], k))
    return losses[0] + 0.6 / 2 * (losses[1] + losses[2])


def block(prefix):
    return {prefix + "norm.weight": rounded(WIDTH), prefix + "projection.weight": rounded(WIDTH, WIDTH), prefix + "output_norm.weight": rounded(WIDTH)}


def cases():
    torch.manual_seed(5)
    base = lambda: {"hidden": rounded(2, 5, WIDTH), "head": rounded(VOCABULARY, WIDTH)}
    first = {**base(), **block("mtp.heads.2."), **block("mtp.heads.3.")}
    second = {**base(), "embedding": rounded(VOCABULARY, WIDTH)}
    for k in (1, 2):
        name = f"mtp.modules.{k}."
        norms = {name + "hidden_norm.weight": rounded(WIDTH), name + "embedding_norm.weight": rounded(WIDTH)}
        second |= norms | {name + "join.weight": rounded(WIDTH, 2 * WIDTH)} | block(name)
    return {"parallel": (first, parallel), "sequential": (second, sequential)}


def fixture():
    result = {}
    for name, (given, loss) in cases().items():
        leaves = {key: value.clone().requires_grad_() for key, value in given.items()}
        value = loss(leaves)
        value.backward()
        gradients = {key: leaf.grad.flatten().tolist() for key, leaf in leaves.items()}
        result[name] = {"inputs": {key: x.tolist() for key, x in given.items()}, "value": value.item(), "gradients": gradients}
    return result


def close(a, b):
    return torch.allclose(torch.tensor(a), torch.tensor(b), rtol=1e-9, atol=1e-12)


if __name__ == "__main__":
    found = fixture()
    if "--write" in sys.argv:
        FIXTURE.write_text(json.dumps(found, indent=1) + "\n")
    stored = json.loads(FIXTURE.read_text())
    verdicts = {}
    for name, case in found.items():
        verdicts[f"{name} loss"] = close(case["value"], stored[name]["value"])
        for key, gradient in case["gradients"].items():
            verdicts[f"{name} gradient of {key}"] = close(gradient, stored[name]["gradients"][key])
    for name, same in verdicts.items():
        print(f"{'ok  ' if same else 'FAIL'} {name}")
    failed = list(verdicts.values()).count(False)
    print(f"{len(verdicts) - failed} passed, {failed} failed")
    sys.exit(1 if failed else 0)
