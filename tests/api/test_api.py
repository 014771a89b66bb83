"""The API as its clients see it: the official OpenAI client and plain HTTP, over loopback."""

import random
import time
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import httpx
import httpx2
import openai
import pytest

from assistant.access.callers import Callers
from assistant.api.server import create
from assistant.assistant import Assistant
from assistant.errors import KnowledgeError
from assistant.knowledge.library import Library
from assistant.records.turns import Turn
from assistant.settings import KnowledgeSettings, ServerSettings, Settings
from assistant.turn.permissions import Writing
from tests.support.server import free_port, in_thread


@pytest.fixture
async def unquoting(assistant: Assistant) -> AsyncIterator[openai.AsyncOpenAI]:
    """A client of an assistant that may quote nothing: there, what an arm fails at is an error."""
    app = create(replace(assistant, writing=Writing("never")), Callers("owner", open=True))
    over = openai.DefaultAsyncHttpxClient(transport=httpx2.ASGITransport(app))
    async with openai.AsyncOpenAI(
        base_url="http://localhost/v1", api_key="none", max_retries=0, http_client=over
    ) as made:
        yield made


def said(text: str) -> list[dict[str, str]]:
    return [{"role": "user", "content": text}]


def test_the_one_model_is_listed(client):
    assert [model.id for model in client.models.list()] == ["routeback"]


def test_an_answer_comes_with_usage_sources_and_route(client):
    reply = client.chat.completions.create(model="routeback", messages=said("What is a token?"))
    assert reply.choices[0].finish_reason == "stop"
    assert reply.usage.total_tokens == 1170
    ours = reply.model_extra["routeback"]
    assert ours["outcome"] == "answered"
    assert ours["route"] == {
        "arm": "base",
        "revision": "scripted",
        "reason": "no candidate is configured",
    }
    assert ours["sources"][0]["title"] == "Token"
    assert ours["sentences"][0]["carried"] is True


TWO_SENTENCES = "A token is a piece of text. A long word is often several tokens."


def test_a_stream_is_the_same_answer_in_sentences(client, endpoint):
    endpoint.script = lambda _: TWO_SENTENCES
    pieces, ours, usage, finish = [], None, None, None
    stream = client.chat.completions.create(
        model="routeback",
        messages=said("What is a token?"),
        stream=True,
        stream_options={"include_usage": True},
    )
    for chunk in stream:
        if chunk.choices:
            pieces.append(chunk.choices[0].delta.content or "")
            finish = chunk.choices[0].finish_reason or finish
        ours = (chunk.model_extra or {}).get("routeback", ours)
        usage = chunk.usage or usage
    whole = client.chat.completions.create(model="routeback", messages=said("What is a token?"))
    assert [piece.strip() for piece in pieces if piece] == [
        "A token is a piece of text. [1]",
        "A long word is often several tokens. [1]",
    ]
    assert "".join(pieces).strip() == whole.choices[0].message.content
    assert finish == "stop"
    assert usage.prompt_tokens == 1100
    assert ours["sources"] == whole.model_extra["routeback"]["sources"]


@pytest.mark.parametrize(
    ("question", "header", "kind", "name"),
    [
        (
            "What is a token?",
            'mode=machine-generated, provider="Routeback", model="base"',
            "model",
            "base",
        ),
        ("Hello!", 'mode=none, provider="Routeback"', "product", "Routeback"),
    ],
)
def test_an_answer_says_who_wrote_it_before_and_in_it(client, question, header, kind, name):
    whole = client.chat.completions.with_raw_response.create(
        model="routeback", messages=said(question)
    )
    assert whole.headers["ai-disclosure"] == header
    author = whole.parse().model_extra["routeback"]["author"]
    assert (author["kind"], author["name"]) == (kind, name)
    stream = client.chat.completions.with_raw_response.create(
        model="routeback", messages=said(question), stream=True
    )
    assert stream.headers["ai-disclosure"] == 'mode=machine-generated, provider="Routeback"'
    marked = [chunk.model_extra["routeback"] for chunk in stream.parse() if chunk.model_extra]
    assert [one["author"] for one in marked] == [author]


def test_links_may_lead_to_the_hosts_of_the_sources_that_an_answer_mentions(client):
    reply = client.chat.completions.create(
        model="routeback", messages=said("Wie setze ich mein Passwort zurück?")
    )
    ours = reply.model_extra["routeback"]
    assert "https://help.example.com/de/reset" in [source["url"] for source in ours["sources"]]
    assert ours["link_hosts"] == ["help.example.com"]


