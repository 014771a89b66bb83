"""What a person typed or pasted, made into the questions that it holds. Pure functions."""

import re
import unicodedata
from typing import Final

from mailparser_reply import EmailMessage

from assistant.knowledge.chunk import sentences
from assistant.turn.question.followup import points_back
from guardrails.text.function_words import QUESTION_WORDS, one_of
from guardrails.text.words import content, words

MOST_QUESTIONS: Final = 3
"""Questions in one message that are answered one by one; of more, the message is one question."""

_JOINERS: Final = re.compile("[\u00ad\u200b-\u200f\u2060\ufeff\ufe0e\ufe0f]")
_AGREED: Final = re.compile("(?:[👍👌✅🆗][🏻-🏿]?)+")
_SPACES: Final = re.compile(r"[^\S\n]+")
_EMPTY_LINES: Final = re.compile(r"\n{3,}")
_FEW: Final = 2
_SENTENCE: Final = 5
_DEFINES: Final = re.compile(
    r"^\W*(?:what (?:is|are|does)|who is|was (?:ist|sind|bedeutet|heißt)|wer ist)\b",
    re.IGNORECASE,
)
"""A question that asks what a single word means: short, but complete."""
_ANOTHER: Final = re.compile(
    rf",?\s+(?:and|und|sowie)\s+(?=(?:{one_of([*QUESTION_WORDS['en'], *QUESTION_WORDS['de']])}"
    r"|can|do|does|is|are|will|should|kann|können|darf|muss|gibt|bekomme|bekommen|kostet|ist|sind)\b)",
    re.IGNORECASE,
)
"""Where a sentence asks something else."""
_SAID_BEFORE: Final = 160
"""Characters of what is said beside the questions, up to which each of them is asked with it."""
_LONG_LINES: Final = 3
_HEADER: Final = re.compile(
    r"^\s*(?:subject|betreff|from|von|to|an|date|datum|sent|gesendet|cc)\s*:", re.IGNORECASE
)
_GREETING: Final = re.compile(
    r"^\s*(?:hi|hello|hey|dear|good (?:day|morning|afternoon|evening)|greetings"
    r"|to whom it may concern|hallo|guten (?:tag|morgen|abend)|moin|servus|grüezi"
    r"|grüß (?:gott|dich|euch)|liebe[rs]?|sehr geehrte[rs]?)\b[^.!?\n]{0,60}[,!.:]?\s*$",
    re.IGNORECASE,
)
_FORMULA: Final = (
    r"^\s*(?:(?:many )?thanks(?: in advance| a lot)?|thank you(?: in advance| very much)?|thx"
    r"|(?:with )?(?:best|kind|warm)(?:est)? (?:regards|wishes)|all the best|regards|best|cheers"
    r"|sincerely|yours(?: [a-z]+)?"
    r"|(?:mit )?(?:freundlichen?|besten?|herzlichen?|lieben?|vielen?|schönen?)"
    r" (?:grüßen?|gruß|gruss|grüssen?|dank)(?: im voraus)?|grüße|gruß|danke(?: im voraus)?"
    r"|mfg|vg|lg)"
)
_CLOSES: Final = re.compile(_FORMULA + r"\s*(?:[,.!–-].{0,40})?$", re.IGNORECASE)
_MAY_CLOSE: Final = re.compile(_FORMULA + r"\b[^?]{0,40}$", re.IGNORECASE)
"""A closing line with more in it; only after the end of a sentence: other lines begin so, too."""
_ENDED: Final = re.compile(r"[.!?:;…)\"”“]\s*$|^\s*$")
_RULES: Final = re.compile(r"^\s*(?:--|__|---|[-_=]{5,}.*)\s*$")
"""A line that parts a signature, or a mail within a mail, from what is said above it."""
_FORWARDED: Final = re.compile(r"forwarded message|weitergeleitete nachricht", re.IGNORECASE)
_DISCLAIMER: Final = re.compile(
    r"^\s*\W*(?:confidentiality|disclaimer|vertraulichkeit)"
    r"|\b(?:this|the|diese|die)\b.{0,40}\b(?:e-?mails?|message|nachricht|communication)\b.{0,300}"
    r"\b(?:confidential|privileged|intended|addressee|recipient|vertraulich|empfänger|adressat)"
    r"|\bconsider the environment\b|\ban die umwelt\b",
    re.IGNORECASE | re.DOTALL,
)


