"""What OpenAI's own client sends, and what it makes of the answers."""

import re
from pathlib import Path

import openai
import pytest
from openai.types.chat import completion_create_params as params

from assistant.wire.chat_request import REFUSED, ChatRequest

DOCS = Path(__file__).parents[3] / "docs" / "api.md"
ASKED = [{"role": "user", "content": "What is a token?"}]
IMAGE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}
TOOL = {"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}
CALL = {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}


def answer(client: openai.OpenAI, messages=ASKED, **more):
    return client.chat.completions.create(model="routeback", messages=messages, **more)


def test_a_raw_response_and_a_streamed_one_are_the_same_answer(client):
    text = answer(client).choices[0].message.content
    assert "token" in text.lower()
    asked = {"model": "routeback", "messages": ASKED}
    raw = client.chat.completions.with_raw_response.create(**asked)
    assert raw.headers["content-type"] == "application/json"
    assert raw.parse().choices[0].message.content == text
    with client.chat.completions.with_streaming_response.create(**asked) as streamed:
        assert streamed.parse().choices[0].message.content == text


def test_a_stream_tells_usage_where_it_is_asked_for_and_nowhere_else(client):
    told = list(answer(client, stream=True, stream_options={"include_usage": True}))
    assert told[-1].choices == []
    assert told[-1].usage.total_tokens == 1170
    for options in (None, {}, {"include_usage": False}, {"include_usage": None}):
        chunks = list(answer(client, stream=True, extra_body={"stream_options": options}))
        assert [chunk.usage for chunk in chunks if chunk.usage] == []
        assert chunks[-1].choices[0].finish_reason == "stop"
        assert len({chunk.id for chunk in chunks}) == 1


@pytest.mark.parametrize(
    "more",
    [
        {"stream": None},
        {"stream_options": None},
        {"stream": None, "stream_options": None, "routeback": None},
        {"max_tokens": 50, "max_completion_tokens": 50},
        {"max_tokens": None, "temperature": None, "n": None, "stop": None, "tools": None},
        {"temperature": 0.7, "top_p": 0.9, "presence_penalty": -2, "frequency_penalty": 2},
        {"seed": 7, "user": "u", "metadata": {"a": "b"}, "store": True, "verbosity": "low"},
        {"service_tier": "auto", "reasoning_effort": "low", "parallel_tool_calls": False},
        {"prediction": {"type": "content", "content": "x"}, "safety_identifier": "s"},
        {"prompt_cache_key": "k", "prompt_cache_retention": "24h", "a_field_of_tomorrow": [1]},
        {"n": 1, "tools": [], "tool_choice": "none", "functions": [], "function_call": "none"},
        {"tool_choice": "auto", "function_call": "auto", "logit_bias": {}},
        {"response_format": {"type": "text"}, "logprobs": False, "top_logprobs": 0, "stop": []},
        {"modalities": ["text"], "audio": None, "web_search_options": None, "moderation": None},
    ],
)
def test_what_asks_for_nothing_or_has_no_effect_passes(client, more):
    reply = answer(client, extra_body=more)
    assert reply.choices[0].finish_reason == "stop"
    assert reply.choices[0].message.content == answer(client).choices[0].message.content


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("n", 2),
        ("n", 0),
        ("n", "1"),
        ("stop", "."),
        ("stop", ["."]),
        ("tools", [TOOL]),
        ("tool_choice", "required"),
        ("tool_choice", {"type": "function", "function": {"name": "f"}}),
        ("functions", [{"name": "f"}]),
        ("function_call", {"name": "f"}),
        ("response_format", {"type": "json_object"}),
        ("response_format", {"type": "json_schema", "json_schema": {"name": "x", "schema": {}}}),
        ("logprobs", True),
        ("top_logprobs", 3),
        ("logit_bias", {"50256": -100}),
        ("audio", {"voice": "alloy", "format": "wav"}),
        ("modalities", ["text", "audio"]),
        ("web_search_options", {}),
        ("moderation", {"model": "omni"}),
    ],
)
@pytest.mark.parametrize("stream", [False, True])
def test_what_cannot_be_had_is_refused_by_name(client, name, value, stream):
    with pytest.raises(openai.BadRequestError) as caught:
        answer(client, extra_body={name: value}, stream=stream)
    assert caught.value.param == name
    assert caught.value.type == "invalid_request_error"
    assert caught.value.code == "unsupported_value"
    assert f"Leave {name} out." in caught.value.body["message"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("max_tokens", -5),
        ("max_tokens", 0),
        ("max_tokens", "many"),
        ("max_completion_tokens", -5),
        ("max_completion_tokens", 10**12),
        ("temperature", 2.1),
        ("temperature", -0.1),
        ("top_p", 1.5),
        ("presence_penalty", 3),
        ("frequency_penalty", -3),
        ("stream", "perhaps"),
        ("stream_options", [1]),
        ("model", None),
        ("messages", None),
    ],
)
def test_a_value_that_none_can_be_is_refused_by_name(client, name, value):
    with pytest.raises(openai.BadRequestError) as caught:
        answer(client, extra_body={name: value})
    assert (caught.value.param, caught.value.code) == (name, "invalid_value")


