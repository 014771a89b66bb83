"""The mail to somebody who has left and was answered. No word of it is theirs or the team's."""

from dataclasses import dataclass
from typing import Final

from assistant.language import LANGUAGES, Language


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail."""

    subject: str
    text: str


_SUBJECT: Final[dict[Language, str]] = {
    "en": "Your request #{number} has been answered",
    "de": "Ihre Anfrage #{number} wurde beantwortet",
}
_TEXT: Final[dict[Language, str]] = {
    "en": "Somebody has answered your request #{number}.\n\n{where}\n\n"
    "There is no further mail about it until you have been there.",
    "de": "Jemand hat Ihre Anfrage #{number} beantwortet.\n\n{where}\n\n"
    "Bis Sie dort waren, kommt dazu keine weitere E-Mail.",
}
_HERE: Final[dict[Language, str]] = {
    "en": "Read the answer and reply here: {link}",
    "de": "Hier können Sie die Antwort lesen und zurückschreiben: {link}",
}
_THERE: Final[dict[Language, str]] = {
    "en": "Read the answer and reply where you asked.",
    "de": "Sie können die Antwort dort lesen, wo Sie gefragt haben.",
}


def answered(number: int, language: str, link: str = "") -> Letter:
    """Return the mail that says that a request was answered. link: empty: none is told."""
    known: Language = next((one for one in LANGUAGES if one == language), "en")
    where = _HERE[known].format(link=link) if link else _THERE[known]
    return Letter(
        _SUBJECT[known].format(number=number), _TEXT[known].format(number=number, where=where)
    )
