"""Compares @smol/dedup with datatrove: normalised text, permutation coefficients, signatures and clusters.

    python oracle.py          compare (the package must be built); ends with "N passed, N failed"
    python oracle.py --speed  print datatrove's MB/s on the texts of bench/dedup.bench.ts
    python oracle.py --write  write src/fixtures/datatrove.json, which the tests compare with

Words are separated by white space on both sides: datatrove's per-language word splitters are replaced by str.split.
"""

import hashlib
import json
import random
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import datatrove.pipeline.dedup.minhash as minhash
from datatrove.data import Document
from datatrove.utils.hashing import HashConfig
from datatrove.utils.text import simplify_text

ROOM = Path(__file__).resolve().parent.parent
FIXTURE = ROOM / "src" / "fixtures" / "datatrove.json"
LOREM = (ROOM / "src" / "fixtures" / "lorem.txt").read_text(encoding="utf-8")
HASHES = {"xxh64": ("xxhash", 64), "xxh32": ("xxhash", 32), "sha1-64": ("sha1", 64), "sha1-32": ("sha1", 32)}
SETTINGS = [{"hash": name} for name in HASHES] + [
    {"preset": "finepdfs"},
    {"hash": "xxh64", "shingleSize": 3, "bands": 20, "rows": 5, "seed": 42},
]


class WhitespaceWords:
    def word_tokenize(self, text):
        return text.split()


minhash.load_word_tokenizer = lambda language: WhitespaceWords()


def config(settings):
    banding = (32, 10) if settings.get("preset") == "finepdfs" else (14, 8)
    function, precision = HASHES[settings.get("hash", "xxh64")]
    return minhash.MinhashConfig(
        n_grams=settings.get("shingleSize", 5),
        num_buckets=settings.get("bands", banding[0]),
        hashes_per_bucket=settings.get("rows", banding[1]),
        seed=settings.get("seed", 1),
        hash_config=HashConfig(hash_fc=function, precision=precision),
    )


def sign(settings, texts):
    with tempfile.TemporaryDirectory() as folder:
        step = minhash.MinhashDedupSignature(folder, config(settings))
        for text in texts:
            shingles = step.get_shingles(text)
            yield [value for band in step.get_signature(shingles) for value in band] if shingles.size else None


def clusters(settings, texts):
    """datatrove's clusters, each document with the smallest index of its cluster."""
    with tempfile.TemporaryDirectory() as folder:
        documents = [Document(text=text, id=str(index)) for index, text in enumerate(texts)]
        options = config(settings)
        minhash.MinhashDedupSignature(f"{folder}/s", options)(documents)
        buckets = minhash.MinhashDedupBuckets(f"{folder}/s", f"{folder}/b", config=options)
        for rank in range(options.num_buckets):
            buckets(None, rank=rank, world_size=options.num_buckets)
        minhash.MinhashDedupCluster(f"{folder}/b", f"{folder}/c", config=options, save_cluster_id=True)(None)
        roots, first = list(range(len(texts))), {}
        for file in sorted(Path(f"{folder}/c").glob("*.clusters")):
            for index, cluster in sorted(struct.iter_unpack("<II", file.read_bytes())):
                roots[index] = first.setdefault(cluster, index)
        return roots


def digest(signature):
    return signature and hashlib.sha1(struct.pack(f"<{len(signature)}Q", *signature)).hexdigest()


def hand_picked():
    words = "the quick brown fox jumps over the lazy dog and runs away"
    windows = [LOREM[start : start + 400] for start in (0, 20, 50, 400, 420, 800, 810, 820, 840, 860)]
    return [
        words, words.upper(), words.replace(" ", "\n\t"), words.replace(" ", " -- "), *windows, LOREM,
        "", " ", "one", "one two three four", "one two three four five", "a b c d e f",
        "Café — naïve, 3.14 & 2,000,000! Crème brûlée à la carte", "12.34.56 7,8 ١٢٫٥ １２３ ४५ 9⎖9 1..2 3,,4 5",
        "İstanbul ﬁne ΌΔΥΣΣΕΎΣ ὈΔΥΣΣΕΎΣ ΣΑΣ Σ ẞ Ǆ Ω K", "don't stop… ☃ #1 can't won't it's o'clock",
        "В чащах юга жил бы цитрус? Да, но фальшивый экземпляр!", "نص عربي قصير مع تَشْكِيل كامل و أرقام ١٢٣ أخرى",
        "我能吞下玻璃 而 不 伤 身体 。 这 是 中文", "いろはにほへと ちりぬるを わかよたれそ つねならむ うゐのおくやま けふこえて",
        "한국어 문장 은 띄어쓰기 가 있습니다 그래서 단어 로 나뉩니다", "हिन्दी में एक वाक्य जिसमें मात्राएँ और अंक १२३ हैं",
        "emoji 👩‍👩‍👧‍👦 family 🏳️‍🌈 flag 👍🏽 thumbs up and more words", "zero\u200bwidth joiner\u200d soft\u00adhyphen bom\ufeff inside \ufeff alone",
        "nbsp\u00a0between\u2003em\u3000ideographic\u1680ogham\u2028line\u2029paragraph\x85next\x1cfs\x1fus end",
        "control\x00chars\x01in\x0bthe\x0cmiddle\x7fof\x9fwords here", "a\u0301 \u0301 b \u0301\u0301 c d \u0301 e f g",
        "𝐁𝐨𝐥𝐝 𝟏𝟐𝟑 math 𝔘𝔫𝔦𝔠𝔬𝔡𝔢 letters beyond the basic plane 𐐀𐐁", "≠ ≮ ；\u037e ` \u1fef Å \u212b compat decompositions here ok",
        "under_score hy-phen sla/sh do.t com,ma co:lon semi;colon", "<html><body>tags & entities &amp; 100% of them</body></html>",
        "word " * 60, "x" * 600 + " tail of five words now", "1 2 3 4 5 6 7 8 9 10", "$17.56||1|\n|$15.37||2599|",
        " ".join(f"w{index}" for index in range(1100)),
    ]


