"""Pages of other sites: which may call what, with which key, and how much of it."""

import pytest
from fastapi.testclient import TestClient
from pydantic import ValidationError

from assistant.access.callers import Callers
from assistant.access.embedding import WIDGET, Embedding
from assistant.access.grants import GRANTS, KNOWN, QUESTIONS
from assistant.access.identity import Identity, Role
from assistant.access.keys import Keys
from assistant.api.entry.door import Limits
from assistant.api.server import application
from assistant.errors import TooMany
from assistant.records.database import open_database
from assistant.settings import LimitSettings, ServerSettings

SHOP = "https://shop.example"
VISITOR = "v" * 43
OTHERS = sorted({*GRANTS, *KNOWN} - WIDGET)
EVIL = [
    "https://evil.example",
    "http://shop.example",
    "https://shop.example:8443",
    "https://shop.example.evil.example",
    "https://sub.shop.example",
    "https://SHOP.example",
    "https://shop.example/",
    "null",
    "",
    "*",
]


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    engine = open_database(tmp_path_factory.mktemp("keys") / "routeback.sqlite")
    yield Keys(engine)
    engine.dispose()


@pytest.fixture(scope="module")
def shown(keys: Keys) -> dict[str, str]:
    made = {"widget": keys.add("widget", [Role.USER], "test", None, front=True)}
    made["strong"] = keys.add("strong", [Role.USER, Role.AGENT], "test", None, front=True)
    made["back"] = keys.add("back", [Role.USER], "test", None)
    made |= {role: keys.add(f"of {role}", [role], "test", None, front=True) for role in Role}
    return made


@pytest.fixture(scope="module")
def client(keys: Keys) -> TestClient:
    """Return a client of the app with nothing behind its routes: who is let in gets an error."""
    app = application()
    app.state.callers = Callers(
        "owner", keys=keys, page_key="page", open=True, public=("widget", "strong", "back")
    )
    app.state.embedding = Embedding(frozenset({SHOP}))
    limits = LimitSettings(requests_per_minute=10_000, address_requests_per_minute=10_000)
    app.state.limits = Limits(limits)
    return TestClient(app, "http://localhost", raise_server_exceptions=False)


def headers(key: str, origin: str = SHOP, session: str = VISITOR) -> dict[str, str]:
    made = {"Authorization": f"Bearer {key}", "Origin": origin, "Sec-Fetch-Site": "cross-site"}
    return {**made, "Routeback-Session": session} if session else made


def called(client: TestClient, route: tuple[str, str], given: dict[str, str]):
    path = route[1].replace("{", "").replace("}", "").replace(":path", "")
    return client.request(route[0], path, headers=given, json={})


@pytest.mark.parametrize("route", sorted(WIDGET), ids=" ".join)
def test_a_page_that_is_named_may_call_what_the_widget_needs(client, shown, route):
    reply = called(client, route, headers(shown["widget"]))
    assert reply.status_code not in {401, 403}
    assert "access-control-allow-credentials" not in reply.headers
    if reply.status_code < 500:  # there is nothing behind the routes here
        assert reply.headers["access-control-allow-origin"] == SHOP
        assert "Origin" in reply.headers["vary"]


@pytest.mark.parametrize("route", OTHERS, ids=" ".join)
def test_it_may_call_nothing_else_with_any_key(client, shown, route):
    for key in ("owner", "page", *shown.values()):
        reply = called(client, route, headers(key))
        assert reply.status_code == 403
        assert "access-control-allow-origin" not in reply.headers


def test_no_route_of_the_team_or_the_owners_is_among_them():
    assert {GRANTS[route] for route in WIDGET} == {frozenset(Role)}
    assert not [path for _, path in WIDGET if "desk" in path or "knowledge" in path]


@pytest.mark.parametrize("origin", EVIL)
@pytest.mark.parametrize("method", ["GET", "OPTIONS"])
def test_no_other_page_may(client, shown, origin, method):
    given = {**headers(shown["widget"], origin), "Access-Control-Request-Method": "GET"}
    reply = client.request(method, "/v1/conversations", headers=given)
    assert reply.status_code == 403
    assert "access-control-allow-origin" not in reply.headers


@pytest.mark.parametrize("route", sorted({*WIDGET, *OTHERS}), ids=" ".join)
def test_a_browser_that_asks_first_is_told_what_it_may(client, route):
    asks = {
        "Origin": SHOP,
        "Access-Control-Request-Method": route[0],
        "Access-Control-Request-Headers": "authorization,routeback-session",
    }
    path = route[1].replace("{", "").replace("}", "").replace(":path", "")
    reply = client.options(path, headers=asks)
    assert reply.status_code == (204 if route in WIDGET else 403)
    told = reply.headers.get("access-control-allow-headers", "").lower()
    assert ("authorization" in told and "routeback-session" in told) == (route in WIDGET)
    assert "access-control-allow-credentials" not in reply.headers


