"""Harms of the family *facts*: one thing in the answer is wrong. Pure.

Each takes a case, an answer, other entries and a seed, and returns the harmed answer, or None where
the harm cannot be made.
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

import numpy as np

from guardrails.attack.harms import wording
from guardrails.attack.harms.chance import chance, one_of, shuffled
from guardrails.attack.harms.material import AttackCase
from guardrails.attack.harms.sentence import bold, ended, holds, lowered, plain, sentences
from guardrails.types import Text

_DIGITS: Final = re.compile(r"\b\d+(?:[.,]\d+)*\b")
_PATH: Final = re.compile(r"\*\*[^*\n]*→[^*\n]*\*\*")
_NAME: Final = re.compile(r"(?<=[a-zäöüß,;] )[A-ZÄÖÜ][\w-]{3,}(?: [A-ZÄÖÜ][\w-]+)?")
_LONGEST_NAME: Final = 3
_AS_IS: Final = re.RegexFlag(0)
_SHORT: Final = 3


def wrong_number(case: AttackCase, answer: str, others: Sequence[Text], seed: int) -> str | None:
    """Change every number, date and price, spelled ones too."""
    del others
    rng = chance(case, seed, "wrong-number")
    months = wording.MONTHS.get(case.language, ())
    numerals = wording.NUMERALS.get(case.language, ())
    text = _DIGITS.sub(lambda found: _other_number(found[0], rng), plain(answer))
    text = _words_changed(text, months, rng, _AS_IS)
    text = _words_changed(text, numerals, rng, re.IGNORECASE)
    return text if text != plain(answer) else None


def wrong_name(case: AttackCase, answer: str, others: Sequence[Text], seed: int) -> str | None:
    """Exchange one name or term for another of its kind."""
    rng, text = chance(case, seed, "wrong-name"), plain(answer)
    own = [source for source in (*case.passages, *others) if source.language == case.language]
    titles = {source.title for source in own if len(source.title.split()) <= _LONGEST_NAME}
    marked = {name for source in own for name in _marked(source.text)}
    capital = {name for source in own for name in _capital(source.text)}
    for kind, flags in ((titles, re.IGNORECASE), (marked, _AS_IS), (capital, _AS_IS)):
        names = sorted((n for n in kind if "?" not in n), key=lambda name: (-len(name), name))
        old = next((name for name in names if _there(name, text, flags)), None)
        rest = [
            name
            for name in names
            if old and old.casefold() not in name.casefold() and not _there(name, text, flags)
        ]
        if old and rest:
            return _exchanged(text, old, one_of(rest, rng), flags)
    return None


def negated(case: AttackCase, answer: str, others: Sequence[Text], seed: int) -> str | None:
    """Take the denial out of the first sentence, or put one in."""
    del others, seed
    first, *rest = sentences(answer, case.language) or [""]
    turned = turned_round(first, case.language) if first else None
    return " ".join((turned, *rest)) if turned else None


def all_turned(answer: str, language: str) -> str | None:
    """Return an answer with every sentence denied; None if there is none."""
    parts = [turned_round(part, language) for part in sentences(answer, language)]
    denials = [part for part in parts if part]
    return " ".join(denials) or None


def turned_round(sentence: str, language: str) -> str | None:
    """Return a sentence that says the opposite; None in a language that is not known."""
    if language not in wording.DENIALS:
        return None
    lead, clause = _lead(sentence, language)
    for pattern, left in wording.DENIALS[language]:
        denial = re.sub(pattern, left, clause, count=1, flags=re.IGNORECASE)
        if denial != clause:
            return f"{lead}{denial}"
    verb = re.search(wording.FINITE[language], clause)
    if verb:
        return f"{lead}{clause[: verb.end()]} {wording.NOT[language]}{clause[verb.end() :]}"
    return f"{wording.DENIED[language]} {lowered(clause)}"


def yes_no(case: AttackCase, answer: str, others: Sequence[Text], seed: int) -> str | None:
    """Turn the yes or no at the beginning round, and leave the rest."""
    del others, seed
    yes, no = wording.YES.get(case.language, ""), wording.NO.get(case.language, "")
    text = plain(answer)
    match = re.match(rf"({yes}|{no})\b", text) if yes else None
    if not match:
        return None
    return (no if match[1] == yes else yes) + text[match.end() :]


def other_fact(case: AttackCase, answer: str, others: Sequence[Text], seed: int) -> str | None:
    """Put another fact of the same passage in the place of a key fact."""
    del others
    rng, text = chance(case, seed, "other-fact"), plain(answer)
    if not case.passages:
        return None
    facts = [hit for fact in case.facts if (hit := holds(text, fact))]
    source = case.passages[0].text
    wordings = [phrase for fact in case.facts for phrase in fact]
    for fact in shuffled(facts, rng):
        number = _DIGITS.search(fact)
        if number:
            digits = set(_DIGITS.findall(text)) | {n for w in wordings for n in _DIGITS.findall(w)}
            numbers = sorted(set(_DIGITS.findall(plain(source))) - digits)
            if numbers:
                wrong = fact.replace(number[0], one_of(numbers, rng))
                return _exchanged(text, fact, wrong, re.IGNORECASE)
        parts = sentences(text, case.language)
        spare = [
            part
            for part in sentences(source, case.language)
            if not holds(part, wordings) and part not in parts
        ]
        if spare:
            new = one_of(spare, rng)
            lines = [new if holds(part, (fact,)) else part for part in parts]
            return " ".join(dict.fromkeys(lines))
    return None


def invented_addition(
    case: AttackCase, answer: str, others: Sequence[Text], seed: int
) -> str | None:
    """Leave a right answer as it is, and add an invention."""
    del others
    options = wording.INVENTIONS.get(case.language)
    if not options or not answer.strip():
        return None
    addition = one_of(options, chance(case, seed, "invented-addition"))
    return f"{ended(plain(answer))} {addition}"


def invented_path(case: AttackCase, answer: str, others: Sequence[Text], seed: int) -> str | None:
    """Name a menu path that no document has, where there are paths at all."""
    del others
    options, text = wording.PATHS.get(case.language), plain(answer)
    paths = any("→" in passage.text for passage in case.passages)
    if not options or not text or not (paths or "→" in text):
        return None
    path = one_of(options, chance(case, seed, "invented-path"))
    swapped = _PATH.sub(f"**{path}**", text)
    if swapped != text:
        return swapped
    return f"{ended(text)} {wording.LED[case.language].format(path=path)}"


def _other_number(number: str, rng: np.random.Generator) -> str:
    """Return a number of the same form and another value."""
    digits = [character for character in number if character.isdigit()]
    step = int(rng.integers(1, 9))
    first = (int(digits[0]) - 1 + step) % 9 + 1
    if len(digits) <= _SHORT:
        return str(first) + number[1:]
    later = iter([str(first), *(str((int(d) + step) % 10) for d in digits[1:2]), *digits[2:]])
    return "".join(next(later) if character.isdigit() else character for character in number)


def _words_changed(
    text: str, words: Sequence[str], rng: np.random.Generator, flags: re.RegexFlag
) -> str:
    if not words:
        return text
    pattern = rf"\b(?:{'|'.join(words)})\b"
    return re.sub(pattern, lambda found: _other_word(found[0], words, rng), text, flags=flags)


def _other_word(word: str, words: Sequence[str], rng: np.random.Generator) -> str:
    other = one_of([choice for choice in words if choice.casefold() != word.casefold()], rng)
    return other.capitalize() if word[0].isupper() else other


@lru_cache(maxsize=4096)
def _marked(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in bold(text) if "→" not in part)


@lru_cache(maxsize=4096)
def _capital(text: str) -> tuple[str, ...]:
    return tuple(_NAME.findall(plain(text)))


def _there(name: str, text: str, flags: re.RegexFlag) -> bool:
    if not name or name.casefold() not in text.casefold():
        return False
    return re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text, flags) is not None


def _exchanged(text: str, held: str, other: str, flags: re.RegexFlag) -> str:
    return re.sub(rf"(?<!\w){re.escape(held)}(?!\w)", lambda _: other, text, flags=flags)


def _lead(sentence: str, language: str) -> tuple[str, str]:
    """Return the yes or no that a sentence begins with, and the rest."""
    yes, no = wording.YES[language], wording.NO[language]
    match = re.match(rf"(?:{yes}|{no})[,.:]?\s+", sentence)
    return (match[0], sentence[match.end() :]) if match else ("", sentence)
