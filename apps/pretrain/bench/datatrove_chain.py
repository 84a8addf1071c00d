"""FineWeb's chain as datatrove and trafilatura run it, on one core: prints {"pages", "kept", "seconds"} as JSON.

    python datatrove_chain.py run PAGES.warc.gz WARMUP.warc.gz LID_176.ftz
    python datatrove_chain.py lists FOLDER     puts datatrove's lists of addresses and words there, so that both sides use the same

The bench calls it where SMOL_PYTHON has datatrove, trafilatura, warcio and fasttext; the model of languages is the one that our side has.
"""

import json
import pathlib
import shutil
import sys
import tarfile
import time


def lists(folder):
    from datatrove.utils._import_utils import ASSETS_PATH

    for name in ("banned_words.txt", "banned_subwords.txt", "soft_banned_words.txt"):
        shutil.copy(pathlib.Path(ASSETS_PATH) / name, folder)
    with tarfile.open(pathlib.Path(ASSETS_PATH) / "url_filterblacklistsv0_3_0.tar.gz") as archive:
        archive.extractall(folder, filter="data")


def chain(path, model):
    from datatrove.pipeline.extractors import Trafilatura
    from datatrove.pipeline.filters import (
        C4QualityFilter,
        FineWebQualityFilter,
        GopherQualityFilter,
        GopherRepetitionFilter,
        LanguageFilter,
        URLFilter,
    )
    from datatrove.pipeline.formatters import PIIFormatter
    from datatrove.pipeline.readers import WarcReader
    from fasttext.FastText import _FastText

    file = pathlib.Path(path)
    language = LanguageFilter("en")
    language.model._model = _FastText(model)
    blocks = [
        URLFilter(),
        Trafilatura(favour_precision=True, timeout=10),
        language,
        GopherRepetitionFilter(),
        GopherQualityFilter(),
        C4QualityFilter(filter_no_terminal_punct=False),
        FineWebQualityFilter(),
        PIIFormatter(),
    ]

    def run(source):
        # Reader statistics would count twice; a fresh reader reads each file.
        reader = WarcReader(str(source.parent), glob_pattern=source.name)
        documents = reader.run(None, 0, 1)
        for block in blocks:
            documents = block.run(documents, 0, 1)
        return sum(1 for _ in documents)

    return run, file


def run(path, warm_up, model):
    work, file = chain(path, model)
    work(pathlib.Path(warm_up))
    start = time.perf_counter()
    kept = work(file)
    print(json.dumps({"kept": kept, "seconds": time.perf_counter() - start}))


if __name__ == "__main__":
    {"run": run, "lists": lists}[sys.argv[1]](*sys.argv[2:])
