"""Harms that are trained on: a sentence in, the sentence with one thing wrong out.

Each function takes (text, language, passage, random) and returns an Edit, or None where the harm
cannot be made. They are pure but for the random numbers they draw. Pairs of a sentence and its
altered copy follow Kaushik et al. (2020, arXiv:1909.12434).
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from random import Random
from typing import Final

from training.checker import lists

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Edit:
    """An altered sentence. wrong: the characters that are altered."""

    text: str
    wrong: tuple[Span, ...]


Harm = Callable[[str, str, str, Random], Edit | None]

_FIGURE: Final = re.compile(r"(?<![\w.,])\d+(?:[.,:]\d+)*(?![\w])")
_NEAR: Final = 2
"""How many more or fewer characters a figure of the passage may have that is put in."""


def replaced(text: str, start: int, end: int, new: str) -> Edit:
    """Put ``new`` in place of some characters."""
    return Edit(text[:start] + new + text[end:], ((start, start + len(new)),))


def removed(text: str, start: int, end: int) -> Edit:
    """Take a word out, with a blank; the words around it are marked."""
    before, after = text[:start].rstrip(), text[end:].lstrip()
    left = before.rfind(" ") + 1
    made = f"{before} {after}" if before else after[:1].upper() + after[1:]
    at = len(before) + 1 if before else 0
    gap = re.match(r"\w+", made[at:])
    return Edit(made, ((left, at + (gap.end() if gap else 0)),))


def number(text: str, language: str, passage: str, random: Random) -> Edit | None:
    """Another figure, number word, month, weekday, ordinal or unit."""
    choices: list[tuple[int, int, list[str]]] = []
    for found in _FIGURE.finditer(text):
        choices += [(*found.span(), figures(found.group(), passage, random))] * 2
    series = [lists.MONTHS[language], lists.DAYS[language], lists.COUNTS[language]]
    series += [unit.split() for unit in lists.UNITS[language]]
    for words in series:
        for found in re.finditer(rf"\b(?:{'|'.join(words)})\b", text):
            choices.append((*found.span(), [one for one in words if one != found.group()]))
    for found in re.finditer(rf"\b({'|'.join(lists.ORDINALS[language])})([nrsm]?)\b", text):
        others = [one + found[2] for one in lists.ORDINALS[language] if one != found[1]]
        choices.append((*found.span(), others))
    choices = [choice for choice in choices if choice[2]]
    if not choices:
        return None
    start, end, others = random.choice(choices)
    return replaced(text, start, end, random.choice(others))


def figures(figure: str, passage: str, random: Random) -> list[str]:
    """Return figures that could be taken for this one: of the passage, and with a digit changed."""
    near = {one for one in _FIGURE.findall(passage) if abs(len(one) - len(figure)) < _NEAR}
    places = [at for at, letter in enumerate(figure) if letter.isdigit()]
    at = random.choice(places)
    digit = random.choice([one for one in "123456789" if one != figure[at]])
    made = [figure[:at] + digit + figure[at + 1 :]]
    if figure.isdigit():
        shifted = int(figure) + random.choice((-10, -5, -2, -1, 1, 2, 3, 5, 10, 20))
        made += [str(shifted)] if shifted > 0 else []
        made += [figure + "0"] if int(figure) else []
    return [*sorted(near - {figure}), *made]


def negation(text: str, language: str, passage: str, random: Random) -> Edit | None:
    """Take a negation out, or put one in."""
    del passage
    return (english if language == "en" else german)(text, random)


def english(text: str, random: Random) -> Edit | None:
    """Negate an English sentence, or undo it."""
    return affirmed(text, random) or denied(text, random)


def affirmed(text: str, random: Random) -> Edit | None:
    """Take an English negation out."""
    if found := re.search(r"\b[Cc]annot\b|\b[Cc]an['’]t\b", text):
        return replaced(text, *found.span(), "can" if found.group()[0] == "c" else "Can")
    if found := re.search(r"\b(?:do|does|did)(?: not|n['’]t) (?=[a-z])", text):
        return removed(text, *found.span())
    if found := re.search(r"\b(\w+)n['’]t\b", text):
        return replaced(text, *found.span(), {"wo": "will"}.get(found[1], found[1]))
    if found := re.search(r"\b(?:not|never)\b(?! only)", text):
        return removed(text, *found.span())
    if found := re.search(r"\bno (?=[a-z])", text):
        return replaced(text, *found.span(), "a " if random.random() < 0.5 else "some ")
    return None


_DONT: Final = ("Do not", "Never", "Don't")


def denied(text: str, random: Random) -> Edit | None:
    """Put an English negation in."""
    first = text.split(" ", 1)[0]
    if first in lists.IMPERATIVES:
        new = f"{random.choice(_DONT)} {first.lower()}"
        return Edit(new + text[len(first) :], ((0, len(new)),))
    helpers = list(re.finditer(rf"\b(?:{'|'.join(lists.AUXILIARIES['en'])})\b(?=\s\w)", text))
    verbs = list(re.finditer(rf"(?<=\w )(?:{'|'.join(lists.VERBS['en'])})\b(?=\s)", text))
    if helpers and (not verbs or random.random() < 0.75):
        found = helpers[0] if random.random() < 0.7 else random.choice(helpers)
        if found.group() == "can":
            return replaced(text, *found.span(), random.choice(("cannot", "can't", "can not")))
        new = " never" if random.random() < 0.15 else " not"
        return replaced(text, *found.span(), found.group() + new)
    if verbs:
        found = random.choice(verbs)
        lead = "doesn't" if random.random() < 0.3 else "does not"
        return replaced(text, *found.span(), f"{lead} {infinitive(found.group())}")
    people = re.search(r"\b([Yy]ou|[Ww]e|[Tt]hey) (?=[a-z]{3,})", text)
    if people and text[people.end() :].split(" ", 1)[0] not in lists.FUNCTION["en"]:
        return replaced(text, *people.span(), f"{people[1]} do not ")
    return None


def infinitive(verb: str) -> str:
    """Return an English verb without the s of the third person."""
    if verb.endswith("ies"):
        return verb[:-3] + "y"
    if re.search(r"(?:ss|sh|ch|x|o)es$", verb):
        return verb[:-2]
    return verb[:-1]


def german(text: str, random: Random) -> Edit | None:
    """Negate a German sentence, or undo it."""
    if found := re.search(r"\b(?:nicht|niemals|nie)\b(?! nur)", text):
        return removed(text, *found.span())
    if found := re.search(r"\b([Kk])ein(e[nmrs]?)?\b", text):
        return replaced(
            text, *found.span(), ("E" if found[1] == "K" else "e") + "in" + (found[2] or "")
        )
    choices: list[Edit] = []
    if found := re.match(r"[A-ZÄÖÜ]\w+e?n Sie(?: (?:sich|es|sie|ihn|das|dies))?\b", text):
        choices.append(
            Edit(text[: found.end()] + " nicht" + text[found.end() :], ((0, found.end() + 6),))
        )
    helpers = rf"\b(?:{'|'.join(lists.AUXILIARIES['de'])})\b"
    for found in re.finditer(helpers, text):
        clause = re.compile(r"[,.;:!?]").search(text, found.end())
        end = clause.start() if clause else len(text)
        last = text.rfind(" ", found.end(), end)
        if last > found.end() and text[last + 1 : last + 2].islower():
            choices.append(Edit(text[:last] + " nicht" + text[last:], ((last + 1, end + 6),)))
    choices += [
        replaced(text, *found.span(), "k" + found.group())
        for found in re.finditer(r"(?<=\w )ein(e[nmr]?)?\b(?= (?:\w+e[nrsm]? ){0,2}[A-ZÄÖÜ])", text)
    ]
    for found in re.finditer(rf"(?<=\w )(?:ist|sind|{'|'.join(lists.VERBS['de'])})\b(?= \w)", text):
        pronoun = re.match(r" (?:Sie|sich|es|ihn|uns|Ihnen)\b", text[found.end() :])
        end = found.end() + (pronoun.end() if pronoun else 0)
        choices.append(Edit(text[:end] + " nicht" + text[end:], ((found.start(), end + 6),)))
    return random.choice(choices) if choices else None


@dataclass(frozen=True, slots=True)
class Phrase:
    """A noun or name in a sentence. kind: what it can stand in for."""

    start: int
    end: int
    text: str
    kind: str


def phrases(text: str, language: str) -> Iterator[Phrase]:
    """Yield nouns and names, roughly: no tagger is needed for edits that need not be perfect."""
    if language == "de":
        for found in re.finditer(
            r"(?<=[\wäöüß,„(] )[A-ZÄÖÜ][\w-]{3,}(?: [A-ZÄÖÜ][\w-]{3,})?", text
        ):
            end = found.group()[-1] if found.group()[-1] in "nest" else "-"
            if found.group() not in ("Ihre", "Ihren", "Ihrem", "Ihrer", "Ihnen"):
                yield Phrase(*found.span(), found.group(), f"{end}{found.group().count(' ')}")
        return
    for found in re.finditer(r"(?<=[\w,(] )[A-Z][\w-]+(?: (?:of |and )?[A-Z][\w-]+)*", text):
        yield Phrase(*found.span(), found.group(), "name")
    opening = (
        r"\b(?:the|an?|your|this|each|every|of|in|by|for|with|to|from|on|or|and|its|their|our) "
    )
    for found in re.finditer(opening + r"([a-z][a-z-]{2,}(?: [a-z][a-z-]{3,})?)(?=[ ,.;:)])", text):
        words = found[1].split()
        if words[0] in lists.FUNCTION["en"] or words[0].endswith("ly"):
            continue
        if len(words) > 1 and (
            words[1] in lists.FUNCTION["en"] or re.search(r"(?:ed|ing|ly)$", words[1])
        ):
            words = words[:1]
        made = " ".join(words)
        plural = "plural" if made.endswith("s") and not made.endswith("ss") else "noun"
        lead = "to" if found.group().startswith("to ") else ""
        yield Phrase(found.start(1), found.start(1) + len(made), made, plural + lead)


def root(phrase: str) -> str:
    """Return the beginning of a phrase's last word, to tell whether two are of one stem."""
    return phrase.lower().split()[-1][:5]


