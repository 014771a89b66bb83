import pytest

from guardrails.text.addresses import addresses
from guardrails.types import Text

HELD = Text(
    "Write to support@example.com, or see https://help.example.com/en/refunds. Call "
    "larkspur.page() once.",
    "en",
)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Write to fraud@evil.com.", ["fraud@evil.com"]),
        ("Log in at evil-refund.com/login within 30 days.", ["evil-refund.com/login"]),
        ("See [here](//evil.com) or [there](evil.com/login).", ["evil.com", "evil.com/login"]),
        ("Use ftp://evil.com for it.", ["ftp://evil.com"]),
        ("Go to evil**.com** or ev&#105;l.com.", ["evil.com"]),
        ("Go to e\u200bvil.com.", ["evil.com"]),
        ("See https://www.Example.com/a/.", ["example.com/a"]),
        ("E.g. 10.5 GB, version 1.2.3, z.B. heute [1].", []),
    ],
)
def test_what_leads_somewhere(text, found):
    assert list(addresses(text)) == found


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        ("Write to support@example.com.", "passed"),
        ("See help.example.com/en/refunds.", "passed"),
        ("Call larkspur.page() once.", "passed"),
        ("Write to support@evil.com.", "failed"),
        ("See https://help.example.com.evil.com/en/refunds.", "failed"),
        ("See https://help.example.com/en/refund.", "failed"),
        ("Call [larkspur.page()](javascript:alert) once.", "failed"),
    ],
)
async def test_only_addresses_of_the_passages_are_shown(text, outcome, gate):
    found = await gate.sentence(text, (HELD,), "How do I get a refund?", "en")
    assert found.outcome == outcome, found.reason
    assert outcome != "failed" or "address" in found.reason
