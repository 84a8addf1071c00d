"""The filters of datatrove v0.2.0 where they differ from today's, restated from its sources: one environment cannot hold both releases."""

from datatrove.pipeline.filters import fineweb_quality_filter, gopher_quality_filter, gopher_repetition_filter
from datatrove.utils.text import PUNCTUATION


def nltk_sentences(text, language=None):
    import punkt

    return [sentence.strip() for sentence in punkt.sent_tokenize(text) if sentence.strip()]


def nltk_words(text, language=None):
    """nltk.word_tokenize: Punkt's English model, then the Treebank rules sentence by sentence."""
    import punkt
    from nltk.tokenize import NLTKWordTokenizer

    tokenizer = NLTKWordTokenizer()
    return [word for sentence in punkt.sent_tokenize(text) for word in tokenizer.tokenize(sentence)]


class Repetition2024(gopher_repetition_filter.GopherRepetitionFilter):
    """Lines at every line break of Python; an empty document is not a case of its own."""

    def __init__(self, split_words=None):
        super().__init__()
        self._line_splitter = self

    def split(self, text):
        return text.splitlines()


class Quality2024(gopher_quality_filter.GopherQualityFilter):
    """Fewer punctuation marks, and stop words counted with repetition."""

    def __init__(self, split_words):
        super().__init__()
        self.split_words = split_words

    def filter(self, doc):
        everything, gopher_quality_filter.PUNCTUATION_SET = gopher_quality_filter.PUNCTUATION_SET, set(PUNCTUATION)
        try:
            verdict = super().filter(doc)
        finally:
            gopher_quality_filter.PUNCTUATION_SET = everything
        if verdict is True or verdict[1] == "gopher_enough_stop_words":
            enough = sum(word in self.stop_words for word in self.split_words(doc.text)) >= self.min_stop_words
            return True if enough else (False, "gopher_enough_stop_words")
        return verdict


class FineWeb2024(fineweb_quality_filter.FineWebQualityFilter):
    def __init__(self, split_words):
        super().__init__()
        self.split_words = split_words

    def filter(self, doc):
        lines = doc.text.split("\n")
        if sum(line.endswith((".", "'", '"', "!", "?")) for line in lines) / len(lines) <= self.line_punct_thr:
            return False, "line_punct_ratio"
        if sum(len(line) <= self.short_line_length for line in lines) / len(lines) >= self.short_line_threshold:
            return False, "short_line_ratio"
        filled = [line for line in lines if line.strip() != ""]
        duplicated = gopher_repetition_filter.find_duplicates(filled)[1]
        if duplicated / len(doc.text.replace("\n", "")) >= self.char_duplicates_ratio:
            return False, "char_dup_ratio"
        if doc.text.count("\n") / len(self.split_words(doc.text)) > self.new_line_ratio:
            return False, "list_ratio"
        return True
