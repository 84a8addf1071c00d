"""Steps of PyTorch's AdamW and Muon, and of Muon written out in f64, that ours must reproduce.

Made src/fixtures/optimizers.json: `python scripts/oracle.py --fixture`.
"""

import json
import pathlib
import sys

import numpy as np
import torch

FIXTURE = pathlib.Path(__file__).parent.parent / "src/fixtures/optimizers.json"
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
        sys.exit(0)
    committed, fresh = json.loads(FIXTURE.read_text()), as_json()
    passed = failed = 0
    for ours, theirs in zip(committed["cases"], fresh["cases"]):
        gap = max(float(np.abs(np.array(a) - np.array(b)).max()) for a, b in zip(ours["weights"], theirs["weights"]))
        ok = gap <= theirs["tolerance"]
        passed, failed = passed + ok, failed + (not ok)
        print(f"{'ok' if ok else 'FAILED'}: {theirs['name']}, largest difference {gap:.2e}")
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed else 0)