def cleaned(text: str) -> str:
    """Return a text as people mean it: without joiners and soft hyphens, with plain spaces.

    A no-break space is a space, what is invisible says nothing, and a thumb up alone says ok.
    """
    text = unicodedata.normalize("NFC", text)
    lines = _JOINERS.sub("", text).replace("\r\n", "\n").replace("\r", "\n").split("\n")
    result = "\n".join(_SPACES.sub(" ", line).strip() for line in lines).strip()
    if _AGREED.fullmatch(result):
        return "ok"
    return _EMPTY_LINES.sub("\n\n", result)


def is_text(text: str) -> bool:
    """Return whether a cleaned text says anything in words."""
    odd = sum(unicodedata.category(c) in {"Cc", "Cn", "Co", "Cs"} and c not in "\n\t" for c in text)
    return odd <= len(text) // 20 and any(c.isalnum() for c in text)


def without_mail(text: str) -> str:
    """Return what a pasted e-mail asks: no greeting, signature, disclaimer or quoted history.

    A text of one or two lines is no e-mail. If nothing would be left, or no question of several,
    all of it is.
    """
    lines = text.split("\n")
    if sum(bool(line.strip()) for line in lines) < _LONG_LINES:
        return text
    mail = EmailMessage(text, languages=["en", "de"], keep_hyphen_lists=True).read()
    bodies = [(reply.full_body, reply.body) for reply in mail.replies] or [(text, text)]
    whole, first = bodies[0]
    body = _said(first)
    if len(bodies) > 1 and _FORWARDED.search(whole):
        body = f"{body}\n{_said(bodies[1][1])}".strip()
    if "?" in whole and "?" not in body:
        body = _said(whole, closes=False)
    return body if content(body, "en") else text


def _said(body: str, *, closes: bool = True) -> str:
    """Return what one mail says. closes: whether a line may end it."""
    lines: list[str] = []
    for line in body.split("\n"):
        before = lines[-1] if lines else ""
        if closes and any(map(str.strip, lines)) and _ends(line, before):
            break
        heads = not any(map(str.strip, lines)) and (_HEADER.match(line) or _GREETING.match(line))
        if not (heads or line.lstrip().startswith(">")):
            lines.append(line)
    first, *others = re.split(r"\n\s*\n", "\n".join(lines).strip())
    rest = [part for part in others if "?" in part or not _DISCLAIMER.search(part)]
    return "\n\n".join((first, *rest)).strip()


def _ends(line: str, before: str) -> bool:
    """Whether a line is where what somebody says ends."""
    may = _MAY_CLOSE.match(line) and _ENDED.search(before)
    return bool(_RULES.match(line) or _CLOSES.match(line) or may)


def questions(text: str, language: str) -> tuple[str, ...]:
    """Return the questions of a message that can be answered one by one, or all of it as one.

    One by one, if it holds several sentences that ask, each with a subject of its own.
    """
    message = " ".join(text.split())
    every = sentences(message, language)
    asking = [
        f"{part.rstrip('?')}?"
        for sentence in every
        if sentence.endswith("?")
        for part in _ANOTHER.split(sentence)
    ]
    whole = [part for part in asking if _has_subject(part, language)]
    if len(asking) != len(whole) or not 1 < len(whole) <= MOST_QUESTIONS:
        return (message,)
    before = " ".join(part for part in every if not part.endswith("?"))
    if content(before, language) and len(before) <= _SAID_BEFORE:
        whole = [f"{before} {part}" for part in whole]
    return tuple(whole)


def _has_subject(question: str, language: str) -> bool:
    """Whether a question of several can be searched for without the others."""
    own = content(question, language)
    if not own or points_back(question):
        return False
    long = len(own) >= _FEW or len(words(question)) >= _SENTENCE
    return long or bool(_DEFINES.match(question))
