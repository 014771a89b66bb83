"""Rewordings that keep what a sentence says: (text, language, title, random) to text or None."""

import re
from collections.abc import Callable, Mapping
from random import Random
from typing import Final

from training.checker import lists

Rewording = Callable[[str, str, str, Random], str | None]
_FEWEST = 4


def capital(text: str) -> str:
    """Return the text with a capital at its beginning."""
    return text[:1].upper() + text[1:]


def small(text: str, language: str) -> str:
    """Return the text as it would stand inside a sentence."""
    first = text.split(" ", 1)[0]
    if len(first) > 1 and (first[1:] != first[1:].lower()):
        return text
    known = first.lower() in lists.FUNCTION[language] or first in lists.IMPERATIVES
    return (
        text[:1].lower() + text[1:]
        if known or (language == "en" and not first[0].isupper())
        else text
    )


def advised(text: str, language: str, title: str, random: Random) -> str | None:
    """Turn an instruction into what the reader needs to do, or back."""
    del title
    if language == "en":
        return _advised_english(text, random)
    goal = ""
    if found := re.match(r"(Um [^,]{5,90} zu \w+|Wenn [^,]{5,90}|Falls [^,]{5,90}), ", text):
        goal, text = found[1], capital(text[found.end() :])
    if found := re.match(
        r"Sie (müssen|können|sollten|sollen) ([^,;:]{4,120}) (\w+n)([.!]?)$", text
    ):
        body, verb, stop = found[2], found[3], found[4] or "."
        for prefix in lists.PREFIXES:
            if verb.startswith(prefix) and len(verb) > len(prefix) + 3:
                body, verb = f"{body} {prefix}", verb[len(prefix) :]
                break
        return (
            f"{capital(verb)} Sie {body}{stop}" if not goal else f"{goal}, {verb} Sie {body}{stop}"
        )
    if found := re.match(r"([A-ZÄÖÜ]\w+e?n) Sie ([^,;:]{4,120}?)([.!:]?)$", text):
        verb, body = found[1].lower(), found[2]
        if re.search(r" und \w+n Sie ", body) or verb in (
            "wenn",
            "falls",
            "können",
            "haben",
            "sind",
        ):
            return None
        first, _, last = body.rpartition(" ")
        if last in lists.PREFIXES and first:
            body, verb = first, last + verb
        said = random.choice(("müssen", "müssen", "sollten"))
        if goal and goal.startswith("Um"):
            return f"Sie {said} {body} {verb}, {goal[0].lower()}{goal[1:]}."
        return f"{goal}, {said} Sie {body} {verb}." if goal else f"Sie {said} {body} {verb}."
    return None


def _advised_english(text: str, random: Random) -> str | None:
    goal = ""
    if found := re.match(r"(To [^,]{5,90}|If [^,]{5,90}|When [^,]{5,90}), ", text):
        goal, text = found[1], capital(text[found.end() :])
    first, _, rest = text.partition(" ")
    made = ""
    if first in lists.IMPERATIVES and rest:
        lead = random.choice(("You need to", "You have to", "You should", "You must", "Just"))
        made = f"{lead} {first.lower()} {rest}"
    elif found := re.match(r"You (?:need to|must|have to|should|can) (\w+ .+)$", text):
        made = capital(found[1])
    if not made:
        return None
    if goal and goal.startswith("To ") and random.random() < 0.6:
        return f"{made.rstrip('.:')} {goal[0].lower()}{goal[1:]}."
    return f"{goal}, {made[0].lower()}{made[1:]}" if goal else made


_LAST: Final = re.compile(r",? (?:and|or|und|oder|sowie) ((?:\S+ ){0,2}?[^\s.,;:)]+)(?=[.,;:)]|$)")
_MOST_OF_A_THING = 4