def generated(count, seed):
    draw = random.Random(seed)
    alphabets = ["abcdefgh", "ÀÉÎõü ", "αβγδΣς", "абвгд", "0123456789.,", "!?;:—…»\"' ", " \t\n\u00a0", "漢字仮名", "👍🏽😀", "\u0301\u0308\ufeff"]
    for _ in range(count):
        yield "".join(draw.choice(draw.choice(alphabets + alphabets[:1] * 8 + [" "] * 6)) for _ in range(draw.randrange(20, 300)))


def ours(settings, texts):
    question = json.dumps({"settings": settings, "texts": texts})
    script = ROOM / "scripts" / "sign.mjs"
    return json.loads(subprocess.run(["node", script], input=question, stdout=subprocess.PIPE, check=True, text=True).stdout)


def speed():
    letters = str.maketrans("0123456789", "abcdefghij")
    texts = [f"{LOREM[index * 7 % 1000:]} {str(index).translate(letters)} {LOREM[index * 13 % 700:]}" for index in range(100)]
    for name, settings in (("fineweb", {"hash": "sha1-64"}), ("fineweb2", {"hash": "xxh64"}), ("finepdfs", {"preset": "finepdfs"})):
        times = []
        for _ in range(5):
            start = time.perf_counter()
            list(sign(settings, texts))
            times.append(time.perf_counter() - start)
        print(f"{name}: {sum(map(len, texts)) / 1e6 / sorted(times)[2]:.1f} MB/s")


def write():
    texts = hand_picked() + list(generated(10, 7))
    FIXTURE.write_text(json.dumps({
        "made": "python scripts/oracle.py --write, with scripts/requirements.txt",
        "texts": texts,
        "normalized": [simplify_text(text) for text in texts],
        "signatures": [{"settings": settings, "sha1": [digest(s) for s in sign(settings, texts)]} for settings in SETTINGS],
    }, ensure_ascii=False, separators=(",", ":")) + "\n", encoding="utf-8")


def compare():
    results = []

    def check(name, passed):
        results.append(passed)
        print(("ok    " if passed else "FAILED"), name)

    texts = hand_picked() + list(generated(2000, 11))
    fixture = json.loads(FIXTURE.read_text(encoding="utf-8"))
    check("fixture: normalised texts", fixture["normalized"] == [simplify_text(text) for text in fixture["texts"]])
    for entry in fixture["signatures"]:
        check(f"fixture: signatures {entry['settings']}", entry["sha1"] == [digest(s) for s in sign(entry["settings"], fixture["texts"])])
    for settings in SETTINGS:
        answer = ours(settings, texts)
        theirs = list(sign(settings, texts))
        mine = [signature and [int(value) for value in signature] for signature in answer["signatures"]]
        check(f"{len(texts)} signatures {settings}", mine == theirs)
        check(f"clusters {settings}", answer["roots"] == clusters(settings, texts))
    check(f"{len(texts)} normalised texts", answer["normalized"] == [simplify_text(text) for text in texts])
    windows = [LOREM[start : start + 200] for start in range(0, len(LOREM) - 200, 10)]
    for settings in SETTINGS:
        check(f"clusters of {len(windows)} sliding windows {settings}", ours(settings, windows)["roots"] == clusters(settings, windows))
    print(f"{sum(results)} passed, {len(results) - sum(results)} failed")
    sys.exit(0 if all(results) else 1)


if __name__ == "__main__":
    {"--write": write, "--speed": speed}.get(sys.argv[-1], compare)()
