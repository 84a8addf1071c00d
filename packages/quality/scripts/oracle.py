"""Compares the committed verdicts with datatrove, the code that made FineWeb.

    python oracle.py            checks src/fixtures/datatrove.json against datatrove (what `npm run oracle -- quality` runs)
    python oracle.py --write    makes that file anew

Words are split at whitespace on both sides, so that rules are compared and not tokenizers; how close the tokenizers
themselves are is measured apart (src/fixtures/words.json, spaCy). The tests hold this package to the same files.
datatrove 0.10 is `fineweb-head`; the rules of v0.2.0 that differ are restated here from its sources, since one
environment cannot hold both releases.
"""

import hashlib
import json
import random
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
from datatrove.data import Document
from datatrove.pipeline.filters import c4_filters, fineweb_quality_filter, gopher_quality_filter, gopher_repetition_filter
from datatrove.pipeline.formatters import FTFYFormatter, PIIFormatter

from presets import FineWeb2024, Quality2024, Repetition2024

FIXTURES = Path(__file__).parent.parent / "src" / "fixtures"
SENTENCE_END = re.compile(r"[.!?][\"')\]”’»]*$")


def split_words(text, language=None):
    return text.split()


def split_sentences(text, language=None):
    words = text.split()
    return [None] * (sum(1 for word in words[:-1] if SENTENCE_END.search(word)) + 1)


for module in (gopher_repetition_filter, gopher_quality_filter, fineweb_quality_filter):
    module.split_into_words = split_words
c4_filters.split_into_sentences = split_sentences


FILTERS = {
    "fineweb-2024": [Repetition2024(split_words), Quality2024(split_words), FineWeb2024(split_words)],
    "fineweb-head": [
        gopher_repetition_filter.GopherRepetitionFilter(),
        gopher_quality_filter.GopherQualityFilter(),
        fineweb_quality_filter.FineWebQualityFilter(),
    ],
}
C4 = c4_filters.C4QualityFilter(filter_no_terminal_punct=False)


# --- texts -----------------------------------------------------------------------------------------------------------

SENTENCES = """The committee agreed that the harbour should be dredged before the winter storms arrive.
Most of the villagers have never seen a ship with more than two masts, and they gathered to watch.
Bread keeps longer when it is wrapped in linen and stored away from the stove.
"We ought to leave," she said, "before the river rises again."
Nobody could explain why the lighthouse had been dark for three nights in a row!
How do you measure the depth of a well without a rope?
In 1887 the railway reached the valley; by 1890 it carried 12,000 passengers a year [3].
The recipe asks for flour, salt, water and patience, and the last of these is the hardest to find.
Our library has a small room with maps of the coast that were drawn by hand.
Das Wetter war schlecht, und niemand wollte aus dem Haus gehen.
Las cartas llegaron tarde porque el puente estaba cerrado.
他们在河边等了很久，但是船没有来。
Заседание перенесли на вечер, потому что никто не пришёл вовремя.
Please enable JavaScript to see the comments on this page.
This site uses cookies to improve your experience.
Read our Privacy Policy and Terms of Use.
Home About Contact
#travel #harbour #winter
Read more ...
- 2 cups of flour
• salt to taste
Copyright © 2019 ✓ — all rights reserved
It is said that the old miller, who had worked there all his life, knew every stone of the dam by name…
To be honest with you, I have no idea what that is, and neither does anybody else in the office.
The 😀 emoji and the 𝒻ancy letters are longer in UTF-16 than in Python, and that is worth a test.
The engine was rebuilt with parts from an older model, and that made it louder but also far more reliable.""".split("\n")
SEPARATORS = ["\n", "\n", "\n", " ", " ", "\n\n", "\r\n", "\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\t", "\u3000", "\ufeff"]


def mixture(generator, length, pool, separators):
    parts = []
    for _ in range(length):
        parts += [generator.choice(pool), generator.choice(separators)]
    return "".join(parts)


