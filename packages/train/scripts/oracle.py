"""Has TensorBoard's own code write what our events writer writes, and read what it wrote; compares schedules, clipping and
ranks with PyTorch's.

Made src/fixtures/tensorboard-event.json: `python scripts/oracle.py --fixture`.
"""

import json
import pathlib
import struct
import subprocess
import sys
import tempfile

import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.compat.tensorflow_stub.pywrap_tensorflow import masked_crc32c

PACKAGE = pathlib.Path(__file__).parent.parent
FIXTURE = PACKAGE / "src/fixtures/tensorboard-event.json"

WRITE_RUN = """
const { tensorboardSink } = await import(process.argv[1]);
const sink = tensorboardSink(process.argv[2]);
sink.open(undefined);
for (let step = 1; step <= 100; step++) {
  const timing = { seconds: 1 };
  const rates = { learningRateScale: 1, learningRate: { muon: 0.02 } };
  sink.write({ step, loss: 1 / step, gradientNorm: null, clippedGradientNorm: 1, ...rates, tokens: step, timing });
}
sink.close();
"""


def frame(data: bytes) -> bytes:
    length = struct.pack("<Q", len(data))
    return length + struct.pack("<I", masked_crc32c(length)) + data + struct.pack("<I", masked_crc32c(data))


def cases() -> list[dict]:
    version = Event(wall_time=1700000000.5, file_version="brain.Event:2")
    values = {"train/loss": 3.25, "learning rate é": 1e-4, "negative": -0.0}
    scalars = Event(
        wall_time=1700000001.25,
        step=300,
        summary=Summary(value=[Summary.Value(tag=tag, simple_value=value) for tag, value in values.items()]),
    )
    long = Event(wall_time=1.0, step=2**40, summary=Summary(value=[Summary.Value(tag="t" * 200, simple_value=1.0)]))
    return [
        {"kind": "version", "wallTime": 1700000000.5, "record": frame(version.SerializeToString()).hex()},
        {"kind": "scalars", "wallTime": 1700000001.25, "step": 300, "scalars": values, "record": frame(scalars.SerializeToString()).hex()},
        {"kind": "scalars", "wallTime": 1.0, "step": 2**40, "scalars": {"t" * 200: 1.0}, "record": frame(long.SerializeToString()).hex()},
    ]


def read_back() -> bool:
    """A file that the built package writes holds, for TensorBoard, exactly the numbers that went in."""
    with tempfile.TemporaryDirectory() as folder:
        module = (PACKAGE / "dist/node.js").as_uri()
        subprocess.run(["node", "--input-type=module", "-e", WRITE_RUN, module, folder], check=True)
        events = EventAccumulator(folder).Reload()
        losses = [(event.step, event.value) for event in events.Scalars("train/loss")]
        single = lambda value: struct.unpack("<f", struct.pack("<f", value))[0]
        return losses == [(step, single(1 / step)) for step in range(1, 101)]


def ours(expression: str):
    """The value of a JavaScript expression in which `train` is the built package."""
    script = f"const train = await import({json.dumps((PACKAGE / 'dist/index.js').as_uri())}); console.log(JSON.stringify({expression}))"
    result = subprocess.run(["node", "--input-type=module", "-e", script], check=True, capture_output=True, text=True)
    return json.loads(result.stdout.splitlines()[-1])


def scheduled(make, steps: int) -> list[float]:
    """Learning rates that PyTorch's scheduler gives for `steps` steps, from 1."""
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    scheduler = make(optimizer)
    rates = []
    for _ in range(steps):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    return rates


def pytorch_checks() -> list[tuple[str, float]]:
    """Names and largest differences."""
    lr = torch.optim.lr_scheduler
    gap = lambda a, b: max(abs(x - y) for x, y in zip(a, b, strict=True))
    values = lambda schedule, steps: ours(f"Array.from({{ length: {steps} }}, (_, i) => train.{schedule}(i + 1))")
    torch.manual_seed(1)
    gradients = [torch.randn(4, 3) * 3, torch.randn(5)]
    parameters = [torch.nn.Parameter(torch.zeros_like(g)) for g in gradients]
    for parameter, gradient in zip(parameters, gradients):
        parameter.grad = gradient.clone()
    norm = torch.nn.utils.clip_grad_norm_(parameters, 1.0).item()
    factor = (parameters[0].grad / gradients[0]).mean().item()
    matrix = torch.randn(24, 40, dtype=torch.float64)
    gram = (matrix @ matrix.T).flatten().tolist()
    singular = torch.linalg.svdvals(matrix)
    shares = singular / singular.sum()
    warm_cosine = lambda o: lr.SequentialLR(o, [lr.LinearLR(o, 1 / 10, 1.0, 9), lr.CosineAnnealingLR(o, 40, 0.1)], [10])
    return [
        ("cosine with linear warm-up, as SequentialLR(LinearLR, CosineAnnealingLR)", gap(values("cosine({ totalSteps: 50, warmupSteps: 10, minimum: 0.1 })", 50), scheduled(warm_cosine, 50))),
        ("warm restarts, as CosineAnnealingWarmRestarts(T_0=8, T_mult=2)", gap(values("warmRestarts({ cycleSteps: 8, lengthen: 2 })", 56), scheduled(lambda o: lr.CosineAnnealingWarmRestarts(o, 8, 2), 56))),
        ("linear decay, as LinearLR to 0", gap(values("trapezoid({ totalSteps: 20, decaySteps: 20 })", 20), scheduled(lambda o: lr.LinearLR(o, 1.0, 0.0, 20), 20))),
        ("global clip, as clip_grad_norm_", abs(ours(f"train.globalClip(1).factor({{ global: {norm}, each: new Map() }})") - factor)),
        ("singular values, as torch.linalg.svdvals", gap(sorted(v**0.5 for v in ours(f"train.symmetricEigenvalues({json.dumps(gram)}, 24)")), sorted(singular.tolist()))),
        ("effective rank", abs(ours(f"train.effectiveRank({json.dumps(singular.tolist())})") - torch.exp(-(shares * shares.log()).sum()).item())),
    ]


if __name__ == "__main__":
    if "--fixture" in sys.argv:
        FIXTURE.write_text(json.dumps(cases(), indent=2) + "\n")
        sys.exit(0)
    committed = json.loads(FIXTURE.read_text())
    passed = 0
    for written, theirs in zip(committed, cases()):
        same = written == theirs
        passed += same
        print(f"{'ok' if same else 'FAILED'}: {theirs['kind']} event at step {theirs.get('step', 0)}, {len(theirs['record']) // 2} bytes")
    same = read_back()
    passed += same
    print(f"{'ok' if same else 'FAILED'}: TensorBoard reads the file of a run of 100 steps")
    differences = pytorch_checks()
    for name, difference in differences:
        passed += difference < 1e-6
        print(f"{'ok' if difference < 1e-6 else 'FAILED'}: {name}, largest difference {difference:.1e}")
    failed = len(committed) + 1 + len(differences) - passed
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed else 0)
