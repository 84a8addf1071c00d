"""GGUF of @smol/weights against gguf-py, the reference implementation: quantized bytes, dequantized values, whole files."""

import base64
import json
import subprocess
from pathlib import Path

import numpy as np
from gguf import GGMLQuantizationType, GGUFReader
from gguf.quants import dequantize, quantize

PACKAGE = Path(__file__).resolve().parent.parent
FIXTURE = PACKAGE / "src/fixtures/gguf.json"
TYPES = {name: GGMLQuantizationType[name] for name in ("F16", "BF16", "Q8_0", "Q4_0")}


def values(length, seed):
    """f32 of very different sizes, with zeros and a block of nothing but zeros."""
    random = np.random.default_rng(seed)
    result = (random.standard_normal(length) * np.exp(random.uniform(-6, 3, length))).astype(np.float32)
    result[::17] = 0
    result[32:64] = 0
    return result


def text(array):
    return base64.b64encode(np.ascontiguousarray(array).tobytes()).decode()


def fixture():
    """f32 → bytes by the reference for the types it can make; bytes → f32 for Q4_K, from blocks with random contents."""
    given = values(512, 0)
    blocks = np.random.default_rng(1).integers(0, 256, (3, 144), dtype=np.uint8)
    blocks[:, :4] = np.array([0.011, 0.023], np.float16).view(np.uint8)
    return {
        "command": "python scripts/oracle.py --write",
        "values": text(given),
        "quantized": {name: text(quantize(given, kind)) for name, kind in TYPES.items()},
        "q4kBlocks": text(blocks),
        "q4kValues": text(dequantize(blocks, GGMLQuantizationType.Q4_K)),
    }


WRITE = """
import { readSafetensors, writeGguf } from './dist/node.js';
import { quantize, toFloat32 } from './dist/index.js';
const { tensors } = await readSafetensors(process.argv[1]);
const tensor = tensors.get('x');
const sources = ['F32', 'F16', 'BF16', 'Q8_0', 'Q4_0', 'Q4_K'].map((type) => (
  { name: type, type, shape: tensor.shape, bytes: () => quantize(toFloat32(tensor), tensor.shape, type) }));
const metadata = new Map(Object.entries({
  'general.architecture': { type: 'string', value: 'llama' },
  'a.list': { type: 'string', list: ['x', 'é'] },
  'a.number': { type: 'f32', value: 0.5 },
}));
await writeGguf(process.argv[2], metadata, sources);
"""


def run_node(script, *paths):
    subprocess.run(["node", "--input-type=module", "-e", script, *map(str, paths)], cwd=PACKAGE, check=True)


def relative_error(actual, expected):
    return float(np.sqrt(((actual - expected) ** 2).sum() / (expected**2).sum()))


def check_gguf(folder, save):
    """Pairs of a name and whether it holds."""
    kept = json.loads(FIXTURE.read_text())
    yield "the committed GGUF fixture is what gguf-py gives today", kept == json.loads(json.dumps(fixture()))
    given = np.random.default_rng(2).standard_normal((64, 1024)).astype(np.float32)
    source, target = folder / "x.safetensors", folder / "x.gguf"
    source.write_bytes(save({"x": given}, None))
    run_node(WRITE, source, target)
    reader = GGUFReader(target)
    yield "gguf-py reads our metadata", reader.fields["a.list"].contents() == ["x", "é"]
    for tensor in reader.tensors:
        read = dequantize(tensor.data, tensor.tensor_type).reshape(given.shape)
        error = relative_error(read, given)
        if tensor.name in TYPES:
            same = np.array_equal(np.asarray(tensor.data).view(np.uint8).ravel(), quantize(given, TYPES[tensor.name]).view(np.uint8).ravel())
            yield f"gguf-py reads our {tensor.name} and writes the same 65,536 values to the same bytes", same
        else:
            yield f"gguf-py reads our {tensor.name}, relative error {error:.4f}", error < (0.075 if tensor.name == "Q4_K" else 1e-12)