@pytest.mark.parametrize(
    ("given", "status"),
    [
        ({"Origin": SHOP}, 403),  # nobody: on loopback else the user of this machine
        (headers("owner"), 403),
        (headers("page"), 403),
    ],
)
def test_from_such_a_page_nothing_but_the_widgets_key_counts(client, shown, given, status):
    assert client.get("/v1/conversations", headers=given).status_code == status
    for role in Role:
        reply = client.get("/v1/conversations", headers=headers(shown[role]))
        assert reply.status_code == 403


def test_the_widgets_key_is_of_no_use_elsewhere(client, shown):
    bare = {"Authorization": f"Bearer {shown['widget']}", "Routeback-Session": VISITOR}
    for more in ({}, {"Origin": "http://localhost"}, {"Sec-Fetch-Site": "none"}):
        reply = client.get("/v1/conversations", headers={**bare, **more})
        assert reply.status_code == 403, more
        assert "server.widget_origins" in reply.json()["error"]["message"]
    same = {**bare, "Sec-Fetch-Site": "same-origin"}
    assert client.get("/v1/conversations", headers=same).status_code not in {401, 403}
    assert client.get("/openapi.json", headers=same).status_code == 403
    assert client.post("/v1/sessions", headers=same, json={}).status_code == 403


@pytest.mark.parametrize("name", ["strong", "back"])
def test_a_public_key_that_could_do_more_or_is_not_for_a_page_does_nothing(client, shown, name):
    reply = client.get("/v1/conversations", headers=headers(shown[name]))
    assert (reply.status_code, "--front" in reply.text) == (403, True)


def test_a_visitor_without_a_secret_is_nobody(client, shown):
    reply = client.get("/v1/conversations", headers=headers(shown["widget"], session=""))
    assert (reply.status_code, "Routeback-Session" in reply.text) == (403, True)
    reply = client.get("/v1/conversations", headers=headers(shown["widget"], session="short"))
    assert reply.status_code == 400
    assert reply.headers["access-control-allow-origin"] == SHOP, "the page can read why"


def test_where_no_page_is_named_there_is_no_cors(shown, keys):
    app = application()
    app.state.callers = Callers("owner", keys=keys, public=("widget",))
    reply = TestClient(app, "http://localhost").get(
        "/v1/conversations", headers=headers(shown["widget"])
    )
    assert reply.status_code == 403
    assert not [name for name in reply.headers if name.startswith("access-control")]


@pytest.mark.parametrize("text", ["https://shop.example", "http://localhost:3000", "https://[::1]"])
def test_an_origin_is_taken_as_browsers_say_it(text):
    assert ServerSettings(widget_origins=(text,)).widget_origins == (text,)


@pytest.mark.parametrize(
    "text",
    [
        *("*", "https://*.shop.example", "shop.example", "https://shop.example/", "null", ""),
        *("https://shop.example:443", "https://SHOP.example", "https://a@shop.example"),
        *("https://shop.example/path", "file:///x", "data:x", "javascript:x", " https://a.b"),
    ],
)
def test_anything_else_is_no_origin(text):
    with pytest.raises(ValidationError, match="no origin"):
        ServerSettings(widget_origins=(text,))


def visitor(name: str, *, public: bool = True) -> Identity:
    key = Identity("key:widget", "widget", "key", front=True, public=public)
    return key.in_session(name * 30)


async def test_who_makes_up_sessions_gets_no_more_places_from_one_address():
    limits = Limits(LimitSettings(questions=32, questions_each=4, address_questions=3))
    route = next(iter(QUESTIONS & WIDGET))

    async def enter(who: Identity, address: str) -> None:
        for place in limits.needed(who, route, address):
            await place.__aenter__()

    for name in "abc":
        await enter(visitor(name), "10.0.0.1")
    with pytest.raises(TooMany):
        await enter(visitor("d"), "10.0.0.1")
    await enter(visitor("d"), "10.0.0.2")
    for name in "efghij":  # a page of our own comes from one address with many people
        await enter(visitor(name, public=False), "10.0.0.1")


async def test_streams_that_stay_open_are_counted_too():
    limits = Limits(LimitSettings(followed=2, address_followed=3))
    route = ("GET", "/v1/conversations/{conversation_id}/events")

    async def enter(who: Identity) -> None:
        for place in limits.needed(who, route, "10.0.0.1"):
            await place.__aenter__()

    await enter(visitor("a"))
    await enter(visitor("a"))
    with pytest.raises(TooMany):
        await enter(visitor("a"))
    with pytest.raises(TooMany):
        await enter(visitor("b"))
