"""Traces as a real receiver gets them, of real turns and pairs; and what none of them may have."""

import logging
from dataclasses import replace

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from assistant.access.callers import Callers
from assistant.api.server import create
from assistant.turn.permissions import Writing
from assistant.watching import traces
from assistant.watching.traces import OFF, UNSCORED, Generated, Tracing, provider_of, turn_ids
from tests.evals.nights import QUESTIONS, house
from tests.watching.conftest import Watched, asked, paired
from tests.watching.otlp import Receiver, receiving

WORD = "zyzzyvaquark"
CALLER = ("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331")


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch):
    with receiving() as found:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", found.url)
        yield found


def evaluations(span) -> list[dict]:
    return [told for name, told in span.events if name == "gen_ai.evaluation.result"]


async def test_a_turn_is_one_trace_and_its_pair_another_that_points_to_it(
    watched: Watched, receiver: Receiver
):
    async with watched.opened() as assistant:
        turn = await asked(assistant, "What is a token?")
        assert turn.mode == "write"
        assert await paired(assistant, turn) == "done"
    assert set(receiver.paths) == {"/v1/traces"}
    assert receiver.resource["service.name"] == "routeback"

    (root,) = receiver.named("invoke_agent routeback")
    trace_id, span_id = turn_ids(turn.id)
    assert (root.trace, root.id, root.parent) == (f"{trace_id:032x}", f"{span_id:016x}", "")
    assert root.attributes["gen_ai.operation.name"] == "invoke_agent"
    assert root.attributes["gen_ai.conversation.id"] == turn.conversation_id
    assert root.attributes["routeback.turn"] == turn.id
    assert root.attributes["routeback.mode"] == "write"
    assert root.attributes["routeback.arm"] == "base"
    steps = {span.name: span for span in receiver.below(root)}
    assert {"triage", "retrieve", "select", "route", "generate", "check", "record"} <= set(steps)
    assert steps["retrieve"].attributes["gen_ai.operation.name"] == "retrieval"
    spoken = receiver.below(steps["generate"])
    assert {span.name for span in spoken} == {"chat scripted", "check sentence"}
    (chat,) = [span for span in spoken if span.name == "chat scripted"]
    told = chat.attributes
    assert chat.kind == 3  # a client
    assert told["gen_ai.operation.name"] == "chat"
    assert told["gen_ai.provider.name"] == "openai_compatible"
    assert told["gen_ai.request.model"] == told["gen_ai.response.model"] == "scripted"
    assert told["gen_ai.usage.input_tokens"] == turn.usage["prompt_tokens"]
    assert told["gen_ai.usage.output_tokens"] == turn.usage["completion_tokens"]
    assert told["gen_ai.response.finish_reasons"] == ["stop"]
    assert told["routeback.arm"] == "base"
    assert [span.name for span in receiver.below(steps["check"])] == ["check answer"]
    named = {told["gen_ai.evaluation.name"]: told for told in evaluations(root)}
    assert named.keys() == turn.scores.keys()
    assert named["fast"]["gen_ai.evaluation.score.value"] == turn.scores["fast"]["value"]
    assert named["fast"]["gen_ai.evaluation.score.label"] == "scored"

    (pair,) = receiver.named("pair")
    assert pair.trace != root.trace
    assert pair.links == [(root.trace, root.id)]
    assert pair.attributes["routeback.pair"] == f"{turn.id}:tuned"
    assert pair.attributes["routeback.outcome"] == "done"
    (answer,) = receiver.below(pair)
    assert (answer.name, answer.attributes["routeback.arm"]) == ("chat scripted", "tuned")
    sides = {(e["routeback.side"], e["gen_ai.evaluation.name"]) for e in evaluations(pair)}
    assert {(side, metric) for side in ("base", "tuned") for metric in ("fast", "relevance")} <= (
        sides
    )


async def test_what_is_asked_of_endpoints_carries_the_span_that_asks(
    watched: Watched, receiver: Receiver
):
    async with watched.opened() as assistant:
        watched.base.carried.clear()
        turn = await asked(assistant, "What is a token?")
        seen = list(watched.base.carried)
    (chat,) = receiver.named("chat scripted")
    assert [header and header[:-2] for header in seen] == [f"00-{chat.trace}-{chat.id}-"]
    assert chat.trace == f"{turn_ids(turn.id)[0]:032x}"


