"""Web addresses: a real site that is good, broken, or hostile."""

import gzip
import zlib

import pytest

from assistant.errors import SourceError
from assistant.sources.web import sitemap
from assistant.sources.web.fetch import NotFetched, unpacked
from tests.sources.site import Page


def test_a_page_and_what_it_leads_to_is_read_as_deep_as_said(desk, site):
    site.page(
        "/help/", "Start here.", "keys", "/help/locks", "/shop", "https://example.com/", "x.png"
    )
    site.page("/help/keys", "Keys hang by the door.", "deep")
    site.page("/help/locks", "Locks are oiled in May.", "keys#top", "mailto:a@b.example")
    site.page("/help/deep", "Too deep.")
    site.page("/shop", "Not of the help.")
    desk.add("help", "web", f"{site.url}/help/", depth=1)
    done = desk.refresh("help")
    assert (done.outcome, done.changes.added) == ("done", 3)
    assert desk.sources("help") == {f"{site.url}/help/{one}" for one in ("", "keys", "locks")}
    urls = {c.url for _, c in desk.index.chunks()}
    assert urls == desk.sources("help")
    assert site.asked.count("/help/keys") == 1
    assert "/shop" not in site.asked
    assert "/help/x.png" not in site.asked
    assert all(agent.startswith("Routeback/") for agent in site.agents)


def test_a_canonical_address_counts_only_on_hosts_of_the_source(desk, site):
    link = '<link rel="canonical" href="{}">'
    site.page("/a", "First text.")
    site.page("/b", "Second text.")
    for path, where in (("/a", f"{site.url}/other"), ("/b", "https://evil.example/b")):
        html = str(site.pages[path].body).replace("</head>", link.format(where) + "</head>")
        site.pages[path].body = html
    site.sitemap("/sitemap.xml", "/a", "/b")
    desk.add("help", "web", f"{site.url}/sitemap.xml")
    desk.refresh("help")
    assert {c.url for _, c in desk.index.chunks()} == {f"{site.url}/other", f"{site.url}/b"}
    assert desk.refresher.library.hosts() == {"127.0.0.1"}


def test_only_what_changed_is_fetched_and_touched(desk, site):
    for name in "ab":
        site.page(f"/{name}", f"Text {name}.", headers={"ETag": f'"{name}1"'})
    site.sitemap("/sitemap.xml", "/a", "/b")
    desk.add("help", "web", f"{site.url}/sitemap.xml")
    desk.refresh("help")
    generation = desk.refresher.library.generation()
    assert desk.refresh("help").changes.kept == 2
    assert site.conditions == ["/a", "/b"]
    assert desk.refresher.library.generation() == generation
    site.page("/b", "Another text.", headers={"ETag": '"b2"'})
    done = desk.refresh("help")
    assert (done.changes.added, done.changes.kept, done.changes.removed) == (1, 1, 1)
    # What is not in the index is fetched whole, whatever was known of it.
    desk.refresher.library.remove("help")
    site.conditions.clear()
    assert desk.refresh("help").changes.added == 2
    assert site.conditions == []
    desk.register.change("help", desk.get("help").options.__class__(audience="staff"), None)
    assert desk.refresh("help").outcome == "done"
    assert {c.audience for _, c in desk.index.chunks()} == {"staff"}


def test_what_cannot_be_fetched_keeps_what_it_had_and_what_is_gone_goes(desk, site):
    names = [*"abcdef"]
    for name in names:
        site.page(f"/{name}", f"Text {name}.")
    site.sitemap("/sitemap.xml", *(f"/{name}" for name in names))
    desk.add("help", "web", f"{site.url}/sitemap.xml")
    desk.refresh("help")
    site.pages["/a"] = Page("oops", 500)
    site.pages["/b"] = Page("", 302, headers={"Location": "https://evil.example/"})
    site.pages["/c"] = Page("", 302, headers={"Location": "/c"})
    site.pages["/d"] = Page(b"x" * 200_000)
    site.pages["/e"] = Page(b"\x89PNG", kind="image/png")
    site.pages.pop("/f")
    first = desk.later(days=1)
    done = desk.refresh("help")
    assert (done.outcome, done.changes.kept, done.changes.removed) == ("done", 5, 1)
    assert desk.texts("help") == [f"Text {name}." for name in "abcde"]
    known = {p.page.removeprefix(site.url): p for p in desk.store.pages(desk.get("help"))}
    assert {path for path, page in known.items() if page.failing} == {"/a", "/b", "/c", "/d", "/e"}
    assert known["/f"].gone == first
    assert "evil.example, which is not allowed" in known["/b"].why
    assert "more than 5 times" in known["/c"].why
    assert "more than 100,000 bytes" in known["/d"].why
    desk.later(days=1)
    desk.refresh("help")
    known = {p.page.removeprefix(site.url): p for p in desk.store.pages(desk.get("help"))}
    assert (known["/a"].failing, known["/f"].gone) == (first, first), "since when is remembered"
    site.page("/a", "Text a.")
    desk.refresh("help")
    known = {p.page.removeprefix(site.url): p for p in desk.store.pages(desk.get("help"))}
    assert known["/a"].failing is None


