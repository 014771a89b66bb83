"""Takes orders to a model out of quoted documents.

A document is data. The prompt says so, but small models obey what they read, so sentences that
speak to a model ("ignore your rules", "reply only with …") are left out of what it is given.
The passage that a person opens is never changed. This is one layer, not a proof: what gets
through is still checked against the sources like every other sentence.
"""

import re
from typing import Final

from assistant.knowledge.chunk import sentences

LEFT_OUT: Final = "[…]"

_CONTROL: Final = re.compile(r"<\|[^<>|]{0,40}\|>|</?s>|\[/?INST\]|<<?/?SYS>?>", re.IGNORECASE)
_ORDERS: Final = re.compile(
    r"""
    \b(?:ignore|disregard|forget|override|bypass)\b.{0,60}
        \b(?:rules?|instructions?|prompts?|guidelines|everything\ (?:above|before))\b
    | \b(?:ignorier\w*|missacht\w*|vergiss|vergesst|vergessen\ sie|umgeh\w*)\b.{0,60}
        \b(?:regeln?|anweisung\w*|vorgaben?|prompts?|alles\ (?:obige|bisherige|vorherige))\b
    | \byou\ are\ (?:now|no\ longer)\ an?\b.{0,30}\b(?:assistant|bot|model|ai|agent)\b
    | \b(?:du\ bist|sie\ sind)\ (?:jetzt|ab\ sofort)\ ein\w*\b.{0,30}
        \b(?:assistent\w*|bot|modell|ki|agent\w*)\b
    | \bfrom\ now\ on\b.{0,40}\b(?:answer|reply|respond|say|write)\b
    | \bab\ (?:jetzt|sofort)\b.{0,40}\b(?:antwort\w*|schreib\w*|sag\w*)\b
    | \b(?:answer|reply|respond|say|write|output|print)\b.{0,25}\b(?:only|exactly|instead)\b
        .{0,10}(?:with|:|["“'])
    | \b(?:antwort\w*|schreib\w*|sag\w*|gib)\b.{0,25}\b(?:nur|ausschließlich|stattdessen)\b.{0,10}
        (?:mit|:|["„'])
    | \b(?:system|hidden|secret)\ ?prompt\b.{0,40}\b(?:reveal|print|show|repeat)
    | \b(?:reveal|print|repeat|verrate|wiederhole)\b.{0,40}\b(?:system\ ?prompt|api\ ?keys?)
    """,
    re.IGNORECASE | re.VERBOSE | re.DOTALL,
)


def quoted(text: str, language: str) -> str:
    """Return ``text`` as a model may read it: without control tokens and orders."""
    return "\n".join(_line(line, language) for line in _CONTROL.sub(" ", text).splitlines())


def _line(line: str, language: str) -> str:
    if not _ORDERS.search(line):
        return line
    parts = [LEFT_OUT if _ORDERS.search(part) else part for part in sentences(line, language)]
    return " ".join(parts)
