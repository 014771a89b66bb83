"""Which open questions are the same one: by meaning, and never against what their words say.

Agglomerative, by the mean cosine between two groups (average linkage). Cosines of the embedder
hardly tell *cancel* from *pause*, *on* from *off*, E-113 from E-114; so two questions that differ
in that way are never put together, however near they are, nor is any group that holds both. Better
two gaps for one question than one for two: an entry would be written that answers half of it.
Fitted and measured by ``benchmarks/gaps``. Pure functions.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import lru_cache
from typing import Final

import numpy as np

from guardrails import digests
from guardrails.arrays import Floats, Vectors
from guardrails.text.function_words import ASKED, STOP_WORDS
from guardrails.text.words import STEMMERS, stem, words

SAME: Final = 0.9
"""Mean cosine from which two groups ask the same."""
FOREIGN: Final = 0.034
"""Added to a cosine across languages, which is that much lower for the same question."""

_SPELLED: Final = 0.85
_BEGINNING: Final = 3
"""Likeness of spelling, and first letters in common, from which two words are the same one: an
ending or a slip. *Overfitting* is not *underfitting*."""
_CONTRAST, _TURNED, _ORDERED = 0.3, 0.5, 0.7
"""Share of words in common from which a difference in one word, in a particle, in order counts."""
_FRAME: Final = 0.2
"""By how much more of all words, those that say little included, two questions must share."""
_RHYME, _LONG = 0.7, 6
"""Likeness from which two words of so many letters are told apart across languages."""
_NEVER: Final = -1e6
_WIDE: Final = 0.06
"""How far below ``SAME`` a pair is still compared by its words."""
_OPPOSITES: Final = tuple(
    frozenset(pair.split("/"))
    for pair in (
        "on/off in/out up/down with/without open/close first/last enable/disable before/after "
        "ein/aus an/aus an/ab auf/zu mit/ohne vor/nach zu/von to/from into/from"
    ).split()
)
_NEGATIONS: Final = frozenset(
    "not no never cannot without nicht kein keine keinen nie ohne".split()
)
_NOT: Final = re.compile(r"n['’]t\b", re.IGNORECASE)
_DIGIT: Final = re.compile(r"\d")


@dataclass(frozen=True, slots=True)
class AskedText:
    """A question to be grouped. vector: unit, shape (dimensions,)."""

    id: str
    text: str
    language: str
    vector: Vectors


def grouped(new: Sequence[AskedText], known: Mapping[str, Sequence[AskedText]]) -> dict[str, str]:
    """Return the group of each new question, by its id.

    known: the members of groups that there are; they stay as they are, and a new question joins the
    one that it is nearest to. What joins none is grouped by itself; a new group is named by its
    first member, so that the same questions always give the same names.
    """
    result: dict[str, str] = {}
    rest: list[AskedText] = []
    names, means = _means(new, known)
    for one, row in zip(new, means, strict=True):
        if group := _nearest(one, names, row, known):
            result[one.id] = group
        else:
            rest.append(one)
    for members in _agglomerated(rest):
        name = f"gap-{digests.of(members[0].id)[:16]}"
        result.update((member.id, name) for member in members)
    return result


def differs(one: str, other: str, *, same_language: bool) -> str:
    """Return why two questions that may be near are not the same; empty: nothing says so."""
    one, other = (_NOT.sub(" not", text) for text in (one, other))
    if _figures(one) != _figures(other):
        return "number"
    mine, theirs = _content(one), _content(other)
    if not same_language:
        apart = any(_rhymes(word, another) for word in mine for another in theirs)
        return "contrast" if apart else ""
    return _worded(one, other, mine, theirs) if mine and theirs else ""


def likest(members: Sequence[AskedText]) -> AskedText:
    """Return the member that stands for all: the nearest to the others; of several the first."""
    cosines = _cosines(members, members)
    return members[int(np.argmax(cosines.mean(axis=1).round(6)))]


def _worded(one: str, other: str, mine: list[str], theirs: list[str]) -> str:
    """Return what words of one language say of two questions. mine, theirs: their content words."""
    have = [any(_same_word(word, other) for other in theirs) for word in mine]
    theirs_have = [any(_same_word(word, other) for other in mine) for word in theirs]
    share = (sum(have) + sum(theirs_have)) / (len(have) + len(theirs_have))
    all_mine, all_theirs = set(words(one)), set(words(other))
    frame = 2 * len(all_mine & all_theirs) / (len(all_mine) + len(all_theirs))
    if max(share, frame - _FRAME) >= _CONTRAST and not all(have) and not all(theirs_have):
        return "contrast"
    if share >= _TURNED and _turned(all_mine, all_theirs):
        return "opposite"
    if share >= _ORDERED:
        both = [word for word in mine if word in theirs]
        if both != [word for word in theirs if word in both]:
            return "order"
    return ""


def _means(
    new: Sequence[AskedText], known: Mapping[str, Sequence[AskedText]]
) -> tuple[list[str], Floats]:
    """Return the groups, and the mean cosines to each, shape (len(new), groups)."""
    names = sorted(group for group, members in known.items() if members)
    if not names or not new:
        return names, np.zeros((len(new), len(names)))
    members = [member for name in names for member in known[name]]
    counts = np.array([len(known[name]) for name in names])
    starts = np.concatenate(([0], np.cumsum(counts)[:-1]))
    sums: Floats = np.add.reduceat(_cosines(new, members), starts, axis=1)
    return names, sums / counts


def _nearest(
    one: AskedText,
    names: Sequence[str],
    means: Floats,
    known: Mapping[str, Sequence[AskedText]],
) -> str:
    """Return the nearest group that holds nothing else. means: of each group, sorted by name."""
    for place in map(int, np.argsort(-means, kind="stable")):
        if means[place] < SAME:
            return ""
        if not any(_apart(one, member) for member in known[names[place]]):
            return names[place]
    return ""


def _agglomerated(items: Sequence[AskedText]) -> list[list[AskedText]]:
    """Return groups, each in the order given."""
    if len(items) < 2:  # noqa: PLR2004
        return [[item] for item in items]
    from scipy.cluster.hierarchy import fcluster, linkage  # a fifth of a second to import
    from scipy.spatial.distance import squareform

    cosines = _cosines(items, items)
    near = np.argwhere(np.triu(cosines >= SAME - _WIDE, 1))
    for i, j in near:
        if _apart(items[i], items[j]):
            cosines[i, j] = cosines[j, i] = _NEVER
    distances = np.maximum(0.0, 1 - cosines)  # those across languages may be raised above one
    np.fill_diagonal(distances, 0)
    tree = linkage(squareform(distances, checks=False), "average")
    labels = fcluster(tree, 1 - SAME, "distance")
    groups: dict[int, list[AskedText]] = {}
    for item, label in zip(items, labels, strict=True):
        groups.setdefault(int(label), []).append(item)
    return list(groups.values())


def _cosines(some: Sequence[AskedText], others: Sequence[AskedText]) -> Vectors:
    """Return the cosines, shape (len(some), len(others)); those across languages raised."""
    one, other = (np.stack([item.vector for item in side]) for side in (some, others))
    cosines = np.asarray(one @ other.T, np.float64)
    mine, theirs = (np.array([item.language for item in side]) for side in (some, others))
    result: Vectors = cosines + FOREIGN * (mine[:, None] != theirs[None, :])
    return result


def _apart(one: AskedText, other: AskedText) -> bool:
    return bool(differs(one.text, other.text, same_language=one.language == other.language))


def _figures(text: str) -> set[str]:
    return {word for word in words(text.replace("-", " ")) if _DIGIT.search(word)}


def _content(text: str) -> list[str]:
    return [
        word
        for word in dict.fromkeys(words(text.replace("-", " ")))
        if word not in STOP_WORDS and word not in ASKED and len(word) > 1
    ]


@lru_cache(maxsize=65_536)
def _rhymes(one: str, other: str) -> bool:
    """Whether two words are spelled much alike and begin otherwise, as terms of one family do."""
    if one[:2] == other[:2] or min(len(one), len(other)) < _LONG:
        return False
    return SequenceMatcher(None, one, other).ratio() >= _RHYME


@lru_cache(maxsize=65_536)
def _same_word(one: str, other: str) -> bool:
    if one == other or any(stem(one, code) == stem(other, code) for code in STEMMERS):
        return True
    begin = one[:_BEGINNING] == other[:_BEGINNING]
    return begin and SequenceMatcher(None, one, other).ratio() >= _SPELLED


def _turned(one: set[str], other: set[str]) -> bool:
    """Whether a particle of one is the opposite of one that the other has, or one denies."""
    mine, theirs = one - other, other - one
    for pair in _OPPOSITES:
        a, b = sorted(pair)
        if (a in mine and b in theirs) or (b in mine and a in theirs):
            return True
    return bool(one & _NEGATIONS) != bool(other & _NEGATIONS)
