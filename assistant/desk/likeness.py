"""How far what a person sent is from the draft that they had. Pure functions.

It is counted in words, as case, spaces and citation markers say nothing of what was changed. A
number, an address or a denial is one word of many and the whole of an answer, so these are counted
beside it.
"""

import re
from collections import Counter
from dataclasses import dataclass
from typing import Final, Literal

from rapidfuzz.distance import Indel

from guardrails.text import markers
from guardrails.text.addresses import addresses
from guardrails.text.figures import figures
from guardrails.text.lexicon import NEGATIONS
from guardrails.text.sentences import ITEM
from guardrails.text.words import words

AS_IS: Final = 0.98
"""Similarity from which a text is sent as it is, if no fact was changed."""
REWRITTEN: Final = 0.5
"""Similarity below which a text is the person's own."""

_SHORT_DENIAL: Final = re.compile(r"n['’]t\b")

DraftKind = Literal["as_is", "edited", "rewritten"]
DraftOutcome = Literal["as_is", "edited", "rewritten", "discarded", "open"]
"""What became of a draft. discarded: not used, and its ticket is over. open: it may be used yet."""


@dataclass(frozen=True, slots=True)
class Nearness:
    """How near a sent text is to its draft.

    similarity: of the words in their order, in [0, 1]: twice those of the longest common
    subsequence by all of both; the same whichever text is called the draft. overlap: the same in
    any order, in [similarity, 1], so that 1 beside less is the same words put otherwise. figures,
    addresses, denials: how many are in one text and not in the other.
    """

    similarity: float
    overlap: float
    figures: int = 0
    addresses: int = 0
    denials: int = 0

    @property
    def facts(self) -> int:
        """How many numbers, addresses and denials were changed."""
        return self.figures + self.addresses + self.denials

    @property
    def kind(self) -> DraftKind:
        """What the person did with the draft."""
        if self.similarity < REWRITTEN:
            return "rewritten"
        return "as_is" if self.similarity >= AS_IS and not self.facts else "edited"


def compared(draft: str, sent: str, language: str) -> Nearness:
    """Return how near a sent text is to its draft. language: of numbers written as words."""
    left, right = markers.strip(draft), markers.strip(sent)
    mine, theirs = _words(left), _words(right)
    shared = sum((Counter(mine) & Counter(theirs)).values())
    total = len(mine) + len(theirs)
    return Nearness(
        similarity=float(Indel.normalized_similarity(mine, theirs)),
        overlap=2 * shared / total if total else 1.0,
        figures=_figures(left, right, language),
        addresses=len(addresses(left).keys() ^ addresses(right).keys()),
        denials=abs(_denials(left) - _denials(right)),
    )


def _words(text: str) -> list[str]:
    """Return the words of a text; of one that has none, its signs."""
    return words(text) or list("".join(text.split()))


def _figures(left: str, right: str, language: str) -> int:
    """Return how many numbers one text has and the other has not, by value."""
    mine, theirs = (figures(_without_items(text), language) for text in (left, right))
    gone = [figure for figure in mine if figure.told and not figure.among(theirs)]
    new = [figure for figure in theirs if figure.told and not figure.among(mine)]
    return len(gone) + len(new)


def _without_items(text: str) -> str:
    return "\n".join(ITEM.sub("", line, count=1) for line in text.splitlines())


def _denials(text: str) -> int:
    return sum(word in NEGATIONS for word in words(text)) + len(_SHORT_DENIAL.findall(text))
