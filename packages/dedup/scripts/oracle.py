"""Compares @smol/dedup with datatrove: normalised text, signatures, clusters, the stage files byte for byte, repeated sentences, shared n-grams; and Parquet files with pyarrow.

    python oracle.py          compare (the package must be built); ends with "N passed, N failed"
    python oracle.py --speed  print datatrove's MB/s on the texts of bench/dedup.bench.ts
    python oracle.py --large  compare only what is kept of 100 000 documents, and the time it takes
    python oracle.py --write  write src/fixtures/datatrove.json and types.parquet, which the tests compare with

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

import datatrove.pipeline.decont.n_grams as decontamination
import datatrove.pipeline.dedup.minhash as minhash
import datatrove.pipeline.dedup.sentence_dedup as sentence_dedup
from datatrove.data import Document
from datatrove.utils.hashing import HashConfig
from datatrove.utils.logging import logger
from datatrove.utils.text import simplify_text

ROOM = Path(__file__).resolve().parent.parent
FIXTURE = ROOM / "src" / "fixtures" / "datatrove.json"
LOREM = (ROOM / "src" / "fixtures" / "lorem.txt").read_text(encoding="utf-8")
HASHES = {"xxh64": ("xxhash", 64), "xxh32": ("xxhash", 32), "sha1-64": ("sha1", 64), "sha1-32": ("sha1", 32)}
SETTINGS = [{"hash": name} for name in HASHES] + [
    {"preset": "finepdfs"},
    {"hash": "xxh64", "shingleSize": 3, "bands": 20, "rows": 5, "seed": 42},
]


logger.remove()


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


def stage_files(settings, inputs, folder):
    """Runs datatrove's first three stages, one rank for each input."""
    options = config(settings)
    for rank, documents in enumerate(document_lists(inputs)):
        minhash.MinhashDedupSignature(f"{folder}/signatures", options)(documents, rank=rank, world_size=len(inputs))
    buckets = minhash.MinhashDedupBuckets(f"{folder}/signatures", f"{folder}/buckets", config=options)
    for rank in range(options.num_buckets):
        buckets(None, rank=rank, world_size=options.num_buckets)
    minhash.MinhashDedupCluster(f"{folder}/buckets", f"{folder}/clusters", config=options, save_cluster_id=True, save_cluster_size=True)(None)


def document_lists(inputs):
    return [[Document(text=text, id=f"{rank}_{index}") for index, text in enumerate(texts)] for rank, texts in enumerate(inputs)]


def kept_ids(inputs, folder):
    """datatrove's fourth stage."""
    step = minhash.MinhashDedupFilter(f"{folder}/clusters")
    return [document.id for rank, documents in enumerate(document_lists(inputs)) for document in step(documents, rank=rank, world_size=len(inputs))]


def our_stage_files(settings, inputs, folder, **more):
    paths = []
    for rank, texts in enumerate(inputs):
        paths.append(f"{folder}/{rank}.jsonl")
        with open(paths[-1], "w", encoding="utf-8") as file:
            file.writelines(json.dumps({"text": text, "id": f"{rank}_{index}"}) + "\n" for index, text in enumerate(texts))
    question = {"inputs": paths, "folder": f"{folder}/ours", "representative": "datatrove", **settings, **more}
    subprocess.run(["node", ROOM / "scripts" / "minhash-files.mjs"], input=json.dumps(question), stdout=subprocess.DEVNULL, check=True, text=True)