def texts():
    generator = random.Random(20240422)
    prose = SENTENCES[:9] + SENTENCES[22:24] + SENTENCES[25:]
    for length in range(2, 9):
        yield mixture(generator, length, prose, ["\n", " ", "\n\n"])
    for length in range(3, 19):
        yield mixture(generator, length, SENTENCES, SEPARATORS)
    for _ in range(5):
        yield mixture(generator, 9, generator.sample(SENTENCES, 4), ["\n", "\n\n"])
    prose = prose[:4] + SENTENCES[22:24]
    whole = "\n".join(prose)
    yield whole
    yield whole + "\n"
    yield "\n\n\n" + whole.replace("\n", "\n\n")
    yield whole + "\n" + prose[0]
    yield whole + "\nlorem ipsum dolor sit amet."
    yield whole + "\nfunction main() { return 0; }"
    yield whole + "\n{ short"
    yield "x" * 1001 + " and the rest of a line that is dropped\n" + whole
    yield "\n".join("- " + sentence for sentence in prose)
    yield "\n".join(sentence[:-1] + " ..." for sentence in prose)
    yield "\n".join(sentence.replace(".", "") for sentence in prose)
    yield " ".join(whole.split()[:30]) + "\n" + "\n".join(f"{word}." for word in whole.split()[30:])
    yield "the the " * 30
    yield "of course with and to be " * 12
    yield "interconnectedness notwithstanding " * 27
    numbered = " ".join(f"comment{chr(97 + i % 26)}{chr(97 + i // 3)}" for i in range(60))
    yield numbered
    yield numbered + " the the"
    yield numbered + " the and"
    yield numbered.replace(" ", " #", 7)
    yield numbered.replace(" ", " # ", 9) + " the and"
    yield numbered.replace(" ", "... ", 8) + " the and"
    yield numbered.replace(" ", "… ", 3) + " the and"
    yield " ".join(f"{word} {index}" for index, word in enumerate(numbered.split()[:40])) + " the and"
    yield " ".join(f"{word} ¿¡ §" if index % 3 == 0 else word for index, word in enumerate(numbered.split())) + " the and"
    yield numbered.replace(" ", ".\n") + "."
    yield "\n\n".join([prose[0]] * 2 + prose[1:4])
    yield "\n\n".join(["Short.", "Short.", "Short.", prose[0], prose[1]])
    for n in range(5, 11):
        words = numbered.split()
        yield " ".join(words[:27] + words[3 : 3 + n] + words[27:44])
    yield "" + "".join(f"{chr(0x4e00 + 7 * i)}是" for i in range(90)) + "。"
    yield "।\n".join(prose[:8]) + "।"
    yield whole[:150] + "ab c abc x yz " + whole[150:300] + "abc ab c xy z " + whole[300:]


def verdict(check, document):
    try:
        result = check.filter(document)
    except (ZeroDivisionError, FloatingPointError):
        return "undefined"
    return "keep" if result is True else result[1]


def judge(text):
    row = {"text": text}
    for preset, checks in FILTERS.items():
        row[preset] = [verdict(check, Document(text=text, id="0")) for check in checks]
    document = Document(text=text, id="0")
    row["c4"] = verdict(C4, document)
    if row["c4"] == "keep":
        row["c4_sha256"] = hashlib.sha256(document.text.encode()).hexdigest()[:16]
    return row


PII = [
    "write to a@b.co, A@B.CO or x.y+z@sub.example.org!",
    "éa@b.co ña.b@c.de über@straße.de",
    "!x@y.zz a!x@y.zz .x@y.zz ..x@y.zz x.@y.zz x..y@z.com",
    "a@b.c@d.e@f.g a@b@c.com a@@b.com @a.com a@b a@b. a@b.c.",
    "x@[1.2.3.4] x@[1.2.3.a:] x@[1.2.3.4 x@[300.2.3.4]",
    "a@-b.com a@b-.com a@b--c.com a@b.c-d a@b..c",
    "8.8.8.8 1.1.1.1.1 256.1.1.1 1.2.3.4.5.6.7.8 01.2.3.4 224.0.0.1 100.64.0.1 192.0.0.8 198.20.0.1",
    "mail 𝒻x@y.zz _x@y.zz -x@y.zz a-x@y.zz 中x@y.zz 中 x@y.zz ①x@y.zz ́x@y.zz",
    "10.0.0.1 172.32.0.1 99.99.99.999 9.9.9.99 0.0.0.0 255.255.255.255 203.0.114.1",
]


