"""What the log says: ids, kinds and places; and of what people say, nothing."""

import asyncio
import io
import json
import logging
import subprocess
import time
import urllib.request
from pathlib import Path

import httpx
import pytest
from sqlalchemy.exc import IntegrityError

from assistant.api.entry.access_log import hide_addresses
from assistant.running import find
from assistant.watching.about import About, about, working_on
from assistant.watching.logs import logging_to, without_said
from tests.support.documents import fill
from tests.support.server import ROUTEBACK, environment, free_port

SECRET = "zyzzyvaquark"
log = logging.getLogger("assistant.somewhere")


def written(form: str, level: str = "warning") -> tuple[io.StringIO, object]:
    stream = io.StringIO()
    return stream, logging_to(stream, level, form)


def boom() -> None:
    raise IntegrityError(f"INSERT {SECRET}", {"question": SECRET}, ValueError(SECRET))


def test_json_lines_have_time_level_place_process_and_ids():
    stream, writing = written("json")
    with writing, working_on(About("t1", "c1", trace="f" * 32)):
        log.warning("%s took %d s", "it", 3)
        log.info("not at this level")
    (line,) = map(json.loads, stream.getvalue().splitlines())
    assert line.pop("time").endswith("+00:00")
    assert isinstance(line.pop("process"), int)
    assert line == {
        "level": "warning",
        "logger": "assistant.somewhere",
        "message": "it took 3 s",
        "turn": "t1",
        "conversation": "c1",
        "trace": "f" * 32,
    }


def test_lines_for_people_have_the_ids_at_their_ends():
    stream, writing = written("text")
    with writing, working_on(About("t1", pair="t1:tuned")):
        log.warning("so it is")
    assert stream.getvalue() == "WARNING assistant.somewhere: so it is turn=t1 pair=t1:tuned\n"


@pytest.mark.parametrize("form", ["text", "json"])
def test_of_an_exception_its_kinds_and_places_are_told_and_not_its_text(form):
    stream, writing = written(form)
    with writing:
        try:
            boom()
        except IntegrityError as error:
            wrapped = RuntimeError(SECRET)
            wrapped.__cause__ = error
            log.exception("it failed", exc_info=wrapped)
    said = stream.getvalue()
    assert SECRET not in said
    assert "RuntimeError" in said
    assert "sqlalchemy.exc.IntegrityError" in said
    assert "in boom" in said
    assert __file__ in said


def test_why_the_system_refused_is_no_text_of_people():
    stream, writing = written("text")
    with writing:
        try:
            Path("/proc/nothing/there").read_text()
        except OSError:
            log.exception("it failed")
    assert "FileNotFoundError: No such file or directory" in stream.getvalue()


def test_libraries_are_heard_from_warnings_on_whatever_the_level():
    stream, writing = written("text", "debug")
    with writing:
        log.debug("ours")
        logging.getLogger("openai._base_client").debug(SECRET)
        logging.getLogger("httpx").info(SECRET)
        logging.getLogger("httpx").warning("it matters")
    assert stream.getvalue() == ("DEBUG assistant.somewhere: ours\nWARNING httpx: it matters\n")


def test_the_log_is_as_it_was_afterwards():
    root = logging.getLogger()
    before = list(root.handlers), logging.getLogger("assistant").level
    _, writing = written("text", "debug")
    with writing:
        assert root.handlers != before[0]
    assert (list(root.handlers), logging.getLogger("assistant").level) == before


@pytest.mark.parametrize(
    ("text", "said", "expected"),
    [
        ("refused: 'How do I fly to Mars?'", "How do I fly to Mars?", "refused: '[…]?'"),
        ("they ask how do I FLY, again", "How do I fly to Mars?", "they ask […], again"),
        ("do I know", "How do I fly to Mars?", "do I know"),
        ("max_tokens is too large", "What are tokens?", "max_tokens is too large"),
        ("the word Anna is not allowed", "Anna", "the word […] is not allowed"),
        ("nothing was said", "", "nothing was said"),
        ("a b c d e f", "a b c x d e f", "[…]"),
    ],
)
def test_what_was_said_is_taken_out_of_lines(text, said, expected):
    assert without_said(text, (said,)) == expected


