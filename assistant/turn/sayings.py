"""What Routeback itself says, in English and German."""

from collections.abc import Mapping, Sequence
from string import Template
from typing import Final

_SAID_BACK: Final = 160
"""Characters of a question that are said back."""

SAYINGS: Final[Mapping[str, Mapping[str, str]]] = {
    "en": {
        "greeting": "Hello! Ask me what a term means, or how something in the product works.",
        "thanks": "You are welcome. Is there anything else?",
        "farewell": "Goodbye!",
        "declined": "All right. Ask me whatever else you would like to know.",
        "person": "Of course. I have passed this on to a person of our team.",
        "people_only": "Questions like this one are answered by a person of our team, so I have "
        "passed it on to them.",
        "passed_on": "I have added this to your request #$ticket.",
        "abstain": "I did not find an answer to “$question” in the documents.",
        "closest": "The closest entries are these.",
        "nothing": "Nothing in them comes close to it.",
        "offer": "Would you like to talk to a person?",
        "which": "Which of these do you mean?",
        "foreign": "There is an entry about this in $language only:",
        "language_en": "English",
        "language_de": "German",
        "older": "an older version",
        "unsure": "I could not write an answer to “$question” that the documents carry.",
        "late": "Answering “$question” took too long.",
        "withheld": "The model’s provider withheld the answer to “$question”.",
        "cut": "The answer breaks off here: it became too long.",
        "language": "Sorry, I understand English and German only. / "
        "Leider verstehe ich nur Deutsch und Englisch.\n\nWould you like to talk to a person?",
    },
    "de": {
        "greeting": "Guten Tag! Fragen Sie mich, was ein Begriff bedeutet oder wie etwas im "
        "Produkt funktioniert.",
        "thanks": "Gern geschehen. Kann ich sonst noch helfen?",
        "farewell": "Auf Wiedersehen!",
        "declined": "In Ordnung. Fragen Sie mich gern, was Sie sonst wissen möchten.",
        "person": "Gern. Ich habe das an einen Menschen aus unserem Team weitergegeben.",
        "people_only": "Solche Fragen beantwortet ein Mensch aus unserem Team, deshalb habe ich "
        "sie weitergegeben.",
        "passed_on": "Ich habe das Ihrer Anfrage #$ticket hinzugefügt.",
        "abstain": "Ich habe zu „$question“ in den Dokumenten keine Antwort gefunden.",
        "closest": "Am nächsten kommen diese Einträge.",
        "nothing": "Es gibt darin nichts, was dem nahekommt.",
        "offer": "Möchten Sie mit einem Menschen sprechen?",
        "which": "Was davon meinen Sie?",
        "foreign": "Dazu gibt es nur einen Eintrag auf $language:",
        "language_en": "Englisch",
        "language_de": "Deutsch",
        "older": "eine ältere Fassung",
        "unsure": "Ich konnte zu „$question“ keine Antwort geben, die die Dokumente tragen.",
        "late": "Eine Antwort auf „$question“ hat zu lange gedauert.",
        "withheld": "Der Anbieter des Modells hat die Antwort auf „$question“ zurückgehalten.",
        "cut": "Die Antwort bricht hier ab: Sie wurde zu lang.",
        "language": "Leider verstehe ich nur Deutsch und Englisch. / "
        "Sorry, I understand English and German only.\n\nMöchten Sie mit einem Menschen sprechen?",
    },
}
"""What Routeback says itself, by language."""


OFFERS: Final = tuple(say["offer"] for say in SAYINGS.values())
"""The sentences that offer a person."""


def not_found(question: str, language: str, *, near: bool) -> str:
    """Return the answer when there is none. near: whether entries follow that come close."""
    say = SAYINGS[language]
    opening = Template(say["abstain"]).safe_substitute(question=_short(question))
    return f"{opening} {say['closest' if near else 'nothing']}"


def left_open(questions: Sequence[str], language: str) -> str:
    """Return what is said of the questions of a message that were not answered."""
    say = Template(SAYINGS[language]["abstain"])
    return " ".join(say.safe_substitute(question=_short(question)) for question in questions)


def unsure(question: str, language: str) -> str:
    """Return what is said in place of an answer that did not pass."""
    return Template(SAYINGS[language]["unsure"]).safe_substitute(question=_short(question))


def late(question: str, language: str) -> str:
    """Return what is said when an answer did not come in time."""
    say = SAYINGS[language]
    return f"{Template(say['late']).safe_substitute(question=_short(question))} {say['offer']}"


def withheld(question: str, language: str) -> str:
    """Return what is said in place of an answer that the model's provider withheld."""
    return Template(SAYINGS[language]["withheld"]).safe_substitute(question=_short(question))


def passed_on(ticket: int, language: str) -> str:
    """Return what is said to who writes on while they wait for a person. ticket: its number."""
    return Template(SAYINGS[language]["passed_on"]).substitute(ticket=ticket)


def _short(question: str) -> str:
    """Return a question as it is said back: the beginning of a long one."""
    text = " ".join(question.split())
    return text if len(text) <= _SAID_BACK else f"{text[:_SAID_BACK].rsplit(' ', 1)[0]} …"
