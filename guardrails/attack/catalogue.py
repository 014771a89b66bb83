"""The harms and improvements by name, family, and what is said of a measure that fails them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from guardrails.attack.harms import complete, facts, focus, form, gaming, improvements, refusal
from guardrails.attack.harms.improvements import Sides
from guardrails.attack.harms.material import AttackCase
from guardrails.rules.policy import Family
from guardrails.types import Text

Make = Callable[[AttackCase, str, Sequence[Text], int], str | None]
Better = Callable[[AttackCase, str, Sequence[Text], int], Sides | None]


@dataclass(frozen=True, slots=True)
class Mutation:
    """A harm, or an improvement.

    make: (case, answer, other entries, seed) -> the answers of both sides, the one before the
    change first; None where it cannot be made. blind: what a measure that fails it does not notice,
    or punishes.
    """

    name: str
    family: Family
    blind: str
    make: Better

    @property
    def harms(self) -> bool:
        """Whether it makes an answer worse."""
        return self.family != "improvements"


def told(changes: Sequence[Mutation], most: int | None = None) -> str:
    """Return what a measure does not do, as a sentence without its subject.

    changes: that it fails. most: how many of them are named; None: all.
    """
    harms = list(dict.fromkeys(mutation.blind for mutation in changes if mutation.harms))
    better = list(dict.fromkeys(mutation.blind for mutation in changes if not mutation.harms))
    parts = (("does not notice", harms), ("punishes", better))
    return " and ".join(f"{verb} {_listed(names, most)}" for verb, names in parts if names)


def _listed(names: Sequence[str], most: int | None) -> str:
    named = list(names if most is None else names[:most])
    if len(names) > len(named):
        named.append(f"{len(names) - len(named)} more")
    return ", ".join(named) if len(named) == 1 else f"{', '.join(named[:-1])} and {named[-1]}"


def _harm(name: str, family: Family, blind: str, make: Make) -> Mutation:
    def sides(case: AttackCase, answer: str, others: Sequence[Text], seed: int) -> Sides | None:
        harmed = make(case, answer, others, seed)
        return None if harmed is None else (answer, harmed)

    return Mutation(name, family, blind, sides)


def _improvement(name: str, blind: str, make: Better) -> Mutation:
    return Mutation(name, "improvements", blind, make)


CHANGES: Final[tuple[Mutation, ...]] = (
    _harm("wrong-number", "facts", "wrong numbers, dates and prices", facts.wrong_number),
    _harm("wrong-name", "facts", "exchanged names and terms", facts.wrong_name),
    _harm("negated", "facts", "a first sentence that says the opposite", facts.negated),
    _harm("yes-no", "facts", "a yes that should be a no", facts.yes_no),
    _harm("other-fact", "facts", "another fact of the same passage", facts.other_fact),
    _harm("invented-addition", "facts", "inventions after an answer", facts.invented_addition),
    _harm("invented-path", "facts", "menu paths that do not exist", facts.invented_path),
    _harm("other-answer", "focus", "answers to another question", focus.other_answer),
    _harm("unrelated-quote", "focus", "quotations that do not answer", focus.unrelated_quote),
    _harm(
        "neighbour-definition", "focus", "the neighbour's definition", focus.neighbour_definition
    ),
    _harm("half-facts", "complete", "half-missing answers", complete.half_facts),
    _harm("cut", "complete", "answers cut in mid-sentence", complete.cut),
    _harm("word-salad", "form", "word salad", form.word_salad),
    _harm("padding", "form", "six sentences of padding", form.padding),
    _harm("whole-page", "form", "a whole page in place of an answer", form.whole_page),
    _harm("other-language", "form", "answers in another language", form.other_language),
    _harm("fluff", "form", "marketing fluff", form.fluff),
    _harm("insult", "form", "insults", form.insult),
    _harm("abstains", "refusal", "silence where there is an answer", refusal.abstains),
    _harm("see-documentation", "refusal", "'see the documentation'", refusal.elsewhere),
    _harm(
        "answers-unanswerable",
        "refusal",
        "inventions where there is no answer",
        refusal.invents,
    ),
    _harm("one-right", "gaming", "one right answer among salad", gaming.one_right),
    _harm("all-negated", "gaming", "denials and inventions throughout", gaming.all_negated),
    _improvement("human-over-copied", "people's own words", improvements.human_over_copied),
    _improvement("quoted-over-wrong", "the entry that answers", improvements.quoted_over_wrong),
    _improvement(
        "concise-over-padded", "answers without padding", improvements.concise_over_padded
    ),
    _improvement("yes-no-over-none", "an explicit yes or no", improvements.explicit_over_none),
    _improvement(
        "abstention-over-invention",
        "right abstentions",
        improvements.abstention_over_invention,
    ),
)
OF_ONE_BASE: Final = frozenset({"human-over-copied"})
"""What has nothing to do with the base's answer, and is made once."""


def _promise(name: str, blind: str) -> Mutation:
    return Mutation(name, "promise", blind, lambda *_: None)


PROMISES: Final[tuple[Mutation, ...]] = (
    _promise("failing", "calls that fail"),
    _promise("slow", "answers that take three times as long"),
    _promise("dear", "answers of three times the tokens"),
    _promise("night", "a model that is bad by night"),
    _promise("catastrophe", "catastrophes in 5 of 100 answers"),
    _promise("repeated", "one question asked again and again"),
    _promise("bad-siblings", "that a segment is innocent whose siblings are bad"),
)
"""What no single answer shows; see ``guardrails.attack.promises``."""
BY_NAME: Final = {one.name: one for one in (*CHANGES, *PROMISES)}