def test_a_slow_page_is_given_up_however_it_drips(desk, site, settings):
    limits = settings.sources.model_copy(update={"page_seconds": 0.5})
    object.__setattr__(settings, "sources", limits)
    site.page("/a", "Good.")
    site.pages["/b"] = Page(b"<p>" + b"x" * 500, drip_s=0.05)
    site.sitemap("/sitemap.xml", "/b", "/a")
    desk.add("help", "web", f"{site.url}/sitemap.xml")
    assert desk.refresh("help").changes.added == 1
    assert "took too long" in desk.notes("help")["a page that cannot be fetched"]


def test_robots_are_heard(desk, site):
    site.pages["/robots.txt"] = Page(
        "User-agent: *\nDisallow: /private\nDisallow: /*.pdf$\n", kind="text/plain"
    )
    site.page("/", "Start.", "/private/a", "/b", "/c", "/d", "/x.pdf")
    site.page("/private/a", "Private.")
    site.page("/b", "Open.")
    site.page("/c", "Not to be listed.", "/e")
    site.page("/d", "Links are not to be followed.", "/f")
    for path, word in (("/c", "noindex"), ("/d", "nofollow")):
        meta = f'<meta name="robots" content="{word}"></head>'
        site.pages[path].body = str(site.pages[path].body).replace("</head>", meta)
    site.page("/e", "Found all the same.")
    site.page("/f", "Not found.")
    desk.add("help", "web", f"{site.url}/")
    desk.refresh("help")
    assert desk.sources("help") == {f"{site.url}{one}" for one in ("/", "/b", "/d", "/e")}
    assert "/private/a" not in site.asked
    assert "/x.pdf" not in site.asked
    assert desk.notes("help")["what robots.txt leaves out"] == f"{site.url}/private/a"


@pytest.mark.parametrize("status", [500, 429])
def test_rules_that_cannot_be_had_stop_a_refresh_and_lose_nothing(desk, site, status):
    site.page("/", "Start.")
    desk.add("help", "web", f"{site.url}/")
    desk.refresh("help")
    site.pages["/robots.txt"] = Page("", status)
    with pytest.raises(SourceError, match="robots.txt cannot be had"):
        desk.refresh("help")
    assert desk.texts("help") == ["Start."]
    assert (desk.get("help").outcome, desk.get("help").succeeded) == ("failed", desk.time[0])


def test_a_sitemap_of_sitemaps_packed_and_a_broken_one(desk, site):
    site.sitemap("/more.xml", "/a", "/b")
    site.pages["/more.xml.gz"] = Page(
        gzip.compress(str(site.pages.pop("/more.xml").body).encode()), kind="application/gzip"
    )
    site.sitemap("/sitemap.xml", "/more.xml.gz", "/bad.xml", index=True)
    site.pages["/bad.xml"] = Page("<urlset><url>", kind="application/xml")
    for name in "ab":
        site.page(f"/{name}", f"Text {name}.")
    desk.add("help", "web", f"{site.url}/sitemap.xml")
    desk.refresh("help")
    assert desk.texts("help") == ["Text a.", "Text b."]
    assert "no valid XML" in desk.notes("help")["a sitemap that cannot be read"]
    # A sitemap that cannot be had says nothing of the pages that it lists.
    site.pages.pop("/more.xml.gz")
    assert desk.refresh("help").changes.kept == 2


def test_what_a_whole_look_does_not_find_goes(desk, site):
    for name in "abc":
        site.page(f"/{name}", f"Text {name}.")
    site.sitemap("/sitemap.xml", "/a", "/b", "/c")
    desk.add("help", "web", f"{site.url}/sitemap.xml")
    desk.refresh("help")
    site.sitemap("/sitemap.xml", "/a", "/b")
    assert desk.refresh("help").changes.removed == 1
    assert desk.sources("help") == {f"{site.url}/a", f"{site.url}/b"}
    # Where only a part is looked at, the rest stays.
    options = desk.get("help").options.__class__(pages=1)
    desk.register.change("help", options, None)
    assert desk.refresh("help").changes.kept == 2
    assert "more pages than the source may have" in desk.notes("help")


