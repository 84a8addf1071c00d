"""Logits, losses and gradients of tiny models by Hugging Face transformers (PyTorch, f64).

python scripts/oracle.py          compares them with src/fixtures/transformers.json, which the tests hold the package to
python scripts/oracle.py --write  writes that file and src/fixtures/parity.json

It also sends models through the package and back (transformers → loadModel → saveModel → transformers); for that the
package must be built. And it runs GGUF files in llama.cpp (scripts/llama-cpp.mjs).
"""

import json
import math
import subprocess
import sys
import tempfile
from pathlib import Path

import torch
from transformers import AutoModelForCausalLM, LlamaConfig, LlamaForCausalLM, SmolLM3Config, SmolLM3ForCausalLM

import oracle_parity
from oracle_parity import values

FIXTURE = Path(__file__).parent.parent / "src" / "fixtures" / "transformers.json"
TINY = dict(vocab_size=64, hidden_size=32, intermediate_size=48, rms_norm_eps=1e-5, max_position_embeddings=64,
            bos_token_id=None, eos_token_id=None, pad_token_id=None)
SMOLLM3 = dict(TINY, model_type="smollm3", num_hidden_layers=5, num_attention_heads=4, num_key_value_heads=2,
               rope_theta=50000.0, tie_word_embeddings=True)
LLAMA = dict(TINY, model_type="llama", num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=4, head_dim=16,
             rope_theta=10000.0, tie_word_embeddings=False)
YARN = dict(rope_type="yarn", factor=4.0, original_max_position_embeddings=16)
CASES = {
    "smollm3": (SMOLLM3, None),
    "smollm3, packed documents": (SMOLLM3, [[0, 0, 0, 1, 1, 1, 1, 1, 2, 3, 3, 3], [4, 4, 4, 4, 4, 4, 4, 5, 5, 5, 5, 5]]),
    "llama, untied head, wide heads": (LLAMA, None),
    "smollm3, YaRN": (dict(SMOLLM3, rope_scaling=YARN), None),
}
BATCH, TIME = 2, 12


def build(config):
    fields = {key: value for key, value in config.items() if key not in ("model_type", "rope_theta", "rope_scaling")}
    fields["rope_parameters"] = dict(config.get("rope_scaling", {"rope_type": "default"}), rope_theta=config["rope_theta"])
    classes = {"smollm3": (SmolLM3Config, SmolLM3ForCausalLM), "llama": (LlamaConfig, LlamaForCausalLM)}
    config_class, model_class = classes[config["model_type"]]
    model = model_class(config_class(**fields, attn_implementation="eager")).double().eval()
    parameters = dict(sorted(model.named_parameters()))
    with torch.no_grad():
        for index, parameter in enumerate(parameters.values()):
            fresh = torch.tensor(values(parameter.numel(), index + 1) / 4).reshape(parameter.shape)
            parameter.copy_(fresh + 1 if parameter.dim() == 1 else fresh)
    return model, parameters


def mask(segments):
    visible = torch.ones(BATCH, 1, TIME, TIME, dtype=torch.bool).tril()
    if segments is not None:
        ids = torch.tensor(segments)
        visible &= (ids[:, :, None] == ids[:, None, :])[:, None]
    return torch.zeros(visible.shape, dtype=torch.float64).masked_fill(~visible, -1e30)


def compute(config, segments):
    model, parameters = build(config)
    tokens = torch.tensor((values(BATCH * (TIME + 1), 500) + 1) * 32).long().reshape(BATCH, TIME + 1)
    inputs, targets = tokens[:, :-1], tokens[:, 1:].clone()
    if segments is not None:
        ids = torch.tensor(segments)
        targets[:, :-1][ids[:, 1:] != ids[:, :-1]] = -100
    positions = torch.arange(TIME).expand(BATCH, TIME)
    logits = model(input_ids=inputs, attention_mask=mask(segments), position_ids=positions, use_cache=False).logits
    loss = torch.nn.functional.cross_entropy(logits.reshape(-1, logits.shape[-1]), targets.reshape(-1))
    loss.backward()
    loss, logits = loss.detach(), logits.detach()
    gradients = {}
    for index, (name, parameter) in enumerate(parameters.items()):
        flat = parameter.grad.flatten()
        direction = torch.tensor(values(flat.numel(), 1000 + index))
        gradients[name] = [round_to(x) for x in (flat.norm(), flat @ direction, flat[0], flat[-1])]
    return {
        "config": config,
        "segments": segments,
        "inputs": inputs.tolist(),
        "targets": targets.tolist(),
        "loss": round_to(loss),
        "logits": [round_to(x, 7) for x in logits[:, ::4].flatten()],
        "gradients": gradients,
    }


def round_to(x, digits=8):
    return float(f"{float(x):.{digits}g}")


def close(actual, expected):
    if isinstance(expected, dict):
        return actual.keys() == expected.keys() and all(close(actual[key], expected[key]) for key in expected)
    if isinstance(expected, list):
        return len(actual) == len(expected) and all(map(close, actual, expected))
    if isinstance(expected, float):
        return math.isclose(actual, expected, rel_tol=1e-4, abs_tol=1e-6)
    return actual == expected


def round_trip(config):
    """Largest difference of logits between transformers, the package, and transformers again, with its own files."""
    model, _ = build(config)
    model.float()
    tokens = torch.arange(12).reshape(1, 12)
    expected = model(tokens).logits.flatten()
    with tempfile.TemporaryDirectory() as folder:
        model.save_pretrained(f"{folder}/from")
        script = Path(__file__).parent / "round-trip.mjs"
        command = ["node", str(script), f"{folder}/from", f"{folder}/to"]
        ours = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
        again = AutoModelForCausalLM.from_pretrained(f"{folder}/to")(tokens).logits.flatten()
    return max((torch.tensor(json.loads(ours)) - expected).abs().max().item(), (again - expected).abs().max().item())


def checks():
    """Pairs of a name and whether it holds."""
    expected = json.loads(FIXTURE.read_text())
    for name, case in CASES.items():
        for field, value in compute(*case).items():
            yield f"{name}: {field}", close(value, expected[name][field])
        worst = round_trip(case[0])
        yield f"{name}: there and back, logits within {worst:.1e}", worst < 1e-5
    with tempfile.TemporaryDirectory() as folder:
        yield from oracle_parity.check_parity(Path(folder))
    yield from check_llama_cpp()


def check_llama_cpp():
    """What scripts/llama-cpp.mjs prints, line by line."""
    script = Path(__file__).parent / "llama-cpp.mjs"
    lines = subprocess.run(["node", str(script)], check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()
    for line in lines:
        yield line[5:], line.startswith("ok")


def main():
    if "--write" in sys.argv:
        computed = {name: compute(*case) for name, case in CASES.items()}
        FIXTURE.write_text(json.dumps(computed, separators=(",", ":")) + "\n")
        oracle_parity.FIXTURE.write_text(json.dumps(oracle_parity.fixture(), separators=(",", ":")) + "\n")
        return 0
    results = []
    for name, passed in checks():
        results.append(passed)
        print(f"{'ok  ' if passed else 'FAIL'} {name}")
    print(f"{sum(results)} passed, {len(results) - sum(results)} failed")
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
