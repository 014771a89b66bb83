"""Sources over HTTP and by the command, with a real server and a real site."""

import json
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from assistant.access.identity import Role
from assistant.access.keys import Keys
from assistant.records.changes import ChangeLog
from assistant.running import Running
from assistant.settings import SourceSettings
from tests.sources.conftest import Desk
from tests.sources.served import served
from tests.sources.site import Page, Site
from tests.support.server import environment, in_process


@pytest.fixture
def running(desk: Desk) -> Iterator[Running]:
    with served(desk) as server:
        yield server


@pytest.fixture
def server(place, endpoint) -> Iterator[Running]:
    """The server as it is run."""
    named = SourceSettings(private_hosts=("127.0.0.1",), delay_s=0)
    with place.running(endpoint, sources=named) as running:
        yield running


class Api:
    """The API as somebody with a key calls it."""

    def __init__(self, running: Running, headers: dict[str, str] | None = None) -> None:
        self.url = f"{running.url}/v1/knowledge"
        self.headers = headers or running.headers

    def __call__(self, method: str, path: str, **more) -> httpx.Response:
        return httpx.request(method, f"{self.url}{path}", headers=self.headers, timeout=60, **more)

    def last(self, path: str, **more) -> dict:
        reply = self("POST", path, **more)
        assert reply.is_success, reply.text
        return json.loads(reply.text.splitlines()[-1])

    def message(self, method: str, path: str, **more) -> tuple[int, str]:
        reply = self(method, path, **more)
        return reply.status_code, reply.json()["error"]["message"]


@pytest.fixture
def api(running: Running) -> Api:
    return Api(running)


@pytest.fixture
def editor(running: Running, desk: Desk) -> Api:
    """Somebody who is not the user of this machine."""
    key = Keys(desk.store._engine).add("ed", [Role.EDITOR], "test", None)
    return Api(running, {"Authorization": f"Bearer {key}"})


def fill(site: Site, *names: str) -> None:
    for name in names:
        site.page(f"/{name}", f"The {name} is described here.")
    site.sitemap("/sitemap.xml", *(f"/{name}" for name in names))


def test_the_life_of_a_source(editor: Api, site: Site, desk: Desk):
    fill(site, "anchor", "buoy", "compass")
    body = {"name": "Harbour", "kind": "web", "address": f"{site.url}/sitemap.xml"}
    made = editor("POST", "/sources", json={**body, "schedule": "daily at 03:00"})
    assert (made.status_code, made.json()["schedule"]) == (201, "daily 03:00")
    assert editor.last("/sources/Harbour/refresh")["changes"]["added"] == 3
    one = editor("GET", "/sources/Harbour").json()
    assert (one["outcome"], one["passages"], one["running"]) == ("done", 3, False)
    assert one["next"] > one["last"]
    [passage, *_] = editor("GET", "/search", params={"q": "What about the buoy?"}).json()[
        "passages"
    ]
    assert passage["chunk"]["url"] == f"{site.url}/buoy"
    fill(site, "anchor")
    held = editor.last("/sources/Harbour/refresh")["held"]
    assert held == {"added": 0, "kept": 1, "removed": 2}
    health = editor("GET", "/health").json()
    assert health["counts"]["held"] == 1
    assert health["items"][0]["what"] == "Harbour"
    assert editor.last("/sources/Harbour/confirm")["changes"]["removed"] == 2
    assert editor("GET", "/health", params={"kind": "held"}).json()["items"] == []
    changed = editor("PATCH", "/sources/Harbour", json={"schedule": "off"}).json()
    assert (changed["schedule"], changed["next"]) == ("off", None)
    status, why = editor.message("PATCH", "/sources/Harbour", json={"schedule": "often"})
    assert (status, "no schedule" in why) == (400, True)
    assert editor.message("DELETE", "/roots/Harbour")[0] == 400
    new = {"root": "Harbour", "items": []}
    assert "is a source" in editor.message("POST", "", json=new)[1]
    site.pages.clear()
    assert "HTTP 404" in editor.last("/sources/Harbour/refresh")["error"]["message"]
    assert editor("GET", "/sources/Harbour").json()["outcome"] == "failed"
    assert editor("DELETE", "/sources/Harbour").json()["removed"] == 1
    assert editor.message("GET", "/sources/Harbour")[0] == 404
    assert editor.message("POST", "/sources/Harbour/refresh")[0] == 404
    said = [(entry.by, entry.what) for entry in ChangeLog(desk.store._engine).newest(20)]
    for what in ("source added", "source refreshed", "source changed", "source removed"):
        assert ("ed", what) in said


@pytest.mark.slow
@pytest.mark.long
@pytest.mark.timeout(175)
def test_a_new_source_is_read_by_itself_and_the_command_speaks_to_the_server(
    server: Running, env, site: Site
):
    api = Api(server)
    fill(site, "anchor")
    body = {"name": "Harbour", "kind": "web", "address": f"{site.url}/sitemap.xml"}
    api("POST", "/sources", json=body)
    for _ in range(600):
        if api("GET", "/sources/Harbour").json()["outcome"] == "done":
            break
        time.sleep(0.1)
    assert api("GET", "/sources/Harbour").json()["passages"] == 1
    api("DELETE", "/sources/Harbour")
    use_the_command(env, site)


