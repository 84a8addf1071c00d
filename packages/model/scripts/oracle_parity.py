"""Parity over many shapes: logits, loss, every gradient in full, and the loss curve of 50 AdamW steps, against PyTorch in f64.

Random small models of transformers' SmolLM3 and Llama classes; for what those lack, of the classes that have it: Qwen3
(QK-norm) and Granite (multipliers). Soft caps are an attention function of our own, registered with transformers.
"""

import json
import subprocess
from pathlib import Path

import numpy
import torch
from safetensors.torch import load_file, save_file
from transformers import (AttentionInterface, GraniteConfig, GraniteForCausalLM, LlamaConfig, LlamaForCausalLM, Qwen3Config,
                          Qwen3ForCausalLM, SmolLM3Config, SmolLM3ForCausalLM)

FIXTURE = Path(__file__).parent.parent / "src" / "fixtures" / "parity.json"
BASE = dict(vocab_size=48, intermediate_size=40, rms_norm_eps=1e-5, max_position_embeddings=64, bos_token_id=None,
            eos_token_id=None, pad_token_id=None)


def values(length, seed):
    """Numbers in [-1, 1) with 20 bits, the same as in the tests (src/fixtures/tiny-model.ts)."""
    state = (seed * 2654435761 + 12345) % 2**32
    out = numpy.empty(length)
    for index in range(length):
        state = (state * 1664525 + 1013904223) % 2**32
        out[index] = (state >> 12) / 2**19 - 1
    return out


def shape(model_type, layers, heads, groups, head_dim, **more):
    return dict(BASE, model_type=model_type, num_hidden_layers=layers, num_attention_heads=heads, num_key_value_heads=groups,
                head_dim=head_dim, hidden_size=heads * 8, rope_theta=10000.0, tie_word_embeddings=True, **more)


def changed(config, **changes):
    return dict(config, **changes)


LLAMA3 = dict(rope_type="llama3", factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0, original_max_position_embeddings=32)
YARN = dict(rope_type="yarn", factor=4.0, original_max_position_embeddings=16)
CAPS = dict(attn_logit_softcapping=3.0, final_logit_softcapping=4.0)
MULTIPLIERS = dict(attention_multiplier=0.2, embedding_multiplier=3.0, residual_multiplier=0.4, logits_scaling=2.0)
CASES = {
    "llama, 3 heads on 1 (odd)": shape("llama", 2, 3, 1, 8),
    "smollm3, 5 heads on 5 (odd), NoPE": shape("smollm3", 4, 5, 5, 8),
    "smollm3, 7 heads on 1, every layer without RoPE": changed(shape("smollm3", 2, 7, 1, 8), no_rope_layers=[0, 0]),
    "llama, groups of 2, untied": changed(shape("llama", 2, 6, 3, 8), tie_word_embeddings=False),
    "smollm3, groups of 4, NoPE, untied": changed(shape("smollm3", 5, 8, 2, 8), tie_word_embeddings=False),
    "smollm3, groups of 8, RoPE everywhere": changed(shape("smollm3", 2, 8, 1, 8), no_rope_layers=[1, 1]),
    "smollm3, YaRN, wide heads": changed(shape("smollm3", 4, 4, 2, 16), rope_scaling=YARN),
    "llama, Llama 3's rope": changed(shape("llama", 2, 4, 1, 16), rope_scaling=LLAMA3),
    "smollm3, sliding window in layers without RoPE": changed(shape("smollm3", 4, 4, 2, 8), use_sliding_window=True, sliding_window=5),
    "llama, QK-norm": changed(shape("llama", 2, 4, 2, 8), qk_norm=True),
    "smollm3, soft caps": changed(shape("smollm3", 4, 4, 2, 8), **CAPS),
    "llama, multipliers of µP": changed(shape("llama", 2, 4, 2, 8), **MULTIPLIERS),
}
OPTIMIZER = dict(learningRate=2e-3, beta1=0.9, beta2=0.95, epsilon=1e-8, weightDecay=0.1)
BATCHES, ROWS, TIME, STEPS = 5, 2, 16, 50


def capped_attention(module, query, key, value, attention_mask, scaling, dropout=0.0, **_):
    groups = query.shape[1] // key.shape[1]
    key, value = key.repeat_interleave(groups, 1), value.repeat_interleave(groups, 1)
    cap = module.config.attn_logit_softcapping
    scores = cap * torch.tanh(query @ key.transpose(2, 3) * scaling / cap)
    time = scores.shape[-1]
    scores = scores.masked_fill(~torch.ones(time, time, dtype=torch.bool).tril(), float("-inf"))
    return (scores.softmax(-1) @ value).transpose(1, 2), None


AttentionInterface.register("capped", capped_attention)


def build(config):
    """A model of transformers whose weights the tests can draw, too."""
    ours = ("model_type", "rope_theta", "rope_scaling", "qk_norm", *CAPS, *MULTIPLIERS)
    fields = {key: value for key, value in config.items() if key not in ours}
    fields["rope_parameters"] = dict(config.get("rope_scaling", {"rope_type": "default"}), rope_theta=config["rope_theta"])
    classes = (LlamaConfig, LlamaForCausalLM) if config["model_type"] == "llama" else (SmolLM3Config, SmolLM3ForCausalLM)
    if "qk_norm" in config:
        classes = (Qwen3Config, Qwen3ForCausalLM)
    if "attention_multiplier" in config:
        classes = (GraniteConfig, GraniteForCausalLM)
        fields.update(MULTIPLIERS)
    attention = "capped" if "attn_logit_softcapping" in config else "eager"
    made = classes[0](**fields, attn_implementation=attention)
    for name in CAPS:
        setattr(made, name, config.get(name))
    model = classes[1](made).double().eval()
    with torch.no_grad():
        for index, (_, parameter) in enumerate(sorted(model.named_parameters())):
            fresh = torch.tensor(values(parameter.numel(), index + 1) / 4).reshape(parameter.shape)
            parameter.copy_(fresh + 1 if parameter.dim() == 1 else fresh)
    return model


