"""Steps of PyTorch's AdamW and Muon, and of Muon written out in f64, that ours must reproduce.

Made src/fixtures/optimizers.json and src/fixtures/training.json: `python scripts/oracle.py --fixture`.
"""

import json
import pathlib
import sys

import numpy as np
import torch

FIXTURE = pathlib.Path(__file__).parent.parent / "src/fixtures/optimizers.json"
TRAINING = pathlib.Path(__file__).parent.parent / "src/fixtures/training.json"
SHAPES = [(4, 6), (6, 3)]
STEPS = 3
JORDAN = [(3.4445, -4.7750, 2.0315)] * 5
POLAR_EXPRESS = [
    (8.156554524902461, -22.48329292557795, 15.878769915207462),
    (4.042929935166739, -2.808917465908714, 0.5000178451051316),
    (3.8916678022926607, -2.772484153217685, 0.5060648178503393),
    (3.285753657755655, -2.3681294933425376, 0.46449024233003106),
    (2.3465413258596377, -1.7097828382687081, 0.42323551169305323),
]


def data():
    random = np.random.default_rng(7)
    draw = lambda shape: np.round(random.standard_normal(shape), 3)
    return [{"weight": draw(shape), "gradients": [draw(shape) for _ in range(STEPS)]} for shape in SHAPES]


def torch_run(make):
    results = []
    for case in data():
        parameter = torch.nn.Parameter(torch.tensor(case["weight"], dtype=torch.float32))
        optimizer = make([parameter])
        for gradient in case["gradients"]:
            parameter.grad = torch.tensor(gradient, dtype=torch.float32)
            optimizer.step()
        results.append(parameter.detach().numpy())
    return results


def orthogonalize(x, coefficients, safety, epsilon):
    tall = x.shape[0] > x.shape[1]
    x = x.T if tall else x
    x = x / (np.linalg.norm(x) * safety + epsilon)
    for a, b, c in coefficients:
        gram = x @ x.T
        x = a * x + (b * gram + c * gram @ gram) @ x
    return x.T if tall else x


def muon_in_f64(lr, wd, scaling, coefficients, safety, epsilon, nesterov=True, momentum=0.95):
    results = []
    for case in data():
        weight, buffer = case["weight"].copy(), 0
        rows, columns = weight.shape
        scale = max(1, rows / columns) ** 0.5 if scaling == "keller" else 0.2 * max(rows, columns) ** 0.5
        for gradient in case["gradients"]:
            buffer = momentum * buffer + (1 - momentum) * gradient
            direction = momentum * buffer + (1 - momentum) * gradient if nesterov else buffer
            weight = weight * (1 - lr * wd) - lr * scale * orthogonalize(direction, coefficients, safety, epsilon)
        results.append(weight)
    return results


# 100 steps of a small model: next tokens of a fixed text of 16 symbols, by a residual block over an embedding.
SYMBOLS, WIDTH, HIDDEN, TRAINING_STEPS = 16, 24, 32, 100


def training_inputs():
    random = np.random.default_rng(11)
    draw = lambda *shape: np.round(random.standard_normal(shape) / np.sqrt(shape[-1]), 3).tolist()
    weights = {"embed_tokens": draw(SYMBOLS, WIDTH), "up": draw(HIDDEN, WIDTH), "down": draw(WIDTH, HIDDEN), "lm_head": draw(SYMBOLS, WIDTH)}
    ids = [0]
    for _ in range(256):
        ids.append(int((5 * ids[-1] + 3 + (random.random() < 0.3) * random.integers(SYMBOLS)) % SYMBOLS))
    return {"weights": weights, "ids": ids}


def training_losses(make):
    """make(matrices, tables) gives steps; the losses before each of them."""
    data = training_inputs()
    parameters = {name: torch.nn.Parameter(torch.tensor(value)) for name, value in data["weights"].items()}
    ids = torch.tensor(data["ids"])
    optimizers = make([parameters["up"], parameters["down"]], [parameters["embed_tokens"], parameters["lm_head"]])
    losses = []
    for _ in range(TRAINING_STEPS):
        x = parameters["embed_tokens"][ids[:-1]]
        hidden = torch.relu(x @ parameters["up"].T) ** 2
        loss = torch.nn.functional.cross_entropy((x + hidden @ parameters["down"].T) @ parameters["lm_head"].T, ids[1:])
        losses.append(loss.item())
        for optimizer in optimizers:
            optimizer.zero_grad()
        loss.backward()
        for optimizer in optimizers:
            optimizer.step()
    return losses


class KellerMuon(torch.optim.Optimizer):
    """The published rule of KellerJordan/Muon; dtype is that of Newton-Schulz, bfloat16 there."""

    def __init__(self, parameters, lr, scaling, dtype=torch.float32, momentum=0.95, weight_decay=0.0):
        super().__init__(parameters, dict(lr=lr))
        self.scaling, self.dtype, self.momentum, self.weight_decay = scaling, dtype, momentum, weight_decay

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            for p in group["params"]:
                state = self.state[p]
                moonlight = self.scaling == "moonlight"
                buffer = state.setdefault("buffer", torch.zeros_like(p))
                if moonlight:  # sum form
                    buffer.mul_(self.momentum).add_(p.grad)
                    direction = p.grad + self.momentum * buffer
                else:  # lerp form
                    buffer.lerp_(p.grad, 1 - self.momentum)
                    direction = p.grad.lerp(buffer, self.momentum)
                rows, columns = p.shape
                scale = 0.2 * max(rows, columns) ** 0.5 if moonlight else max(1, rows / columns) ** 0.5
                p.mul_(1 - group["lr"] * self.weight_decay)
                p.add_(newton_schulz(direction.to(self.dtype)).to(p.dtype), alpha=-group["lr"] * scale)


