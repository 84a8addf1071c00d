"""Precision, recall and F of the main text on the test pages of Mozilla's Readability: ours, trafilatura's, defuddle's and Readability's.

    git clone https://github.com/mozilla/readability
    python readability_pages.py readability/test/test-pages [--lowest 20]      build the package first: its dist is what is compared

Each page is a folder with source.html and expected.html. The truth is what Readability itself once gave, tags taken off, and so one
program's choice, not a person's: it is out of competition, and rules should not be tuned to the last word of these pages.
Words count as in oracle.py: letters and digits, scripts without spaces by character; means over the pages. The pages are not ours
and stay out of this repository. Needs what requirements.txt lists.
"""

import argparse
import json
import pathlib
import re
import statistics
import subprocess
from collections import Counter

import lxml.html
import trafilatura

SCRIPTS = pathlib.Path(__file__).resolve().parent
SIDES = ("ours", "trafilatura", "defuddle", "readability")


def words(text):
    return Counter(re.findall(r"[\u2e80-\u9fff\uac00-\ud7af]|[^\W_]+", text or ""))


def without_tags(path):
    body = lxml.html.fromstring("<div>" + path.read_text("utf-8").replace("<", " <") + "</div>")
    for element in body.iter("script", "style"):
        element.text = ""
    return body.text_content()


def score(text, truth):
    found, wanted = words(text), words(truth)
    common = sum((found & wanted).values())
    total = sum(found.values()) + sum(wanted.values())
    return common / max(1, sum(found.values())), common / max(1, sum(wanted.values())), 2 * common / max(1, total)


def by_trafilatura(path):
    html = path.read_bytes().decode("utf-8", "replace")
    return trafilatura.extract(html, favor_precision=True, include_comments=False, deduplicate=False) or ""


def main(folder, lowest):
    pages = [page for page in sorted(folder.iterdir()) if (page / "expected.html").exists() and words(without_tags(page / "expected.html"))]
    done = subprocess.run(
        ["node", str(SCRIPTS / "extract-peers.mjs")], input="\n".join(str(page / "source.html") for page in pages), stdout=subprocess.PIPE, text=True, check=True
    )
    scores = {side: [] for side in SIDES}
    for page, line in zip(pages, done.stdout.splitlines(), strict=True):
        texts = {**json.loads(line), "trafilatura": by_trafilatura(page / "source.html")}
        truth = without_tags(page / "expected.html")
        for side in SIDES:
            scores[side].append((*score(texts[side], truth), page.name))
    for side, rows in scores.items():
        means = [statistics.mean(row[column] for row in rows) for column in range(3)]
        median = statistics.median(row[2] for row in rows)
        print(f"{len(rows)} pages, {side:<11} precision {means[0]:.3f}  recall {means[1]:.3f}  F1 {means[2]:.3f}  median {median:.3f}")
    for index in sorted(range(len(pages)), key=lambda index: scores["ours"][index][2])[:lowest]:
        precision, recall, f1, name = scores["ours"][index]
        others = ", ".join(f"{side} {scores[side][index][2]:.2f}" for side in SIDES[1:])
        print(f"  {name}: ours {f1:.2f} (precision {precision:.2f}, recall {recall:.2f}), {others}")


parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("folder", type=pathlib.Path)
parser.add_argument("--lowest", type=int, default=12, help="how many of our worst pages to list")
options = parser.parse_args()
main(options.folder, options.lowest)
