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
_MODEL: Final = (
    r"(?:assistant|chat\ ?bot|bot|ai|llm|(?:ai\ )?language\ model|ai\ (?:model|assistant|system)"
    r"|assistent(?:en|in)?|ki(?:-\w+)?|sprachmodelle?)"
)
"""How whoever writes orders calls the one that is to obey."""
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

    # somebody speaks to a model
    | \b(?:notes?|messages?|instructions?|attention|hinweise?|nachricht|anweisung\w*|achtung)
        \ (?:to|for|an|für)\ (?:(?:the|any|every|all|den|die|das|jede\w*|alle)\ )?__MODEL__
    | (?:\A|[.:!?]\ |\n)\W{0,4}(?:(?:dear|hey|hello|liebe[rs]?|hallo)\ )?__MODEL__\ ?,\ [^.!?]{0,40}
        \b(?:you|your|du|dich|deine?\w*|stop|do|obey|forget|answer|write|say|tell|vergiss|antworte)\b
    | \bas\ an?\ __MODEL__\b.{0,20}\byou\ (?:must|should|shall|will|have\ to|are\ to)\b
    | \bals\ (?:eine?\ )?__MODEL__\b.{0,20}\b(?:musst|sollst|wirst|hast)\ du\b
    | \bSYSTEM\ ?(?:prompt|message|note)?:.{0,80}
        \b(?:answer|reply|respond|polic|rules|antwort\w*|regeln)

    # what held before is to hold no more
    | \b(?:set\ aside|stop\ (?:following|obeying)|do\ not\ (?:follow|obey)|don't\ (?:follow|obey))\b
        .{0,40}\b(?:rules|instructions|prompt|guidelines|told\ (?:before|earlier))\b
    | \b(?:verwirf|lass\ außer\ acht|halte\ dich\ nicht)\b.{0,60}
        \b(?:regeln?|richtlinien|anweisung\w*|vorgaben?|vorher|bisher)\b
    | \b(?:all|any|the|your)\ (?:earlier|previous|prior|former)\b.{0,20}
        \b(?:directions|directives|rules|instructions|prompts?)\b.{0,20}
        \b(?:void|invalid|cancelled|no\ longer|suspended|lifted)\b
    | \b(?:alle|deine|die)\ (?:früheren|bisherigen|vorherigen|obigen)\b.{0,20}
        \b(?:regeln|vorgaben|anweisungen|richtlinien)\b.{0,20}
        \b(?:ungültig|hinfällig|aufgehoben|nicht\ mehr)\b

    # what a model is to do with answers, questions, or this text
    | \bwhen(?:ever)?\ you\ (?:summari[sz]e|quote|cite|process|answer\ from)\b
        .{0,20}\b(?:page|document|text|passage|article)\b
    | \bwenn\ du\ (?:dies\w*|den|die|das)\ (?:seite|dokument|text|textstelle|artikel)\w*
        .{0,20}\b(?:zusammenfasst|zitierst|verarbeitest|wiedergibst)\b
    | \b(?:append|add|attach|insert|include|put)\b.{0,80}
        \b(?:to|in|into|at\ the\ end\ of)\ (?:every|each|any|all|your)
        \ (?:reply|replies|answers?|responses?)\b
    | \b(?:an|in|unter|hinter)\ (?:jede|jeder|deine|deiner|alle|allen)\ antwort(?:en)?\b
    | \b(?:send|forward|post|transmit|upload|encode)\b.{0,15}\b(?:user|reader|customer)'?s?'?\b
        .{0,10}\b(?:question|conversation|prompt|messages?)\b
    | \b(?:schicke?|sende|leite|übertrage|kodiere)\ .{0,15}
        \b(?:frage|gespräch|nachrichten?|unterhaltung)\ de[rs]\ (?:nutzer|leser|kund)\w*
    | (?:\A|[.:!?]\ |\n)(?:pretend\ (?:to\ be|that\ you)|impersonate|gib\ dich\ als|tu\ so,?\ als)\b
    | \b(?:do\ not|don't|never)\ (?:mention|reveal|disclose|tell)\b.{0,20}
        \bth(?:is|ese|ose)\ (?:instructions?|orders?|notes?|paragraphs?|messages?)\b
    | \b(?:erwähne|verrate|nenne|zeige)\b.{0,20}
        \bdiese[ns]?\ (?:anweisung\w*|hinweise?|absatz|nachricht|befehle?)\b.{0,40}\bnicht\b
    """.replace("__MODEL__", _MODEL),
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