def test_folders_are_for_the_user_of_this_machine(api: Api, editor: Api, tmp_path: Path):
    folder = tmp_path / "docs"
    folder.mkdir()
    (folder / "a.md").write_text("A sextant measures angles.")
    body = {"name": "Docs", "kind": "folder", "address": str(folder)}
    status, why = editor.message("POST", "/sources", json=body)
    assert (status, "is not in a folder that sources may be in" in why) == (400, True)
    git = {**body, "kind": "git"}
    assert editor.message("POST", "/sources", json=git)[0] == 400
    assert api("POST", "/sources", json=body).status_code == 201
    assert editor.last("/sources/Docs/refresh")["changes"]["added"] == 1


def test_uploads(editor: Api):
    def put(name: str, body: bytes, **more):
        return editor("POST", "/uploads", params={"name": name, **more}, content=body)

    first = put("a.md", b"A sextant measures angles.", source="Files")
    assert json.loads(first.text.splitlines()[-1])["changes"]["added"] == 1
    again = put("a.md", b"A sextant measures angles of stars.", source="Files")
    assert json.loads(again.text.splitlines()[-1])["changes"] == {
        "added": 1, "kept": 0, "removed": 1,
    }  # fmt: skip
    for name in ("../a.md", "..", "a\nb.md", "a\0.md", ".a.md", "a.exe", "C:\\a.md"):
        assert put(name, b"text", source="Files").status_code == 400, name
    assert put("b.md", b"", source="Files").status_code == 400
    assert put("b.md", b"text", source="a/b").status_code == 400
    [file] = editor("GET", "/sources/Files/files").json()["files"]
    assert (file["name"], file["size"]) == ("a.md", 35)
    assert editor.message("DELETE", "/sources/Files/files/b.md")[0] == 400
    assert editor("DELETE", "/sources/Files/files/a.md").json()["removed"] == 1
    assert editor("GET", "/sources/Files").json()["passages"] == 0
    bad = put("c.pdf", b"no pdf at all", source="Files")
    assert "holds no text" in bad.text or "changes" in bad.text
    [note] = editor("GET", "/sources/Files").json()["notes"]
    assert note["what"] == "cannot be read"


def test_others_have_no_business_here(running: Running, desk: Desk):
    roles = [role for role in Role if role is not Role.EDITOR]
    key = Keys(desk.store._engine).add("other", roles, "test", None)
    other = Api(running, {"Authorization": f"Bearer {key}"})
    for method, path in (("GET", "/sources"), ("GET", "/health"), ("POST", "/uploads?name=a.md")):
        assert other(method, path).status_code == 403


@pytest.fixture
def env(place) -> dict[str, str]:
    return environment(
        place.folder,
        place.cache_dir,
        ROUTEBACK_KNOWLEDGE__SAMPLE="false",
        ROUTEBACK_SOURCES__PRIVATE_HOSTS='["127.0.0.1"]',
        ROUTEBACK_SOURCES__DELAY_S="0",
    )


def use_the_command(env: dict[str, str], site: Site) -> None:
    def call(*arguments: str):
        return in_process("knowledge", *arguments, env=env)

    fill(site, "anchor", "buoy", "compass")
    address = f"{site.url}/sitemap.xml"
    added = call("sources", "add", address, "--name", "Harbour", "--schedule", "hourly")
    assert added.returncode == 0, added.stderr
    assert "Harbour: 3 passages added, 0 kept, 0 removed." in added.stdout
    listed = json.loads(call("sources", "list", "--json").stdout)
    assert [(one["name"], one["kind"], one["schedule"]) for one in listed] == [
        ("Harbour", "web", "hourly")
    ]
    site.pages["/anchor"] = Page("", 500)
    fewer = call("sources", "refresh", "Harbour")
    assert "3 kept" in fewer.stdout
    assert "a page that cannot be fetched" in fewer.stderr
    fill(site, "anchor")
    held = call("sources", "refresh", "Harbour")
    assert (held.returncode, "nothing was changed" in held.stdout) == (1, True)
    assert "1 kept, 2 removed." in call("sources", "refresh", "Harbour", "--confirm").stdout
    assert "is a source" in call("remove", "Harbour").stderr
    assert "1 passages removed" in call("sources", "remove", "Harbour").stdout
    assert "no option of a source" in call("sources", "add", address, "--option", "x=1").stderr
    plain = call("add", f"{site.url}/anchor")
    assert "127.0.0.1: 1 passages added" in plain.stdout, plain.stderr
    call("sources", "remove", "127.0.0.1")


@pytest.mark.slow
@pytest.mark.long
def test_the_command_without_a_server(env, site):
    use_the_command(env, site)