def newton_schulz(x):
    tall = x.shape[0] > x.shape[1]
    x = x.T if tall else x
    x = x / (x.norm() + 1e-7)
    for a, b, c in JORDAN:
        gram = x @ x.T
        x = a * x + (b * gram + c * gram @ gram) @ x
    return x.T if tall else x


def training_cases(dtype=torch.float32):
    adamw = lambda parameters, lr, wd: torch.optim.AdamW(parameters, lr=lr, betas=(0.9, 0.95), eps=1e-8, weight_decay=wd)
    muon = lambda scaling, lr: lambda matrices, tables: [KellerMuon(matrices, lr, scaling, dtype, weight_decay=0.1), adamw(tables, 0.01, 0.0)]
    return [
        {"name": "AdamW", "optimizer": "adamw", "learningRate": 0.01, "losses": training_losses(lambda matrices, tables: [adamw(matrices, 0.01, 0.1), adamw(tables, 0.01, 0.0)])},
        {"name": "Keller Jordan's Muon", "optimizer": "muon", "scaling": "keller", "learningRate": 0.02, "losses": training_losses(muon("keller", 0.02))},
        {"name": "Moonlight's Muon", "optimizer": "muon", "scaling": "moonlight", "learningRate": 0.01, "losses": training_losses(muon("moonlight", 0.01))},
    ]


def training_as_json():
    rounded = [{**case, "losses": np.round(case["losses"], 6).tolist()} for case in training_cases()]
    return {"command": "python scripts/oracle.py --fixture", **training_inputs(), "cases": rounded}


def cases():
    muon = {"optimizer": "muon", "learningRate": 0.02, "weightDecay": 0.1}
    torch_muon = lambda adjust: torch_run(lambda p: torch.optim.Muon(p, lr=0.02, weight_decay=0.1, momentum=0.95, nesterov=True, adjust_lr_fn=adjust))
    adamw = lambda p: torch.optim.AdamW(p, lr=0.01, betas=(0.9, 0.95), eps=1e-8, weight_decay=0.1)
    return [
        {"name": "torch.optim.AdamW", "options": {"optimizer": "adamw", "learningRate": 0.01, "weightDecay": 0.1}, "tolerance": 2e-6, "weights": torch_run(adamw)},
        # PyTorch iterates in bfloat16
        {"name": "torch.optim.Muon, original", "options": {**muon, "scaling": "keller"}, "tolerance": 1e-3, "weights": torch_muon("original")},
        {"name": "torch.optim.Muon, match_rms_adamw", "options": {**muon, "scaling": "moonlight"}, "tolerance": 1e-3, "weights": torch_muon("match_rms_adamw")},
        {"name": "Muon in f64, keller", "options": {**muon, "scaling": "keller"}, "tolerance": 1e-5, "weights": muon_in_f64(0.02, 0.1, "keller", JORDAN, 1, 1e-7)},
        {"name": "Muon in f64, moonlight without Nesterov", "options": {**muon, "scaling": "moonlight", "nesterov": False}, "tolerance": 1e-5, "weights": muon_in_f64(0.02, 0.1, "moonlight", JORDAN, 1, 1e-7, nesterov=False)},
        {"name": "Muon in f64, Polar Express", "options": {**muon, "scaling": "keller", "orthogonalization": "polar-express"}, "tolerance": 1e-5, "weights": muon_in_f64(0.02, 0.1, "keller", POLAR_EXPRESS, 1.02, 1e-6)},
    ]


def as_json():
    rounded = lambda x: np.round(np.asarray(x, dtype=np.float64), 9).tolist()
    inputs = [{"weight": rounded(case["weight"]), "gradients": [rounded(g) for g in case["gradients"]]} for case in data()]
    return {"inputs": inputs, "cases": [{**case, "weights": [rounded(w) for w in case["weights"]]} for case in cases()]}


if __name__ == "__main__":
    if "--fixture" in sys.argv:
        FIXTURE.write_text(json.dumps(as_json()) + "\n")
        TRAINING.write_text(json.dumps(training_as_json()) + "\n")
        sys.exit(0)
    committed, fresh = json.loads(FIXTURE.read_text()), as_json()
    passed = failed = 0
    for ours, theirs in zip(committed["cases"], fresh["cases"]):
        gap = max(float(np.abs(np.array(a) - np.array(b)).max()) for a, b in zip(ours["weights"], theirs["weights"]))
        ok = gap <= theirs["tolerance"]
        passed, failed = passed + ok, failed + (not ok)
        print(f"{'ok' if ok else 'FAILED'}: {theirs['name']}, largest difference {gap:.2e}")
    committed = json.loads(TRAINING.read_text())
    for ours, theirs, half in zip(committed["cases"], training_cases(), training_cases(torch.bfloat16)):
        gap = float(np.abs(np.array(ours["losses"]) - np.array(theirs["losses"])).max())
        coarse = float(np.abs(np.array(half["losses"]) - np.array(theirs["losses"])).max())
        ok = gap <= 1e-4
        passed, failed = passed + ok, failed + (not ok)
        print(f"{'ok' if ok else 'FAILED'}: {TRAINING_STEPS} steps of {theirs['name']}, largest difference {gap:.2e} (of bfloat16 iterations: {coarse:.2e})")
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed else 0)