def phrase(text: str, language: str, passage: str, random: Random) -> Edit | None:
    """Put another phrase of the passage in place of one."""
    own = list(phrases(text, language))
    lowered = text.lower()
    others = [one for one in phrases(passage, language) if root(one.text) not in lowered]
    random.shuffle(own)
    for one in own:
        fitting = sorted({other.text for other in others if other.kind == one.kind})
        if fitting:
            return replaced(text, one.start, one.end, random.choice(fitting))
    return None


_SYMMETRIC: Final = re.compile(
    r"\b(?:and|or|und|oder|sowie|bzw|between|zwischen|both|is|are|ist|sind|as|als|called|genannt)\b|^[\s,/&]*$"
)


def terms(text: str, language: str, passage: str, random: Random) -> Edit | None:
    """Exchange two phrases of the sentence, not such that *and* joins."""
    del passage
    own = list(phrases(text, language))
    pairs = [
        (first, second)
        for first in own
        for second in own
        if first.end < second.start
        and first.kind == second.kind
        and root(first.text) != root(second.text)
        and not _SYMMETRIC.search(text[first.end : second.start])
    ]
    if not pairs:
        return None
    first, second = random.choice(pairs)
    between = text[first.end : second.start]
    made = text[: first.start] + second.text + between + first.text + text[second.end :]
    middle = first.start + len(second.text)
    after = middle + len(between)
    return Edit(made, ((first.start, middle), (after, after + len(first.text))))