FTFY = FTFYFormatter()


def redact(text):
    return PIIFormatter().format(text)


WORD_TEXTS = SENTENCES[:9] + [
    "Mr. O'Neil didn't say he'd've gone; we're sure it's fine (isn't it?).",
    "The U.S.A. paid $3.50 and €20, i.e. 5% of 1,000.25 km/h, at 10a.m. on Jan. 3rd.",
    "See https://example.com/a?b=c, www.site.org/page or mail me@x.org -- it's well-known/state-of-the-art.",
    "\"Quoted,\" 'single' “curly” ‘too’ «guillemets»... and … e.g. etc.!!! ???",
    "C++ and and/or w/o 3x4 2+2 1-2 a=b x<y snake_case #tag @name foo.Bar end.Start 5km 20°C. dogs' (brackets) [x]{y}",
    "I can't, won't and cannot; gonna, Let's, y'all, o'clock, 'Cause rock'n'roll's o.k. a.b. U.K.",
]


FTFY_TEXTS = """voilà le travail — “quoted” text… it’s naïve
Größe über straße ÄÖÜ ß § 5 € 30 £ ©2020 ™
Привет, мир! Ещё раз: «да» — нет
Ελληνικά γράμματα είναι όμορφα
żółw ćma łódź Šiška řeka ţară
日本語のテキスト、です。中文文本
한국어 🎉 emoji 👩‍👩‍👧 ½ ² °C
العربية نص हिन्दी पाठ ไทย
Ça été à la fête; où êtes-vous? àquele às vezes""".split("\n")
FTFY_EXTRA = [
    "&lt;b&gt; &amp;amp; &NTILDE; &EACUTE;REZ &AMPX; &COPYSR; &frac12; &FRAC12; &#x2019; &#146; &#0; &#59; &#1; &#xD800; &#99999999;",
    "&#12abc; &nbsp;x &notin; &bogus; &amp", "tag <b> &eacute;\nnext &eacute;", "&eacute;\n<b>\n&eacute; after", "\x1b[36;44mblue\x1b[0m text \x1b[m",
    "\ufeffbom \ufffc obj \u206a\x00\x07 tab\tnl\r\nvt\x0b ff\x0c del\x7f", "lone \x85 c1 \x93q\x94 \x81", "Ã la mode Ã  quel point Ãquele s Ã", "fÃ cil â€œ like this â€� ok",
    "ﬁne ﬂuff ＦＵＬＬ width “curly”", "schÃ¶n", "sÃ³", "âœ” No problems", "(à¸‡'âŒ£')à¸‡", "â€”a—b", "Ã©tÃ© — été", "Â½ cup", "5Â°C", "ä¸­æ–‡ and Ð¿Ñ€Ð¸Ð²ÐµÑ‚",
    "í\xa0½í²©", "√© √± √∂", "Γ¥ÇΓ¥Ç", "├⌐t├⌐ ╧Ç", "Р’СЃРµРј РїСЂРёРІРµС‚", "вЂњвЂќ", "only ASCII", "", "\n\n", "Å an Ã word", "a\u2028b\u2029c\x1cd",
]
FTFY_PIECES = "Ã Â â € œ ™ � ¢ é à ü ß ї Р С В Г Ð ± ° ² \xa0 \x80 \x9d A b z . ? ! ' ‘ “ – — … Ø Ù √ ‚ Ä ā β Ξ Ο « » © ® š Ÿ ž ╬ │ ł".split(" ")
MISREAD_AS = ["latin-1", *(f"sloppy-windows-{page}" for page in (1252, 1251, 1250, 1253, 1254, 1257)), "iso-8859-2", "mac_roman", "cp437"]


