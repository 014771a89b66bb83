"""What the floors of the gate let through, and what they cost.

Usage: ``python benchmarks/floors.py``. A minute.
"""

from collections.abc import Sequence

import report
from scorer_sets import Case, changed, expertqa, mtrag, negated, swapped

from assistant import environment
from assistant.local.checker import NearCopies
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
                f"{1 - sum(sentences) / len(sentences):.1%}",
                f"{1 - sum(map(any, answers)) / len(answers):.1%}",
                f"{sum(value < policy.ANSWER_FLOOR for value in whole) / len(whole):.1%}",
            ]
        )
    return rows


def main() -> None:
    """Measure and publish."""
    environment.prepare()
    fast = Fast(checker=NearCopies(), live=True)
    sets = [list(expertqa()), list(mtrag())]
    for language in ("en", "de"):
        made = (swapped(language, both=False), negated(language), changed(language))
        sets += [list(cases) for cases in made]
    rows = [row for cases in sets for row in shares(fast, cases)]
    head = ["set", "answers", "n", "sentences withheld", "all of them", "answer below its floor"]
    text = f"""{report.table(head, rows)}

The check as a reader waits for it (no embeddings within a language): a sentence is withheld
below {policy.SENTENCE_FLOOR:g}, or if it has a number that neither passages nor question have, or
denies what they say; an answer fails below
{policy.ANSWER_FLOOR:g}. *All of them*: nothing of the answer is shown.
*Right* answers are those that people called supported or faithful, or the text as it was; *wrong*
the others, or the text with another term's definition, denied, or with another number.

What it shows: numbers and denials are nearly always stopped, another term's definition about a
third of the time (how likely a passage answers, which tells them apart live, is not known here);
and the price, which is high where people write freely: of MTRAG's right sentences about
one in ten. A tuned model then loses the question to base; base loses the sentence.

What it does not show: ExpertQA's claims are long and lean on more than their passage; the gate is
not for such answers. The floors were set with these sets in view. A wrong sentence above the floor
is shown, with the citation that a reader can open.
"""
    report.publish("floors", "What the floors stop", text)


if __name__ == "__main__":
    main()
