"""Bodies that no client should send: an error object of OpenAI's, and never a failure of ours."""

import json
from importlib import import_module
from pkgutil import walk_packages

import httpx
import pytest
from fastapi.testclient import TestClient

from assistant import api
from assistant.api.entry.body import JsonRoute, UnreadableBody, read
from assistant.api.errors import place
from assistant.api.server import application

CHAT = "/v1/chat/completions"
JSON = {"Content-Type": "application/json"}
SAID = '{"messages": [{"role": "user", "content": %s}]}'
BAD = {
    "lone surrogate": SAID % r'"\ud800"',
    "lone surrogate in a name": r'{"messages": [], "\udfff": 1}',
    "lone surrogate deep in an unknown field": SAID[:-1] % '"hi"' + r', "x": {"y": ["\ud800"]}}',
    "invalid UTF-8": b'{"messages": "\xff\xfe"}',
    "a surrogate as bytes": b'{"messages": "\xed\xa0\x80"}',
    "UTF-16": json.dumps({"messages": []}).encode("utf-16"),
    "NaN": '{"messages": [], "temperature": NaN}',
    "Infinity": '{"messages": [], "temperature": -Infinity}',
    "a float without end": '{"messages": [], "x": 1e999}',
    "a huge integer": '{"messages": [], "seed": %s}' % ("9" * 30),
    "an integer of 5,000 digits": '{"messages": [], "seed": %s}' % ("9" * 5000),
    "10,000 brackets": "[" * 10_000,
    "10,000 brackets, closed": "[" * 10_000 + "]" * 10_000,
    "10,000 objects": '{"a":' * 10_000 + "1" + "}" * 10_000,
    "nothing": b"",
    "a space": b" ",
    "half": '{"messages": [',
    "a number": "5",
    "a text": '"hi"',
    "null": "null",
    "a list": "[]",
    "two values": "{} {}",
    "keys twice, the last one wrong": (SAID % '"hi"')[:-1] + ', "messages": 1}',
}


def refused(reply: httpx.Response) -> dict:
    assert reply.status_code in {400, 404, 413, 415}, reply.text
    assert reply.headers["content-type"] == "application/json"
    error = reply.json()["error"]
    assert set(error) == {"message", "type", "param", "code"}
    assert "Traceback" not in error["message"]
    return error


@pytest.mark.parametrize("body", BAD.values(), ids=BAD)
def test_no_body_fails_the_server(server, body):
    error = refused(httpx.post(server.url + CHAT, content=body, headers=JSON))
    assert error["type"] == "invalid_request_error"
    assert error["message"]


@pytest.mark.parametrize("body", BAD.values(), ids=BAD)
@pytest.mark.parametrize(
    "path",
    [
        "/v1/feedback",
        "/v1/tickets",
        "/v1/knowledge",
        "/v1/guard/pin",
        "/v1/guard/labels",
        "/v1/arms",
        "/v1/evals/ask",
        "/v1/evals/judge/chat/completions",
    ],
)
def test_nor_does_it_elsewhere(server, path, body):
    refused(httpx.post(server.url + path, content=body, headers={**JSON, **server.headers}))


@pytest.mark.parametrize(
    "kind",
    [
        None,
        "",
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/xml",
        "json",
        "application/json; charset=utf-16",
    ],
)
def test_another_content_type_is_said_or_read_as_json(server, kind):
    headers = {} if kind is None else {"Content-Type": kind}
    body = (SAID % '"What is a token?"').encode()
    reply = httpx.post(server.url + CHAT, content=body, headers=headers)
    if kind == "application/json; charset=utf-16":  # JSON is UTF-8, whatever is said
        assert reply.status_code == 200
    else:
        assert "Content-Type application/json" in refused(reply)["message"]


def test_a_mark_of_utf_8_and_a_pair_of_surrogates_are_read(server):
    body = b"\xef\xbb\xbf" + (SAID % r'"What is a token? \ud83d\ude00"').encode()
    assert httpx.post(server.url + CHAT, content=body, headers=JSON).status_code == 200


