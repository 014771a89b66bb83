"""What is wrong in a near-copy of a passage: a small cross-encoder, read by ``onnxruntime``.

It tells a number, a negation, a name or a term that is not the passage's from one that is, and a
sentence that breaks off or is no sentence. It was not made for rewording of people's kind: there
it is no better than words are. The files beside this one are made by ``training/checker``.
"""

import math
import re
from collections.abc import Iterator, Sequence
from functools import cache, lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Final

import numpy as np

from guardrails.scorers.models import Check, Wrong
from guardrails.text.function_words import QUESTION_WORDS, one_of

HERE: Final = Path(str(files(__name__)))
MODEL: Final = HERE / "model.onnx"
TOKENIZER: Final = HERE / "tokenizer.json"
REVISION: Final = "checker/multilingual-e5-small-8/int8-1"
"""Changes whenever the same texts would get another answer."""

MOST_PASSAGE: Final = 256
MOST_CLAIM: Final = 96
"""Pieces that are read, the marks at both ends included."""
SHOWN: Final = 0.5
"""Probability from which a piece is called wrong."""
_STEP: Final = 16
"""Pieces between two windows of a long passage."""
_REMEMBERED: Final = 256

_MARKS: Final = re.compile(
    r"!?\[(?=[^\]\n]*\]\([^)\s]*\))|(?<=[^\n])\]\([^)\s]*\)|\*\*|__|~~|`+"
    r"|(?<!\w)[*_](?=\w)|(?<=\w)[*_](?!\w)|(?:^|(?<=\n))[ \t]*(?:#{1,6}|>|[-*+•]|\d{1,2}[.)])[ \t]+"
)
_WORD: Final = re.compile(r"\w{3,}|\d+")
_POLAR: Final = {
    "en": re.compile(r"\W*(?:yes|no)\b(?! (?:one|longer|more))", re.IGNORECASE),
    "de": re.compile(r"\W*(?:ja|nein)\b", re.IGNORECASE),
}
_OPEN: Final = re.compile(
    rf"\W*{one_of([*QUESTION_WORDS['en'], *QUESTION_WORDS['de']])}\b", re.IGNORECASE
)


def kept(text: str) -> list[int]:
    """Return the places of the characters that are no Markdown marks."""
    dropped = {at for match in _MARKS.finditer(text) for at in range(*match.span())}
    return [at for at in range(len(text)) if at not in dropped]


def plain(text: str) -> str:
    """Return a text without Markdown marks; the label of a link stays."""
    return "".join(text[at] for at in kept(text))


def asked_first(question: str, sentence: str, language: str) -> str:
    """Return what stands before a sentence when it is judged: the question, before a yes or no."""
    polar = _POLAR.get(language, _POLAR["en"])
    english_was = language == "en" and question.lower().startswith("was ")
    if not question.strip() or not polar.match(sentence):
        return ""
    if _OPEN.match(question) and not english_was:
        return ""
    text = plain(question).strip()
    return f"{text} " if text.endswith("?") else f"{text}? "


def words(text: str) -> frozenset[str]:
    """Return the longer words and the numbers of a text."""
    return frozenset(_WORD.findall(text.casefold()))


def starts(offsets: Sequence[tuple[int, int]], text: str, most: int) -> Iterator[int]:
    """Yield the pieces at which a window of ``most`` pieces may begin: sentences', or every few."""
    last = max(0, len(offsets) - most)
    for at in range(last + 1):
        before = text[: offsets[at][0]].rstrip()
        if (
            at % _STEP == 0
            or at == last
            or (before[-1:] in ".!?:" and text[offsets[at][0] - 1 :][:1].isspace())
        ):
            yield at


