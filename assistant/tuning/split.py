"""Which examples are learned from and which are measured on."""

import math
import re
from collections import defaultdict
from collections.abc import Sequence
from typing import Final

from assistant.tuning.examples import Example
from guardrails import digests

_WORD: Final = re.compile(r"\w+")


def held_out(
    examples: Sequence[Example], share: float, seed: int
) -> tuple[list[Example], list[Example]]:
    """Return the examples to learn from and those to measure on, each in the file's order.

    Examples of the same question stay together, whatever its case and punctuation: a question
    that was learned says nothing about one that was not. The choice depends on the questions and
    the seed, not on their order. share: of the questions, in [0, 1); at least one question stays
    on either side if there are two.
    """
    groups: dict[str, list[Example]] = defaultdict(list)
    for example in examples:
        groups[question_key(example.question)].append(example)
    most = len(groups) - 1
    count = min(most, math.ceil(share * len(groups))) if share else 0
    chosen = set(sorted(groups, key=lambda key: _draw(key, seed))[:count])
    away = [example for example in examples if question_key(example.question) in chosen]
    rest = [example for example in examples if question_key(example.question) not in chosen]
    return rest, away


def question_key(question: str) -> str:
    """Return what two spellings of one question have in common."""
    return " ".join(_WORD.findall(question.casefold()))


def _draw(key: str, seed: int) -> str:
    return digests.of(f"{seed}\0{key}")
