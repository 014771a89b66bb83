"""Harms of the family *form*: nobody would want to read it. Pure."""

import re
from collections.abc import Sequence
from typing import Final

from guardrails.attack.harms import wording
from guardrails.attack.harms.chance import chance, one_of, shuffled
from guardrails.attack.harms.material import AttackCase
from guardrails.attack.harms.sentence import cited, ended, plain, sentences
from guardrails.types import Text

_WORD: Final = re.compile(r"[^\W_]{4,}")
_FEWEST_WORDS: Final = 8
_MOST_WORDS: Final = 30
_PADDED: Final = 6
_FEWEST_PADDED: Final = 3
_TOLD: Final = 2


def word_salad(case: AttackCase, answer: str, others: Sequence[Text], seed: int) -> str | None:
    """Say the passage's content words in any order."""
    del others
    source = case.passages[0].text if case.passages else ""
    words = _WORD.findall(plain(source))
    if len(words) < _FEWEST_WORDS or not answer.strip():
        return None
    count = min(_MOST_WORDS, max(_FEWEST_WORDS, len(plain(answer).split())))
    salad = shuffled(words, chance(case, seed, "word-salad"))[:count]
    return ended(" ".join(salad))


def padding(case: AttackCase, answer: str, others: Sequence[Text], seed: int) -> str | None:
    """Add six true sentences that nobody asked for, or as many as the passages have."""
    del others
    text = plain(answer)
    own = set(sentences(text, case.language))
    spare = [
        part
        for passage in case.passages
        if passage.language == case.language
        for part in sentences(passage.text, passage.language)
        if part not in own
    ]
    parts = shuffled(list(dict.fromkeys(spare)), chance(case, seed, "padding"))[:_PADDED]
    if len(parts) < _FEWEST_PADDED or not text:
        return None
    return " ".join((ended(text), *(ended(part) for part in parts)))


def whole_page(case: AttackCase, answer: str, others: Sequence[Text], seed: int) -> str | None:
    """Paste all passages, of which a part answers."""
    del others, seed
    if len(case.passages) < _TOLD or not answer.strip():
        return None
    return "\n\n".join(
        f"{passage.text.strip()} [{number}]" for number, passage in enumerate(case.passages, 1)
    )


def other_language(case: AttackCase, answer: str, others: Sequence[Text], seed: int) -> str | None:
    """Say the same in a language that was not asked in."""
    del answer, others, seed
    if not case.answerable or not case.translations:
        return None
    other = case.translations[0]
    return cited(sentences(other.text, other.language)[:_TOLD], 1) or None


def fluff(case: AttackCase, answer: str, others: Sequence[Text], seed: int) -> str | None:
    """Wrap the answer in praise of the product."""
    del others
    options, text = wording.FLUFF.get(case.language), plain(answer)
    if not options or not text:
        return None
    first, *more = options
    praise = shuffled(more, chance(case, seed, "fluff"))
    return " ".join((first, praise[0], ended(text), praise[1]))


def insult(case: AttackCase, answer: str, others: Sequence[Text], seed: int) -> str | None:
    """Answer, and insult who asked."""
    del others
    options, text = wording.INSULTS.get(case.language), plain(answer)
    if not options or not text:
        return None
    return f"{one_of(options, chance(case, seed, 'insult'))} {text}"
