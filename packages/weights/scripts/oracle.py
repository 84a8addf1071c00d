"""Compares @smol/weights with the reference implementations: safetensors and gguf for files, NumPy and ml_dtypes for rounding.

    python scripts/oracle.py            # checks the built package against them (needs dist/: pnpm run build)
    python scripts/oracle.py --write    # also rewrites src/fixtures/reference.json and gguf.json
"""

import base64
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import ml_dtypes
import numpy as np
import safetensors
from safetensors.numpy import save

import oracle_gguf

PACKAGE = Path(__file__).resolve().parent.parent
FIXTURE = PACKAGE / "src/fixtures/reference.json"
NAMES = {"F32": "float32", "F64": "float64", "F16": "float16", "BF16": "bfloat16", "I64": "int64", "I32": "int32",
         "I16": "int16", "I8": "int8", "U8": "uint8", "U16": "uint16", "U32": "uint32", "U64": "uint64", "BOOL": "bool"}


def reference_tensors():
    """One small tensor of every dtype, with names that need escaping and sorting."""
    tensors = {}
    for index, (short, name) in enumerate(NAMES.items()):
        dtype = ml_dtypes.bfloat16 if name == "bfloat16" else np.dtype(name)
        tensors[f"model.layers.{index}.{short}"] = np.arange(6).reshape(2, 3).astype(dtype)
    tensors["scalar"] = np.array(1.5, np.float32)
    tensors["empty"] = np.zeros((0, 4), np.float32)
    tensors['"quoted" \\ naïve 😀'] = np.array([-0.0, 65504.0, 1e-8], np.float32)
    tensors["ｆｕｌｌ"] = np.ones(1, np.float32)
    return tensors


def rounding_cases():
    """f32 bit patterns around every boundary of the 16-bit formats, and random ones."""
    edges = [0, 0x80000000, 1, 0x33000000, 0x33000001, 0x33800000, 0x387fffff, 0x38800000, 0x477fe000, 0x477fefff,
             0x477ff000, 0x7f7fffff, 0x7f800000, 0xff800000, 0x3f808000, 0x3f818000, 0x3f801000, 0x3f803000, 0x7f7f8000]
    random = np.random.default_rng(0)
    wide = random.integers(0, 2**32, 300, dtype=np.uint64).astype(np.uint32)
    half_range = (random.uniform(-7e4, 7e4, 150)).astype(np.float32).view(np.uint32)
    tiny = (random.uniform(-1e-4, 1e-4, 150)).astype(np.float32).view(np.uint32)
    bits = np.concatenate([np.array(edges, np.uint32), wide, half_range, tiny])
    return bits[~np.isnan(bits.view(np.float32))]


def fixture():
    bits = rounding_cases()
    values = bits.view(np.float32)
    with np.errstate(over="ignore"):
        half = values.astype(np.float16).view(np.uint16)
    brain = values.astype(ml_dtypes.bfloat16).view(np.uint16)
    file = save(reference_tensors(), {"format": "pt"})
    return {
        "command": "python scripts/oracle.py --write",
        "versions": {"safetensors": safetensors.__version__, "numpy": np.__version__, "ml_dtypes": ml_dtypes.__version__},
        "file": base64.b64encode(file).decode(),
        "float32Bits": bits.tolist(),
        "float16Bits": half.tolist(),
        "bfloat16Bits": brain.tolist(),
    }


REWRITE = """
import { readSafetensors, writeSafetensors } from './dist/node.js';
const { tensors, metadata } = await readSafetensors(process.argv[1]);
await writeSafetensors(process.argv[2], new Map([...tensors].reverse()), metadata);
"""

ROUND = """
import { readSafetensors, writeSafetensors } from './dist/node.js';
import { toFloat32 } from './dist/index.js';
const { tensors } = await readSafetensors(process.argv[1]);
const { shape, ...value } = tensors.get('x');
const data = toFloat32({ shape, ...value });
await writeSafetensors(process.argv[2], { f16: { shape, data, dtype: 'F16' }, bf16: { shape, data, dtype: 'BF16' } });
"""


def run_node(script, *paths):
    subprocess.run(["node", "--input-type=module", "-e", script, *map(str, paths)], cwd=PACKAGE, check=True)


def check_files(folder):
    source, target = folder / "python.safetensors", folder / "smol.safetensors"
    source.write_bytes(save(reference_tensors(), {"format": "pt"}))
    run_node(REWRITE, source, target)
    yield "a file of every dtype is rewritten to the same bytes", source.read_bytes() == target.read_bytes()


def check_rounding(folder):
    source, target = folder / "f32.safetensors", folder / "narrow.safetensors"
    bits = np.random.default_rng(1).integers(0, 2**32, 1_000_000, dtype=np.uint64).astype(np.uint32)
    values = bits.view(np.float32)
    values = values[~np.isnan(values)]
    source.write_bytes(save({"x": values}, None))
    run_node(ROUND, source, target)
    got = dict(safetensors.deserialize(target.read_bytes()))
    with np.errstate(over="ignore"):
        half = values.astype(np.float16)
    yield "a million f32 round to F16 as in NumPy", bytes(got["f16"]["data"]) == half.tobytes()
    yield "a million f32 round to BF16 as in ml_dtypes", bytes(got["bf16"]["data"]) == values.astype(ml_dtypes.bfloat16).tobytes()


def main():
    made = fixture()
    if "--write" in sys.argv:
        FIXTURE.write_text(json.dumps(made, separators=(",", ":")) + "\n")
        oracle_gguf.FIXTURE.write_text(json.dumps(oracle_gguf.fixture(), separators=(",", ":")) + "\n")
    kept = json.loads(FIXTURE.read_text())
    with tempfile.TemporaryDirectory() as folder:
        checks = [("the committed fixture is what the reference gives today", {**kept, "versions": 0} == {**made, "versions": 0}),
                  *check_files(Path(folder)), *check_rounding(Path(folder)), *oracle_gguf.check_gguf(Path(folder), save)]
    for name, passed in checks:
        print("pass" if passed else "FAIL", name)
    failed = sum(not passed for _, passed in checks)
    print(f"{len(checks) - failed} passed, {failed} failed")
    sys.exit(failed > 0)


main()
