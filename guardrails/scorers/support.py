"""What speaks for and against one claim in its passages, measured without a model of language."""

from collections.abc import Collection, Sequence
from itertools import pairwise
from typing import Final, NamedTuple

from guardrails.scorers.figures import Figure
from guardrails.scorers.ground import Ground, Window, covered
from guardrails.scorers.reading import MODAL, SAYS, Reading

_ALIGNED: Final = 0.6
"""Coverage from which a sentence is about the same thing, so that polarity can be compared."""
_ELSEWHERE: Final = 0.4
"""What a figure counts for that is in the passages, where the claim's own place has another."""
_CLOSE: Final = 0.8
"""Share of the best coverage that a window needs to be compared as well."""


class Support(NamedTuple):
    """Features of one claim, each in [0, 1].

    anywhere: weighted share of its content words and figures that the passages have together.
    window: that its best two sentences have. pairs: share of its neighbouring content words
    that are near each other there; their share in these sentences if it has no two. names:
    weighted share of its names that the best passage has; 1 without names. figures: share of its
    figures that are found, less for one whose place has another; 1 without. contradicted:
    whether the sentences it is nearest to have the other polarity. focus: how much of the
    question the carrying passage has, against the passage that has most of it. subject: 0 if it
    begins with the term of one passage and says what only the text of another says; else 1.
    """

    anywhere: float
    window: float
    pairs: float
    names: float
    figures: float
    contradicted: float
    focus: float
    subject: float


def support(claim: Reading, question: Reading, ground: Ground) -> Support:
    """Measure a claim that says something against passages in its language."""
    words = claim.words
    matches = ground.matches(words)
    told = [figure for figure in claim.figures if not figure.spelled or figure.kind]
    by_window = [
        _with_figures(
            claim, covered(words, matches, window.stems), told,
            [figure for reading in window.readings for figure in reading.figures],
        )
        for window in ground.windows
    ]  # fmt: skip
    best = max(range(len(by_window)), key=by_window.__getitem__)
    window = ground.windows[best]
    close = [
        w for w, share in zip(ground.windows, by_window, strict=True)
        if share >= _CLOSE * by_window[best]
    ]  # fmt: skip
    names = [word for word in words if word.name]
    nearest = _nearest(claim, matches, close)
    return Support(
        anywhere=_with_figures(
            claim, covered(words, matches, ground.vocabulary), told, ground.figures
        ),
        window=by_window[best],
        pairs=max(_pairs(claim, matches, w) for w in close),
        names=max(covered(names, matches, s) for s in ground.stems) if names else 1.0,
        figures=_figures(told, question, ground, nearest),
        contradicted=_contradicted(claim, matches, nearest),
        focus=_focus(question, ground, window.owner),
        subject=_subject(claim, ground, window.owner, {w.owner for w in close}),
    )


def share_of_figures(claimed: Sequence[Figure], held: Sequence[Figure]) -> float:
    """Return the share of figures that are among ``held``, in [0, 1]; 1 for none."""
    told = [figure for figure in claimed if not figure.spelled or figure.kind]
    if not told:
        return 1.0
    return sum(figure.among(held) for figure in told) / len(told)


def _pairs(claim: Reading, matches: dict[str, dict[str, float]], window: Window) -> float:
    """Return the share of neighbouring words of the claim that are near and in order there."""
    stems = [word.stem for word in claim.words if word.weight >= SAYS]
    wanted = list(pairwise(stems))
    if not wanted:
        return covered(claim.words, matches, window.stems)
    places: dict[str, list[int]] = {}
    at = 0
    for reading in window.readings:
        for word in reading.words:
            places.setdefault(word.stem, []).append(at)
            at += 1
    near = 0
    for one, two in wanted:
        firsts = [p for stem in matches[one] for p in places.get(stem, ())]
        seconds = [p for stem in matches[two] for p in places.get(stem, ())]
        near += any(0 < second - first <= 3 for first in firsts for second in seconds)  # noqa: PLR2004
    return near / len(wanted)


def _nearest(
    claim: Reading, matches: dict[str, dict[str, float]], windows: Sequence[Window]
) -> list[Reading]:
    """Return the sentences that are about the same thing as the claim, if there are any."""
    readings = {reading.text: reading for window in windows for reading in window.readings}
    shares = {
        text: covered(claim.words, matches, reading.stems) for text, reading in readings.items()
    }
    least = max(_ALIGNED, _CLOSE * max(shares.values(), default=0.0))
    return [readings[text] for text, share in shares.items() if share >= least]


def _contradicted(
    claim: Reading, matches: dict[str, dict[str, float]], nearest: Sequence[Reading]
) -> float:
    """Return 1 if every sentence about the same thing has another polarity."""
    return float(bool(nearest) and all(_opposed(claim, matches, reading) for reading in nearest))


def _opposed(claim: Reading, matches: dict[str, dict[str, float]], held: Reading) -> bool:
    """Whether one side denies what the other says; "cannot" outweighs where "not" stands."""
    ways: dict[str, set[bool]] = {}
    for word in held.words:
        ways.setdefault(word.stem, set()).add(word.turned)
    can = [word.turned for word in claim.words if word.stem == MODAL]
    if can and MODAL in ways and (can[0] or True in ways[MODAL]):
        return can[0] not in ways[MODAL]
    apart, together = 0, 0
    for word in claim.words:
        there = {way for stem in matches[word.stem] for way in ways.get(stem, ())}
        if there and word.weight >= SAYS:
            apart += word.turned not in there
            together += word.turned and word.turned in there
    return apart > together


def _with_figures(
    claim: Reading, share: float, told: Sequence[Figure], held: Sequence[Figure]
) -> float:
    """Return the share of the words and figures of a claim; a figure weighs as much as a word."""
    if not told:
        return share
    by_words = sum(word.weight for word in claim.words)
    found = sum(figure.among(held) for figure in told)
    return (share * by_words + found) / (by_words + len(told))


def _figures(
    told: Sequence[Figure], question: Reading, ground: Ground, nearest: Sequence[Reading]
) -> float:
    if not told:
        return 1.0
    near = [figure for reading in nearest for figure in reading.figures]
    found = 0.0
    for figure in told:
        if figure.among((*near, *question.figures)):
            found += 1.0
        elif figure.among(ground.figures):
            rival = any(other.kind == figure.kind and not other.spelled for other in near)
            found += _ELSEWHERE if rival else 1.0
    return found / len(told)


def _subject(claim: Reading, ground: Ground, owner: int, close: Collection[int]) -> float:
    """Return 0 for another term's definition: a passage that is alone near, and not the term's."""
    for at, term in enumerate(ground.terms):
        begins = term and term <= {word.stem for word in claim.words[: len(term)]}
        if begins and at not in close and not term <= ground.stems[owner]:
            return 0.0
    return 1.0


def _focus(question: Reading, ground: Ground, owner: int) -> float:
    if not question.words:
        return 1.0
    matches = ground.matches(question.words)
    shares = [covered(question.words, matches, stems) for stems in ground.stems]
    most = max(shares)
    return shares[owner] / most if most else 1.0