BOMB = b'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>'


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (gzip.compress(b"\0" * (sitemap.MOST_BYTES + 10)), "more than 50,000,000 bytes"),
        (gzip.compress(b"<urlset></urlset>")[:-5], "cannot be unpacked"),
        (BOMB + b"<urlset><url><loc>&b;</loc></url></urlset>", "declares a document type"),
        (b'<!DOCTYPE l SYSTEM "file:///etc/passwd"><urlset/>', "declares a document type"),
        (b"<html><body/></html>", "no sitemap"),
        (b"not xml", "no valid XML"),
    ],
    ids=["gz bomb", "cut gz", "entities", "outer", "html", "text"],
)
def test_a_hostile_sitemap_is_refused(body, why):
    with pytest.raises(NotFetched, match=why):
        sitemap.read("https://example.com/sitemap.xml", body)


def test_a_packed_sitemap_that_is_a_bomb_ends_the_refresh_alone(desk, site):
    site.page("/a", "Text a.")
    site.sitemap("/sitemap.xml", "/a")
    desk.add("help", "web", f"{site.url}/sitemap.xml")
    desk.refresh("help")
    bomb = zlib.compressobj(9, zlib.DEFLATED, 31)
    packed = b"".join(bomb.compress(b" " * 1_000_000) for _ in range(80)) + bomb.flush()
    site.pages["/sitemap.xml"] = Page(packed, headers={"Content-Encoding": "gzip"})
    with pytest.raises(SourceError, match="more than 100,000 bytes"):
        desk.refresh("help")
    site.pages["/sitemap.xml"] = Page(packed, kind="application/gzip")
    with pytest.raises(SourceError):
        desk.refresh("help")
    assert desk.texts("help") == ["Text a."]
    assert unpacked(gzip.compress(b"x" * 100), 100) == b"x" * 100


def test_a_picture_in_a_sitemap_is_no_page():
    body = (
        b'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:image="http://i">'
        b"<url><loc>https://a.example/1</loc><image:image><image:loc>https://a.example/p.png"
        b"</image:loc></image:image></url><url><loc> https://a.example/2 </loc></url></urlset>"
    )
    read = sitemap.read("https://a.example/sitemap.xml", body)
    assert read.links == ("https://a.example/1", "https://a.example/2")


def test_formats_are_read_by_what_the_server_says_they_are(desk, site):
    site.pages["/a"] = Page("# Keys\n\nKeys hang here.", kind="text/markdown")
    site.pages["/b.md"] = Page("# Locks\n\nLocks are oiled.", kind="text/plain")
    site.pages["/c"] = Page("question,answer\nWhy?,Because.\n", kind="text/csv")
    site.pages["/d.html"] = Page("<script>", kind="application/octet-stream")
    site.pages["/e.pdf"] = Page("<p>no pdf</p>", kind="application/pdf")
    site.sitemap("/sitemap.xml", "/a", "/b.md", "/c", "/d.html", "/e.pdf")
    desk.add("help", "web", f"{site.url}/sitemap.xml")
    desk.refresh("help")
    assert desk.texts("help") == ["Because.", "Keys hang here.", "Locks are oiled."]
    assert "a file of a kind that is not read" in desk.notes("help")
    assert "a page that cannot be fetched" in desk.notes("help")


def test_an_address_that_is_no_page_is_an_error(desk, site):
    site.pages["/a"] = Page(b"\x89PNG", kind="image/png")
    site.pages["/b.pdf"] = Page(b"no pdf", kind="application/pdf")
    for path, why in (("/a", "a kind that is not read"), ("/b.pdf", "no pages"), ("/c", "404")):
        desk.add(path[1:], "web", f"{site.url}{path}")
        with pytest.raises(SourceError, match=f"{path} cannot be read: "):
            desk.refresh(path[1:])
        assert why
        assert desk.get(path[1:]).outcome == "failed"


def test_a_refresh_takes_no_longer_than_it_may(desk, site, settings):
    limits = settings.sources.model_copy(update={"minutes": 0.3 / 60, "delay_s": 0.2})
    object.__setattr__(settings, "sources", limits)
    for number in range(20):
        site.page(f"/{number}", f"Text {number}.")
    site.sitemap("/sitemap.xml", *(f"/{number}" for number in range(20)))
    desk.add("help", "web", f"{site.url}/sitemap.xml")
    desk.refresh("help")
    assert 0 < len(desk.texts("help")) < 20
    assert "more pages than there is time for" in desk.notes("help")
