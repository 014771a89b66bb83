"""How likely each passage answers a question: the number that chooses how an answer is made.

Passages that were found compete with each other and with "none of them": a conditional logit
(McFadden 1974) over what the search knows of each: its cosines with the question, of texts and of
tokens, its lead over the others, its names, and which of the question's words it has. Weights are
fitted by ``benchmarks/answers/selection.py`` on questions that nobody asks the product in a
benchmark.
"""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from assistant.knowledge.documents import Chunk, Kind
from assistant.knowledge.likeness import between, likeness, read_as, row_read_as
from assistant.knowledge.names import title_key
from assistant.knowledge.rerank import alike
from assistant.knowledge.search import Passage
from assistant.local.tokens import REVISION as TOKENS
from assistant.local.tokens import TokenStates
from guardrails.scorers.scorer import version
from guardrails.text.function_words import ASKED, STOP_WORDS
from guardrails.text.words import words

ALIKE: Final = 0.75
"""Likeness of spelling from which a word counts as another: a typo, an ending, a compound."""
CONSIDERED: Final = 8
"""How many passages compete."""


_QUANTITY: Final = re.compile(
    r"\b(how (?:many|much|long|often|big|large|far|old|fast|late|high)|what (?:time|size|price)"
    r"|when|until"
    r"|cost|costs|price|limit|maximum|minimum|most|least"
    r"|wie ?(?:viel|viele|lange|oft|groß|gross|weit|hoch|teuer|alt|schnell|spät)|wieviel\w*|wann"
    r"|bis wann|kosten|kostet|preis|höchstens|mindestens|maximal|grenze|limit)\b",
    re.IGNORECASE,
)
_DEFINES: Final = re.compile(
    r"\b(what(?:'?s| is| are| does)?|define|definition|meaning|means?|stands? for|explain|term"
    r"|word for"
    r"|called|was (?:ist|sind|bedeutet|heißt|heisst|versteht|meint)|begriff|bedeutet|nennt man"
    r"|fachbegriff|wofür steht|erklär\w*)\b",
    re.IGNORECASE,
)
_FIGURE: Final = re.compile(r"\d")
"""Kinds of question, by their words alone."""


_COMPETING: Final = ("whole", "window", "name", "tokens", "window_tokens", "reverse_tokens")
"""Features that say more as a lead over the other passages."""


@dataclass(frozen=True, slots=True)
class Selected:
    """What was found, weighed.

    probabilities: that a passage answers, of each in the order given, in [0, 1]; they add up to at
    most 1, and what is left is that none does.
    """

    passages: tuple[Passage, ...]
    probabilities: tuple[float, ...]

    @property
    def none(self) -> float:
        """How likely it is that no passage answers."""
        return max(0.0, 1.0 - sum(self.probabilities))


_WEIGHTS: Final[Mapping[str, float]] = {
    "window": 0.6536,
    "name": 0.4730,
    "reverse_tokens": 0.6072,
    "foreign": 1.7004,
    "matched": 1.9948,
    "glossary_defines": 1.3733,
    "glossary_other": 1.7432,
    "no_quantity": -0.6794,
    "unseen": -0.6842,
    "whole_lead": 0.2343,
    "window_lead": 0.3077,
    "name_lead": 0.0520,
    "tokens_lead": 1.1454,
    "window_tokens_lead": 0.2733,
    "reverse_tokens_lead": 0.4259,
    "words_lead": 2.3535,
}
_NONE: Final = 3.3574
REVISION: Final = version(2, sorted(_WEIGHTS.items()), _NONE, TOKENS, sorted(ASKED | STOP_WORDS))
"""Changes whenever the same passages would get other probabilities."""


def select(
    question: str, language: str, passages: Sequence[Passage], states: TokenStates
) -> Selected:
    """Weigh passages, given best first, against each other and against none of them."""
    considered = tuple(passages[:CONSIDERED])
    rows = features(question, language, considered, states)
    logits = [
        sum(_WEIGHTS.get(name, 0.0) * value for name, value in row.items()) - _NONE for row in rows
    ]
    top = max((0.0, *logits))
    total = math.exp(-top) + sum(math.exp(logit - top) for logit in logits)
    probabilities = tuple(math.exp(logit - top) / total for logit in logits)
    return Selected(_weighed(considered, probabilities), probabilities)


