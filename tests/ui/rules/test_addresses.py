"""Where links may lead: what an attacker writes, and what a browser would make of it."""

import pytest
from ada_url import URL

from tests.ui.test_format import links
from ui import format as formatted
from ui.addresses import NOWHERE, Hosts

OURS = Hosts.of(["help.example.com", "xn--bcher-kva.example", "*.docs.example"])
ANY = Hosts.of(["*"])

LINKED = [
    ("https://help.example.com/a?b=c#d", "https://help.example.com/a?b=c#d"),
    ("HTTPS://HELP.Example.COM/A", "https://help.example.com/A"),
    ("http://help.example.com:8080/", "http://help.example.com:8080/"),
    ("https://help.example.com/../..//evil.com", "https://help.example.com//evil.com"),
    ("https://help.example.com/?next=//evil.com", "https://help.example.com/?next=//evil.com"),
    ("https://bücher.example/ü", "https://xn--bcher-kva.example/%C3%BC"),
    ("https://xn--bcher-kva.example", "https://xn--bcher-kva.example/"),
    ("https://a.docs.example/", "https://a.docs.example/"),
    ("https://a.b.docs.example/", "https://a.b.docs.example/"),
    # other ways to write the same host: the link that is written has none of them
    ("https://ｈelp.example.com/", "https://help.example.com/"),
    ("https://help。example.com/", "https://help.example.com/"),
    ("https://he\u00adlp.example.com/", "https://help.example.com/"),
    ("https://%68elp.example.com/", "https://help.example.com/"),
]
ATTACKS = {
    "another host": "https://evil.example/",
    "a host below": "https://evil.help.example.com/",
    "a host above": "https://example.com/",
    "the name of a wildcard itself": "https://docs.example/",
    "ends alike": "https://evilhelp.example.com/",
    "begins alike": "https://help.example.com.evil.com/",
    "a dot at the end": "https://help.example.com./",
    "user": "https://help.example.com@evil.com/",
    "user of ours": "https://evil.com@help.example.com/",
    "user and password": "https://help.example.com:443@evil.com/",
    "empty user": "https://@evil.com/",
    "escaped at": "https://help.example.com%40evil.com/",
    "full-width at": "https://help.example.com＠evil.com/",
    "Cyrillic homograph": "https://h\u0435lp.example.com/",
    "punycode homograph": "https://xn--hlp-4cd.example.com/",
    "dotless i": "https://help.exampl\u0435.com/",
    "backslash before the host": "https:\\\\evil.com/",
    "backslash after ours": "https://help.example.com\\@evil.com/",
    "backslash and ours": "https://evil.com\\.help.example.com/",
    "protocol-relative": "//evil.com/",
    "protocol-relative with backslashes": "\\\\evil.com",
    "slash and backslash": "/\\evil.com",
    "relative": "/auth/logout",
    "a fragment": "#top",
    "no slash": "https:evil.com",
    "one slash": "https:/evil.com",
    "three slashes": "https:///evil.com",
    "no host": "https://",
    "a tab within": "ht\ttps://evil.com/",
    "a line break within": "https://help.example.com\n@evil.com/",
    "a line break, ours": "https://help.example\n.com/",
    "a null": "https://help.example.com\0.evil.com/",
    "a control before": "\x01https://evil.com/",
    "C1 control": "https://help.example.com\x85/",
    "javascript": "javascript:alert(1)",
    "javascript in capitals": "JaVaScRiPt:alert(1)",
    "javascript with a tab": "java\tscript:alert(1)",
    "javascript that looks like ours": "javascript://help.example.com/%0aalert(1)",
    "data": "data:text/html,<script>alert(1)</script>",
    "vbscript": "vbscript:msgbox(1)",
    "file": "file:///etc/passwd",
    "blob": "blob:https://help.example.com/1",
    "ftp": "ftp://help.example.com/",
    "websocket": "wss://help.example.com/",
    "a program": "ms-word:ofe|u|https://help.example.com/",
    "telephone": "tel:+491234567",
    "view-source": "view-source:https://help.example.com/",
    "number": "https://2130706433/",
    "hexadecimal number": "https://0x7f000001/",
    "IPv6": "https://[::1]/",
    "broken IPv6": "https://[help.example.com/",
    "a space in the host": "https://help.example.com .evil.com/",
    "a port that is none": "https://help.example.com:x@evil.com",
    "a surrogate": "https://help.example.com\ud800/",
    "mail without a receiver": "mailto:?bcc=evil@evil.com",
    "mail to two": "mailto:a@example.com,evil@evil.com",
    "empty": "",
}


@pytest.mark.parametrize(("address", "target"), LINKED)
def test_an_address_at_an_allowed_host_is_linked_as_a_browser_writes_it(address: str, target: str):
    assert OURS.target(address) == target
    assert NOWHERE.target(address) == ""


@pytest.mark.parametrize("address", ATTACKS.values(), ids=ATTACKS)
def test_no_attack_is_a_link(address: str):
    assert OURS.target(address) == ""
    assert links(formatted.source_link(address, OURS)) == []
    written = (f"[a]({address})", f"[a](<{address}>)", f"![a]({address})", f"<{address}>")
    for text in (*written, f"so {address} it is"):
        # The beginning of some is an honest address by itself, and what follows is text.
        led = {URL(link).origin for link in links(formatted.safe(text, OURS))}
        assert led <= {"https://help.example.com"}, text
    assert links(formatted.safe("\n\n".join(written))) == []


@pytest.mark.parametrize(
    "name", [name for name in ATTACKS if "script" in name or "slash" in name or "user" in name]
)
def test_where_all_hosts_are_allowed_there_are_still_no_tricks(name: str):
    assert ANY.target(ATTACKS[name]) == ""


def test_all_hosts_may_be_allowed():
    assert ANY.target("https://anything.example/a") == "https://anything.example/a"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("[Sign in](https://evil.example/login)", "Sign in (`https://evil.example/login`)"),
        ("![chart](https://evil.example/p.png)", "chart (`https://evil.example/p.png`)"),
        ("so https://evil.example/a_b.", "so `https://evil.example/a_b`."),
        ("www.evil.example is bad", "`www.evil.example` is bad"),
        (
            "[https://help.example.com](https://evil.example)",
            "https:\u2060//help.example.com (`https://evil.example`)",
        ),
        ("[a](/b) and [c](#d)", "a (`/b`) and c (`#d`)"),
        (
            "[write](mailto:a@example.com?bcc=b@evil.com)",
            "write ([a@example.com](mailto:a@example.com))",
        ),
        ("<a@example.com>", "[a@example.com](mailto:a@example.com)"),
        ("https://evil.example/`code`", "`https://evil.example/`\u2060`code`"),
    ],
)
def test_what_may_be_no_link_shows_its_address(text: str, shown: str):
    assert formatted.safe(text, OURS) == shown


def test_a_source_elsewhere_is_named_but_not_linked():
    assert formatted.source_link("https://www.evil.example/a", OURS) == (
        "www\u2060\\.evil\\.example/a"
    )
    assert formatted.source_link("https://help.example.com@evil.example/a", OURS) == (
        "evil\\.example/a"
    )