def compare_stage_files(check, settings, inputs, **more):
    """Every file of datatrove's three stages must be ours, byte for byte, and what is kept the same."""
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        our_stage_files(settings, inputs, folder, **more)
        middle = time.perf_counter()
        stage_files(settings, inputs, f"{folder}/theirs")
        expected = kept_ids(inputs, f"{folder}/theirs")
        end = time.perf_counter()
        for stage in ("signatures", "buckets", "clusters"):
            theirs = {path.relative_to(f"{folder}/theirs"): path.read_bytes() for path in Path(f"{folder}/theirs/{stage}").rglob("*.*")}
            theirs = {path: content for path, content in theirs.items() if content or stage != "clusters"}
            mine = {path: Path(f"{folder}/ours/stages/{path}") for path in theirs}
            same = all(path.exists() and path.read_bytes() == theirs[name] for name, path in mine.items())
            check(f"{len(theirs)} files of {stage}, {sum(map(len, theirs.values()))} bytes {settings}", bool(theirs) and same)
        kept = []
        for rank in range(len(inputs)):
            lines = Path(f"{folder}/ours/kept/{rank}.jsonl").read_text(encoding="utf-8").splitlines()
            kept += [json.loads(line)["id"] for line in lines]
        check(f"the same {len(kept)} documents kept of {sum(map(len, inputs))} {settings}", kept == expected)
        return middle - start, end - middle


def compare_index(check, settings):
    """A run with an index of another run's signatures; the index and the matches must be datatrove's, byte for byte."""
    texts = near_copies(1200, 9)
    options = config(settings)
    same = lambda left, right: bool(left) and [path.read_bytes() for path in left] == [path.read_bytes() for path in right]
    with tempfile.TemporaryDirectory() as folder:
        for name in ("old", "new"):
            Path(f"{folder}/{name}").mkdir()
        our_stage_files(settings, [texts[::3], texts[1::3]], f"{folder}/old", saveIndex=f"{folder}/index")
        our_stage_files(settings, [texts[2::3], texts[::9]], f"{folder}/new", indexes=[f"{folder}/index"])
        ours = Path(f"{folder}/new/ours/stages")
        for band in range(options.num_buckets):
            build = minhash.MinhashBuildIndex(f"{folder}/old/ours/stages/signatures", f"{folder}/theirs", "signatures", config=options)
            build(None, rank=band, world_size=options.num_buckets)
        files = lambda root, pattern: sorted(Path(root).glob(pattern))
        indexes = files(f"{folder}/theirs", "*/*.index")
        check(f"{len(indexes)} files of an index {settings}", same(files(f"{folder}/index", "*/*.index"), indexes))
        buckets = minhash.MinhashDedupBuckets(
            f"{ours}/signatures", f"{folder}/buckets", index_folder=f"{folder}/theirs", config=options, only_dedup_in_index=False)
        for rank in range(options.num_buckets):
            buckets(None, rank=rank, world_size=options.num_buckets)
        minhash.MinhashDedupCluster(f"{folder}/buckets", f"{folder}/clusters", config=options)(None)
        check(f"matches with an index {settings}", same(files(ours, "buckets/*.dups"), files(folder, "buckets/*.dups")))
        check(f"what is removed with an index {settings}", same(files(ours, "clusters/*.remove"), files(folder, "clusters/*.remove")))


def near_copies(count, seed):
    """Texts of which about half are copies of others with a few words changed."""
    draw = random.Random(seed)
    words = LOREM.split()
    texts = []
    for index in range(count):
        text = draw.choices(words, k=draw.randrange(3, 120)) if draw.random() < 0.5 or not texts else texts[draw.randrange(len(texts))].split()
        for _ in range(draw.randrange(0, 4)):
            text[draw.randrange(len(text))] = f"new{index}word"
        texts.append(" ".join(text))
    return texts


def repetitive_texts(count, seed):
    """Lines and words from so few that much is repeated."""
    draw = random.Random(seed)
    words = ["One", "two,", "three", "4.5", "five!", ""]
    lines = [" ".join(draw.choices(words, k=draw.randrange(0, 5))) for _ in range(12)]
    return ["\n".join(draw.choices(lines, k=draw.randrange(1, 12))) for _ in range(count)]


