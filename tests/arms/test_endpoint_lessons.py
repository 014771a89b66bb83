"""What is learned of an endpoint: by one for all, kept, and learned again when it has changed."""

import asyncio
import json
import sqlite3

import pytest
from fastapi import Request
from typer.testing import CliRunner

from assistant import cli
from assistant.arms.arm import RemoteArm, remote_client
from assistant.arms.endpoint.complaints import complaint, withheld
from assistant.arms.endpoint.dialect import PLAIN, Dialect, spoken, told
from assistant.arms.endpoint.facts import EndpointFacts
from assistant.arms.endpoint.lessons import learned
from assistant.errors import ArmError
from tests.support.dialects import (
    KEY,
    Azure,
    Double,
    Json,
    LiteLlm,
    Mistral,
    OpenAIMini,
    OpenAIReasoning,
    VllmReasoning,
    openai_error,
    serving,
)
from tests.support.places import Place, asked

QUESTION = "What is a token?"
CARRIED = "A token is the smallest piece of text that a language model reads. [1]"
BODY: Json = {
    "model": "m",
    "messages": [{"role": "system", "content": "Rules."}, {"role": "user", "content": "Hi."}],
    "max_tokens": 9,
    "temperature": 0,
    "stream": True,
    "stream_options": {"include_usage": True},
}


async def test_of_many_who_ask_at_first_one_finds_out_for_all(place: Place):
    with serving(OpenAIMini()) as double:
        async with place.opened(double) as assistant:
            found = await asyncio.gather(*(asked(assistant, QUESTION) for _ in range(6)))
    assert {reply.text for reply in found} == {CARRIED}
    assert (double.refused, len(double.taken)) == (3, 6)


async def test_what_cannot_be_kept_is_known_until_the_end(place: Place):
    with serving(OpenAIMini()) as double:
        async with place.opened(double) as assistant:
            with sqlite3.connect(place.folder / "routeback.sqlite") as database:
                database.execute("ALTER TABLE arm_dialects RENAME TO elsewhere")
            database.close()
            assert (await asked(assistant, QUESTION)).text == CARRIED
            refused = double.refused
            assert (await asked(assistant, QUESTION)).text == CARRIED
    assert double.refused == refused


async def test_an_endpoint_that_changes_is_learned_again(place: Place):
    with serving(OpenAIReasoning()) as double:
        async with place.opened(double) as assistant:
            assert (await asked(assistant, QUESTION)).text == CARRIED
            assert double.taken[-1]["max_completion_tokens"] == 320
            double.__class__ = Mistral  # another server took its address
            assert (await asked(assistant, QUESTION)).text == CARRIED
            refused = double.refused
            assert (await asked(assistant, QUESTION)).text == CARRIED
        assert double.refused == refused
        kept = double.taken[-1]
        assert (kept["max_tokens"], kept["temperature"]) == (320, 0)
        async with place.opened(double) as assistant:
            assert (await asked(assistant, QUESTION)).text == CARRIED
        assert double.refused == refused


async def test_another_model_at_the_same_place_is_found_anew(place: Place):
    with serving(OpenAIReasoning()) as double:
        async with place.opened(double) as assistant:
            await asked(assistant, QUESTION)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Place, "settings", _with_another_model(Place.settings))
            async with place.opened(double) as assistant:
                await asked(assistant, QUESTION)
    assert double.refused == 4


def _with_another_model(settings):
    def changed(self, base, **more):
        return settings(self, base, **more).model_copy(update={"openai_model": "other"})

    return changed


async def test_what_no_request_was_taken_with_is_not_kept(place: Place):
    class Broken(OpenAIReasoning):
        def check(self, body: Json, request: Request) -> None:
            super().check(body, request)
            raise openai_error("The server had an error.", status=500)

    with serving(Broken()) as double:
        async with place.opened(double) as assistant:
            await asked(assistant, QUESTION)
            await asked(assistant, QUESTION)
            assert assistant.lineup.registrar.show("base").dialect is None
    assert double.refused == 6


async def test_a_wrong_key_is_not_tried_elsewhere_for_ever(place: Place):
    with serving(Double()) as double:
        async with remote_client(double.url, "sk-wrong-key-0123456789abcdef", 10) as client:
            arm = RemoteArm("far", "m", "r", client)
            with pytest.raises(ArmError, match="refused the key") as caught:
                _ = [p async for p in arm.stream([{"role": "user", "content": "?"}], max_tokens=8)]
    assert double.refused == 1
    assert caught.value.hint == "Check its key where the server runs."


async def test_whoever_asks_through_the_client_is_understood():
    """The judge has a client of its own and asks with fields of its own."""
    for made in (OpenAIReasoning, LiteLlm, OpenAIMini, Azure, Mistral):
        with serving(made()) as double:
            async with remote_client(double.url, KEY, 10) as client:
                for _ in range(2):
                    reply = await client.chat.completions.create(
                        model="m",
                        messages=BODY["messages"],
                        max_tokens=100,
                        temperature=0,
                    )
                    assert reply.choices[0].message.content == "Scripted."
            assert double.refused <= 3
            assert len(double.taken) == 2