@pytest.mark.parametrize("where", ["question", "history", "name"])
def test_a_nul_is_no_failure(server, where):
    nul = "What is a \0token?"
    last = nul if where == "question" else "What is a token?"
    messages = [{"role": "user", "content": nul if where == "history" else "hi"}]
    if where == "history":
        messages.append({"role": "assistant", "content": nul})
    body = {"messages": [*messages, {"role": "user", "content": last}]}
    if where == "name":
        body["model"] = "route\0back"
    reply = httpx.post(server.url + CHAT, json=body)
    assert reply.status_code == {"name": 404, "question": 400}.get(where, 200), reply.text


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/guard/decisions/%00"),
        ("GET", "/v1/guard/decisions/%ff%fe"),
        ("GET", "/v1/guard/decisions/" + "x" * 30_000),
        ("GET", "/v1/guard/decisions?arm=%00"),
        ("GET", "/v1/guard/decisions?count=" + "9" * 5000),
        ("GET", "/v1/guard/decisions?count=-1&count=2&count=x"),
        ("GET", "/v1/guard/labels/next?kind=%ed%a0%80"),
        ("GET", "/v1/arms/%00"),
        ("GET", "/v1/arms/..%2f..%2fetc%2fpasswd"),
        ("DELETE", "/v1/arms/%2e%2e"),
        ("DELETE", "/v1/knowledge/roots/never added"),
        ("DELETE", "/v1/knowledge/roots/%00"),
        ("DELETE", "/v1/knowledge/roots//etc/passwd"),
        ("GET", "/v1/knowledge/passages?source=%00"),
        ("GET", "/v1/knowledge/passages?source=" + "x" * 30_000),
        ("GET", "/v1/knowledge/search?q=x&limit=-1"),
        ("GET", "/v1/knowledge/search?q=x&limit=" + "9" * 30),
        ("GET", "/v1/knowledge/search?q="),
        ("GET", "/v1/evals/nights/%00"),
        ("GET", "/v1/models/%00"),
        ("GET", "/v1/models//"),
        ("GET", "/v1/nowhere"),
        ("GET", "//v1/models"),
        ("GET", "/v1/../etc/passwd"),
        ("POST", "/v1/responses"),
        ("POST", "/v1/embeddings"),
    ],
)
def test_no_address_fails_the_server(server, method, path):
    reply = httpx.request(method, server.url + path, headers=server.headers)
    assert reply.json()["error"]["message"]
    refused(reply)


def test_every_route_reads_its_body_so():
    modules = [import_module(m.name) for m in walk_packages(api.__path__, "assistant.api.")]
    routes = [r for m in modules if hasattr(m, "router") for r in m.router.routes]
    told = application().openapi()["paths"]
    assert len(routes) > sum(map(len, told.values())) > 30
    assert [route.path for route in routes if not isinstance(route, JsonRoute)] == []


def test_an_unexpected_failure_is_told_without_its_inside():
    app = application()  # with nothing behind its routes
    client = TestClient(app, "http://localhost", raise_server_exceptions=False)
    assert client.get("/healthz").status_code == 200
    reply = client.get("/readyz")
    assert reply.status_code == 500
    error = reply.json()["error"]
    assert (error["type"], error["code"]) == ("server_error", "internal")
    assert "attribute" not in reply.text
    with pytest.raises(AttributeError, match="assistant"):  # which the server writes to its log
        TestClient(app, "http://localhost").get("/readyz")


@pytest.mark.parametrize(
    "text", ['{"a": 9223372036854775807}', '{"a": -1.5e18, "b": "1e999", "c": 1e19}']
)
def test_what_fits_is_read(text):
    assert read(text.encode()) == json.loads(text)


@pytest.mark.parametrize(
    "number", ["9223372036854775808", "-9223372036854775809", "1e309", "-1E+999"]
)
def test_what_does_not_fit_is_refused_at_any_depth(number):
    for text in (number, f"[[[{number}]]]", json.dumps({"a": [{"b": 7}]}).replace("7", number)):
        with pytest.raises(UnreadableBody, match="out of range"):
            read(text.encode())


@pytest.mark.parametrize(
    ("location", "given", "name"),
    [
        (("messages", 0, "content", "str"), {"messages": [{"content": 5}]}, "messages[0].content"),
        (("a", "list[b]", 1, "c"), {"a": [{}, {}]}, "a[1].c"),
        (("messages",), {}, "messages"),
        ((), None, ""),
        (("a", "b", "c"), {"a": {"b": {"c": 1}}}, "a.b.c"),
        (("a", "b"), {"a": 1}, "a"),
    ],
)
def test_a_field_is_named_as_it_was_sent(location, given, name):
    assert place(location, given) == name
