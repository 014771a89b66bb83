"""What Routeback has just offered, and whether a message takes it up. Pure functions."""

import re
from collections.abc import Sequence
from typing import Final, Literal, TypedDict

from assistant.conversation import Message
from assistant.language import language_of_question
from guardrails.text import markers

_AGREES: Final = (
    r"(?:yes|yeah|yea|yep|yup|sure|ok|okay|of course|definitely|absolutely|please|pls|go ahead"
    r"|i(?: woul|')d (?:like|love) (?:that|to)|(?:connect|put|transfer) me(?: through)?"
    r"|that would be (?:great|nice|good|lovely|helpful|fine)"
    r"|ja|jo|jep|jawohl|klar|na klar|na gut|gern|gerne|natürlich|unbedingt|bitte|einverstanden"
    r"|in ordnung|oui|sí|si|sì|das (?:wäre|ist) (?:gut|nett|super|schön|toll|prima|hilfreich|lieb)"
    r"|(?:das )?(?:möchte|würde) ich(?: gern| gerne)?|mach das|machen sie das|verbinden sie mich)"
)
_POLITE: Final = r"(?:do|thanks|thank you|danke|sehr|schön|mach|very much|then|dann)"
_YES: Final = re.compile(
    rf"^\W*(?:{_POLITE}\W+)*{_AGREES}(?:\W+(?:{_AGREES}|{_POLITE}))*\W*$", re.IGNORECASE
)
"""Nothing but agreement; a thank-you alone is none."""
_ONLY_THANKS: Final = re.compile(
    r"^\W*(?:ok|okay|in ordnung|gut|alles klar)?\W*(?:many |vielen )?"
    r"(?:thanks|thank you|thx|danke|dank)(?: (?:a lot|very much|schön|sehr))?\W*$",
    re.IGNORECASE,
)
_IT: Final = r"(?:that|this|it)"
_MEANT: Final = (
    r"(?:it|(?:quite )?right|what i\b[^?]{0,40}|the (?:right )?(?:one|answer|entry)\b[^?]{0,30})"
)
_NO: Final = (
    r"(?:no|nope|nah|nein|nee|nö)\b\W*"
    r"(?:sorry\W*|leider\W*(?:nicht|nein)?\W*)?"
)
_DECLINES: Final = re.compile(
    r"^\W*(?:no|nope|nah|nein|nee|nö)\b\W*"
    r"(?:thanks?|thank you|danke|(?:forget|leave) it|never ?mind"
    r"|vergiss es|schon gut|egal|lass(?:en sie)? (?:es|gut sein))\W*$",
    re.IGNORECASE,
)
_NOT_IT: Final = re.compile(
    rf"^\W*(?=\w)(?:{_NO})?"
    rf"(?:{_IT}(?:'s| is| was)? not {_MEANT}|{_IT} (?:isn't|wasn't) {_MEANT}"
    rf"|{_IT} (?:doesn't|does not|didn't) help(?: me)?"
    rf"|not (?:it|{_IT}(?: one)?|what i\b[^?]{{0,40}})"
    r"|(?:none|neither)(?: of (?:them|those|these|the two))?"
    rf"|(?:{_IT}(?:'s| is| was)? )?(?:the )?wrong(?: (?:answer|one|entry|thing))?"
    r"|(?:i (?:meant?|want|wanted|was looking for) )?(?:something else|another one)"
    r"|das (?:ist(?: es)?|war(?:s| es)?|meine ich|meinte ich|suche ich|wollte ich|passt|stimmt"
    r"|hilft(?: mir)?) (?:so |leider |aber )?(?:nicht|nich)\b[^?]{0,40}"
    r"|das (?:habe ich|hab ich|war) (?:so |leider )?nicht (?:gemeint|gefragt|gesucht|meine frage)"
    r"|(?:das (?:ist|war) )?(?:leider )?(?:falsch|(?:die )?falsche antwort|der falsche eintrag)"
    r"|(?:nichts|keine[rs]?|keins) (?:davon|von (?:denen|beiden))"
    r"|nicht (?:das|dies|der|die|den)|das nicht|leider (?:nein|nicht)"
    r"|(?:ich (?:meine|meinte|suche|will) )?(?:etwas|was) anderes)?"
    r"[^\w?]*$",
    re.IGNORECASE,
)
_NUMBER: Final = re.compile(
    r"^\W*(?:(?:yes|ja|i (?:meant?|take|choose)|ich (?:meine|meinte|nehme|wähle))\W+)?"
    r"(?:(?:number|no|nr|nummer|option|choice|punkt|the|das|der|die|den)\W*)*"
    r"(?:(\d{1,2}|[a-d](?=\)))(?:st|nd|rd|th)?|(first|second|third|fourth|last|former|latter"
    r"|one|two|three|four|erste(?:re)?[rns]?|zweite[rns]?|dritte[rns]?|vierte[rns]?"
    r"|letzte(?:re)?[rns]?|eins|zwei|drei|vier))"
    r"(?:\W*(?:one|option|entry|bitte|please|thanks|danke))*\W*$",
    re.IGNORECASE,
)
_ABOUT: Final = re.compile(
    r"^\W*(?:(?:i mean|ich meine) )?(?:the (?:one|entry)|das|der eintrag|die)"
    r" (?:about|on|with|über|mit|zu|zum|zur) (\w.{2,60}?)(?: please| bitte)?\W*$",
    re.IGNORECASE,
)
_ORDINALS: Final = (
    ("first", "former", "one", "erste", "eins"),
    ("second", "two", "zwei"),
    ("third", "three", "dritte", "drei"),
    ("fourth", "four", "vier"),
)
_LISTED: Final = re.compile(r"^(\d)\. (.+?)(?<!\])$", re.MULTILINE)
"""A choice as it is listed; a step of an answer ends with its marker."""
_LONGEST: Final = 120
"""Characters of a title in a list."""
_OWN_NUMBER: Final = re.compile(r"^\d{1,2}[.)]\s+")