def salad(text: str, language: str, passage: str, random: Random) -> Edit | None:
    """Return words of the passage in any order."""
    del text
    words = [
        word
        for word in re.findall(r"[\w-]+", passage)
        if word.lower() not in lists.FUNCTION[language] or random.random() < 0.25
    ]
    if len(words) < 8:
        return None
    made = " ".join(random.sample(words, min(len(words), random.randint(7, 18))))
    made = made[0].upper() + made[1:] + "."
    return Edit(made, ((0, len(made)),))


def shuffled(text: str, language: str, passage: str, random: Random) -> Edit | None:
    """Return the sentence's own words in any order."""
    del passage, language
    words = re.findall(r"[\w'’-]+", text)
    if len(words) < 7:
        return None
    random.shuffle(words)
    made = " ".join(words)
    made = made[0].upper() + made[1:] + "."
    return Edit(made, ((0, len(made)),))


def truncation(text: str, language: str, passage: str, random: Random) -> Edit | None:
    """Break off after a word that wants another."""
    del passage
    words = text.split()
    wanting = [
        at
        for at in range(3, int(len(words) * 0.75))
        if words[at].lower() in lists.FUNCTION[language]
    ]
    if not wanting:
        return None
    made = " ".join(words[: random.choice(wanting) + 1])
    start = made.rfind(" ") + 1
    return Edit(made + random.choice((".", "", "...")), ((start, len(made)),))


HARMS: Final[Mapping[str, Harm]] = {
    "number": number,
    "negation": negation,
    "phrase": phrase,
    "terms": terms,
    "salad": salad,
    "shuffled": shuffled,
    "truncation": truncation,
}
FACTS: Final = ("number", "negation", "phrase", "terms")
"""Harms that can be made in a passage too, so that the altered sentence is right there."""