@pytest.mark.parametrize(
    ("hosts", "told"),
    [((), []), (("*",), ["*"]), (("other.example", "*.example.com"), ["*.example.com"])],
)
async def test_the_operator_says_where_links_may_lead(assistant: Assistant, hosts, told):
    settings = assistant.settings.model_copy(update={"server": ServerSettings(link_hosts=hosts)})
    app = create(replace(assistant, settings=settings), Callers("owner", open=True))
    over = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=over, base_url="http://127.0.0.1") as client:
        body = {"messages": said("Wie setze ich mein Passwort zurück?")}
        reply = await client.post("/v1/chat/completions", json=body)
    assert reply.json()["routeback"]["link_hosts"] == told


async def test_an_index_that_cannot_be_read_costs_the_links_alone(
    assistant: Assistant, monkeypatch
):
    def broken(_: Library) -> frozenset[str]:
        raise KnowledgeError("The index is gone.")

    monkeypatch.setattr(Library, "hosts", broken)
    turn = [e async for e in assistant.answer("What is a token?") if isinstance(e, Turn)][-1]
    assert assistant.told(turn).link_hosts == ()
    assert assistant.told(turn).author == turn.author


def test_a_conversation_goes_on_by_its_id(client):
    first = said("What is negative transfer?")
    begun = client.chat.completions.create(model="routeback", messages=first)
    conversation = begun.model_extra["routeback"]["conversation_id"]
    extra = {"routeback": {"conversation_id": conversation}}
    reply = client.chat.completions.create(
        model="routeback", messages=said("And how does it show?"), extra_body=extra
    )
    ours = reply.model_extra["routeback"]
    assert ours["conversation_id"] == conversation
    assert ours["standalone"] == "What is negative transfer? And how does it show?"
    assert ours["sources"][0]["key"] == "negative-transfer"


def test_a_client_that_sends_only_its_messages_is_understood_when_it_says_yes(client):
    asked = "Who won the 1998 World Cup?"
    first = client.chat.completions.create(model="routeback", messages=said(asked))
    told = first.choices[0].message.content
    assert (first.model_extra["routeback"]["mode"], told.endswith("?")) == ("abstain", True)
    messages = [*said(asked), {"role": "assistant", "content": told}, *said("yes please")]
    reply = client.chat.completions.create(model="routeback", messages=messages)
    ours = reply.model_extra["routeback"]
    assert (ours["outcome"], ours["standalone"]) == ("handed_off", asked)


def test_a_choice_comes_with_what_there_is_to_choose_from(client):
    extra = {}

    def say(text: str):
        reply = client.chat.completions.create(
            model="routeback", messages=said(text), extra_body={"routeback": extra}
        )
        extra["conversation_id"] = reply.model_extra["routeback"]["conversation_id"]
        return reply

    say("What is a token?")
    ours = (reply := say("No, that’s not it")).model_extra["routeback"]
    assert (ours["outcome"], ours["mode"], ours["route"]) == ("asked", "ask", None)
    assert ours["lead"] == "Which of these do you mean?"
    listed = [f"{choice['number']}. {choice['title']}" for choice in ours["choices"]]
    assert reply.choices[0].message.content == "\n".join([f"{ours['lead']}\n", *listed])
    assert all(choice["title"] != "Token" for choice in ours["choices"])
    chosen = say("2").model_extra["routeback"]
    assert chosen["outcome"] == "answered"
    assert chosen["sources"][0]["title"] == ours["choices"][1]["title"]


def test_messages_may_be_lists_of_text_parts_and_nothing_else(client):
    parts = [{"type": "text", "text": "What is a token?"}]
    reply = client.chat.completions.create(
        model="routeback", messages=[{"role": "user", "content": parts}]
    )
    assert "token" in reply.choices[0].message.content.lower()
    image = [{"type": "image_url", "image_url": {"url": "data:,x"}}]
    with pytest.raises(openai.BadRequestError, match="Only text can be asked, not image_url"):
        client.chat.completions.create(
            model="routeback", messages=[{"role": "user", "content": image}]
        )


@pytest.mark.parametrize(
    ("body", "status", "code", "expected"),
    [
        ({"messages": said("")}, 400, "QuestionError", "empty"),
        ({"messages": said("x" * 100_000)}, 400, "QuestionError", "100,000"),
        ({"messages": []}, 400, "invalid_value", "messages"),
        ({"messages": said("hi"), "model": "gpt-4"}, 404, "model_not_found", "'gpt-4'"),
        (
            {"messages": [{"role": "assistant", "content": "hi"}]},
            400,
            "QuestionError",
            "last message",
        ),
        ({}, 400, "invalid_value", "messages"),
    ],
)
def test_errors_have_openais_shape(api, body, status, code, expected):
    reply = httpx.post(f"{api.url}/v1/chat/completions", json=body)
    error = reply.json()["error"]
    assert reply.status_code == status
    assert error["code"] == code
    assert expected in error["message"]
    assert set(error) == {"message", "type", "param", "code"}


