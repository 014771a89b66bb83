"""Whether the passages that were found carry enough to answer a question.

A small logistic model over the cosines and over the question's words that the passages have;
coefficients and thresholds are fitted by ``benchmarks/abstention.py``. It measures relevance and
coverage, not entailment: a passage on the right topic that lacks the asked-for fact passes,
and is left to the arm, which may still say that it found no answer.
"""

import math
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from typing import Final

from assistant.knowledge.search import Passage
from guardrails.words import STOP_WORDS, stem, words

THRESHOLD: Final = 0.12
"""Below it, Routeback abstains."""
SURE: Final = 0.5
"""From here on, an answer that says there is none is taken to be wrong."""
NEAR: Final = 0.06
"""Below it, the passages that were found are not worth naming."""
CONSIDERED: Final = 4

_LONG: Final = 4
_FOUND: Final = 0.6
_CLIP: Final = 3.0


@dataclass(frozen=True, slots=True)
class Features:
    """What the model sees.

    closest: best cosine of the question and a passage, or a window of one. lead: how far the
    best is ahead of the mean of the others. foreign: whether the best passage is in the other
    language.
    closest_foreign: ``closest`` again, used only if ``foreign``. covered: share of the
    question's content that any passage has. named: -1 to 1, share of its names and numbers in
    the passage with the most of its words. agreed: ``covered`` by the closest passage alone.
    """

    closest: float
    lead: float
    foreign: float
    closest_foreign: float
    covered: float
    named: float
    agreed: float


_MEAN: Final = Features(0.8216, 0.0204, 0.2725, 0.7936, 0.4119, -0.0274, 0.2751)
_SCALE: Final = Features(0.0436, 0.0207, 0.4452, 0.0357, 0.3203, 0.5582, 0.3151)
_WEIGHT: Final = Features(1.7492, 0.7161, 0.9483, 0.3477, 0.4634, 0.2815, 0.9943)
_INTERCEPT: Final = -2.0168
_WORDS_FIRST: Final = 4
"""Features from here on count words, which say nothing across languages."""


def enough(question: str, language: str, passages: Sequence[Passage]) -> float:
    """Return the evidence for an answer, in [0, 1]; passages are given best first.

    1 if the question asks for a curated entry by its name; 0 without passages.
    """
    if not passages:
        return 0.0
    if passages[0].matched:
        return 1.0
    features = astuple(measure(question, language, passages[:CONSIDERED]))
    foreign = bool(features[2])
    total = _INTERCEPT
    standard = zip(features, astuple(_MEAN), astuple(_SCALE), astuple(_WEIGHT), strict=True)
    for position, (value, mean, scale, weight) in enumerate(standard):
        about_words = position >= _WORDS_FIRST
        if (foreign and about_words) or (not foreign and position == _WORDS_FIRST - 1):
            continue
        total += weight * max(-_CLIP, min(_CLIP, (value - mean) / scale))
    return 1 / (1 + math.exp(-total))


def measure(question: str, language: str, passages: Sequence[Passage]) -> Features:
    """Return the features of a question and at least one passage."""
    cosines = [max(passage.similarity, passage.window) for passage in passages]
    best = max(range(len(passages)), key=cosines.__getitem__)
    others = cosines[:best] + cosines[best + 1 :]
    asked = _content(question, language)
    weights = [min(1.0, 0.4 + 0.1 * len(word)) for word in asked]
    held = [_held(list(asked), passage) for passage in passages]
    shares = [_share(row, weights) for row in held]
    richest = held[max(range(len(held)), key=shares.__getitem__)]
    anywhere = [max(column) for column in zip(*held, strict=True)]
    names = [
        found >= _FOUND for found, is_name in zip(richest, asked.values(), strict=True) if is_name
    ]
    return Features(
        closest=cosines[best],
        lead=cosines[best] - sum(others) / len(others) if others else 0.0,
        foreign=float(passages[best].chunk.language != language),
        closest_foreign=cosines[best],
        covered=_share(anywhere, weights),
        named=2 * sum(names) / len(names) - 1 if names else 0.0,
        agreed=shares[best],
    )


def _content(question: str, language: str) -> dict[str, bool]:
    """Return the stems of the question's content words, and whether each is a name or number."""
    found: dict[str, bool] = {}
    for position, word in enumerate(question.replace("-", " ").split()):
        for token in words(word):
            if token not in STOP_WORDS and token not in _ASKING:
                name = any(c.isdigit() for c in token) or _capital(word, position, language)
                found.setdefault(stem(token, language), name)
    return found


def _capital(word: str, position: int, language: str) -> bool:
    """Whether a word is written like a name; German nouns have one capital, so two are asked."""
    if language == "de":
        return sum(c.isupper() for c in word) > 1
    return position > 0 and word[:1].isupper()


def _held(stems: Sequence[str], passage: Passage) -> list[float]:
    language = passage.chunk.language
    own = {stem(token, language) for token in words(passage.chunk.searchable.replace("-", " "))}
    return [_credit(word, own) for word in stems]


def _credit(word: str, own: set[str]) -> float:
    """Return how surely a word is among a passage's, in [0, 1]: itself, its kin, a compound."""
    if word in own:
        return 1.0
    if len(word) < _LONG or word.isdigit():
        return 0.0
    return max((_kinship(word, other) for other in own if len(other) >= _LONG), default=0.0)


def _kinship(word: str, other: str) -> float:
    shared = 0
    for one, two in zip(word, other, strict=False):
        if one != two:
            break
        shared += 1
    if shared > _LONG and shared >= 0.7 * len(word):
        return 0.8
    if shared >= _LONG and shared >= 0.6 * max(len(word), len(other)):
        return 0.6
    if shared < _LONG and len(word) > _LONG and word in other:
        return 0.7
    return 0.5 if shared < _LONG and len(other) > _LONG and other in word else 0.0


def _share(found: Sequence[float], weights: Sequence[float]) -> float:
    total = sum(weights)
    return sum(f * w for f, w in zip(found, weights, strict=True)) / total if total else 0.0


_ASKING: Final = frozenset(
    """
    a an of in on at to by as is be am do did it he we me my us or if so no nor i s t m re ve ll d
    tell explain mean means meaning get got need want know like thing things someone please make
    made way use used using hello hi thanks thank whats
    im am an zu um wo es er du da so ob in man mal bitte sag sagen erkläre erklären bedeutet
    bedeuten heißt gibt geben etwas jeder jede jedes einige machen macht gemacht tun brauche
    brauchen hallo danke eigentlich denn ich mich mir mein meine meinen wir uns unser
    """.split()
)
