"""Which words of a passage a sentence of an answer rests on. Pure functions."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

from ui.addresses import NOWHERE, Hosts
from ui.markdown import plain, rewritten

Span = tuple[int, int]
"""Of a text, the first character and the one behind the last."""

_WORD: Final = re.compile(r"\d+(?:[.,]\d+)*|[^\W\d_]{3,}")
_SENTENCE: Final = re.compile(r"[^\n]+?(?:[.!?…]+[\"'”’)*_]*(?=\s|$)|(?=\n)|$)")
_MARKS: Final = re.compile(r"[\s>#|]*(?:[-*+]\s+|\d{1,3}[.)]\s+)?")
"""What stands before the words of a line: of lists, quotations and headings."""
_ENOUGH: Final = 0.3
"""Share of a sentence's words, weighted, that a part of the passage has to hold."""
_LEAST: Final = 2
"""Words that it has to hold at least, unless the sentence has fewer."""
_FIGURE: Final = 2.0
"""What a figure counts, against 1 for a word: it is seldom the same by chance."""
_MOST: Final = 3
"""Parts of a passage for one sentence."""


def resting(passage: str, sentences: Iterable[str]) -> list[Span]:
    """Return the parts of a passage that sentences rest on, in order, apart from each other.

    For each sentence these are the sentences of the passage that hold most of its words, where a
    word counts the less, the more of them hold it; a further one has to add to what is held.
    Nothing where too few words are the same, as between languages.
    """
    parts = [(span, _words(passage[slice(*span)])) for span in _parts(passage)]
    spread = Counter(word for _, words in parts for word in words)
    found = {span for sentence in sentences for span in _held(sentence, parts, spread)}
    return sorted(found)


def marked(text: str, spans: Sequence[Span], hosts: Hosts = NOWHERE) -> str:
    """Return markdown that means what it meant to its author, with parts of it highlighted.

    text: its lines end as ``splitlines`` joins them. spans: of it; what is code stays as it is.
    hosts: where links may lead.
    """
    at = 0

    def say(piece: str) -> str:
        nonlocal at
        start = text.find(piece, at)
        if start < 0:  # written otherwise in the source, as with an escape
            return plain(piece, hosts)
        at = start + len(piece)
        ready, done = [], 0
        for first, last in spans:
            begin, end = max(first - start, done), min(last - start, len(piece))
            if begin < end and piece[begin:end].strip():
                ready += [plain(piece[done:begin], hosts), _highlighted(piece[begin:end], hosts)]
                done = end
        return "".join((*ready, plain(piece[done:], hosts)))

    return rewritten(text, say, hosts)


def _highlighted(words: str, hosts: Hosts) -> str:
    inner = words.strip(" ")
    before, after = words[: len(words) - len(words.lstrip(" "))], words[len(words.rstrip(" ")) :]
    return f"{before}:primary-background[{plain(inner, hosts)}]{after}"


def _held(
    sentence: str, parts: Sequence[tuple[Span, frozenset[str]]], spread: Counter[str]
) -> list[Span]:
    left = _words(sentence)
    weights = {w: (_FIGURE if w[0].isdigit() else 1.0) / max(1, spread[w]) for w in left}
    total = sum(weights.values())
    least = min(_LEAST, len(left))
    found: list[Span] = []
    while left and len(found) < _MOST:
        held, (span, words) = max(
            ((sum(weights[w] for w in left & part[1]), part) for part in parts),
            key=lambda scored: scored[0],
            default=(0.0, ((0, 0), frozenset())),
        )
        if held < _ENOUGH * total or len(left & words) < least:
            break
        found.append(span)
        left -= words
    return found


def _parts(passage: str) -> list[Span]:
    spans = []
    for match in _SENTENCE.finditer(passage):
        marks = _MARKS.match(passage, match.start(), match.end())
        start = marks.end() if marks else match.start()
        if _words(passage[start : match.end()]):
            spans.append((start, match.end()))
    return spans


def _words(text: str) -> frozenset[str]:
    return frozenset(word.casefold() for word in _WORD.findall(text))
