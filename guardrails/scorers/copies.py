"""What is wrong in a near-copy of a passage: what the checker marks, and words bear out.

People's own wording is marked too, so a mark alone says little. It counts where words say the same:
a marked word that neither passages nor question have, a marked denial, a whole sentence marked that
has hardly a joining word.
"""

import math
import re
from typing import Final, NamedTuple

from guardrails.scorers.ground import Ground
from guardrails.scorers.models import Check, Checker
from guardrails.text.lexicon import NEGATIONS
from guardrails.text.reading import SentenceReading, after_verdict, is_closed, read, verdict_of
from guardrails.text.words import joining, words
from guardrails.types import Text

SURE: Final = 0.92
"""Probability of a mark from which a word that is nowhere else counts as exchanged."""
_FEW: Final = 4
"""Words of a mark that names what is wrong; where more are marked, it is the wording."""
_DENIAL: Final = 6
"""Words of a mark of a denial."""
_COPIED: Final = 0.5
"""Share of a claim's words in one place from which it copies that."""
_UNORDERED: Final = 8e-4
"""Degree of support that sentences hardly have, and words in no order do."""
_WHOLE: Final = 0.95
_JOINED: Final = 0.36
"""Share of joining words that sentences have at least."""
_LONG: Final = 8
"""Words from which their order can be judged."""
_TURNED: Final = 1.0
"""Difference of log odds from which the other verdict is the better one."""
_NEGATION: Final = re.compile(rf"\b(?:{'|'.join(sorted(NEGATIONS))})\b|n['’]t\b", re.IGNORECASE)
_ALONE: Final = re.compile(r"\W*(?:no|nein|not (?:quite|necessarily|really))\W*", re.IGNORECASE)
_CAPITAL: Final = re.compile(r"(?:^|\W)[A-ZÄÖÜ]")
_VERDICTS: Final = {"en": ("No", "Yes"), "de": ("Nein", "Ja")}


class Marks(NamedTuple):
    """What was found in one claim.

    exchanged: the words that are not the passage's; empty if there are none. denied: how sure it
    is, in [0, 1], that a denial is not the passage's. unordered: its words make no sentence.
    turned: the other verdict is better.
    """

    exchanged: str = ""
    denied: float = 0.0
    unordered: bool = False
    turned: bool = False


NOTHING: Final = Marks()
RULES: Final = (SURE, _FEW, _DENIAL, _COPIED, _UNORDERED, _WHOLE, _JOINED, _LONG, _TURNED)
"""All that decides, for the version of who asks."""


def marks(
    checker: Checker,
    claim: SentenceReading,
    question: str,
    passage: Text,
    held: Ground,
    copied: float,
) -> Marks:
    """Return what is wrong in a claim in the passage's language.

    copied: share of its words that are in one place, in [0, 1].
    """
    check = checker.check(question, claim.text, passage.text, claim.language)
    turned = claim.verdict is not None and _turned(checker, claim, question, passage)
    unordered = _unordered(check, claim)
    if copied < _COPIED:
        return Marks(unordered=unordered, turned=turned)
    exchanged = _exchanged(check, claim, question, held)
    return Marks(exchanged, _denied(check, claim.text), unordered, turned)


def _exchanged(told: Check, claim: SentenceReading, question: str, held: Ground) -> str:
    stems = read(question, claim.language).stems
    for mark in told.wrong:
        text = claim.text[mark.start : mark.end]
        if mark.probability < SURE or len(words(text)) > _FEW:
            continue
        if claim.language == "de" and not _CAPITAL.search(text):
            continue  # what is exchanged is a noun or a name
        terms = [w for w in read(text, claim.language).words if w.weight >= 1.0]
        matches = held.matches(terms)
        if any(not matches[word.stem] and word.stem not in stems for word in terms):
            return text.strip()
    return ""


def _denied(told: Check, text: str) -> float:
    spans = [(text[mark.start : mark.end], mark.probability) for mark in told.wrong]
    return max(
        (
            probability
            for span, probability in spans
            if _NEGATION.search(span) and not _ALONE.fullmatch(span) and len(words(span)) <= _DENIAL
        ),
        default=0.0,
    )


def _unordered(told: Check, claim: SentenceReading) -> bool:
    tokens = words(claim.text)
    marked = sum(mark.end - mark.start for mark in told.wrong)
    return (
        len(tokens) >= _LONG
        and told.supported < _UNORDERED
        and marked > _WHOLE * len(claim.text)
        and joining(tokens, claim.language) < _JOINED
    )


def _turned(checker: Checker, claim: SentenceReading, question: str, passage: Text) -> bool:
    """Return whether the other verdict is the better one, alone and before the same sentence."""
    verdict, names = verdict_of(claim.text), _VERDICTS.get(claim.language)
    if verdict is None or names is None or not is_closed(question, claim.language):
        return False
    rest = after_verdict(claim.text)
    gain = 0.0
    for answer, sign in ((verdict, -1.0), (not verdict, 1.0)):
        for text in (f"{names[answer]}.", f"{names[answer]}, {rest}" if rest else ""):
            if text:
                check = checker.check(question, text, passage.text, claim.language)
                gain += sign * _log_odds(check.supported)
    return gain > _TURNED


def _log_odds(probability: float) -> float:
    chance = min(max(probability, 1e-6), 1 - 1e-6)
    return math.log(chance / (1 - chance))
