"""Closed questions and their answers, from statements: "Is X Y?" and "Yes." or "No."."""

import re
from random import Random
from typing import Final

from training.checker import lists
from training.checker.edits import infinitive
from training.checker.rewordings import small

YES: Final = {
    "en": ("Yes.", "Yes", "Yes, that is correct.", "Yes, it is so."),
    "de": ("Ja.", "Ja", "Ja, das stimmt.", "Ja, das ist richtig."),
}
NO: Final = {
    "en": ("No.", "No", "No, that is not correct.", "No, it is not."),
    "de": ("Nein.", "Nein", "Nein, das stimmt nicht.", "Nein, das ist nicht richtig."),
}
_OPENINGS: Final = {
    "en": ("Is it true that {}?", "Is it right that {}?", "{}, right?", "So {}?"),
    "de": ("Stimmt es: {}?", "Ist es richtig: {}?", "{}, oder?", "Also {}?"),
}
_MOST_WORDS = 28


def closed(statement: str, language: str, random: Random) -> str | None:
    """Return a yes-or-no question that the statement answers with yes."""
    plain = statement.rstrip(" .!:")
    if len(plain.split()) > _MOST_WORDS or plain.endswith("?"):
        return None
    made = _english(plain) if language == "en" else _german(plain)
    if made and random.random() < 0.85:
        return made
    return random.choice(_OPENINGS[language]).format(small(plain, language))


def _english(plain: str) -> str | None:
    helpers = "|".join(lists.AUXILIARIES["en"])
    subject = r"((?:[\w'’/()-]+ ){0,5}?[\w'’/()-]+)"
    if found := re.match(rf"{subject} ({helpers}) (?!not\b|never\b)(.+)$", plain):
        return _asked(f"{found[2].capitalize()} {small(found[1], 'en')} {found[3]}")
    if found := re.match(rf"{subject} ({'|'.join(lists.VERBS['en'])}) (.+)$", plain):
        return _asked(f"Does {small(found[1], 'en')} {infinitive(found[2])} {found[3]}")
    if found := re.match(r"(You|We|They) ([a-z]{3,} .+)$", plain):
        return _asked(f"Do {found[1].lower()} {found[2]}")
    if plain.split(" ", 1)[0] in lists.IMPERATIVES:
        return _asked(f"Do you have to {plain[0].lower()}{plain[1:]}")
    return None


def _asked(made: str) -> str:
    """Return the question, at times from the one who asks."""
    return re.sub(r"^(Can|Do|Should|Must|Will|May) you\b", r"\1 I", made) + "?"


def _german(plain: str) -> str | None:
    verbs = "|".join([*lists.AUXILIARIES["de"], *lists.VERBS["de"]])
    subject = r"((?:[\w/()-]+ ){0,5}?[\w/()-]+)"
    if found := re.match(rf"Sie ({verbs}|können|müssen|sollten|dürfen) (.+)$", plain):
        first_person = {"können": "Kann", "müssen": "Muss", "sollten": "Sollte", "dürfen": "Darf"}
        if found[1] in first_person:
            return f"{first_person[found[1]]} ich {found[2].replace('Ihre', 'meine')}?"
    if found := re.match(rf"{subject} ({verbs}) (.+)$", plain):
        if "," in found[1]:
            return None
        return f"{found[2].capitalize()} {small(found[1], 'de')} {found[3]}?"
    if found := re.match(r"([A-ZÄÖÜ]\w+e?n) Sie (.+)$", plain):
        return f"Muss man Folgendes tun: {plain}?"
    return None
