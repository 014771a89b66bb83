"""What an attack works on: cases with their passages, what else there is, and three bases."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Final, Literal, Protocol

from guardrails import digests
from guardrails.types import Sample, Text

Base = Literal["references", "copied", "recorded"]
BASES: Final[tuple[Base, ...]] = ("references", "copied", "recorded")
_DIGITS: Final = 12


@dataclass(frozen=True, slots=True)
class AttackCase:
    """One question of which it is known whether there is an answer.

    language: ISO 639-1. passages: what an arm is given, the one that answers first, a neighbour
    last. reference: a right answer in people's words; empty where there is none. facts: what a
    right answer states, each in one of several wordings. answerable: whether the passages hold an
    answer, which the product does not know while it serves. asked: whether the product would let an
    arm answer; where it abstains or asks back there is no pair. translations: the passage that
    answers, in other languages.
    """

    id: str
    language: str
    question: str
    passages: tuple[Text, ...]
    reference: str = ""
    facts: tuple[tuple[str, ...], ...] = ()
    answerable: bool = True
    asked: bool = True
    translations: tuple[Text, ...] = ()

    def sample(self, answer: str) -> Sample:
        """Return what scorers see of an answer while the product serves; empty: it abstains."""
        return Sample(
            question=self.question,
            language=self.language,
            passages=self.passages,
            answer=answer,
            abstained=not answer,
        )


class Repair(Protocol):
    """What the product does to an answer before a reader sees it: it completes citations."""

    def __call__(
        self, answer: str, question: str, passages: Sequence[Text], language: str
    ) -> tuple[str, ...]:
        """Return the sentences as they would be shown; joined, they are the answer."""
        ...


def unrepaired(
    answer: str, question: str, passages: Sequence[Text], language: str
) -> tuple[str, ...]:
    """Return an answer as it is, in one piece: nothing is repaired."""
    del question, passages, language
    return (answer,) if answer else ()


@dataclass(frozen=True, slots=True)
class AttackMaterial:
    """All that an attack needs.

    entries: other passages that harms are made from. recorded: what a real base answered, by case
    id; empty text where it abstained. origin: whose cases these are, for a person. selection:
    revision of what says how likely passages answer.
    """

    cases: tuple[AttackCase, ...]
    entries: tuple[Text, ...]
    recorded: Mapping[str, str] = field(default_factory=dict)
    repair: Repair = unrepaired
    origin: str = ""
    selection: str = ""

    @property
    def version(self) -> str:
        """Changes with any case, passage or recorded answer; not with how these are weighed.

        What selection says of them differs in the last digits from machine to machine.
        """
        plain = [
            [asdict(_unweighed(case)) for case in self.cases],
            [asdict(entry) for entry in self.entries],
            sorted(self.recorded.items()),
        ]
        text = json.dumps(plain, sort_keys=True, ensure_ascii=False)
        return digests.of(text)[:_DIGITS]


def _unweighed(case: AttackCase) -> AttackCase:
    passages = tuple(replace(passage, answers=None) for passage in case.passages)
    return replace(case, passages=passages, asked=True)
