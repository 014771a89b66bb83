"""The one place that knows OpenTelemetry, and its conventions for generative AI, which still move.

No span has a text of people, and none the message of an exception, which may repeat one. A trace
is made where an OTLP endpoint is set; else nothing is loaded, and every call here does nothing.
"""

import logging
import os
import re
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Final, Literal, Self
from urllib.parse import urlsplit

from guardrails import digests

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.trace import Span as OpenSpan
    from opentelemetry.trace import SpanContext, Tracer

log = logging.getLogger(__name__)

ENDPOINTS: Final = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
"""Variables that say where traces are sent; without one of them there are none."""
SERVICE: Final = "routeback"
_LAST_S: Final = 2.0
UNSCORED: Final = "unscored"

Attribute = str | bool | int | float | Sequence[str]
_Kind = Literal["INTERNAL", "CLIENT"]

_TRACEPARENT: Final = re.compile(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")
_MISSING: Final = (
    "%s is set, but the package that sends traces is not installed: there are none. "
    "pip install 'routeback[otel]'"
)
_PROVIDERS: Final = (
    ("api.openai.com", "openai"),
    (".azure.com", "azure.ai.openai"),
    ("api.anthropic.com", "anthropic"),
    ("generativelanguage.googleapis.com", "gcp.gemini"),
    ("api.mistral.ai", "mistral_ai"),
    ("api.groq.com", "groq"),
    ("api.deepseek.com", "deepseek"),
    ("api.x.ai", "x_ai"),
)
"""Names that the conventions give to providers, by the end of their hosts."""
_OTHER: Final = "openai_compatible"
_OPERATIONS: Final = {"retrieve": "retrieval"}
"""Steps of a turn that the conventions have a name for."""


@dataclass(frozen=True, slots=True)
class Generated:
    """What a generation took, and what it said of itself."""

    input_tokens: int
    output_tokens: int
    finish: str = ""
    model: str = ""
    first_s: float | None = None


class Span:
    """A piece of work of a trace; one of no trace does nothing."""

    __slots__ = ("_span", "_tracer")

    def __init__(self, tracer: "Tracer | None" = None, span: "OpenSpan | None" = None) -> None:
        self._tracer = tracer
        self._span = span

    @property
    def trace_id(self) -> str:
        """The id of its trace, 32 hexadecimal digits; empty if there is none."""
        return f"{self._span.get_span_context().trace_id:032x}" if self._span else ""

    @property
    def traceparent(self) -> str:
        """It as the W3C header says it; empty if there is no trace."""
        if self._span is None:
            return ""
        own = self._span.get_span_context()
        return f"00-{own.trace_id:032x}-{own.span_id:016x}-{own.trace_flags:02x}"

    @contextmanager
    def within(self) -> Iterator[Self]:
        """Let it be what is worked on, and end it with the block."""
        with self.current():
            try:
                yield self
            except BaseException as error:
                self.end(error)
                raise
            self.end()

    @contextmanager
    def current(self) -> Iterator[Self]:
        """Let it be what is worked on, for the length of the block."""
        if self._span is None:
            yield self
            return
        token = _current.set(self)
        try:
            yield self
        finally:
            _current.reset(token)

    def step(self, name: str) -> "Span":
        """Begin a step of it."""
        operation = _OPERATIONS.get(name)
        return self._begun(name, {"gen_ai.operation.name": operation} if operation else {})

    def generation(self, arm: str, model: str, address: str, max_tokens: int) -> "Span":
        """Begin the answer of an arm. address: of the endpoint that is asked."""
        if self._tracer is None:
            return OFF
        place = urlsplit(address)
        host = place.hostname or ""
        attributes: dict[str, Attribute] = {
            "gen_ai.operation.name": "chat",
            "gen_ai.provider.name": _provider(host),
            "gen_ai.request.model": model,
            "gen_ai.request.max_tokens": max_tokens,
            "gen_ai.request.temperature": 0.0,
            "gen_ai.request.stream": True,
            "server.address": host,
            "routeback.arm": arm,
        }
        if place.port:
            attributes["server.port"] = place.port
        return self._begun(f"chat {model}", attributes, "CLIENT")

    def generated(self, usage: Generated) -> None:
        """Say what a generation took."""
        told: dict[str, Attribute] = {
            "gen_ai.usage.input_tokens": usage.input_tokens,
            "gen_ai.usage.output_tokens": usage.output_tokens,
        }
        if usage.finish:
            told["gen_ai.response.finish_reasons"] = [usage.finish]
        if usage.model:
            told["gen_ai.response.model"] = usage.model
        if usage.first_s is not None:
            told["gen_ai.response.time_to_first_chunk"] = round(usage.first_s, 4)
        self.tell(told)

    def evaluated(self, name: str, value: float | None, side: str = "") -> None:
        """Say what a scorer said of an answer. value: None: there is no score, which is no 0."""
        if self._span is None:
            return
        told: dict[str, Attribute] = {"gen_ai.evaluation.name": name}
        if value is None:
            told["gen_ai.evaluation.score.label"] = UNSCORED
        else:
            told["gen_ai.evaluation.score.value"] = value
            told["gen_ai.evaluation.score.label"] = "scored"
        if side:
            told["routeback.side"] = side
        self._span.add_event("gen_ai.evaluation.result", told)

    def tell(self, attributes: Mapping[str, Attribute]) -> None:
        """Add attributes: names, numbers and ids alone."""
        if self._span is not None:
            self._span.set_attributes(attributes)

    def end(self, error: BaseException | None = None) -> None:
        """End it. error: what ended it; its kind is told, and not what it says."""
        if self._span is None:
            return
        if isinstance(error, Exception):
            from opentelemetry.trace import StatusCode

            self._span.set_attribute("error.type", type(error).__name__)
            self._span.set_status(StatusCode.ERROR)
        elif error is not None:
            self._span.set_attribute("routeback.stopped", value=True)
        self._span.end()

    def _begun(self, name: str, told: Mapping[str, Attribute], kind: _Kind = "INTERNAL") -> "Span":
        if self._tracer is None or self._span is None:
            return OFF
        from opentelemetry.trace import SpanKind, set_span_in_context

        span = self._tracer.start_span(
            name, set_span_in_context(self._span), SpanKind[kind], dict(told)
        )
        return Span(self._tracer, span)


OFF: Final = Span()
_current: ContextVar[Span] = ContextVar("span", default=OFF)
_caller: ContextVar[str] = ContextVar("caller", default="")


def current() -> Span:
    """Return what is worked on now."""
    return _current.get()


def called_by(traceparent: str) -> None:
    """Note which span of another system asks, for the turn that begins in this task.

    The turn's trace is its own, and only points there: who calls must not choose what is sampled.
    """
    _caller.set(traceparent.strip().lower())


def turn_ids(turn_id: str) -> tuple[int, int]:
    """Return the ids of the trace and the span of a turn; nobody has to keep them.

    They are digests: samplers take the end of a trace's id for a random number, and that of a UUID
    is none.
    """
    ids = digests.key(f"trace\0{turn_id}", 24)
    return int.from_bytes(ids[:16]) or 1, int.from_bytes(ids[16:]) or 1


class Tracing:
    """Begins traces, if they are sent anywhere."""

    def __init__(
        self, provider: "TracerProvider | None" = None, give_up: Callable[[], None] | None = None
    ) -> None:
        """provider: makes the spans; None: there are none. give_up: stops what sends them."""
        self._provider = provider
        self._give_up = give_up
        self._tracer = provider.get_tracer(SERVICE, version("routeback")) if provider else None

    @classmethod
    def of(cls, environ: Mapping[str, str] = os.environ) -> Self:
        """Return what the standard variables of OpenTelemetry say."""
        named = next((name for name in ENDPOINTS if environ.get(name)), None)
        off = environ.get("OTEL_SDK_DISABLED", "").lower() == "true"
        if named is None or off or environ.get("OTEL_TRACES_EXPORTER", "otlp") != "otlp":
            return cls()
        try:
            from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
            from opentelemetry.sdk.trace.export import BatchSpanProcessor
        except ModuleNotFoundError:
            log.warning(_MISSING, named)
            return cls()
        tracing = provider_of(environ)
        sending = OTLPSpanExporter()
        tracing.add_span_processor(BatchSpanProcessor(sending))
        return cls(tracing, sending.shutdown)

    def turn(self, turn_id: str, conversation_id: str) -> Span:
        """Begin the trace of a turn."""
        told = {
            "gen_ai.operation.name": "invoke_agent",
            "gen_ai.agent.name": SERVICE,
            "gen_ai.conversation.id": conversation_id,
            "routeback.turn": turn_id,
        }
        return self._root(f"invoke_agent {SERVICE}", told, _context(_caller.get()), turn_id)

    def pair(self, job_id: str, turn_id: str, arm: str, segment: str) -> Span:
        """Begin the trace of a pair, which points to its turn's."""
        told = {
            "routeback.pair": job_id,
            "routeback.turn": turn_id,
            "routeback.arm": arm,
            "routeback.segment": segment,
        }
        link = _context_of(*turn_ids(turn_id)) if self._tracer else None
        return self._root("pair", told, link)

    def night(self, kind: str) -> Span:
        """Begin the trace of a night of evals."""
        return self._root("night", {"routeback.night.kind": kind}, None)

    def close(self) -> None:
        """Send what is still to be sent, for some seconds at most. Blocking."""
        if self._provider is None:
            return
        late = threading.Timer(_LAST_S, self._give_up or (lambda: None))
        late.start()
        try:
            self._provider.shutdown()
        finally:
            late.cancel()

    def _root(
        self, name: str, told: Mapping[str, Attribute], to: "SpanContext | None", turn_id: str = ""
    ) -> Span:
        if self._tracer is None:
            return OFF
        from opentelemetry.context import Context
        from opentelemetry.trace import Link

        token = _given.set(turn_ids(turn_id) if turn_id else None)
        try:
            links = [Link(to)] if to else []
            span = self._tracer.start_span(name, Context(), attributes=dict(told), links=links)
        finally:
            _given.reset(token)
        return Span(self._tracer, span)


_given: ContextVar[tuple[int, int] | None] = ContextVar("given", default=None)


def provider_of(environ: Mapping[str, str] = os.environ) -> "TracerProvider":
    """Return what spans are made with; nothing takes them yet.

    It is never the process's global one: libraries that find that would trace on their own, and
    put addresses with what people search for into spans.
    """
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.id_generator import RandomIdGenerator

    class Ids(RandomIdGenerator):
        """Random ids, but where they are given."""

        def generate_span_id(self) -> int:
            given = _given.get()
            return given[1] if given else super().generate_span_id()

        def generate_trace_id(self) -> int:
            given = _given.get()
            return given[0] if given else super().generate_trace_id()

    resource: dict[str, Any] = {"service.version": version("routeback")}
    if not environ.get("OTEL_SERVICE_NAME"):
        resource["service.name"] = SERVICE
    return TracerProvider(
        resource=Resource.create(resource), id_generator=Ids(), shutdown_on_exit=False
    )


def _provider(host: str) -> str:
    named = (name for end, name in _PROVIDERS if host == end or host.endswith(end))
    return next(named, _OTHER)


def _context(traceparent: str) -> "SpanContext | None":
    """Return the span that a header names; None if it is no such header."""
    if not _TRACEPARENT.fullmatch(traceparent) or traceparent.startswith("ff"):
        return None
    _, trace, span, _ = traceparent.split("-")
    if not int(trace, 16) or not int(span, 16):
        return None
    return _context_of(int(trace, 16), int(span, 16))


def _context_of(trace_id: int, span_id: int) -> "SpanContext":
    from opentelemetry.trace import SpanContext, TraceFlags

    return SpanContext(trace_id, span_id, is_remote=True, trace_flags=TraceFlags(1))