def _weighed(passages: Sequence[Passage], probabilities: Sequence[float]) -> tuple[Passage, ...]:
    """Return passages with how likely each answers; what one version answers, every one does."""
    shares = list(zip(passages, probabilities, strict=True))
    return tuple(
        replace(own, answers=min(1.0, sum(p for passage, p in shares if not _rivals(own, passage))))
        for own in passages
    )


def features(
    question: str, language: str, passages: Sequence[Passage], states: TokenStates
) -> list[dict[str, float]]:
    """Return what the model sees of each passage, by name."""
    if not passages:
        return []
    terms = _content(question)
    weights = [min(1.0, 0.3 + 0.1 * len(word)) for word in terms]
    matches = [_held(terms, passage.chunk.searchable) for passage in passages]
    unseen = 1 - _share([max(column) for column in zip(*matches, strict=True)], weights)
    defines, quantity = bool(_DEFINES.search(question)), asks_how_much(question)
    tokens = states.question(question)
    rows: list[dict[str, float]] = []
    for passage in passages:
        chunk = passage.chunk
        match = likeness(tokens, states.passage(read_as(chunk)))
        if best := row_read_as(chunk, passage.windows):
            # By itself a row says what it answers; among the others, that its name is not theirs.
            match = between(match, likeness(tokens, states.passage(best)))
        name = max(passage.names, default=passage.similarity)
        glossary = chunk.kind is Kind.GLOSSARY
        rows.append(
            {
                "whole": (passage.similarity - 0.82) / 0.04,
                "window": (passage.window - 0.82) / 0.04,
                "name": (name - 0.86) / 0.05,
                "tokens": 10 * match.whole,
                "window_tokens": 10 * match.window,
                "reverse_tokens": 10 * match.reverse,
                "foreign": float(chunk.language != language),
                "matched": float(passage.matched),
                "glossary_defines": float(glossary and defines),
                "glossary_other": float(glossary and not defines),
                "no_quantity": float(quantity and not _FIGURE.search(chunk.text)),
                "unseen": unseen,
            }
        )
    competing = {key: [row[key] for row in rows] for key in _COMPETING}
    competing["words"] = [_share(row, weights) for row in matches]
    rivals = [[at for at, it in enumerate(passages) if _rivals(own, it)] for own in passages]
    for key, values in competing.items():
        for row, value, others in zip(rows, values, rivals, strict=True):
            row[f"{key}_lead"] = value - max((values[at] for at in others), default=value)
    return rows


def _rivals(one: Passage, other: Passage) -> bool:
    """Whether two passages compete; of two versions of a text, either is the answer."""
    return one is not other and not versions(one.chunk, other.chunk)


def asks_how_much(question: str) -> bool:
    """Return whether a question asks for a number, a date, a price or a duration."""
    return bool(_QUANTITY.search(question))


def versions(one: Chunk, other: Chunk) -> bool:
    """Whether two passages tell the same thing, each at its time or in its place.

    Parts of one page do not, nor do several meanings of a word in one glossary: entries of one
    file are versions where their dates differ.
    """
    if title_key(one) != title_key(other):
        return False
    if (one.root, one.source) != (other.root, other.source):
        return True
    return one.kind.curated and bool(one.date and other.date) and one.date != other.date


def _held(asked: Sequence[str], text: str) -> list[float]:
    """Return for each word whether a text has it, or one that is spelled much like it."""
    return [share if share >= ALIKE else 0.0 for share in alike(asked, text)]


def _content(question: str) -> list[str]:
    return list(
        dict.fromkeys(
            token
            for token in words(question.replace("-", " "))
            if token not in STOP_WORDS and token not in ASKED
        )
    )


def _share(found: Sequence[float], weights: Sequence[float]) -> float:
    total = sum(weights)
    return sum(f * w for f, w in zip(found, weights, strict=True)) / total if total else 0.0
