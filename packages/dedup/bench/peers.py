"""MB/s of other makers of MinHash signatures on texts given as JSON on standard input, one thread; JSON on standard output.

Each gets texts and makes signatures of 5-grams of words with so many permutations. bench/dedup.bench.ts runs this where
scripts/install-peers.mjs has been run.
"""

import json
import os
import sys
import time

os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", RAYON_NUM_THREADS="1")

question = json.load(sys.stdin)
TEXTS = question["texts"]
BANDS, ROWS = question["bands"], question["rows"]
MEGABYTES = sum(len(text.encode()) for text in TEXTS) / 1e6


def rate(sign):
    """Median of three runs, after one to warm up."""
    sign()
    times = []
    for _ in range(3):
        start = time.process_time()
        sign()
        times.append(time.process_time() - start)
    return MEGABYTES / sorted(times)[1]


def datatrove(hash_name, words=None):
    """As it is installed, or with words separated by white space in place of spaCy's."""
    import tempfile

    import datatrove.pipeline.dedup.minhash as minhash
    from datatrove.utils.hashing import HashConfig

    function, precision = hash_name.split("-") if "-" in hash_name else ("xxhash", 64)
    config = minhash.MinhashConfig(
        n_grams=5, num_buckets=BANDS, hashes_per_bucket=ROWS, seed=1,
        hash_config=HashConfig(hash_fc=function, precision=int(precision)))
    if words:
        minhash.load_word_tokenizer = lambda language: type("Words", (), {"word_tokenize": staticmethod(words)})()
    with tempfile.TemporaryDirectory() as folder:
        step = minhash.MinhashDedupSignature(folder, config)
        return rate(lambda: [step.get_signature(step.get_shingles(text)) for text in TEXTS])


def text_dedup():
    import numpy as np
    from text_dedup.minhash import RNG, embed_func
    from text_dedup.utils import sha1_hash

    count = BANDS * ROWS
    prime = np.uint64((1 << 61) - 1)
    permutations = tuple(RNG.randint(low, prime, size=count, dtype=np.uint64) for low in (1, 0))
    ranges = [(start, start + ROWS) for start in range(0, count, ROWS)]
    options = dict(
        num_perm=count, ngram_size=5, min_length=5, hashranges=ranges, permutations=permutations, dtype=np.uint64,
        hash_func=lambda data: sha1_hash(data, d=32), max_hash=np.uint32((1 << 32) - 1), modulo_prime=prime)
    return rate(lambda: [embed_func(text, index, **options) for index, text in enumerate(TEXTS)])


def shingles(text):
    words = text.split()
    return [" ".join(words[start : start + 5]) for start in range(len(words) - 4)]


def rensa(make):
    """R-MinHash of 32 bits, the shingles as they are, without normalisation."""
    from rensa import RMinHash

    def sign(tokens):
        signature = RMinHash(num_perm=BANDS * ROWS, seed=1)
        signature.update(tokens)
        return signature.digest()

    if make:
        return rate(lambda: [sign(shingles(text)) for text in TEXTS])
    ready = [shingles(text) for text in TEXTS]
    return rate(lambda: [sign(tokens) for tokens in ready])


answer = {}
for name, measure in {
    "datatrove": lambda: datatrove(question["hash"]),
    "datatrove, words by white space": lambda: datatrove(question["hash"], str.split),
    "text-dedup": text_dedup,
    "rensa": lambda: rensa(True),
    "rensa, shingles ready made": lambda: rensa(False),
}.items():
    try:
        answer[name] = measure()
    except ImportError as error:
        print(f"{name}: {error}", file=sys.stderr)
json.dump(answer, sys.stdout)
