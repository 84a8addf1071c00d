"""MB/s of others that deduplicate a file of JSON Lines with MinHash, one process; JSON on standard output.

    python peers-files.py FILE BANDS ROWS HASH

Documents are read, signed, matched, clustered and written again without the duplicates. bench/dedup.bench.ts runs this where
scripts/install-peers.mjs has been run.
"""

import json
import os
import sys
import tempfile
from pathlib import Path

os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", HF_HUB_OFFLINE="1", HF_DATASETS_DISABLE_PROGRESS_BARS="1")

PATH, BANDS, ROWS, HASH = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]


def datatrove():
    """All four stages, with Python's own JSON; words separated by white space in place of spaCy's, which take most of the time."""
    import datatrove.pipeline.dedup.minhash as minhash
    from datatrove.data import Document
    from datatrove.utils.hashing import HashConfig
    from datatrove.utils.logging import logger

    logger.remove()
    minhash.load_word_tokenizer = lambda language: type("Words", (), {"word_tokenize": staticmethod(str.split)})()
    function, precision = HASH.split("-") if "-" in HASH else ("xxhash", 64)
    config = minhash.MinhashConfig(
        n_grams=5, num_buckets=BANDS, hashes_per_bucket=ROWS, seed=1,
        hash_config=HashConfig(hash_fc=function, precision=int(precision)))

    def read():
        with PATH.open(encoding="utf-8") as lines:
            for line in lines:
                record = json.loads(line)
                yield Document(text=record["text"], id=str(record["id"]))

    def run(folder):
        minhash.MinhashDedupSignature(f"{folder}/signatures", config)(read())
        buckets = minhash.MinhashDedupBuckets(f"{folder}/signatures", f"{folder}/buckets", config=config)
        for rank in range(BANDS):
            buckets(None, rank=rank, world_size=BANDS)
        minhash.MinhashDedupCluster(f"{folder}/buckets", f"{folder}/clusters", config=config)(None)
        kept = minhash.MinhashDedupFilter(f"{folder}/clusters")(read())
        with open(f"{folder}/kept", "w", encoding="utf-8") as file:
            file.writelines(json.dumps({"id": document.id, "text": document.text}) + "\n" for document in kept)

    return run


def text_dedup():
    from loguru import logger
    from text_dedup.minhash import main

    logger.remove()

    def run(folder):
        options = {
            "path": "json", "data_files": str(PATH), "split": "train", "column": "text", "cache_dir": f"{folder}/cache",
            "output": f"{folder}/kept", "ngram": 5, "min_length": 5, "num_perm": BANDS * ROWS, "b": BANDS, "r": ROWS, "num_proc": 1,
        }
        main([word for name, value in options.items() for word in (f"--{name}", str(value))], standalone_mode=False)

    return run


def processor_seconds():
    """Of this process and those that it has waited for: datasets maps in one of its own."""
    return sum(os.times()[:4])


answer = {}
standard_output, sys.stdout = sys.stdout, sys.stderr
for name, prepare in {"datatrove, words by white space": datatrove, "text-dedup": text_dedup}.items():
    try:
        run = prepare()
        with tempfile.TemporaryDirectory() as folder:
            start = processor_seconds()
            run(folder)
            answer[name] = PATH.stat().st_size / 1e6 / (processor_seconds() - start)
    except ImportError as error:
        print(f"{name}: {error}", file=sys.stderr)
json.dump(answer, standard_output)