def test_where_a_message_is_wrong_is_said_as_openai_says_it(client):
    for content in (5, [{"type": 5}], [5], {"type": "text"}):
        messages = [*ASKED, {"role": "user", "content": content}]
        with pytest.raises(openai.BadRequestError) as caught:
            answer(client, messages)
        assert caught.value.param.startswith("messages[1].content")
    with pytest.raises(openai.BadRequestError) as caught:
        answer(client, [{"role": "wizard", "content": "hi"}])
    assert caught.value.param == "messages[0].role"


def test_the_model_is_found_and_no_other(client):
    assert [model.id for model in client.models.list()] == ["routeback"]
    assert client.models.retrieve("routeback").id == "routeback"
    assert client.models.retrieve("openai/routeback").id == "routeback"
    for name in ("gpt-4", "a/b", "ü", "%", "..."):
        with pytest.raises(openai.NotFoundError) as caught:
            client.models.retrieve(name)
        assert caught.value.code == "model_not_found", name
    with pytest.raises(openai.NotFoundError, match="There is no model 'gpt-4'") as caught:
        answer(client, extra_body={"model": "gpt-4"})
    assert (caught.value.code, caught.value.param) == ("model_not_found", "model")


HISTORIES = {
    "rules": [{"role": "system", "content": "Be brief."}],
    "developer": [{"role": "developer", "content": [{"type": "text", "text": "Be brief."}]}],
    "tool": [
        {"role": "user", "content": "Look it up."},
        {"role": "assistant", "content": None, "tool_calls": [CALL]},
        {"role": "tool", "tool_call_id": "c", "content": [{"type": "text", "text": "42"}]},
        {"role": "assistant", "content": "It is 42."},
    ],
    "function": [
        {"role": "assistant", "content": None, "function_call": {"name": "f", "arguments": ""}},
        {"role": "function", "name": "f", "content": "42"},
    ],
    "image": [
        {"role": "user", "content": [{"type": "text", "text": "What is this?"}, IMAGE]},
        {"role": "assistant", "content": "A picture."},
    ],
    "image alone": [{"role": "user", "content": [IMAGE]}, {"role": "assistant", "content": "Hm."}],
    "sound and file": [
        {"role": "user", "content": [{"type": "input_audio", "input_audio": {"data": ""}}]},
        {"role": "user", "content": [{"type": "file", "file": {"file_id": "f"}}]},
    ],
    "refusal": [
        {"role": "assistant", "content": [{"type": "refusal", "refusal": "No."}], "refusal": "No."}
    ],
    "nothing": [{"role": "assistant", "content": ""}, {"role": "user", "content": []}],
}


@pytest.mark.parametrize("history", HISTORIES.values(), ids=HISTORIES)
@pytest.mark.parametrize("stream", [False, True])
def test_what_was_said_before_never_fails_a_question(client, history, stream):
    reply = answer(client, [*history, *ASKED], stream=stream)
    if stream:
        text = "".join(c.choices[0].delta.content or "" for c in reply if c.choices)
    else:
        text = reply.choices[0].message.content
    assert "token" in text.lower()


def test_a_picture_said_before_leaves_its_words(client):
    parts = [{"type": "text", "text": "What is negative transfer?"}, IMAGE]
    first = answer(client, [{"role": "user", "content": parts[:1]}])
    told = {"role": "assistant", "content": first.choices[0].message.content}
    reply = answer(
        client,
        [
            {"role": "user", "content": parts},
            told,
            {"role": "user", "content": "And how does it show?"},
        ],
    )
    ours = reply.model_extra["routeback"]
    assert ours["standalone"] == "What is negative transfer? And how does it show?"


def test_a_picture_cannot_be_asked_about(client):
    parts = [{"type": "text", "text": "What is this?"}, IMAGE]
    with pytest.raises(openai.BadRequestError, match="Only text can be asked, not image_url"):
        answer(client, [*ASKED, {"role": "user", "content": parts}])


@pytest.mark.parametrize(
    "call",
    [
        lambda client: client.responses.create(model="routeback", input="hi"),
        lambda client: client.embeddings.create(model="routeback", input="hi"),
        lambda client: client.completions.create(model="routeback", prompt="hi"),
        lambda client: client.moderations.create(input="hi"),
        lambda client: client.files.list(),
        lambda client: client.images.generate(prompt="hi"),
        lambda client: client.audio.speech.create(input="hi", model="x", voice="alloy"),
    ],
)
def test_the_rest_of_openais_api_is_not_found_and_says_what_is(client, call):
    with pytest.raises(openai.NotFoundError, match="POST /v1/chat/completions") as caught:
        call(client)
    assert set(caught.value.body) == {"message", "type", "param", "code"}


def test_a_method_that_a_route_has_not_is_said_with_those_it_has(client):
    with pytest.raises(openai.APIStatusError) as caught:
        client.chat.completions.list()
    assert caught.value.status_code == 405
    assert caught.value.response.headers["allow"] == "POST"


def test_every_field_that_the_client_knows_stands_in_the_guide_and_in_the_document():
    known = {*params.CompletionCreateParamsBase.__annotations__, "stream"}
    text = DOCS.read_text(encoding="utf-8").split("## OpenAI's fields")[1].split("\n## ")[0]
    told = set(re.findall(r"`(\w+)`", text))
    assert known - told == set()
    assert set(REFUSED) <= set(ChatRequest.model_fields)
    for name in REFUSED:
        assert re.search(rf"`{name}`[^|]*\| refused", text), name