@pytest.mark.parametrize("stream", [True, False])
async def test_a_busy_arm_is_429_with_retry_after(unquoting, endpoint, stream):
    endpoint.status, endpoint.headers = 429, {"retry-after": "7"}
    with pytest.raises(openai.RateLimitError) as caught:
        await unquoting.chat.completions.create(
            model="routeback", messages=said("What is a token?"), stream=stream
        )
    assert caught.value.response.headers["retry-after"] == "7"


async def test_a_broken_arm_is_502_and_says_what_kind_of_failure_it_is(unquoting, endpoint):
    endpoint.status = 500
    with pytest.raises(
        openai.InternalServerError, match=r"refused the request \(HTTP 500\)"
    ) as caught:
        await unquoting.chat.completions.create(
            model="routeback", messages=said("What is a token?")
        )
    assert caught.value.status_code == 502


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("status", [429, 500])
def test_an_arm_that_fails_is_no_error_where_the_document_answers(client, endpoint, status, stream):
    endpoint.status = status
    reply = client.chat.completions.create(
        model="routeback", messages=said("What is a token?"), stream=stream
    )
    if stream:
        *_, last = chunks = list(reply)
        text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks)
        ours = last.model_extra["routeback"]
    else:
        text, ours = reply.choices[0].message.content, reply.model_extra["routeback"]
    assert text.startswith("A token is the smallest piece of text")
    assert ours["mode"] == ours["route"]["arm"] == "quote"
    assert ours["fell_back"].startswith("base")
    assert [quoted["title"] for quoted in ours["quotations"]] == ["Token"]


def test_an_answer_that_breaks_off_is_an_error_in_the_stream(client, endpoint):
    endpoint.script = lambda _: TWO_SENTENCES
    # Before one answer has come whole, all are held; what is held gives way without an error.
    client.chat.completions.create(model="routeback", messages=said("What is a token?"))
    endpoint.cut_after = 12
    stream = client.chat.completions.create(
        model="routeback", messages=said("What is a token?"), stream=True
    )
    with pytest.raises(openai.APIError, match="base stopped"):
        list(stream)
    endpoint.reset()
    again = client.chat.completions.create(model="routeback", messages=said("What is a token?"))
    assert again.choices[0].message.content.endswith("[1]")


@pytest.mark.parametrize("stream", [True, False])
def test_a_client_that_leaves_while_it_waits_stops_the_arm(api, endpoint, stream):
    endpoint.pause_s = 30
    body = {"messages": said("What is a token?"), "stream": stream}
    with pytest.raises(httpx.ReadTimeout):
        httpx.post(f"{api.url}/v1/chat/completions", json=body, timeout=1)
    deadline = time.monotonic() + 10
    while not endpoint.left and time.monotonic() < deadline:
        time.sleep(0.05)
    assert endpoint.left == 1


def test_feedback_is_stored_with_its_turn(client, api):
    reply = client.chat.completions.create(model="routeback", messages=said("What is a token?"))
    turn = reply.model_extra["routeback"]["turn_id"]
    stored = httpx.post(
        f"{api.url}/v1/feedback",
        json={"turn_id": turn, "thumb": "down", "comment": "wrong, write to me@example.org"},
    )
    assert stored.status_code == 201
    missing = httpx.post(f"{api.url}/v1/feedback", json={"turn_id": "nope", "thumb": "up"})
    assert missing.status_code == 404
    assert "'nope'" in missing.json()["error"]["message"]
    bad = httpx.post(f"{api.url}/v1/feedback", json={"turn_id": turn, "thumb": "sideways"})
    assert bad.status_code == 400


def test_a_request_for_a_person_is_a_ticket(api):
    body = {"message": "Please call me", "contact": "jane@example.org"}
    reply = httpx.post(f"{api.url}/v1/tickets", json=body)
    assert reply.status_code == 201
    assert reply.json()["status"] == "waiting"
    again = {**body, "conversation_id": reply.json()["conversation_id"]}
    assert httpx.post(f"{api.url}/v1/tickets", json=again).status_code == 201
    foreign = {**body, "conversation_id": "c"}
    assert httpx.post(f"{api.url}/v1/tickets", json=foreign).status_code == 404


