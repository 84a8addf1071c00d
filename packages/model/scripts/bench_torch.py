"""python scripts/bench_torch.py FOLDER PROMPT NEW ROUNDS: PyTorch's (eager, f32) tokens a second for a prompt and after it, as JSON."""

import json
import statistics
import sys
import time

import torch
from transformers import AutoModelForCausalLM

folder, prompt, count, rounds = sys.argv[1], *map(int, sys.argv[2:])
start = time.perf_counter()
model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
load = time.perf_counter() - start
results = []
with torch.inference_mode():
    for turn in range(rounds + 1):
        ids = torch.tensor([[(index * 7919 + turn * 31) % 49152 for index in range(prompt)]])
        times, cache = [time.perf_counter()], None
        for _ in range(count):
            output = model(input_ids=ids, past_key_values=cache, use_cache=True, logits_to_keep=1)
            cache, ids = output.past_key_values, output.logits[:, -1:].argmax(-1)
            times.append(time.perf_counter())
        results.append((prompt / (times[1] - times[0]), (count - 1) / (times[-1] - times[1])))
prefill, decode = (statistics.median(values) for values in zip(*results[1:]))
print(json.dumps(dict(prefill=prefill, decode=decode, loadMilliseconds=load * 1000)))