class NearCopies:
    """The checker. Safe to call from several threads; what was judged is remembered."""

    version: Final = REVISION

    def __init__(self) -> None:
        import onnxruntime as ort
        from tokenizers import Tokenizer

        options = ort.SessionOptions()
        options.intra_op_num_threads = 1
        options.enable_cpu_mem_arena = False
        self._session = ort.InferenceSession(MODEL, options, providers=["CPUExecutionProvider"])
        self._tokenizer = Tokenizer.from_file(str(TOKENIZER))
        self._remembered = lru_cache(maxsize=_REMEMBERED)(self._check)

    def check(self, question: str, sentence: str, passage: str, language: str) -> Check:
        """Judge a sentence; see the port."""
        return self._remembered(asked_first(question, sentence, language), sentence, passage)

    def _check(self, before: str, sentence: str, passage: str) -> Check:
        places = kept(sentence)
        text = "".join(sentence[at] for at in places)
        source = plain(passage)
        if not text.strip() or not source.strip():
            return Check(float(not text.strip()), ())
        encoding = self._tokenizer.encode(before + text)
        claim = np.array([cut(encoding.ids, MOST_CLAIM)], np.int64)
        supported, wrong = self.logits(self.window(source, before + text), claim)
        spans = [(start - len(before), end - len(before)) for start, end in encoding.offsets]
        marked = [
            (places[max(start, 0)], places[end - 1] + 1, logistic(float(logit)))
            for (start, end), logit in zip(spans, wrong[0], strict=False)
            if end > max(start, 0)
        ]
        return Check(logistic(float(supported[0])), tuple(joined(marked, sentence)))

    def logits(
        self, passage: "np.ndarray", claims: "np.ndarray"
    ) -> tuple["np.ndarray", "np.ndarray"]:
        """Return the logits *supported* (m,) and *wrong* (m, c) of claims (m, c) on pieces (p,)."""
        supported, wrong = self._session.run(None, {"passage": passage, "claims": claims})
        return supported, wrong

    def window(self, passage: str, claim: str) -> "np.ndarray":
        """Return the pieces (p,) of a passage, or of the part with most of the claim's words."""
        encoding = self._tokenizer.encode(passage)
        ids, most = encoding.ids, MOST_PASSAGE - 2
        if len(ids) > MOST_PASSAGE:
            sought, offsets = words(claim), encoding.offsets[1:-1]
            counts = {
                at: len(sought & words(passage[offsets[at][0] : offsets[at + most - 1][1]]))
                for at in starts(offsets, passage, most)
            }
            first = max(counts, key=lambda at: (counts[at], -at))
            ids = [ids[0], *ids[1 + first : 1 + first + most], ids[-1]]
        return np.array(ids, np.int64)


def cut(ids: Sequence[int], most: int) -> list[int]:
    """Return the pieces of a text that is not too long, its end mark kept."""
    return list(ids) if len(ids) <= most else [*ids[: most - 1], ids[-1]]


def logistic(logit: float) -> float:
    """Return a probability."""
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, logit))))


def joined(marked: Sequence[tuple[int, int, float]], text: str) -> Iterator[Wrong]:
    """Yield whole words with a piece that is wrong; those with only blanks between them as one."""
    span: Wrong | None = None
    for first, last, probability in marked:
        if probability < SHOWN:
            continue
        start, end = word(text, first, last)
        if span and not text[span.end : start].strip():
            span = Wrong(span.start, max(end, span.end), max(probability, span.probability))
            continue
        if span:
            yield span
        span = Wrong(start, end, probability)
    if span:
        yield span


def word(text: str, start: int, end: int) -> tuple[int, int]:
    """Return the characters of the word, or words, that some characters are of."""
    inner = text[start:end]
    start += len(inner) - len(inner.lstrip())
    while 0 < start < len(text) and text[start - 1].isalnum() and text[start].isalnum():
        start -= 1
    while end < len(text) and text[end - 1].isalnum() and text[end].isalnum():
        end += 1
    return min(start, end - 1), end


@cache
def near_copies() -> NearCopies:
    """Return the checker of this process; loading one takes a tenth of a second."""
    return NearCopies()
