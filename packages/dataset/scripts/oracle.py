"""Compares token shards with datatrove, which nanotron reads with.

    python scripts/oracle.py                   # needs the package to be built (dist/)
    python scripts/oracle.py --write-fixture   # also renews src/fixtures/datatrove.json
"""

import base64
import json
import random
import subprocess
import sys
import tempfile
from pathlib import Path

import humanize
from datatrove.pipeline.tokens.merger import load_doc_ends
from datatrove.pipeline.tokens.tokenizer import TokenizedFile
from datatrove.utils.dataset import DatatroveFileDataset

PACKAGE = Path(__file__).resolve().parent.parent
TOKENIZER = "HuggingFaceTB/SmolLM3-3B"
results = []


def check(name, passed):
    results.append(passed)
    print(("ok      " if passed else "FAILED  ") + name)


def documents(token_size, count=12, seed=7):
    rng = random.Random(seed)
    return [[rng.randrange(2 ** (8 * token_size - (token_size == 4))) for _ in range(rng.randint(1, 9))] for _ in range(count)]


def write_theirs(folder, docs, token_size):
    file = TokenizedFile(str(folder), "theirs.ds", save_final_metadata=True, tokenizer_name_or_path=TOKENIZER, token_size=token_size)
    for doc in docs:
        file.write(doc, None)
    file.close()
    return folder / "theirs.ds"


def write_ours(folder, docs, token_size):
    script = """
      const { ShardWriter } = await import(process.argv[1]);
      const { path, documents, tokenSize, tokenizer } = JSON.parse(process.argv[2]);
      const writer = new ShardWriter(path, { tokenSize, tokenizer });
      for (const document of documents) writer.append(document);
      await writer.close();
    """
    path = folder / "ours.ds"
    options = {"path": str(path), "documents": docs, "tokenSize": token_size, "tokenizer": TOKENIZER}
    entry = (PACKAGE / "dist/index.js").as_uri()
    subprocess.run(["node", "--input-type=module", "-e", script, entry, json.dumps(options)], check=True)
    return path


def compare(token_size):
    docs = documents(token_size, 200)
    flat = [token for doc in docs for token in doc]
    starts = set()
    for doc in docs:
        starts.add(sum(len(d) for d in docs[: len(starts)]))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        ours, theirs = write_ours(folder, docs, token_size), write_theirs(folder, docs, token_size)
        for suffix in ["", ".index", ".metadata"]:
            same = Path(f"{ours}{suffix}").read_bytes() == Path(f"{theirs}{suffix}").read_bytes()
            check(f"u{8 * token_size}: .ds{suffix} has datatrove's bytes", same)
        with open(f"{ours}.index", "rb") as file:
            ends = list(load_doc_ends(file))
        check(f"u{8 * token_size}: datatrove reads our document ends", ends[-1] == len(flat) and len(ends) == len(docs))
        dataset = DatatroveFileDataset(str(ours), seq_len=16, token_size=token_size, return_positions=True)
        windows = [dataset[index] for index in range(len(dataset))]
        read = [token for window in windows for token in window["input_ids"].tolist()]
        check(f"u{8 * token_size}: datatrove reads our tokens", read == flat[: len(windows) * 17] and len(windows) == len(flat) // 17)
        restarts = {17 * i + t for i, w in enumerate(windows) for t, p in enumerate(w["positions"].tolist()) if p == 0 and t > 0}
        inside = {s for s in starts if s < len(windows) * 17 and s % 17 != 0}
        check(f"u{8 * token_size}: datatrove's positions restart where our documents start", restarts == inside)


def write_fixture():
    docs = documents(2)
    with tempfile.TemporaryDirectory() as name:
        path = write_theirs(Path(name), docs, 2)
        encode = lambda suffix: base64.b64encode(Path(f"{path}{suffix}").read_bytes()).decode()
        counts = [0, 5, 999, 1000, 1005, 1125, 1135, 1234, 1375, 9994, 9995, 9999, 12250, 12750, 99949, 99950, 99999]
        counts += [100500, 101500, 999499, 999500, 999999, 1234567, 12345678901, 11_136_000_000_000]
        fixture = {
            "command": "python scripts/oracle.py --write-fixture",
            "tokenizer": TOKENIZER,
            "tokens": [token for doc in docs for token in doc],
            "documentEnds": [sum(len(d) for d in docs[: i + 1]) for i in range(len(docs))],
            "dsBase64": encode(""),
            "indexBase64": encode(".index"),
            "metadata": Path(f"{path}.metadata").read_text(),
            "humanCounts": [[count, humanize.metric(count, unit="T")] for count in counts],
        }
    (PACKAGE / "src/fixtures/datatrove.json").write_text(json.dumps(fixture, indent=1) + "\n")


if "--write-fixture" in sys.argv:
    write_fixture()
for size in (2, 4):
    compare(size)
print(f"{sum(results)} passed, {len(results) - sum(results)} failed")
sys.exit(0 if all(results) else 1)
