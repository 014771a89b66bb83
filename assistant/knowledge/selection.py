"""How likely each passage answers a question: the number that chooses how an answer is made.

Passages that were found compete with each other and with "none of them": a conditional logit
(McFadden 1974) over what the search knows of each, its cosines with the question, its lead over the
others, its names, and which of the question's words it has. Weights are fitted by
``benchmarks/selection.py`` on questions that nobody asks the product in a benchmark.
"""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from assistant.knowledge.documents import Kind
from assistant.knowledge.rerank import alike
from assistant.knowledge.search import Passage
from guardrails.words import STOP_WORDS, words

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
    "whole": 0.5681,
    "window": 0.9624,
    "name": 0.9882,
    "foreign": 1.1559,
    "covered": 0.1665,
    "covered_foreign": 1.2383,
    "named": 0.0000,
    "named_foreign": 0.4232,
    "reverse": 0.0000,
    "matched": 0.7775,
    "mentioned": 0.0000,
    "glossary_defines": 3.1411,
    "glossary_other": 2.3572,
    "page": -0.2741,
    "quantity": 0.0000,
    "no_quantity": -1.3921,
    "figures": 0.0000,
    "unseen": -1.5802,
    "bare": -0.1321,
    "whole_lead": 0.5336,
    "window_lead": 0.2295,
    "name_lead": 0.0000,
    "covered_lead": 3.7086,
}
_NONE: Final = 2.1486


def select(question: str, language: str, passages: Sequence[Passage]) -> Selected:
    """Weigh passages, given best first, against each other and against none of them."""
    considered = tuple(passages[:CONSIDERED])
    rows = features(question, language, considered)
    logits = [
        sum(_WEIGHTS.get(name, 0.0) * value for name, value in row.items()) - _NONE for row in rows
    ]
    top = max((0.0, *logits))
    total = math.exp(-top) + sum(math.exp(logit - top) for logit in logits)
    return Selected(considered, tuple(math.exp(logit - top) / total for logit in logits))


def features(question: str, language: str, passages: Sequence[Passage]) -> list[dict[str, float]]:
    """Return what the model sees of each passage, by name."""
    if not passages:
        return []
    asked = _content(question)
    weights = [min(1.0, 0.3 + 0.1 * len(word)) for word in asked]
    rare = [word for word in asked if _FIGURE.search(word)]
    defines, quantity = bool(_DEFINES.search(question)), bool(_QUANTITY.search(question))
    rows: list[dict[str, float]] = []
    held: list[list[float]] = []
    for passage in passages:
        chunk = passage.chunk
        whole = _held(asked, chunk.searchable)
        held.append(whole)
        names = chunk.names or (chunk.title,)
        named = max((_held(asked, name) for name in names), key=lambda row: _share(row, weights))
        reverse = max(_reverse(name, question) for name in names)
        foreign = float(chunk.language != language)
        name = max(passage.names, default=passage.similarity)
        rows.append(
            {
                "whole": (passage.similarity - 0.82) / 0.04,
                "window": (passage.window - 0.82) / 0.04,
                "name": (name - 0.86) / 0.05,
                "foreign": foreign,
                "covered": (1 - foreign) * _share(whole, weights),
                "covered_foreign": foreign * _share(whole, weights),
                "named": (1 - foreign) * _share(named, weights),
                "named_foreign": foreign * _share(named, weights),
                "reverse": reverse,
                "matched": float(passage.matched),
                "mentioned": float(passage.mentioned and not passage.matched),
                "glossary_defines": float(chunk.kind is Kind.GLOSSARY and defines),
                "glossary_other": float(chunk.kind is Kind.GLOSSARY and not defines),
                "page": float(chunk.kind is Kind.PAGE),
                "quantity": float(quantity and bool(_FIGURE.search(chunk.text))),
                "no_quantity": float(quantity and not _FIGURE.search(chunk.text)),
                "figures": sum(1 - w for w, word in zip(whole, asked, strict=True) if word in rare),
            }
        )
    anywhere = [max(column) for column in zip(*held, strict=True)] if asked else []
    unseen = 1 - _share(anywhere, weights)
    for row in rows:
        row["unseen"] = unseen
        row["bare"] = float(len(asked) <= 1)
    for key in ("whole", "window", "name", "covered"):
        for row in rows:
            others = [other[key] for other in rows if other is not row]
            row[f"{key}_lead"] = row[key] - max(others, default=row[key])
    return rows


def _held(asked: Sequence[str], text: str) -> list[float]:
    """Return for each word whether a text has it, or one that is spelled much like it."""
    return [found if found >= ALIKE else 0.0 for found in alike(asked, text)]


def _content(question: str) -> list[str]:
    return list(
        dict.fromkeys(
            token
            for token in words(question.replace("-", " "))
            if token not in STOP_WORDS and token not in _ASKING
        )
    )


def _share(found: Sequence[float], weights: Sequence[float]) -> float:
    total = sum(weights)
    return sum(f * w for f, w in zip(found, weights, strict=True)) / total if total else 0.0


def _reverse(name: str, question: str) -> float:
    own = _content(name)
    if not own:
        return 0.0
    return sum(_held(own, question)) / len(own)


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
