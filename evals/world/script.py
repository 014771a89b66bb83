"""Who asks what in the sample world, and what its team does. All people in it are invented."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

DAYS: Final = 12
EACH_DAY: Final = 20
"""Questions on a working day; on another a third of it."""
KINDS: Final = frozenset(
    {
        ("glossary", "en"),
        ("glossary", "de"),
        ("support.billing", "en"),
        ("support.account", "en"),
    }
)
"""Segments and languages that are asked about: few, so that in each there is enough evidence."""
AGENTS: Final = {"Ada Brink": ("agent", "editor"), "Jonas Weil": ("agent",)}
ASKERS: Final = 34
RATED: Final = 5
"""One of so many answers is rated."""

Doing = Literal["note", "draft", "reply", "solve", "rate", "ask", "claim", "return", "merge"]


@dataclass(frozen=True, slots=True)
class Step:
    """What happens next with a ticket. hours: after what was before. text: said, or what for.

    by: of the team, or who asked.
    """

    doing: Doing
    text: str = ""
    by: str = ""
    hours: float = 0.5


@dataclass(frozen=True, slots=True)
class Story:
    """A conversation that comes to the team. day: from 0. steps: after it was handed over."""

    day: int
    asker: int
    language: Literal["en", "de"]
    questions: Sequence[str]
    message: str
    contact: str = ""
    steps: Sequence[Step] = ()
    closes: bool = False


ADA, JONAS = AGENTS
STORIES: Final = (
    Story(
        1, 2, "en", ("How do I verify the signature of a webhook?",),
        "Our server must know that a webhook really comes from you. How do we check it?",
        "mira.holt@example.org",
        (
            Step("claim", by=JONAS, hours=1),
            Step("note", "Nothing on signatures in the knowledge. Asked the platform team.", JONAS),
            Step(
                "reply",
                "Each webhook carries the header X-Signature: the HMAC-SHA256 of the body with "
                "your secret, in hex. Compute it over the raw body; compare in constant time.",
                JONAS, 2,
            ),
            Step("ask", "That works, thank you!", hours=1),
            Step("solve", by=JONAS),
            Step("rate", "5", hours=3),
        ),
        closes=True,
    ),
    Story(
        2, 5, "de", ("Kann ich die Rechnung auf eine andere Firma ausstellen lassen?",),
        "Die Rechnung vom Oktober muss auf unsere Tochterfirma lauten.",
        "s.lindner@example.org",
        (
            Step("claim", by=ADA, hours=2),
            Step("draft", by=ADA),
            Step(
                "reply",
                "Schicken Sie uns bitte den Namen, Anschrift und USt-IdNr. der Tochterfirma. "
                "Wir stellen die Rechnung dann innerhalb eines Werktags neu aus.",
                ADA,
            ),
            Step("ask", "Lindner Werkzeuge GmbH, Hafenweg 3, 20457 Hamburg.", hours=4),
            Step("reply", "Danke, die neue Rechnung ist unterwegs.", ADA, 2),
            Step("solve", by=ADA),
            Step("rate", "4", hours=20),
        ),
    ),
    Story(
        3, 7, "en", ("Which header holds the webhook signature?",),
        "We get webhooks but no idea which header to check.",
        steps=(
            Step("claim", by=JONAS, hours=1),
            Step("reply", "It is X-Signature; see our new entry on webhook signatures.", JONAS),
            Step("solve", by=JONAS),
        ),
    ),
    Story(
        4, 9, "en", ("My export has been stuck at 90 percent since yesterday",),
        "The export of project Heron does not finish. I need it for Friday.",
        "devin@example.org",
        (
            Step("claim", by=ADA, hours=0.5),
            Step("note", "Job hangs on one attachment of 2 GB. Restarted it without that.", ADA),
            Step("reply", "I have restarted your export; it should be there within the hour.", ADA),
            Step("ask", "It is there now. Thanks for the quick help.", hours=2),
            Step("solve", by=ADA),
            Step("rate", "5", hours=1),
        ),
    ),
    Story(
        5, 11, "de", ("Wann zieht ihr endlich das Geld für den doppelten Platz nicht mehr ab?",),
        "Ich habe das jetzt zweimal gemeldet.",
        steps=(
            Step("claim", by=ADA, hours=3),
            Step("reply", "Das tut uns leid. Der zweite Platz ist seit heute gekündigt, und der "
                 "Betrag wird erstattet.", ADA, 1),
            Step("solve", by=ADA),
            Step("rate", "2", hours=10),
        ),
    ),
    Story(
        7, 13, "en", ("What is a holdout group?", "Can I exclude one from a campaign?"),
        "I need somebody who knows about experiments.",
        steps=(
            Step("claim", by=JONAS, hours=1),
            Step("draft", by=JONAS),
            Step("return", by=JONAS),
        ),
    ),
    Story(
        8, 15, "en", ("Please delete everything you have about me",),
        "I want all of my data to be deleted.",
        "r.okafor@example.org",
        (
            Step("claim", by=ADA, hours=1),
            Step("reply", "We have begun the erasure; you will get a receipt within 30 days.", ADA),
            Step("solve", by=ADA),
        ),
    ),
    Story(
        10, 17, "de", ("Unser Single Sign-on leitet im Kreis weiter",),
        "Seit heute früh kann sich niemand von uns anmelden, es leitet immer im Kreis weiter.",
        "it@nordlicht.example",
        (
            Step("claim", by=JONAS, hours=0.2),
            Step("note", "Zertifikat des Anbieters ist gestern abgelaufen.", JONAS, 0.3),
            Step("reply", "Bei Ihrem Anbieter ist das Zertifikat abgelaufen. Laden Sie bitte das "
                 "neue unter Einstellungen → Sicherheit hoch.", JONAS, 0.2),
        ),
    ),
    Story(
        10, 19, "en", ("Do you have a discount for schools?",),
        "We are a school with 40 teachers. Is there a discount?",
        "office@riverside-school.example",
        (Step("claim", by=ADA, hours=1), Step("draft", by=ADA)),
    ),
    Story(
        11, 21, "de", ("Wie ändere ich den Namen auf der Rechnung?",),
        "Auf der Rechnung steht noch mein alter Name.",
        "",
    ),
    Story(
        11, 23, "en", ("The mobile app logs me out every hour",),
        "It asks for my password every hour since the update.",
        "lena.p@example.org",
    ),
)  # fmt: skip
ENTRY: Final = {
    "language": "en",
    "kind": "faq",
    "content": {
        "name": "How do I verify the signature of a webhook?",
        "text": "Each webhook carries the header **X-Signature**: the HMAC-SHA256 of the raw body "
        "with the secret of the webhook, in hexadecimal. Compute it over the body as it came and "
        "compare the two in constant time; refuse what differs.",
        "aliases": [
            "Which header holds the webhook signature?",
            "My webhook signature does not match",
        ],
    },
    "reason": "Asked three times in a week",
}
DRAFT: Final = {
    "language": "de",
    "kind": "faq",
    "content": {
        "name": "Wie lasse ich eine Rechnung auf eine andere Firma ausstellen?",
        "text": "Schicken Sie dem Team Namen, Anschrift und USt-IdNr. der Firma. Die Rechnung wird "
        "innerhalb eines Werktags neu ausgestellt.",
    },
    "reason": "Aus einem Ticket",
}
OPEN: Final = (
    (3, 25, "What is a holdout group?"),
    (5, 26, "Explain holdout groups, please"),
    (6, 27, "My webhook signature does not match, what now?"),
    (8, 28, "Wie ändere ich den Namen auf der Rechnung?"),
    (7, 29, "Is there a dark mode for the mobile app?"),
    (9, 30, "Gibt es einen Dunkelmodus in der App?"),
    (10, 31, "What is a holdout group good for?"),
)
"""What nothing is written about: day, who asks, and the question."""
