"""Compares statistics with datatrove's stats blocks.

    python oracle.py            checks src/fixtures/statistics.json against datatrove (what `npm run oracle -- pipeline` runs)
    python oracle.py --write    makes that file anew

The tests hold this package to the same file. Words are split at whitespace and sentences after marks on both sides, so
that the numbers are compared and not tokenizers; hosts are taken from the suffix list that tldextract carries.
"""

import json
import random
import re
import sys
import tempfile
from pathlib import Path

import tldextract
from datatrove.data import Document
from datatrove.pipeline.stats import sentence_stats, word_stats
from datatrove.pipeline.stats.doc_stats import DocStats
from datatrove.pipeline.stats.line_stats import LineStats
from datatrove.pipeline.stats.paragraph_stats import ParagraphStats
from datatrove.pipeline.stats.token_stats import TokenStats
from datatrove.utils.stats import MetricStats

FIXTURE = Path(__file__).parent.parent / "src" / "fixtures" / "statistics.json"
SENTENCES = re.compile(r"(?<=[.!?])\s+")


class Splitter:
    def word_tokenize(self, text):
        return text.split()

    def sent_tokenize(self, text):
        return SENTENCES.split(text)


for module in (word_stats, sentence_stats):
    module.load_word_tokenizer = lambda language: Splitter()
tldextract.TLDExtract.__init__.__defaults__ = tuple(
    () if default == tldextract.tldextract.PUBLIC_SUFFIX_LIST_URLS else default
    for default in tldextract.TLDExtract.__init__.__defaults__
)


class KnownTokens(TokenStats):
    """Without a tokenizer: every document of ours tells its number of tokens."""

    def __init__(self, folder, groups):
        from datatrove.pipeline.stats.base import BaseStats

        BaseStats.__init__(self, folder, groups)


PIECES = [
    "The quick brown fox jumps over the lazy dog.", "HELLO World and that", "- a bullet point", "• another one", "What?! Really... yes…",
    "  indented\twith tabs ", "", "", "Ünïcödé Ǆ ǅ straße ΣΑΣ", "数字１２３、中文。", "x² + ½ = ①②", "😀😀 emoji", "1234567890", "They have the right to be with it.",
    "a" * 2100, "\u2028odd\x1cbreaks\x85here", "The quick brown fox jumps over the lazy dog.", "O'Neil McDonald iPhone NASA's",
]
HOSTS = ["http://www.example.com/a", "https://sub.example.co.uk/b?c", "http://example.com", "http://1.2.3.4/x", "http://localhost/y", "http://a.b.github.io/z"]


def documents():
    choice = random.Random(17)
    texts = ["", "\n", "a", "word", "...", "\n\n\n"]
    for _ in range(20):
        texts.append("\n".join(choice.choice(PIECES) for _ in range(choice.randint(1, 12))))
    return [
        {"id": str(index), "text": text, "url": choice.choice(HOSTS), "metadata": {"token_count": choice.randint(0, 9)}}
        for index, text in enumerate(texts)
    ]


def blocks(folder, groups):
    return [
        DocStats(folder, groups), LineStats(folder, groups_to_compute=groups), ParagraphStats(folder, groups_to_compute=groups),
        word_stats.WordStats(folder, groups_to_compute=groups), sentence_stats.SentenceStats(folder, groups_to_compute=groups),
        KnownTokens(folder, groups),
    ]


def run(records):
    """Mean, total and the like by group, name and key, straight from the blocks (their files lose counts of zeros)."""
    groups = ["summary", "histogram", "fqdn", "suffix"]
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        for block in blocks(folder, groups):
            for record in records:
                document = Document(record["text"], record["id"], metadata={**record["metadata"], "url": record["url"]})
                for name, value in block.extract_stats(document).items():
                    for group in groups:
                        key, values = block.get_kv(document, value, group)
                        for suffix, number in (values if isinstance(values, dict) else {"": values}).items():
                            names = found.setdefault(group, {}).setdefault(f"{name}__{suffix}" if suffix else name, {})
                            names.setdefault(key, MetricStats()).update(number)
    return {
        group: {
            name: {key: [m.n, m.total, m.mean, m.variance, m.min, m.max] for key, m in keys.items()} for name, keys in names.items()
        }
        for group, names in found.items()
    }


def compact(found):
    """Of histograms only the counts: their other numbers are implied."""
    histogram = {name: {key: m[0] for key, m in keys.items()} for name, keys in found["histogram"].items() if "__" not in name}
    return {**found, "histogram": histogram}


def main():
    records = documents()
    fresh = json.loads(json.dumps({"documents": records, "statistics": compact(run(records))}))
    if "--write" in sys.argv:
        FIXTURE.write_text(json.dumps(fresh, ensure_ascii=True) + "\n")
        return print(f"wrote {FIXTURE}")
    kept = json.loads(FIXTURE.read_text())
    passed = failed = 0
    for group, names in fresh["statistics"].items():
        for name, keys in names.items():
            same = kept["statistics"].get(group, {}).get(name) == keys
            passed, failed = passed + same, failed + (not same)
            if not same:
                print(f"differs: {group} {name}")
    same = kept["documents"] == records
    print("documents: the same" if same else "documents: different")
    print(f"{passed + same} passed, {failed + (not same)} failed")
    sys.exit(1 if failed or not same else 0)


if __name__ == "__main__":
    main()