def picked(text: str, language: str, title: str, random: Random) -> str | None:
    """Keep one thing of a list behind the verb."""
    del title, language
    found = _LAST.search(text, len(text) // 4)
    if not found or re.search(r"\b(?:between|zwischen|either|entweder|all|alle|both|not)\b", text):
        return None
    parts = text[: found.start()].split(", ")
    things = [found[1]]
    while len(parts) > 1 and len(parts[-1].split()) <= _MOST_OF_A_THING:
        things.append(parts.pop())
    if len(things) == 1:
        return None
    before = ", ".join(parts)
    lead, _, first = before.rpartition(" ")
    if not lead or first.lower() in lists.FUNCTION["en"] | lists.FUNCTION["de"]:
        return None
    return f"{lead} {random.choice([*things, first])}" + text[found.end() :]


_CUT: Final = re.compile(
    r", (?:which|who|where|including|such as|for example|so that|wobei|sodass|damit|zum Beispiel|"
    r"etwa|z\. B\.|einschließlich)\b|; | – | - "
)
_OPENING: Final = re.compile(
    r"(?:However|Therefore|Additionally|Furthermore|Moreover|In addition|For example|Then|Next|"
    r"Finally|Also|Note that),? "
)


def shortened(text: str, language: str, title: str, random: Random) -> str | None:
    """Leave out a clause, an opening or what stands in brackets."""
    del title, random
    if found := re.search(r"\s*\([^)]{2,}\)", text):
        return text[: found.start()] + text[found.end() :]
    if (found := _CUT.search(text)) and len(text[: found.start()].split()) > _FEWEST:
        return text[: found.start()].rstrip(",") + "."
    if language == "en" and (found := _OPENING.match(text)):
        return capital(text[found.end() :])
    if found := re.search(
        r" (?:also|then|therefore|simply|just|auch|dann|daher|jedoch|dabei|einfach|bitte)\b(?= \w)",
        text,
    ):
        return text[: found.start()] + text[found.end() :]
    return None


_FIRST_CLAUSE: Final = re.compile(
    r"(If|When|While|Because|After|Before|To|Once|Although) ([^,]{5,100}), ([^,;:]{12,})\.$"
)
_LAST_CLAUSE: Final = re.compile(
    r"([A-ZÄÖÜ]\w+n) Sie ([^,;:]+), "
    r"(wenn|falls|sobald|um|damit|weil|bevor|nachdem) (.{8,100})\.$"
)


def turned(text: str, language: str, title: str, random: Random) -> str | None:
    """Put the condition or the purpose last that stood first, or first that stood last."""
    del title, random
    if language == "en":
        if found := _FIRST_CLAUSE.match(text):
            return f"{capital(found[3])} {found[1].lower()} {found[2]}."
        if found := re.match(
            r"([^,;:]{12,}),? (if|when|because|before|after|once|although) ([^,;:]{8,100})\.$", text
        ):
            return f"{capital(found[2])} {found[3]}, {small(found[1], 'en')}."
        return None
    if found := _LAST_CLAUSE.match(text):
        return f"{capital(found[3])} {found[4]}, {found[1].lower()} Sie {found[2]}."
    return None


def synonyms(text: str, language: str, title: str, random: Random) -> str | None:
    """Replace one or two words by others of their meaning."""
    del title
    made = text
    for old, new in random.sample(lists.SYNONYMS[language], len(lists.SYNONYMS[language])):
        if found := re.search(rf"(?<!\w){re.escape(old)}(?!\w)", made):
            made = made[: found.start()] + new + made[found.end() :]
            if random.random() < 0.6:
                break
    return made if made != text else None


def figured(text: str, language: str, title: str, random: Random) -> str | None:
    """Write a number in another way: in digits or words, with or without marks, % or per cent."""
    del title
    counts, mark = lists.COUNTS[language], "," if language == "en" else "."
    per = " percent" if language == "en" else " Prozent"
    ways: tuple[tuple[str, Callable[[re.Match[str]], str]], ...] = (
        (rf"\b(?:{'|'.join(counts)})\b", lambda found: str(counts.index(found[0]) + 2)),
        (
            r"(?<![\w.,])(?:[2-9]|1[0-2])(?= [a-zA-ZÄÖÜäöü]{3,})",
            lambda found: counts[int(found[0]) - 2],
        ),
        (
            rf"(?<![\w.,])(\d{{1,3}})\{mark}(\d{{3}})(?![\w.,]\d|\d)",
            lambda found: found[1] + found[2],
        ),
        (r"(?<![\w.,])([3-9])(000|500)(?![\w.,]\d|\d)", lambda found: found[1] + mark + found[2]),
        (r"(?<=\d) ?%", lambda _: per),
        (r"(?<=\d) (?:percent|per cent|Prozent)\b", lambda _: "%"),
    )
    made = [
        text[: found.start()] + write(found) + text[found.end() :]
        for sought, write in ways
        for found in re.finditer(sought, text)
    ]
    return random.choice(made) if made else None


_SHORT = (("do not", "don't"), ("does not", "doesn't"), ("cannot", "can't"), ("is not", "isn't"),
          ("are not", "aren't"), ("will not", "won't"), ("you will", "you'll"), ("it is", "it's"),
          ("you are", "you're"), ("we are", "we're"), ("should not", "shouldn't"))  # fmt: skip


def contracted(text: str, language: str, title: str, random: Random) -> str | None:
    """Contract English auxiliaries, or write them out."""
    del title
    if language != "en":
        return None
    for long, short in random.sample(_SHORT, len(_SHORT)):
        for old, new in ((long, short), (short, long)):
            if found := re.search(rf"\b{old}\b", text):
                return text[: found.start()] + new + text[found.end() :]
    return None


def named(text: str, language: str, title: str, random: Random) -> str | None:
    """Put the title in the place of a pronoun, or a pronoun in the title's."""
    del random
    if not 0 < len(title.split()) <= _FEWEST or title.endswith("?"):
        return None
    pronouns = r"(?:It|This)\b" if language == "en" else r"(?:Er|Es|Dies|Diese|Dieser|Dieses)\b"
    verbs = "|".join([*lists.AUXILIARIES[language], *lists.VERBS[language]])
    if found := re.match(rf"{pronouns}(?= (?:{verbs})\b)", text):
        return title + text[found.end() :]
    if (
        language == "en"
        and text.startswith(f"{title} ")
        and re.match(rf" (?:{verbs})\b", text[len(title) :])
    ):
        return "It" + text[len(title) :]
    return None


def dressed(text: str, language: str, title: str, random: Random) -> str | None:
    """Say it with an opening, without the last mark, or in small letters."""
    del title
    chance = random.random()
    if chance < 0.6:
        return random.choice(lists.LEADS[language]) + (
            small(text, language) if language == "en" else text
        )
    if chance < 0.85:
        return text.rstrip(".!:")
    return text.lower()


REWORDINGS: Final[Mapping[str, Rewording]] = {
    "advised": advised,
    "picked": picked,
    "shortened": shortened,
    "turned": turned,
    "synonyms": synonyms,
    "figured": figured,
    "contracted": contracted,
    "named": named,
    "dressed": dressed,
}


def abbreviated(text: str, passage: str) -> str | None:
    """Put an abbreviation for its term, or the term for it, if the passage gives both."""
    for found in re.finditer(
        r"((?:[A-ZÄÖÜ][\w-]+ ){1,4}[A-ZÄÖÜ][\w-]+) \(([A-Z]{2,6})s?\)", passage
    ):
        long, short = found[1], found[2]
        words = long.split()
        initials = [word[0] for part in words for word in part.split("-") if word]
        if "".join(initials[-len(short) :]).upper() != short and len(words) > 1:
            continue
        if f"{long} ({short})" in text:
            return text.replace(f"{long} ({short})", short)
        if long in text:
            return text.replace(long, short, 1)
        if re.search(rf"\b{short}\b", text):
            return re.sub(rf"\b{short}\b", long, text, count=1)
    return None


def joined(first: str, second: str, language: str, random: Random) -> str:
    """Say two sentences in one."""
    words = {"en": (", and ", "; ", ", while ", " and "), "de": (", und ", "; ", " und ")}
    return first.rstrip(".!") + random.choice(words[language]) + small(second, language)


def reworded(
    text: str, language: str, title: str, random: Random, most: int = 2
) -> tuple[str, str]:
    """Apply up to ``most`` rewordings; returns the text and the name of the first, or "copy"."""
    said, first = text, "copy"
    done = 0
    for name in random.sample(list(REWORDINGS), len(REWORDINGS)):
        if name == "dressed" and random.random() < 0.6:
            continue
        made = REWORDINGS[name](said, language, title, random)
        if made and made != said and len(made.split()) >= _FEWEST:
            said, first, done = made, first if done else name, done + 1
            if done == most or random.random() < 0.5:
                break
    return said, first
