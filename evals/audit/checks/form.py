"""Which segment's answers an answer is built like: a definition, steps, a yes or no.

Features that do not depend on the topic, and a linear classifier fitted on the reference answers.
Length is none of them: references are often written to one length, which would then decide.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from guardrails.text import markers
from guardrails.text.reading import claims
from guardrails.text.words import words

_RIDGE: Final = 1.0
_TINY: Final = 1e-9
_FIRST: Final = re.compile(
    r"^\W*(?:1[.)]\s*)?(?:yes|no|ja|nein|open|go to|choose|click|select|sign in|press|write|send|"
    r"check|enter|turn|set|take|tap|use|öffnen|gehen|wählen|klicken|melden|drücken|schreiben|prüfen|rufen|geben|"
    r"senden|tippen|schalten|stellen|nehmen)\b",
    re.IGNORECASE,
)
_DEFINES: Final = re.compile(
    r"^\W*(?:an?\s|the\s|ein(?:e|er)?\s|der\s|die\s|das\s|unter\s)?.{2,70}?\b"
    r"(?:is|are|means|refers to|describes|denotes|was|ist|sind|bedeutet|"
    r"bezeichnet|beschreibt|versteht|heißt|nennt)\b",
    re.IGNORECASE,
)
_YOU: Final = frozenset(
    "you your yours yourself sie ihr ihre ihren ihrem ihrer du dein deine".split()
)
_BEING: Final = frozenset("is are was were be being ist sind war waren wird werden".split())
_IF: Final = frozenset("if when until unless wenn falls sobald bis".split())
_VAGUE: Final = frozenset("a an such often usually ein eine einer eines meist oft etwa".split())


@dataclass(frozen=True, slots=True)
class Forms:
    """A classifier of form.

    told: mean share, over the segments, of the
    references whose own segment it recognises, each left out once, in [0, 1].
    """

    segments: tuple[str, ...]
    weights: NDArray[np.float64]
    mean: NDArray[np.float64]
    scale: NDArray[np.float64]
    told: float

    def shares(self, answers: Sequence[str], languages: Sequence[str]) -> dict[str, float]:
        """Return the share of the answers that are built like each segment's."""
        rows = _design((_features(answers, languages) - self.mean) / self.scale)
        best = (rows @ self.weights).argmax(axis=1)
        return {name: float((best == at).mean()) for at, name in enumerate(self.segments)}


def forms(references: Mapping[str, Sequence[tuple[str, str]]], fewest: int) -> Forms | None:
    """Fit on (answer, language) by segment; None with fewer than two segments that have enough."""
    groups = {name: rows for name, rows in references.items() if len(rows) >= fewest}
    if len(groups) < 2:  # noqa: PLR2004
        return None
    raw = np.concatenate([_features(*zip(*rows, strict=True)) for rows in groups.values()])
    of = np.repeat(np.arange(len(groups)), [len(rows) for rows in groups.values()])
    mean, scale = raw.mean(axis=0), np.maximum(raw.std(axis=0), _TINY)
    rows = _design((raw - mean) / scale)
    balance = np.sqrt(1.0 / np.bincount(of)[of])[:, None]
    goal = np.where(of[:, None] == np.arange(len(groups)), 1.0, -1.0)
    weighted = rows * balance * np.sqrt(len(rows) / len(groups))
    inverse = np.linalg.inv(weighted.T @ weighted + _RIDGE * np.eye(rows.shape[1]))
    scaled_goal = goal * balance * np.sqrt(len(rows) / len(groups))
    weights = inverse @ weighted.T @ scaled_goal
    own = np.einsum("ij,jk,ik->i", weighted, inverse, weighted)[:, None]
    left_out = ((weighted @ weights) - own * scaled_goal) / (1.0 - own)
    right = left_out.argmax(axis=1) == of
    accuracy = float(np.mean([right[of == at].mean() for at in range(len(groups))]))
    return Forms(tuple(groups), weights, mean, scale, accuracy)


def _design(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.concatenate([rows, np.ones((len(rows), 1))], axis=1)


def _features(answers: Sequence[str], languages: Sequence[str]) -> NDArray[np.float64]:
    """Return features, shape (len(answers), 9)."""
    rows = [_row(markers.strip(a), code) for a, code in zip(answers, languages, strict=True)]
    return np.asarray(rows, np.float64)


def _row(answer: str, language: str) -> list[float]:
    tokens = words(answer)
    sentences = [s for s in claims(answer, language) if words(s)] or [answer]
    count = max(1, len(tokens))

    def rate(listed: frozenset[str]) -> float:
        return min(1.0, 10.0 * sum(word in listed for word in tokens) / count)

    return [
        min(1.0, count / len(sentences) / 40.0),
        float(bool(re.search(r"(?:^|\s)[12][.)]\s", answer))),
        rate(_YOU),
        rate(_BEING),
        rate(_IF),
        rate(_VAGUE),
        float(bool(_DEFINES.match(sentences[0]))),
        sum(bool(_FIRST.match(s)) for s in sentences) / len(sentences),
        min(1.0, 10.0 * sum(word[0].isdigit() for word in tokens) / count),
    ]
