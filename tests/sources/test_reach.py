"""Which machines may be connected to: nobody gets in by a number, a name, or a second look-up."""

import socket

import pytest

from assistant.errors import SourceError
from assistant.sources.web.fetch import Fetcher, NotFetched
from assistant.sources.web.reach import Reach, Unreachable, checked
from tests.sources.site import Page

PRIVATE = [
    *("127.0.0.1", "127.9.9.9", "10.0.0.1", "172.16.0.1", "192.168.1.1", "100.64.0.1", "::1"),
    *("fc00::1", "::ffff:10.0.0.1", "64:ff9b::10.0.0.1", "2002:0a00:0001::1", "::10.0.0.1"),
    *("192.0.2.1", "198.18.0.1", "240.0.0.1", "::ffff:127.0.0.1"),
]
NEVER = [
    *("169.254.169.254", "fe80::1", "fe80::1%eth0", "0.0.0.0", "::", "224.0.0.1", "ff02::1"),
    *("::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe", "2002:a9fe:a9fe::1"),
]


@pytest.mark.parametrize("address", PRIVATE)
def test_private_addresses_need_a_setting(address):
    with pytest.raises(Unreachable):
        checked([address], inside=False)
    if "64:ff9b" not in address and "2002" not in address:
        assert checked([address], inside=True) == [address]


@pytest.mark.parametrize("address", NEVER)
def test_some_addresses_are_reached_by_nobody(address):
    with pytest.raises(Unreachable):
        checked([address], inside=True)


def test_one_private_address_among_public_ones_is_enough():
    assert checked(["93.184.216.34", "2606:2800:220:1::1"], inside=False)
    with pytest.raises(Unreachable):
        checked(["93.184.216.34", "10.0.0.1"], inside=False)
    with pytest.raises(Unreachable, match="no address"):
        checked([], inside=True)


def get(fetcher: Fetcher, url: str, allowed=lambda _: True):
    return fetcher.get(url, allowed, most_bytes=1000, within_s=5)


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "0x7f.1", "2130706433", "[::1]", "[::ffff:127.0.0.1]"]
)
def test_this_machine_is_not_reached_by_any_of_its_names(site, host):
    port = site.url.rpartition(":")[2]
    with Fetcher(Reach()) as fetcher, pytest.raises(NotFetched, match="private network"):
        get(fetcher, f"http://{host}:{port}/")
    assert site.asked == []


def test_a_name_that_leads_elsewhere_the_second_time_gains_nothing(site):
    """DNS rebinding: the address that was looked at is the one that is connected to."""
    port = int(site.url.rpartition(":")[2])
    answers = [["93.184.216.34"], ["127.0.0.1"], ["127.0.0.1"]]
    connected: list[str] = []

    def resolver(host: str, port: int) -> list[str]:
        assert host == "rebind.example"
        return answers.pop(0)

    class Noted(socket.socket):
        def connect(self, address):
            connected.append(address[0])
            raise ConnectionRefusedError

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket, "socket", Noted)
        with Fetcher(Reach((), resolver)) as fetcher, pytest.raises(NotFetched, match="failed"):
            get(fetcher, f"http://rebind.example:{port}/")
    assert connected == ["93.184.216.34"]
    with Fetcher(Reach((), resolver)) as fetcher, pytest.raises(NotFetched, match="private"):
        get(fetcher, f"http://rebind.example:{port}/")
    assert site.asked == []


def test_a_redirect_is_looked_at_like_an_address(site, monkeypatch):
    site.pages["/a"] = Page("", 302, headers={"Location": "http://169.254.169.254/latest/"})
    site.pages["/b"] = Page("", 302, headers={"Location": "file:///etc/passwd"})
    site.pages["/c"] = Page("", 302, headers={"Location": "http://inner.example/"})
    site.pages["/d"] = Page("", 302, headers={"Location": "http://u:p@127.0.0.1/"})

    def resolver(host: str, _: int) -> list[str]:
        return {"inner.example": ["10.1.2.3"]}.get(host, [host])

    with Fetcher(Reach(["127.0.0.1"], resolver)) as fetcher:
        for path, why in {
            "/a": "no web site's",
            "/b": "no web address",
            "/c": "private network",
            "/d": "no web address",
        }.items():
            with pytest.raises(NotFetched, match=why):
                get(fetcher, f"{site.url}{path}")
        with pytest.raises(NotFetched, match="169.254.169.254, which is not allowed"):
            get(fetcher, f"{site.url}/a", lambda url: "169" not in url)


def test_a_host_that_the_settings_name_is_reached_and_no_other(site):
    port = site.url.rpartition(":")[2]
    site.page("/", "Inside.")
    with Fetcher(Reach(["*.corp.example"], lambda *_: ["127.0.0.1"])) as fetcher:
        assert get(fetcher, f"http://wiki.corp.example:{port}/").status == 200
        with pytest.raises(NotFetched, match="private network"):
            get(fetcher, f"http://corp.example.evil.example:{port}/")
        with pytest.raises(NotFetched, match="private network"):
            get(fetcher, f"http://xcorp.example:{port}/")


def test_no_address_of_a_source_is_anything_but_a_web_address(desk):
    for address in ("file:///etc/passwd", "gopher://a/", "http://", "http://u:p@a.example/", "a b"):
        with pytest.raises(SourceError, match="no web address"):
            desk.add("x", "web", address)
    assert desk.store.all() == []


def test_a_source_inside_of_the_network_is_refused_by_default(make, settings, site):
    object.__setattr__(settings, "sources", settings.sources.__class__(delay_s=0))
    desk = make()
    desk.add("x", "web", f"{site.url}/")
    with pytest.raises(SourceError, match="leads into a private network"):
        desk.refresh("x")
    assert site.asked == []
    assert "127.0.0.1 leads into a private network" in desk.get("x").error
