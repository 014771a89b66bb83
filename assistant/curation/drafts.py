"""What a person answered, as an entry that an editor may approve. Pure functions.

A draft is never approved by itself: it is somebody's words to one person, and an entry speaks to
all.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

from assistant.knowledge.documents import Kind
from assistant.privacy import parted
from assistant.records.entries import EntryContent
from assistant.turn.question import intake
from guardrails import digests
from guardrails.text import markers
from guardrails.text.words import words

DraftFlag = Literal[
    "personal data",
    "no answer",
    "long",
    "asks back",
    "translated",
    "numbers differ",
    "addresses differ",
    "other language",
    "unlikely",
    "unchecked",
    "no translation",
]
"""Why an editor should look twice."""

LONGEST_NAME: Final = 300
"""Characters of a question."""
LONGEST_TEXT: Final = 8_000
_LONG: Final = 700
_WORDS_OF_A_KEY: Final = 6
_HELLO: Final = re.compile(
    r"^\s*(?:hi|hello|hey|dear|good (?:morning|afternoon|evening)|hallo|guten (?:tag|morgen|abend)"
    r"|moin|liebe[rs]?|sehr geehrte[rs]?)\b[^,.!?\n]{0,60}[,.!]\s*",
    re.IGNORECASE,
)
_THANKS: Final = re.compile(
    r"^\s*(?:thanks?(?: you)? for (?:your|the) (?:message|question|patience|mail|e-mail)"
    r"|(?:vielen )?dank für (?:ihre|deine|die) (?:nachricht|frage|anfrage|geduld|mail|e-mail))"
    r"[^.!?\n]{0,60}[.!]\s*",
    re.IGNORECASE,
)
_BYE: Final = re.compile(
    r"\s*(?:(?:with )?(?:best|kind|warm)(?:est)? regards|kind wishes|all the best|sincerely"
    r"|mit (?:freundlichen|besten|herzlichen) grüßen|(?:viele|beste|liebe|freundliche) grüße"
    r"|let (?:me|us) know if (?:you have|there are) (?:any )?(?:more|other|further)? ?questions"
    r"|(?:bei|falls|wenn) (?:weiteren |sie noch )?fragen[^.!?\n]{0,60}|mfg|vg|lg)\b[^?]{0,80}$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class EntryDraft:
    """An entry to be. flags: see ``DraftFlag``; empty: nothing was noticed."""

    kind: Kind
    language: str
    content: EntryContent
    flags: tuple[DraftFlag, ...] = ()

    def flagged(self, *flags: DraftFlag) -> "EntryDraft":
        """Return it with more flags."""
        return replace(self, flags=tuple(dict.fromkeys((*self.flags, *flags))))


def draft(
    question: str, replies: Sequence[str], language: str, wordings: Sequence[str] = ()
) -> EntryDraft:
    """Return what a solved ticket, or a gap, comes to as an entry in the asker's language.

    Greetings, thanks and signatures of mails are left out, and personal data is redacted.

    Args:
        question: What was asked, as it was asked.
        replies: What a person sent, oldest first; of a gap there are none.
        language: Of the asker, ISO 639-1.
        wordings: How others have asked the same.
    """
    name, data = _clean(question)
    texts: list[str] = []
    for reply in replies:
        text, found = _clean(reply)
        texts.append(text)
        data |= found
    others: list[str] = []
    for wording in wordings:
        text, found = _clean(wording)
        others.append(_line(text))
        data |= found
    text = "\n\n".join(dict.fromkeys(part for part in texts if part))
    name = _line(name)
    aliases = tuple(dict.fromkeys(o for o in others if o and o.casefold() != name.casefold()))
    flags: list[DraftFlag] = []
    if data:
        flags.append("personal data")
    if not text:
        flags.append("no answer")
    elif "?" in text:
        flags.append("asks back")
    if len(text) > _LONG:
        flags.append("long")
    content = EntryContent(name=name, text=text[:LONGEST_TEXT], aliases=aliases)
    return EntryDraft(Kind.FAQ, language, content, tuple(flags))


def key_of(name: str) -> str:
    """Return a key for an entry that has none: its first words, and what tells it from others."""
    spelled = "".join(_ASCII.get(c, c) for c in name.casefold())
    slug = "-".join(re.findall(r"[a-z0-9]+", " ".join(words(spelled)))[:_WORDS_OF_A_KEY])
    return f"{slug[:60].strip('-') or 'entry'}-{digests.of(name)[:6]}"


def _clean(text: str) -> tuple[str, bool]:
    """Return what a message says, and whether personal data was taken out of it."""
    said = intake.without_mail(intake.cleaned(text))
    said = _THANKS.sub("", _HELLO.sub("", said))
    said = _BYE.sub("", said).strip()
    clean, data = parted(markers.strip(said))
    return clean.strip(), bool(data)


def _line(text: str) -> str:
    return " ".join(text.split())[:LONGEST_NAME]


_ASCII: Final = {"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"}
