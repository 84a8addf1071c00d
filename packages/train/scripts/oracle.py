"""Has TensorBoard's own code write what our events writer writes, and read what it wrote.

Made src/fixtures/tensorboard-event.json: `python scripts/oracle.py --fixture`.
"""

import json
import pathlib
import struct
import subprocess
import sys
import tempfile

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


if __name__ == "__main__":
    if "--fixture" in sys.argv:
        FIXTURE.write_text(json.dumps(cases(), indent=2) + "\n")
        sys.exit(0)
    committed = json.loads(FIXTURE.read_text())
    passed = 0
    for ours, theirs in zip(committed, cases()):
        same = ours == theirs
        passed += same
        print(f"{'ok' if same else 'FAILED'}: {theirs['kind']} event at step {theirs.get('step', 0)}, {len(theirs['record']) // 2} bytes")
    same = read_back()
    passed += same
    print(f"{'ok' if same else 'FAILED'}: TensorBoard reads the file of a run of 100 steps")
    failed = len(committed) + 1 - passed
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed else 0)
