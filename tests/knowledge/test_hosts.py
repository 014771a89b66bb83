import pytest

from assistant.knowledge.documents import Document
from assistant.knowledge.hosts import host_of, mentioned, pattern
from assistant.knowledge.library import Library
from assistant.settings import ServerSettings
from tests.knowledge.test_library import index, library  # noqa: F401  (fixtures)


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://Help.Example.com:8443/a", "help.example.com"),
        ("http://bücher.example", "xn--bcher-kva.example"),
        ("https://help.example.com\\\\@evil.com", "help.example.com"),
        ("ftp://help.example.com/", ""),
        ("javascript:alert(1)", ""),
        ("/relative", ""),
        ("", ""),
    ],
)
def test_the_host_of_an_address(url, host):
    assert host_of(url) == host


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("*", "*"),
        ("Help.Example.com", "help.example.com"),
        ("*.Example.com", "*.example.com"),
        ("bücher.example", "xn--bcher-kva.example"),
    ],
)
def test_a_host_of_the_settings(name, meant):
    assert ServerSettings(link_hosts=(name,)).link_hosts == (meant,)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "https://a.example",
        "a.example/b",
        "a@b.example",
        "a.example:80",
        "a b",
        "*.",
        "**",
        "a.*.b",
    ],
)
def test_what_is_no_host_is_refused(name):
    with pytest.raises(ValueError, match="is no host: write help.example.com"):
        pattern(name)


def test_hosts_that_no_text_mentions_are_not_told():
    hosts = {"help.example.com", "secret.corp.example", "xn--bcher-kva.example", "*.docs.example"}
    texts = ["See https://HELP.example.com/a", "or bücher.example."]
    assert mentioned(hosts, texts) == (
        "*.docs.example",
        "help.example.com",
        "xn--bcher-kva.example",
    )
    assert mentioned(hosts, []) == ("*.docs.example",)


def test_the_hosts_of_a_library_follow_its_changes(library: Library):  # noqa: F811
    assert library.hosts() == frozenset()
    pages = [
        Document("a.md", "A", "A text on tokens.", "en", url="https://a.example/x"),
        Document("b.md", "B", "A text on weights.", "en", url="https://B.example:1/"),
        Document("c.md", "C", "A text on layers.", "en", url="file:///c"),
        Document("d.md", "D", "A text on adapters.", "en"),
    ]
    library.add("all", pages, lambda *_: None)
    assert library.hosts() == {"a.example", "b.example"}
    library.add("all", pages[:1], lambda *_: None)
    assert library.hosts() == {"a.example"}