async def test_no_endpoint_hears_of_traces_that_there_are_not(watched: Watched):
    async with watched.opened() as assistant:
        watched.base.carried.clear()
        await asked(assistant, "What is a token?")
        assert watched.base.carried == [None]


async def test_who_calls_is_pointed_to_and_chooses_nothing(watched: Watched, receiver: Receiver):
    async with watched.opened() as assistant:
        traces.called_by(f"00-{CALLER[0]}-{CALLER[1]}-00")
        turn = await asked(assistant, "What is a token?")
        for wrong in (
            "nonsense",
            f"00-{'0' * 32}-{CALLER[1]}-01",
            f"ff-{CALLER[0]}-{CALLER[1]}-01",
        ):
            traces.called_by(wrong)
            await asked(assistant, "What is a pod?")
        traces.called_by("")
    first, *others = receiver.named("invoke_agent routeback")
    assert first.trace == f"{turn_ids(turn.id)[0]:032x}"
    assert first.links == [CALLER]
    assert [span.links for span in others] == [[], [], []]


async def test_no_span_metric_or_log_line_has_what_people_say_or_models_answer(
    watched: Watched, receiver: Receiver
):
    from assistant.watching.exporter import exposition
    from assistant.watching.logs import JsonLines, PlainLines

    question = f"What is a token, {WORD}?"
    lines: list[str] = []

    class Both(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.extend((JsonLines().format(record), PlainLines().format(record)))

    hearing = Both(logging.INFO)
    for name in ("assistant", "guardrails", "evals"):
        logging.getLogger(name).addHandler(hearing)
    try:
        async with watched.opened() as assistant:
            watched.base.script = lambda _: f"A token is a piece of text, says {WORD}."
            watched.tuned.script = watched.base.script
            turn = await asked(assistant, question)
            await paired(assistant, turn)
            watched.base.status, watched.base.message = 400, f"refused: {question}"
            await asked(assistant, question)
            exported, _ = exposition(assistant.watch.registry, "")
            assert WORD in turn.question
    finally:
        for name in ("assistant", "guardrails", "evals"):
            logging.getLogger(name).removeHandler(hearing)
    assert receiver.spans
    assert any("refused" in line for line in lines)
    found = [
        text for text in (*map(repr, receiver.spans), exported.decode(), *lines) if WORD in text
    ]
    assert found == []
    assert not any(WORD.encode() in body for body in receiver.raw)


async def test_an_answer_that_fails_is_a_span_that_says_its_kind_alone(
    watched: Watched, receiver: Receiver
):
    async with watched.opened() as assistant:
        watched.base.status = 500
        writes = replace(assistant, writing=Writing("never"))
        with pytest.raises(Exception, match="refused the request"):
            await asked(writes, "What is a token?")
    (root,) = receiver.named("invoke_agent routeback")
    assert root.failed
    assert root.attributes["error.type"] == "ArmError"
    (chat,) = receiver.named("chat scripted")
    assert chat.failed
    assert chat.attributes["error.type"] == "ArmError"
    assert not chat.events


@pytest.fixture
def memory():
    exporter = InMemorySpanExporter()
    provider = provider_of({})
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    return Tracing(provider), exporter


def test_what_has_no_score_is_never_told_as_a_number(memory):
    tracing, exporter = memory
    with tracing.pair("t:a", "t", "a", "s/en").within() as span:
        span.evaluated("fast", None, "base")
        span.evaluated("fast", 0.0, "tuned")
    (pair,) = exporter.get_finished_spans()
    unscored, zero = (dict(event.attributes) for event in pair.events)
    assert unscored == {
        "gen_ai.evaluation.name": "fast",
        "gen_ai.evaluation.score.label": UNSCORED,
        "routeback.side": "base",
    }
    assert zero["gen_ai.evaluation.score.value"] == 0.0
    assert zero["gen_ai.evaluation.score.label"] == "scored"


def test_an_exception_gives_its_kind_and_no_word_of_its_own(memory):
    tracing, exporter = memory
    with pytest.raises(ValueError, match=WORD), tracing.night("nightly").within():
        raise ValueError(WORD)
    (night,) = exporter.get_finished_spans()
    assert WORD not in night.to_json()
    assert night.attributes["error.type"] == "ValueError"


def test_spans_are_of_the_one_that_is_worked_on(memory):
    tracing, exporter = memory
    with tracing.night("nightly").within() as night:
        generation = traces.current().generation("base", "m", "https://api.openai.com/v1", 9)
        generation.generated(Generated(3, 4))
        generation.end()
    assert traces.current() is OFF
    chat, root = exporter.get_finished_spans()
    assert chat.parent.span_id == root.context.span_id
    assert chat.attributes["gen_ai.provider.name"] == "openai"
    assert f"{root.context.trace_id:032x}" == night.trace_id


def test_a_pair_is_a_trace_of_its_own_whatever_else_is_traced_here(memory):
    from opentelemetry import context, trace

    tracing, exporter = memory
    foreign = trace.SpanContext(int(CALLER[0], 16), int(CALLER[1], 16), is_remote=True)
    token = context.attach(trace.set_span_in_context(trace.NonRecordingSpan(foreign)))
    try:
        tracing.pair("t:a", "t", "a", "s/en").end()
    finally:
        context.detach(token)
    (pair,) = exporter.get_finished_spans()
    assert pair.parent is None
    assert pair.links[0].context.trace_id == turn_ids("t")[0]


def test_the_ids_of_turns_are_spread_as_random_ones():
    """Samplers take the last 8 bytes for a random number."""
    last = [turn_ids(f"00000000-0000-4000-8000-{i:012d}")[0] % 2**64 for i in range(2000)]
    assert 850 < sum(one < 2**63 for one in last) < 1150


@pytest.mark.parametrize(
    "environ",
    [
        {},
        {"OTEL_EXPORTER_OTLP_ENDPOINT": ""},
        {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9", "OTEL_SDK_DISABLED": "true"},
        {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9", "OTEL_TRACES_EXPORTER": "none"},
    ],
)
def test_without_an_endpoint_there_are_no_traces(environ):
    assert Tracing.of(environ).turn("t", "c") is OFF


def test_without_the_package_it_says_what_to_install(monkeypatch, caplog):
    import sys

    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.http.trace_exporter", None)
    assert Tracing.of({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9"}).turn("t", "c") is OFF
    assert "routeback[otel]" in caplog.text


def test_no_provider_of_ours_is_the_one_that_libraries_find():
    from opentelemetry import trace

    before = trace.get_tracer_provider()
    provider_of({})
    assert trace.get_tracer_provider() is before


async def test_the_web_framework_traces_nothing_of_its_own(watched: Watched, monkeypatch):
    """Where somebody has set a provider for the whole process, it would tell what people search."""
    from opentelemetry import trace

    exporter = InMemorySpanExporter()
    provider = provider_of({})
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setattr(trace, "get_tracer_provider", lambda: provider)
    monkeypatch.setenv("FASTAPI_OTEL_AUTO_CONFIGURE", "true")
    TestClient(FastAPI()).get("/anything", params={"q": WORD})
    assert any(WORD in span.to_json() for span in exporter.get_finished_spans())
    exporter.clear()
    async with watched.opened() as assistant:
        client = TestClient(create(assistant, Callers("owner")), "http://localhost")
        owner = {"Authorization": "Bearer owner"}
        found = client.get("/v1/knowledge/search", params={"q": WORD}, headers=owner)
        assert found.status_code in {200, 400}
    told = [span.to_json() for span in exporter.get_finished_spans()]  # the endpoint's, a double
    assert not any(WORD in one or "/knowledge" in one for one in told)


@pytest.mark.slow
async def test_a_night_is_a_trace_with_its_generations_and_no_turns(
    tmp_path, cache_dir, documents, receiver: Receiver
):
    with house(tmp_path, cache_dir, documents) as night:
        outcome = await night.night("nightly")
    (root,) = receiver.named("night")
    assert (root.parent, root.links) == ("", [])
    assert root.attributes["routeback.night"] == outcome.night
    assert root.attributes["routeback.night.kind"] == "nightly"
    assert root.attributes["routeback.exit_code"] == outcome.exit_code
    generations = receiver.named("chat scripted")
    assert {span.trace for span in generations} == {root.trace}
    assert {span.attributes["routeback.arm"] for span in generations} == {"base", "tuned"}
    assert len(generations) >= len(QUESTIONS)
    assert receiver.named("invoke_agent routeback") == []
    assert not any(question in repr(receiver.spans) for question, _ in QUESTIONS.values())