LAST: Final = "last"
"""Stands for what answered the topic, where only the client remembers which passage that was."""


class Named(TypedDict):
    """An entry as a choice. id: of its passage; empty if only its title is known."""

    id: str
    title: str


class Offer(TypedDict):
    """What the last reply left open.

    person: a person was offered. choices: entries to choose from, in the order of their numbers.
    shown: ids of passages that were quoted or offered since the topic began. language: the reply's.
    """

    person: bool
    choices: list[Named]
    shown: list[str]
    language: str


Answer = Literal["person", "declined", "not_it", "again"]


def taken(text: str, offer: Offer | None) -> Answer | Named | None:
    """Return what a message takes of an offer, or None if it is a message of its own.

    ``again``: it agrees, but not to one of the choices. ``declined``: no person is wanted.
    """
    if offer is None:
        return None
    choices = offer["choices"]
    line = " ".join(text.replace("’", "'").split())
    if (chosen := _chosen(line, choices)) is not None:
        return chosen
    if _YES.match(line) and "?" not in line and not _ONLY_THANKS.match(line):
        if offer["person"]:
            return "person"
        return choices[0] if len(choices) == 1 else "again" if choices else None
    if _DECLINES.match(line):
        return "declined" if offer["person"] and not choices else None
    return _denied(offer) if _NOT_IT.match(line) else None


def _denied(offer: Offer) -> Literal["not_it", "declined"] | None:
    """Return what a "no" refuses: what was shown, or the person that was offered."""
    if offer["choices"] or offer["shown"]:
        return "not_it"
    return "declined" if offer["person"] else None


def _chosen(said: str, choices: Sequence[Named]) -> Named | Literal["again"] | None:
    """Return the choice that a title or a number names; ``again`` for a number that none has."""
    if (titled := _titled(said, choices)) is not None:
        return titled
    if not choices or not (match := _NUMBER.match(said)):
        return None
    place = _place((match[1] or match[2]).casefold(), len(choices))
    return choices[place] if 0 <= place < len(choices) else "again"


def _titled(said: str, choices: Sequence[Named]) -> Named | None:
    """Return the choice whose title is said, with or without its number, or its last part."""
    bare = _bare(_OWN_NUMBER.sub("", said))
    whole = [choice for choice in choices if _bare(choice["title"]) in {_bare(said), bare}]
    last = [choice for choice in choices if _bare(choice["title"].split("›")[-1]) == bare]
    if whole or len(last) == 1:
        return (whole or last)[0]
    about = _ABOUT.match(said)
    named = [choice for choice in choices if about and _bare(about[1]) in _bare(choice["title"])]
    return named[0] if len(named) == 1 else None


def _bare(title: str) -> str:
    return _one_line(title).replace("’", "'").casefold().strip(' .?!"„“”»«')


def listed(choices: Sequence[Named]) -> str:
    """Return choices as numbered lines, each title on one."""
    return "\n".join(
        f"{number}. {_one_line(choice['title'])}" for number, choice in enumerate(choices, 1)
    )


def _one_line(title: str) -> str:
    flat = " ".join(title.split())
    return flat if len(flat) <= _LONGEST else f"{flat[: _LONGEST - 1].rstrip()}…"


def recalled(history: Sequence[Message], person: Sequence[str]) -> Offer | None:
    """Return what the last reply of a conversation offered, for one that only the client keeps.

    person: the sentences by which a person is offered.
    """
    replies = [turn["content"] for turn in history if turn["role"] == "assistant"]
    if not replies or history[-1]["role"] != "assistant":
        return None
    last = replies[-1].rstrip()
    offered = any(last.endswith(sentence) for sentence in person)
    choices: list[Named] = []
    if offered or _LISTED.fullmatch(last.split("\n")[-1]):
        choices = [{"id": "", "title": title} for _, title in _LISTED.findall(last)]
    language = language_of_question(_LISTED.sub("", last), fallback="") or ""
    shown = [] if offered or choices or not markers.closes(last) else [LAST]
    if not (offered or choices or shown):
        return None
    return {"person": offered, "choices": choices, "shown": shown, "language": language}


def _place(word: str, count: int) -> int:
    if word.isdigit():
        return int(word) - 1
    if len(word) == 1:
        return ord(word) - ord("a")
    if word.startswith(("last", "latter", "letzte")):
        return count - 1
    return next((i for i, forms in enumerate(_ORDINALS) if word.startswith(forms)), count)