def their_sentences(texts, span):
    """datatrove's sentence deduplication in its mode of lines, with str.split for words."""
    options = sentence_dedup.SentDedupConfig(n_sentences=span, split_sentences=False, min_doc_words=3, min_num_sentences=2)
    sentence_dedup.load_word_tokenizer = lambda language: WhitespaceWords()
    sentence_dedup.split_into_sentences = lambda text, language: text.splitlines()
    with tempfile.TemporaryDirectory() as folder:
        documents = lambda: (Document(text=text, id=str(index)) for index, text in enumerate(texts))
        sentence_dedup.SentenceDedupSignature(f"{folder}/s", config=options)(documents())
        sentence_dedup.SentenceFindDedups(f"{folder}/s", f"{folder}/d", config=options)()
        kept = sentence_dedup.SentenceDedupFilter(f"{folder}/d", config=options)(documents())
        kept = {int(document.id): document.text for document in kept}
        return [kept.get(index) for index in range(len(texts))]


def their_ngrams(texts, examples, ngram):
    options = decontamination.NGramsDecontConfig(n_grams=ngram)
    indexer = object.__new__(decontamination.NGramsDecontIndexer)
    indexer.config, indexer.tokenizer = options, WhitespaceWords()
    indexer.hash_func = decontamination.create_hash_func(options.hash_config)
    search = object.__new__(decontamination.NGramsDecontFilter)
    search.config, search.tokenizer, search.hash_func = options, indexer.tokenizer, indexer.hash_func
    search.stat_update = lambda *names: None
    search._index_hashes = {value: "task" for example in examples for value in indexer.compute_hashes(example["label"], example.get("query"))}
    documents = [Document(text=text, id="") for text in texts]
    return [None if search.filter(document) is True else document.metadata["contaminated_ngram"] for document in documents]


def compare_texts(check):
    texts = repetitive_texts(400, 2)
    for span, ngram in ((3, 5), (1, 3), (4, 8)):
        draw = random.Random(ngram)
        examples = [{"task": "task", "label": draw.choice(texts), "query": draw.choice(texts)} for _ in range(4)]
        question = {"texts": texts, "examples": examples, "spanSentences": span, "ngram": ngram}
        answer = subprocess.run(["node", ROOM / "scripts" / "texts.mjs"], input=json.dumps(question), stdout=subprocess.PIPE, check=True, text=True)
        mine = json.loads(answer.stdout)
        # Joining lines by line feeds loses the last one where the end is cut.
        trim = lambda found: [text and text.rstrip("\n") for text in found]
        theirs = their_sentences(texts, span)
        check(f"{sum(text is not None for text in theirs)} of {len(texts)} texts without repeated spans of {span} lines", trim(mine["sentences"]) == trim(theirs))
        theirs = their_ngrams(texts, examples, ngram)
        check(f"{sum(text is not None for text in theirs)} of {len(texts)} texts with {ngram}-grams of examples", mine["found"] == theirs)


def types_table():
    """Columns of every type that Parquet files of text come with."""
    import datetime
    import decimal

    import pyarrow as arrow

    rows = range(5)
    column = lambda values, kind: arrow.array(list(values), kind)
    return arrow.table({
        "text": [f"hello wörld {row} 😀" if row != 3 else None for row in rows],
        "id": [f"id{row}" for row in rows],
        "i64": column((2**62 + row for row in rows), arrow.int64()),
        "u64": column((2**63 + row for row in rows), arrow.uint64()),
        "u32": column((2**31 + row for row in rows), arrow.uint32()),
        "i8": column((-row for row in rows), arrow.int8()),
        "f32": column((row * 0.1 for row in rows), arrow.float32()),
        "f64": column((row * 0.1 for row in rows), arrow.float64()),
        "b": [True, False, None, True, False],
        "ts": column((1700000000123456789 + row for row in rows), arrow.timestamp("ns")),
        "tsus": column((1700000000123456 + row for row in rows), arrow.timestamp("us", "UTC")),
        "d": column((datetime.date(2020, 1, 1 + row) for row in rows), arrow.date32()),
        "dec": column((decimal.Decimal("123456789012345678.90") + row for row in rows), arrow.decimal128(38, 2)),
        "list": [["a", "b"], [], None, ["c", None], ["d"]],
        "struct": [{"x": 1, "y": "p"}, {"x": None, "y": "q"}, None, {"x": 3, "y": None}, {"x": 5, "y": "s"}],
        "ls": [[{"x": 1}], [], None, [{"x": None}, None], [{"x": 2}, {"x": 3}]],
        "map": column([[("k", 1), ("l", 2)], [], None, [("m", None)], [("n", 5)]], arrow.map_(arrow.string(), arrow.int64())),
        "bin": [b"\xff\x00", b"", None, b"a", b"b"],
        "ll": column([[[1, 2], []], [], None, [None, [3]], [[4]]], arrow.list_(arrow.list_(arrow.int32()))),
    })