async def test_what_is_worked_on_is_known_in_threads_and_not_by_neighbours():
    async def working(turn: str) -> str:
        with working_on(About(turn)):
            await asyncio.sleep(0)
            return await asyncio.to_thread(lambda: about().turn)

    assert await asyncio.gather(working("a"), working("b")) == ["a", "b"]
    assert about() == About()


@pytest.fixture
def access(monkeypatch):
    hide_addresses()
    # Servers and pages of other tests, in this process, may have kept these for themselves.
    for name in ("uvicorn", "uvicorn.access"):
        monkeypatch.setattr(logging.getLogger(name), "propagate", True)
        monkeypatch.setattr(logging.getLogger(name), "disabled", False)
    stream = io.StringIO()
    with logging_to(stream, "info", "text"):
        yield stream.getvalue


@pytest.mark.parametrize(
    ("method", "address", "expected"),
    [
        ("GET", f"/v1/knowledge/search?q={SECRET}", "GET /v1/knowledge/search HTTP"),
        ("DELETE", f"/v1/people/{SECRET}%40example.com", "DELETE /v1/people/{person:path} HTTP"),
        ("GET", f"/{SECRET}?{SECRET}", "GET (no route) HTTP"),
        ("HEAD", "/healthz", "HEAD /healthz HTTP"),
    ],
)
def test_the_access_log_names_routes_and_no_addresses(access, method, address, expected):
    logging.getLogger("uvicorn.access").info(
        '%s - "%s %s HTTP/%s" %d', "127.0.0.1:1", method, address, "1.1", 200
    )
    assert f'127.0.0.1:1 - "{expected}/1.1" 200' in access()
    assert SECRET not in access()


@pytest.mark.slow
def test_a_real_server_logs_json_and_no_word_of_a_question_or_a_search(
    tmp_path, cache_dir, documents, endpoint
):
    fill(tmp_path / "data", documents)
    port, metrics = free_port(), free_port()
    env = environment(
        tmp_path / "data",
        cache_dir,
        OPENAI_BASE_URL=endpoint.url,
        OPENAI_MODEL="scripted",
        ROUTEBACK_KNOWLEDGE__SAMPLE="false",
        ROUTEBACK_SERVER__PORT=str(port),
        ROUTEBACK_SERVER__METRICS_PORT=str(metrics),
        ROUTEBACK_LOG_FORMAT="json",
        ROUTEBACK_LOG_LEVEL="debug",
    )
    endpoint.status = 400
    written = tmp_path / "serve.log"
    with written.open("wb") as stream:
        server = subprocess.Popen([str(ROUTEBACK), "serve"], env=env, stdout=stream, stderr=stream)
    try:
        while (running := find(tmp_path / "data")) is None:
            assert server.poll() is None, written.read_text()
            time.sleep(0.1)
        while "could not be probed" not in written.read_text():  # before anybody asks
            time.sleep(0.1)
        endpoint.message = f"not this: what is {SECRET} in a token"
        asked = {"messages": [{"role": "user", "content": f"What is {SECRET} in a token?"}]}
        with httpx.Client(base_url=running.url, headers=running.headers, timeout=60) as client:
            client.post("/v1/chat/completions", json={"model": "routeback", **asked})
            client.get("/v1/knowledge/search", params={"q": SECRET, "language": "en"})
            client.get(f"/v1/people/{SECRET}")
        with urllib.request.urlopen(f"http://127.0.0.1:{metrics}/metrics") as reply:
            exported = reply.read().decode()
    finally:
        server.terminate()
        server.wait(30)
    told = written.read_text()
    lines = [json.loads(line) for line in told.splitlines() if line.startswith("{")]
    assert SECRET not in exported + told
    assert "routeback_answers_total{" in exported
    assert any("not this: […]" in line["message"] and line.get("turn") for line in lines)
    accesses = [line["message"] for line in lines if line["logger"] == "uvicorn.access"]
    assert any("POST /v1/chat/completions HTTP" in access for access in accesses)
    assert any("GET /v1/knowledge/search HTTP" in access for access in accesses)
    assert all(line["process"] == server.pid for line in lines)