async def test_an_arm_is_added_with_what_its_endpoint_takes(place: Place, monkeypatch):
    class Slow(VllmReasoning, OpenAIReasoning):
        pass

    monkeypatch.setenv("ROUTEBACK_DATA_DIR", str(place.folder))
    monkeypatch.setenv("ROUTEBACK_CACHE_DIR", str(place.cache_dir))
    monkeypatch.setenv("THE_KEY", KEY)

    def run(*arguments: str):
        return CliRunner().invoke(cli.app, ["arms", *arguments], catch_exceptions=False)

    with serving(Slow()) as double:
        told = "add far --model m --api-key-env THE_KEY --json --base-url"
        done = await asyncio.to_thread(run, *told.split(), double.url)
        found = json.loads(done.stdout)
        assert found["dialect"]["told"] == "takes max_completion_tokens, no temperature"
        warned = " ".join(found["warnings"])
        assert "its answers are not reproducible" in warned
        assert "It reasons before it answers" in warned
        assert found["about"]["check"]["answer"] == "Scripted."
        refused = double.refused
        async with place.opened(double) as assistant:
            asking = assistant.arms["far"].stream(BODY["messages"], max_tokens=99)
            assert "".join([piece.text async for piece in asking]) == "Scripted."
        assert double.refused == refused
    shown = await asyncio.to_thread(run, "show", "far")
    assert "  takes max_completion_tokens, no temperature" in shown.stdout


@pytest.mark.parametrize(
    ("said", "refused"),
    [
        ("stream_options: extra fields not permitted", {"stream_options"}),
        (
            "Unknown parameter: 'stream_options'. Known: max_tokens, temperature.",
            {"stream_options"},
        ),
        ({"error": "temperature must be in the range (0.0, 1.0]"}, {"temperature"}),
        ({"error": {"message": "temperature is deprecated for this model."}}, {"temperature"}),
        ({"error": {"message": "Streaming is not available for this model"}}, {"stream"}),
        (
            {"detail": [{"loc": ["body", "max_tokens"], "msg": "x", "type": "extra_forbidden"}]},
            {"max_tokens"},
        ),
        (
            {"error": {"message": "Use the 'developer' role instead of 'system' with this model"}},
            {"system"},
        ),
        ({"message": "Only user and assistant roles are supported!"}, {"system", "developer"}),
        (
            'litellm: {"error": {"param": "x", "message": "temperature is not supported"}}',
            {"temperature"},
        ),
        (
            {"detail": [{"loc": ["body", "messages", 0, "role"], "msg": "Input should be 'user'"}]},
            {"system", "developer"},
        ),
        (
            {"error": {"message": 'messages: Unexpected role "system". It is a top-level field.'}},
            {"system", "developer"},
        ),
        ({"message": "This model doesn't support system messages."}, {"system", "developer"}),
        ({"title": "Bad Request", "detail": "property 'stream' is unsupported"}, {"stream"}),
        (
            [{"error": {"message": 'Invalid JSON payload. Unknown name "stream_options".'}}],
            {"stream_options"},
        ),
        ({"errors": [{"message": "Bad input: /max_tokens must be at least 512"}]}, None),
        ({"error": {"param": "messages", "message": "Image is not supported"}}, None),
        ("The model `m` does not exist", None),
        ("What is the temperature of boiling water?", None),
        ("max_tokens must be at most 256, got 320", None),
        ({"error": {"code": "content_filter", "message": "unsupported: temperature"}}, None),
        ("You exceeded your current quota", None),
        (None, None),
        ([[[[[[[[["temperature unsupported"]]]]]]]]], None),
    ],
)
def test_what_a_refusal_teaches(said, refused):
    lesson = learned(Dialect(), BODY, frozenset(), 400, said)
    assert (lesson and lesson.refused) == refused


@pytest.mark.parametrize("status", [429, 500, 501, 503, 409, 403])
def test_other_failures_teach_nothing(status):
    said = "Unsupported parameter: 'temperature'"
    assert learned(Dialect(), BODY, frozenset(), status, said) is None


def test_lessons_end_whatever_is_refused():
    dialect, body, seen = Dialect(), BODY, 0
    names = ("max_tokens", "max_completion_tokens", "temperature", "stream_options", "stream")
    said = " ".join(f"{name} is not supported;" for name in names) + " system role not supported"
    while lesson := learned(dialect, spoken(dialect, body, frozenset()), frozenset(), 400, said):
        dialect, seen = lesson, seen + 1
    assert seen <= len(names) + 1
    assert spoken(dialect, body, frozenset()) == {
        "model": "m",
        "messages": [{"role": "user", "content": "Rules.\n\nHi."}],
    }
    assert told(dialect).startswith("takes no limit of tokens, no temperature, no stream")


def test_what_a_person_sets_is_left_alone():
    everything = Dialect(frozenset({"max_tokens", "temperature", "stream_options"}))
    body = {**BODY, "temperature": 0.3, "max_completion_tokens": 77}
    said = spoken(everything, body, {"temperature", "max_completion_tokens"})
    assert (said["temperature"], said["max_completion_tokens"]) == (0.3, 77)
    assert "max_tokens" not in said
    assert learned(PLAIN, body, {"temperature"}, 400, "temperature is not supported") is None


def test_a_dialect_is_kept_as_plain_values():
    dialect = Dialect(frozenset({"max_tokens", "bearer"}), unopened=True)
    assert Dialect.of(json.loads(json.dumps(dialect.plain()))) == dialect


def test_what_an_error_quotes_of_the_request_is_not_what_it_says():
    detail = [{"type": "x", "loc": ["body", "y"], "msg": "bad", "input": "temperature unsupported"}]
    assert complaint({"detail": detail}) == (("y",), "x bad")
    assert not withheld({"detail": detail})


async def test_who_leaves_while_finding_out_lets_the_next_one_ask():
    known = EndpointFacts()

    async def leave() -> None:
        async with known.asking():
            await asyncio.sleep(10)

    leaving = asyncio.create_task(leave())
    await asyncio.sleep(0)
    leaving.cancel()
    async with asyncio.timeout(1), known.asking():
        await known.accepted(PLAIN)
    async with known.asking(), known.asking():
        assert known.found