def compare_parquet(check):
    """What is kept of a Parquet file is, for pyarrow, the same table without the rows that went."""
    import pyarrow.parquet as parquet

    table = types_table()
    for codec in ("none", "snappy", "gzip", "brotli", "zstd", "lz4"):
        with tempfile.TemporaryDirectory() as folder:
            parquet.write_table(table, f"{folder}/in.parquet", row_group_size=3, compression=codec)
            for clusters in (False, True):
                question = {"inputs": [f"{folder}/in.parquet"], "folder": f"{folder}/{clusters}", "clusterIds": clusters}
                subprocess.run(["node", ROOM / "scripts" / "minhash-files.mjs"], input=json.dumps(question), stdout=subprocess.DEVNULL, check=True, text=True)
                kept = parquet.read_table(f"{folder}/{clusters}/kept/in.parquet")
                expected = table.filter([True, True, True, False, True])
                same = kept.select(table.column_names).equals(expected)
                added = ["minhash_cluster_id", "minhash_cluster_size"] if clusters else []
                check(f"Parquet, {codec}, {len(kept.column_names)} columns", same and kept.column_names == table.column_names + added)


def compare_large(check):
    texts = near_copies(100_000, 5)
    inputs = [texts[start::4] for start in range(4)]
    ours, theirs = compare_stage_files(check, {"preset": "fineweb2"}, inputs, workers=2)
    print(f"ours {ours:.1f} s with 2 workers, datatrove {theirs:.1f} s with 1")


def run_checks(*comparisons):
    results = []

    def check(name, passed):
        results.append(passed)
        print(("ok    " if passed else "FAILED"), name, flush=True)

    for compare in comparisons:
        compare(check)
    print(f"{sum(results)} passed, {len(results) - sum(results)} failed")
    sys.exit(0 if all(results) else 1)


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
    import pyarrow.parquet as parquet

    parquet.write_table(types_table(), FIXTURE.parent / "types.parquet", row_group_size=3, compression="zstd")
    texts = hand_picked() + list(generated(10, 7))
    FIXTURE.write_text(json.dumps({
        "made": "python scripts/oracle.py --write, with scripts/requirements.txt",
        "texts": texts,
        "normalized": [simplify_text(text) for text in texts],
        "signatures": [{"settings": settings, "sha1": [digest(s) for s in sign(settings, texts)]} for settings in SETTINGS],
    }, ensure_ascii=False, separators=(",", ":")) + "\n", encoding="utf-8")


def compare(check):
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
    compare_texts(check)
    compare_parquet(check)
    for settings in SETTINGS[:2]:
        compare_index(check, settings)
    texts = near_copies(3000, 3)
    for settings in SETTINGS:
        compare_stage_files(check, settings, [texts[:1500], texts[1500:1600], texts[1600:]], workers=2, bufferBytes=1_000_000)


if __name__ == "__main__":
    commands = {"--write": write, "--speed": speed, "--large": lambda: run_checks(compare_large)}
    commands.get(sys.argv[-1], lambda: run_checks(compare, compare_large))()