def batches():
    tokens = torch.tensor((values(BATCHES * ROWS * (TIME + 1), 500) + 1) * BASE["vocab_size"] / 2).long()
    return [(batch[:, :-1], batch[:, 1:]) for batch in tokens.reshape(BATCHES, ROWS, TIME + 1)]


def forward(model, config, inputs):
    logits = model(input_ids=inputs, use_cache=False).logits
    cap = config.get("final_logit_softcapping")
    return logits if cap is None else cap * torch.tanh(logits / cap)


def loss_of(model, config, inputs, targets):
    logits = forward(model, config, inputs)
    return logits, torch.nn.functional.cross_entropy(logits.flatten(0, 1), targets.flatten())


def loss_curve(model, config, data):
    betas = (OPTIMIZER["beta1"], OPTIMIZER["beta2"])
    optimizer = torch.optim.AdamW(model.parameters(), lr=OPTIMIZER["learningRate"], betas=betas, eps=OPTIMIZER["epsilon"],
                                  weight_decay=OPTIMIZER["weightDecay"])
    losses = []
    for step in range(STEPS):
        optimizer.zero_grad()
        _, loss = loss_of(model, config, *data[step % BATCHES])
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


def compute(config):
    model, data = build(config), batches()
    weights = {name: value.detach().float().clone() for name, value in model.state_dict().items()
               if name != "lm_head.weight" or not config["tie_word_embeddings"]}
    logits, loss = loss_of(model, config, *data[0])
    loss.backward()
    gradients = {name: parameter.grad.clone() for name, parameter in model.named_parameters()}
    return dict(weights=weights, data=data, logits=logits.detach(), loss=loss.item(), gradients=gradients,
                curve=loss_curve(model, config, data))


def write_folder(folder, config, result):
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps(config))
    save_file(result["weights"], folder / "model.safetensors", {"format": "pt"})
    rows = [dict(inputs=inputs.tolist(), targets=targets.tolist()) for inputs, targets in result["data"]]
    (folder / "batches.json").write_text(json.dumps(dict(batches=rows, optimizer=OPTIMIZER, steps=STEPS)))


def relative(actual, expected):
    return ((actual.double() - expected).norm() / expected.norm()).item()


def check_parity(folder):
    """Pairs of a name and whether it holds."""
    kept, made = json.loads(FIXTURE.read_text()), fixture()
    curves = [(case["curve"], made["cases"][name]["curve"]) for name, case in kept["cases"].items()]
    same = all(abs(a / b - 1) < 1e-5 for one, other in curves for a, b in zip(one, other))
    yield "the committed parity fixture is what PyTorch gives today", same and kept["cases"].keys() == made["cases"].keys()
    results = {name: compute(config) for name, config in CASES.items()}
    folders = {name: folder / str(index) for index, name in enumerate(CASES)}
    for name, config in CASES.items():
        write_folder(folders[name], config, results[name])
    script = Path(__file__).parent / "parity.mjs"
    subprocess.run(["node", str(script), *map(str, folders.values())], check=True)
    for name, result in results.items():
        ours = load_file(folders[name] / "parity.safetensors")
        logits = relative(ours["logits"].reshape(result["logits"].shape), result["logits"])
        loss = abs(ours["loss"].item() / result["loss"] - 1)
        gradients = {key: relative(ours[f"gradient {key}"], value) for key, value in result["gradients"].items()}
        worst = max(gradients, key=gradients.get)
        curve = max(abs(a / b - 1) for a, b in zip(ours["curve"].tolist(), result["curve"]))
        yield f"{name}: logits within {logits:.1e}, loss within {loss:.1e}", max(logits, loss) < 1e-4
        yield f"{name}: all {len(gradients)} gradients within {gradients[worst]:.1e} ({worst})", gradients[worst] < 1e-4
        yield f"{name}: 50 steps, {result['curve'][0]:.3f} → {result['curve'][-1]:.3f}, within {curve:.1e}", curve < 1e-3


def round_to(x, digits=7):
    return float(f"{float(x):.{digits}g}")


def fixture():
    """Per case: last logits of the first row, loss, each gradient's norm and product with a direction, the loss curve."""
    cases = {}
    for name, config in CASES.items():
        result = compute(config)
        gradients = {}
        for index, (key, gradient) in enumerate(sorted(result["gradients"].items())):
            direction = torch.tensor(values(gradient.numel(), 1000 + index))
            gradients[key] = [round_to(gradient.norm()), round_to(gradient.flatten() @ direction)]
        cases[name] = dict(config=config, logits=[round_to(x) for x in result["logits"][0, -1]], loss=round_to(result["loss"]),
                           gradients=gradients, curve=[round_to(x) for x in result["curve"]])
    return dict(command="python scripts/oracle.py --write", optimizer=OPTIMIZER, sizes=[BATCHES, ROWS, TIME], cases=cases)