def test_only_the_owner_may_change_the_knowledge(api):
    assert httpx.get(f"{api.url}/v1/knowledge").status_code == 401
    wrong = {"Authorization": "Bearer wrong"}
    assert httpx.delete(f"{api.url}/v1/knowledge/roots/x", headers=wrong).status_code == 401
    held = httpx.get(f"{api.url}/v1/knowledge", headers=api.headers).json()
    assert [root["name"] for root in held["roots"]] == ["documents"]
    gone = httpx.delete(f"{api.url}/v1/knowledge/roots/x", headers=api.headers)
    assert gone.status_code == 404
    assert "documents" in gone.json()["error"]["message"]


def test_the_longest_search_is_taken(api):
    asked = {"q": "\U000ceed6" * 4_000, "limit": 1}
    url = f"{api.url}/v1/knowledge/search"
    found = httpx.get(url, params=asked, headers=api.headers, timeout=60)
    assert found.status_code == 200


@pytest.mark.parametrize("place", [["documents", "refund"], ["documents", "refund", ""]])
def test_what_is_added_takes_no_others_place(api, place):
    item = {"source": "x", "kind": "faq", "name": "A refund?", "text": "Never.", "language": "en"}
    body = {"root": "x", "items": [{**item, "replaces": place}]}
    reply = httpx.post(f"{api.url}/v1/knowledge", json=body, headers=api.headers)
    assert reply.status_code == 400
    assert "takes another's place" in reply.json()["error"]["message"]
    roots = httpx.get(f"{api.url}/v1/knowledge", headers=api.headers).json()["roots"]
    assert [root["name"] for root in roots] == ["documents"]


def test_the_passages_of_a_source_are_shown_and_an_unknown_one_is_not_found(api):
    url = f"{api.url}/v1/knowledge/passages"
    [root] = httpx.get(f"{api.url}/v1/knowledge", headers=api.headers).json()["roots"]
    found = httpx.get(url, params={"source": root["name"]}, headers=api.headers).json()
    assert len(found["passages"]) == root["passages"]
    assert {"text", "source", "place", "date"} <= found["passages"][0].keys()
    gone = httpx.get(url, params={"source": "no such file"}, headers=api.headers)
    assert gone.status_code == 404
    assert "No source is called" in gone.json()["error"]["message"]
    assert httpx.get(url, params={"source": "x"}).status_code == 401


def test_health(api):
    assert httpx.get(f"{api.url}/healthz").json() == {"status": "alive"}
    ready = httpx.get(f"{api.url}/readyz").json()
    assert ready == {"ready": True, "knowledge": True, "records": True, "engine": True}


@pytest.mark.slow
def test_others_are_answered_while_a_long_message_is_looked_through(api):
    # What takes longest to be searched for telephone numbers.
    dense = " - ".join(random.Random(1).choices("123456789", k=900))
    said = [{"role": role, "content": dense * 10} for role in ("user", "assistant")]
    body = {"model": "routeback", "messages": [*said * 5, {"role": "user", "content": dense}]}
    answered = 0
    with ThreadPoolExecutor(1) as pool, httpx.Client(base_url=api.url, timeout=60) as other:
        asked = pool.submit(httpx.post, f"{api.url}/v1/chat/completions", json=body, timeout=150)
        while not asked.done():
            assert other.get("/healthz").status_code == 200
            answered += not asked.done()
    assert asked.result().status_code == 200
    assert answered > 5


def test_with_keys_every_route_but_health_needs_one(tmp_path, cache_dir, endpoint, api):
    settings = Settings(
        data_dir=tmp_path,
        cache_dir=cache_dir,
        openai_base_url=endpoint.url,
        openai_model="scripted",
        knowledge=KnowledgeSettings(sample=False),
        server=ServerSettings(port=free_port(), api_keys="alpha,beta"),
    )
    with in_thread(settings) as running:
        models = f"{running.url}/v1/models"
        assert httpx.get(models).json()["error"]["type"] == "authentication_error"
        assert httpx.get(models, headers={"Authorization": "Bearer gamma"}).status_code == 401
        assert httpx.get(models, headers={"Authorization": "Bearer beta"}).status_code == 200
        assert httpx.get(f"{running.url}/healthz").status_code == 200
        assert (tmp_path / "server.json").stat().st_mode & 0o777 == 0o600
    assert not (tmp_path / "server.json").exists()
    # One server that ends takes nothing from another of this process, which goes on.
    assert httpx.get(f"{api.url}/readyz").json()["ready"]
    assert httpx.get(f"{api.url}/v1/knowledge", headers=api.headers).status_code == 200
