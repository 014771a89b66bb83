"""What speaks for and against one claim in its passages, measured without a model of language."""

from collections.abc import Collection, Sequence
from itertools import pairwise
from typing import Final, NamedTuple

from guardrails.scorers.ground import Ground, Window, covered, credit
from guardrails.text.figures import Figure
from guardrails.text.paths import carried_paths
from guardrails.text.reading import MODAL, SAYS, SentenceReading, Word

_ALIGNED: Final = 0.6
"""Coverage from which a sentence is about the same thing, so that polarity can be compared."""
_ELSEWHERE: Final = 0.4
"""What a figure counts for that is in the passages, where the claim's own place has another."""
_ANSWERED: Final = 0.25
"""Share of what a claim adds to an entry's question from which it answers that question."""
_SAID: Final = 0.75
"""Share of a claim, or of a question, from which another text says the same."""
_COPIED: Final = (0.9, 0.6)
"""Coverage and pairs from which a claim repeats a sentence, but for its polarity."""
_AS_WELL: Final = 0.9
"""Share of the best coverage from which another passage carries a claim about as well."""
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
    begins with the term of one passage and says what only the text of another says; else 1. said:
    0 if it says what the question of an entry asks and the entry does not say it; else 1. paths: 0
    if it names a path through menus that does not stand there; else 1. owner: of the passages in
    the language, the one that carries it; of those that do about as well, the likeliest to answer.
    refuted: it is contradicted by the yes or no of an entry, or is one, or repeats what it denies.
    """

    anywhere: float
    window: float
    pairs: float
    names: float
    figures: float
    contradicted: float
    focus: float
    subject: float
    said: float = 1.0
    paths: float = 1.0
    owner: int = 0
    refuted: bool = False


def support(claim: SentenceReading, question: SentenceReading, ground: Ground) -> Support:
    """Measure a claim that says something against passages in its language."""
    words = claim.words
    matches = ground.matches(words)
    figures = [figure for figure in claim.figures if figure.told]
    about = [_about(claim, matches, window, figures) for window in ground.windows]
    by_window = [
        _with_figures(
            claim, covered(words, matches, stems), figures,
            [figure for reading in window.readings for figure in reading.lent],
        )
        for window, stems in zip(ground.windows, about, strict=True)
    ]  # fmt: skip
    best = max(range(len(by_window)), key=by_window.__getitem__)
    window = ground.windows[best]
    close = [
        w for w, share in zip(ground.windows, by_window, strict=True)
        if share >= _CLOSE * by_window[best]
    ]  # fmt: skip
    names = [word for word in words if word.name]
    nearest = _nearest(claim, matches, close)
    unsure = [figure for figure in claim.lent if figure not in figures]
    figures += [figure for figure in unsure if _rivalled(figure, nearest, ground, question)]
    stems = frozenset[str]().union(*ground.said, *about)
    refuted = _refuted(claim, question, ground)
    denied = refuted or _contradicted(claim, matches, nearest)
    pairs = max(_pairs(claim, matches, w) for w in close)
    copied = by_window[best] >= _COPIED[0] and pairs >= _COPIED[1]
    return Support(
        anywhere=_with_figures(claim, covered(words, matches, stems), figures, ground.figures),
        window=by_window[best],
        pairs=pairs,
        names=max(covered(names, matches, s) for s in ground.stems) if names else 1.0,
        figures=_figures(figures, question, ground, nearest),
        contradicted=float(denied),
        focus=_focus(question, ground, window.owner),
        subject=_subject(claim, ground, window.owner, {w.owner for w in close}),
        said=_said(claim, matches, ground, window),
        paths=carried_paths(claim.paths, ground.texts),
        owner=_owner(ground, by_window),
        refuted=refuted or (denied and (copied or claim.stated or any(r.stated for r in nearest))),
    )


def _owner(ground: Ground, by_window: Sequence[float]) -> int:
    """Return the passage whose window carries a claim best, or about as well as any."""
    least = _AS_WELL * max(by_window)
    close = {
        window.owner
        for window, share in zip(ground.windows, by_window, strict=True)
        if share >= least
    }
    return max(close, key=lambda at: (ground.texts[at].answers or 0.0, -at))


def _about(
    claim: SentenceReading,
    matches: dict[str, dict[str, float]],
    window: Window,
    told: Sequence[Figure],
) -> frozenset[str]:
    """Return the stems that can carry a claim there: the question's, if it is answered there.

    That is, if the claim has words or figures that the question has not, and enough are there; or
    if it leads to a list, and so only names what that is about.
    """
    own = [w for w in claim.words if w.weight >= SAYS and not credit(matches[w.stem], window.asked)]
    figures = [figure for reading in window.readings for figure in reading.lent]
    if (
        not window.asked
        or claim.leads
        or _with_figures_of(own, matches, window.stems, told, figures) >= _ANSWERED
    ):
        return window.stems | window.asked
    return window.stems


def _said(
    claim: SentenceReading, matches: dict[str, dict[str, float]], ground: Ground, window: Window
) -> float:
    """Return 0 if a claim says again what was asked, and no one sentence says that."""
    words = [word for word in claim.words if word.weight >= SAYS]
    asks = bool(words) and all(credit(matches[word.stem], window.asked) for word in words)
    told = any(figure.told for figure in claim.figures)
    if told or claim.leads or not (asks or claim.stated):
        return 1.0
    shares = (
        covered(words, matches, place.heading | reading.stems)
        for place in ground.windows
        for reading in place.readings
    )
    return float(max(shares, default=0.0) >= _SAID)


def _rivalled(
    figure: Figure, nearest: Sequence[SentenceReading], ground: Ground, question: SentenceReading
) -> bool:
    """Whether the place of a claim gives what a spelled number counts another number."""
    alike = (f for f in (*ground.figures, *question.lent) if f.counted == figure.counted)
    if figure.among(f for f in alike if f.kind == figure.kind):
        return False
    return figure.rivals([other for reading in nearest for other in reading.lent])


def share_of_figures(claimed: Sequence[Figure], held: Sequence[Figure]) -> float:
    """Return the share of figures that are among ``held``, in [0, 1]; 1 for none."""
    figures = [figure for figure in claimed if figure.told]
    if not figures:
        return 1.0
    return sum(figure.among(held) for figure in figures) / len(figures)


def _pairs(claim: SentenceReading, matches: dict[str, dict[str, float]], window: Window) -> float:
    """Return the share of neighbouring words of the claim that are near and in order there."""
    stems = [word.stem for word in claim.words if word.weight >= SAYS]
    pairs = list(pairwise(stems))
    if not pairs:
        return covered(claim.words, matches, window.stems)
    places: dict[str, list[int]] = {}
    at = 0
    for reading in window.readings:
        for word in reading.words:
            places.setdefault(word.stem, []).append(at)
            at += 1
    near = 0
    for left, right in pairs:
        firsts = [p for stem in matches[left] for p in places.get(stem, ())]
        seconds = [p for stem in matches[right] for p in places.get(stem, ())]
        near += any(0 < second - first <= 3 for first in firsts for second in seconds)  # noqa: PLR2004
    return near / len(pairs)


def _nearest(
    claim: SentenceReading, matches: dict[str, dict[str, float]], windows: Sequence[Window]
) -> list[SentenceReading]:
    """Return the sentences that are about the same thing as the claim, if there are any."""
    readings = {reading.text: reading for window in windows for reading in window.readings}
    shares = {
        text: covered(claim.words, matches, reading.stems) for text, reading in readings.items()
    }
    least = max(_ALIGNED, _CLOSE * max(shares.values(), default=0.0))
    return [readings[text] for text, share in shares.items() if share >= least]


def _refuted(claim: SentenceReading, question: SentenceReading, ground: Ground) -> bool:
    """Whether a claim begins with a yes where the entry that asks the same says no."""
    return claim.verdict is not None and any(
        reading.stated and reading.verdict != claim.verdict and _same(question, reading, ground)
        for window in ground.windows
        for reading in window.readings
    )


def _contradicted(
    claim: SentenceReading, matches: dict[str, dict[str, float]], nearest: Sequence[SentenceReading]
) -> bool:
    """Whether every sentence about the same thing has another polarity."""
    return bool(nearest) and all(_opposed(claim, matches, reading) for reading in nearest)


def _same(question: SentenceReading, stated: SentenceReading, ground: Ground) -> bool:
    """Whether a question is the one that an entry answers by yes or no."""
    words = [word for word in question.words if word.weight >= SAYS]
    shares = covered(words, ground.matches(words), stated.stems)
    terms = [word for word in stated.words if word.weight >= SAYS]
    stems = question.stems
    back = sum(w.weight for w in terms if w.stem in stems) / (sum(w.weight for w in terms) or 1.0)
    denied = any(word.turned for word in question.words)
    return min(shares, back) >= _SAID and not denied


def _opposed(
    claim: SentenceReading, matches: dict[str, dict[str, float]], held: SentenceReading
) -> bool:
    """Whether one side denies what the other says; "cannot" outweighs where "not" stands.

    What denies a whole question agrees with whatever denies something of it.
    """
    denied = {reading.stated and reading.verdict is False for reading in (claim, held)}
    if True in denied:
        other = held if claim.stated and claim.verdict is False else claim
        return denied != {True} and not any(word.turned for word in other.words)
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
    claim: SentenceReading, share: float, told: Sequence[Figure], held: Sequence[Figure]
) -> float:
    """Return the share of the words and figures of a claim; a figure weighs as much as a word."""
    if not told:
        return share
    by_words = sum(word.weight for word in claim.words)
    hits = sum(figure.among(held) for figure in told)
    return (share * by_words + hits) / (by_words + len(told))


def _with_figures_of(
    words: Sequence[Word], matches: dict[str, dict[str, float]], stems: frozenset[str],
    told: Sequence[Figure], held: Sequence[Figure],
) -> float:  # fmt: skip
    """Return the share of these words and figures that is there, in [0, 1]; 0 for none of them."""
    total = sum(word.weight for word in words) + len(told)
    hits = sum(word.weight * credit(matches[word.stem], stems) for word in words)
    return (hits + sum(figure.among(held) for figure in told)) / total if total else 0.0


def _figures(
    told: Sequence[Figure],
    question: SentenceReading,
    ground: Ground,
    nearest: Sequence[SentenceReading],
) -> float:
    if not told:
        return 1.0
    near = [figure for reading in nearest for figure in reading.lent]
    hits = 0.0
    for figure in told:
        if figure.among((*near, *question.lent)):
            hits += 1.0
        elif figure.among(ground.figures):
            plain = (other for other in near if not other.spelled)
            rival = figure.rivals(near) or any(other.kind == figure.kind for other in plain)
            hits += _ELSEWHERE if rival else 1.0
    return hits / len(told)


def _subject(claim: SentenceReading, ground: Ground, owner: int, close: Collection[int]) -> float:
    """Return 0 for another term's definition: a passage that is alone near, and not the term's.

    A sentence that names both terms says something of each.
    """
    own = ground.terms[owner]
    if own and own <= claim.stems:
        return 1.0
    for at, term in enumerate(ground.terms):
        begins = term and term <= {word.stem for word in claim.words[: len(term)]}
        if begins and at not in close and not term <= ground.stems[owner]:
            return 0.0
    return 1.0


def _focus(question: SentenceReading, ground: Ground, owner: int) -> float:
    if not question.words:
        return 1.0
    matches = ground.matches(question.words)
    shares = [covered(question.words, matches, stems) for stems in ground.stems]
    most = max(shares)
    return shares[owner] / most if most else 1.0
