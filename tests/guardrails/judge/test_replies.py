"""Which sentences the gate lets through, by entries of an FAQ and replies to their questions."""

import pytest

from guardrails.gate import passes
from guardrails.rules import policy
from guardrails.scorers.groundedness import Groundedness
from guardrails.types import Text

FAQ = {
    "users": Text(
        "A workspace can have up to 1,000 users. Each user has 2.5 GB of storage.",
        "en",
        "How many users can a workspace have?",
    ),
    "trial": Text(
        "The trial lasts three weeks and ends on March 1, 2026 at 2 pm.",
        "en",
        "How long is the trial?",
    ),
    "pw": Text(
        "Open the login page and choose Forgot password. The link is valid for 30 minutes.",
        "en",
        "How do I reset my password?",
    ),
    "kuend": Text(
        "Sie kündigen unter Konto › Vertrag. Die Kündigungsfrist beträgt 14 Tage.",
        "de",
        "Wie kündige ich?",
    ),
    "mahn": Text(
        "Die Mahngebühr beträgt 5,00 Euro ab der zweiten Mahnung.",
        "de",
        "Wie hoch ist die Mahngebühr?",
    ),
    "sso": Text(
        "No. Single sign-on is part of the Enterprise plan only. The Team plan has two-factor "
        "authentication.",
        "en",
        "Does the Team plan include SSO?",
    ),
    "exp": Text(
        "Yes. Open Billing, choose Invoices and press Export. You get a CSV file.",
        "en",
        "Can I export invoices?",
    ),
    "gast": Text(
        "Nein. Gäste sehen nur freigegebene Seiten. Termine bleiben ihnen verborgen.",
        "de",
        "Können Gäste meinen Kalender sehen?",
    ),
    "rueck": Text(
        "Ja, innerhalb von 14 Tagen nach der Lieferung. Die Rücksendung ist kostenlos.",
        "de",
        "Kann ich Waren zurückgeben?",
    ),
    "guest": Text(
        "Guests see only pages that you share. Open Sharing and choose Calendar to share it.",
        "en",
        "Can guests see my calendar?",
    ),
}
REPLIES = [
    ("users", "How many users can a workspace have?", "A workspace can have up to 1000 users.", 1),
    ("users", "How many users can a workspace have?", "A workspace can have up to 1.000 users.", 1),
    ("users", "How many users can a workspace have?", "Each user has 2,5 GB of storage.", 1),
    (
        "users",
        "How many users can a workspace have?",
        "A workspace can have up to 10,000 users.",
        0,
    ),
    ("users", "How many users can a workspace have?", "Each user has 25 GB of storage.", 0),
    ("trial", "How long is the trial?", "The trial lasts 3 weeks.", 1),
    ("trial", "How long is the trial?", "The trial lasts 21 days.", 1),
    ("trial", "How long is the trial?", "The trial lasts 3 days.", 0),
    ("trial", "How long is the trial?", "It ends on 1 March 2026 at 14:00.", 1),
    ("trial", "How long is the trial?", "It ends on 3 March 2026.", 0),
    (
        "mahn",
        "Wie hoch ist die Mahngebühr?",
        "Die Mahngebühr beträgt 5 € ab der 2. Mahnung [1].",
        1,
    ),
    (
        "mahn",
        "Wie hoch ist die Mahngebühr?",
        "Die Mahngebühr beträgt 5 € ab der 3. Mahnung [1].",
        0,
    ),
    (
        "mahn",
        "Wie hoch ist die Mahngebühr?",
        "Die Mahngebühr beträgt 5 € ab der dritten Mahnung [1].",
        0,
    ),
    ("sso", "Does the Team plan include SSO?", "Yes, the Team plan includes SSO [1].", 0),
    ("sso", "Does the Team plan include SSO?", "The Team plan includes SSO [1].", 0),
    ("sso", "Does the Team plan include SSO?", "No, the Team plan does not include SSO [1].", 1),
    ("sso", "Does the Team plan include SSO?", "No, SSO is not part of the Team plan [1].", 1),
    (
        "sso",
        "Does the Team plan include SSO?",
        "No, single sign-on is part of the Enterprise plan only [1].",
        1,
    ),
    ("sso", "Does the Team plan include SSO?", "No [1].", 1),
    ("sso", "Does the Team plan include SSO?", "Yes [1].", 0),
    ("sso", "Is SSO in the Team plan?", "No.", 1),
    ("sso", "Is SSO in the Team plan?", "Yes.", 0),
    ("sso", "Does the Team plan include SSO?", "Yes, it does.", 0),
    ("sso", "Does the Team plan include SSO?", "No, it doesn't.", 1),
    ("exp", "Can I export invoices?", "Yes [1].", 1),
    ("exp", "Can I export invoices?", "No [1].", 0),
    ("exp", "Can I export invoices?", "Yes, you can export invoices.", 1),
    ("exp", "Can I export invoices?", "No, invoices cannot be exported.", 0),
    ("exp", "Can I export invoices?", "Yes, open Billing, choose Invoices and press Export.", 1),
    ("exp", "Can I export invoices?", "Open **Billing → Invoices** and press Export.", 1),
    ("exp", "Can I export invoices?", "Open **Billing > Invoices > Export**.", 1),
    ("exp", "Can I export invoices?", "Open **Settings → Invoices** and press Export.", 0),
    ("exp", "Can I export invoices?", "Open Billing › Reports › Export.", 0),
    ("exp", "Can I export invoices?", "Open **Billing/Reports**.", 0),
    ("kuend", "Wie kündige ich?", "Sie kündigen unter **Konto → Vertrag** [1].", 1),
    ("kuend", "Wie kündige ich?", "Sie kündigen unter **Konto › Kündigung** [1].", 0),
    ("gast", "Können Gäste meinen Kalender sehen?", "Nein [1].", 1),
    ("gast", "Können Gäste meinen Kalender sehen?", "Ja [1].", 0),
    ("gast", "Können Gäste meinen Kalender sehen?", "Ja, Gäste können Ihren Kalender sehen.", 0),
    (
        "gast",
        "Können Gäste meinen Kalender sehen?",
        "Nein, Gäste können Ihren Kalender nicht sehen.",
        1,
    ),
    ("gast", "Sehen Gäste meinen Kalender?", "Ja, Gäste können Ihren Kalender sehen.", 0),
    ("rueck", "Kann ich Waren zurückgeben?", "Ja [1].", 1),
    ("rueck", "Kann ich Waren zurückgeben?", "Nein.", 0),
    ("rueck", "Kann ich Waren zurückgeben?", "Ja, innerhalb von 2 Wochen.", 1),
    (
        "rueck",
        "Kann ich Waren zurückgeben?",
        "Ja, Sie können Waren innerhalb von 14 Tagen zurückgeben.",
        1,
    ),
    ("rueck", "Kann ich Waren zurückgeben?", "Nein, Waren können nicht zurückgegeben werden.", 0),
    ("guest", "Can guests see my calendar?", "Guests can see my calendar.", 0),
    ("guest", "Can guests see my calendar?", "Guests can see your calendar if you share it.", 1),
    ("guest", "Can guests see my calendar?", "Yes.", 0),
    ("pw", "How do I reset my password?", "To reset your password, open the login page.", 1),
    ("pw", "How do I reset my password?", "The link to reset it is valid for half an hour.", 1),
]


@pytest.mark.parametrize("others", [0, 3])
@pytest.mark.parametrize("checked", [False, True], ids=["words", "checker"])
@pytest.mark.parametrize(("entry", "question", "reply", "shown"), REPLIES)
def test_a_reply_is_shown_if_its_entry_carries_it(
    entry, question, reply, shown, checked, others, checker
):
    language = FAQ[entry].language
    beside = [text for name, text in FAQ.items() if name != entry][:others]
    scorer = Groundedness(checker=checker if checked else None)
    claim = scorer.claim(reply, [FAQ[entry], *beside], question, language)
    assert passes(claim, policy.SENTENCE_FLOOR) is bool(shown)