def broken_texts():
    """Texts misread in every encoding that ftfy knows, once and twice, whole and in part; and random pieces of mojibake."""
    import ftfy.bad_codecs

    ftfy.bad_codecs.ok()
    generator = random.Random(7)
    yield from FTFY_EXTRA
    for index, text in enumerate(FTFY_TEXTS):
        yield text
        for offset, encoding in enumerate(MISREAD_AS):
            misread = text.encode().decode(encoding, "replace")
            yield [misread, f"plain {misread[:20]} end", misread.replace("\xa0", " ")][(index + offset) % 3]
        yield text.encode().decode("sloppy-windows-1252").encode().decode("sloppy-windows-1252")
        yield text.encode("cp1252", "ignore").decode("latin-1")
    for _ in range(120):
        yield "".join(generator.choice(FTFY_PIECES) for _ in range(generator.randint(2, 9)))


TRAINING = """__label__hq the rain is made of water that rises from the sea and cools
__label__hq a triangle has three sides and the sum of its angles is known
__label__hq plants make sugar from light and water in their leaves
__label__cc buy cheap tickets now and win a free prize today
__label__cc click here to subscribe and win cheap stuff
__label__ok our office is open on weekdays and closed in the summer
"""
PREDICTED = ["the water in the sea", "win a free prize", "nothing known whatsoever", "", "naïve 日本 the rain is made", "__label__hq the __label__x office", "a\tb the\nrain"]


def fasttext_models():
    """Models that fastText itself trained, and what it predicts with them."""
    import base64
    import tempfile

    import fasttext

    for loss in ("softmax", "hs", "ova"):
        with tempfile.TemporaryDirectory() as folder:
            Path(folder, "train.txt").write_text(TRAINING * 40)
            options = {"dim": 4, "bucket": 97, "wordNgrams": 3, "epoch": 30, "lr": 0.2, "thread": 1, "verbose": 0, "loss": loss}
            model = fasttext.train_supervised(str(Path(folder, "train.txt")), **options)
            model.save_model(str(Path(folder, "model.bin")))
            predictions = []
            for text in PREDICTED:
                # model.predict itself stumbles over NumPy 2.
                found = model.f.predict(text.replace("\n", " ") + "\n", -1, -1.0, "strict")
                predictions.append({"text": text, **{label[9:]: round(score, 4) for score, label in sorted(found, key=lambda pair: pair[1])}})
            yield {"loss": loss, "model": base64.b64encode(Path(folder, "model.bin").read_bytes()).decode(), "predictions": predictions}


def spacy_words(text):
    from datatrove.utils.word_tokenizers import SpaCyTokenizer

    return SpaCyTokenizer("en").word_tokenize(text)


def load(name):
    return json.loads((FIXTURES / name).read_text())


def write(name, value):
    rows = ",\n".join(json.dumps(row, ensure_ascii=True, separators=(",", ":")) for row in value)
    (FIXTURES / name).write_text(f"[\n{rows}\n]\n")


def compare(title, expected, actual):
    passed = 0
    for index, (left, right) in enumerate(zip(expected, actual, strict=True)):
        same = left == right
        passed += same
        print(f"{'ok  ' if same else 'FAIL'} {title} {index}")
    return passed, len(expected) - passed


def run_differential():
    """Every fourth document; `python differential.py` runs over them all. In a process of its own, since words are patched here."""
    script = Path(__file__).with_name("differential.py")
    done = subprocess.run([sys.executable, str(script), "--every", "4"], capture_output=True, text=True)
    print(done.stdout + done.stderr[-2000:])
    counts = re.search(r"(\d+) verdicts the same, \d+ different for a known reason, (\d+) for another", done.stdout)
    return (int(counts[1]), int(counts[2])) if counts else (0, 1)


def main():
    np.seterr(all="raise")
    rows = {
        "datatrove.json": [judge(text) for text in dict.fromkeys(texts())],
        "pii.json": [{"text": text, "redacted": redact(text)} for text in PII],
        "ftfy.json": [{"text": text, "repaired": FTFY.format(text)} for text in dict.fromkeys(broken_texts())],
        "fasttext.json": list(fasttext_models()),
        "words.json": [{"text": text, "words": spacy_words(text)} for text in WORD_TEXTS],
    }
    if "--write" in sys.argv:
        for name, value in rows.items():
            write(name, value)
        return 0
    results = [compare(name, load(name), value) for name, value in rows.items()]
    results.append(run_differential())
    passed, failed = (sum(column) for column in zip(*results))
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


sys.exit(main())
