"""What the floors of the gate let through, and what they cost."""

from collections.abc import Sequence

from assistant.local.checker import NearCopies
from benchmarks.measure.scorer_sets import Case, changed, expertqa, mtrag, negated, swapped
from benchmarks.results import Table, percent, table
from guardrails.gate import passes
from guardrails.rules import policy
from guardrails.scorers.fast import Fast
from guardrails.text.reading import claims
from guardrails.types import Score

GOOD = 0.5
"""Label from which an answer is right."""


def shown(fast: Fast, case: Case) -> list[bool]:
    """Return whether each sentence of an answer is shown."""
    sample = case.sample
    judged = [
        fast.groundedness.claim(text, tuple(sample.passages), sample.question, sample.language)
        for text in claims(sample.answer, sample.language)
    ]
    return [passes(claim, policy.SENTENCE_FLOOR) for claim in judged if claim.claims]


def shares(fast: Fast, cases: Sequence[Case]) -> list[list[object]]:
    """Return, for right and wrong answers, how many are stopped by sentence and as a whole."""
    rows: list[list[object]] = []
    for right in (True, False):
        chosen = [case for case in cases if (case.label >= GOOD) is right]
        answers = [found for case in chosen if (found := shown(fast, case))]
        sentences = [passed for found in answers for passed in found]
        whole = [s.value for c in chosen if isinstance(s := fast.measure(c.sample), Score)]
        rows.append(
            [
                *(cases[0].set, "right" if right else "wrong", len(chosen)),
                1 - sum(sentences) / len(sentences),
                1 - sum(map(any, answers)) / len(answers),
                sum(value < policy.ANSWER_FLOOR for value in whole) / len(whole),
            ]
        )
    return rows


STOPPED = (
    *("set", "answers", "n", percent("sentences withheld"), percent("all of them")),
    percent("answer below its floor"),
)


def measure(*, quick: bool = False) -> list[Table]:
    """Check right and wrong answers; a minute."""
    fast = Fast(checker=NearCopies(), live=True)
    sets = [list(expertqa()), list(mtrag())]
    for language in ("en", "de"):
        made = (swapped(language, both=False), negated(language), changed(language))
        sets += [list(cases) for cases in made]
    rows = [row for cases in sets[2 if quick else 0 :] for row in shares(fast, cases)]
    return [table("stopped", STOPPED, rows)]
