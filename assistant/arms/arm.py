"""An arm: a model that can answer, behind an OpenAI-compatible endpoint.

The embedded engine and a remote endpoint are reached the same way; they differ in where the
endpoint is, in the queue in front of it and in what is added to the request body.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, aclosing, contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Protocol, cast
from urllib.parse import parse_qsl, urlsplit

from assistant.arms.endpoint.dialect import LIMITS, Dialect, first
from assistant.arms.endpoint.events import Events
from assistant.arms.endpoint.facts import EndpointFacts
from assistant.arms.endpoint.failures import failure, kind
from assistant.arms.endpoint.reply import CHARACTERS_A_TOKEN, Reply, Unopened
from assistant.arms.endpoint.usage import Usage, counted, prompt_of
from assistant.conversation import Message
from assistant.errors import ArmError, ArmSpent
from assistant.local.admission import Admission, Priority
from assistant.local.engine import Endpoint, Engine
from assistant.watching import traces
from guardrails.failures import without_keys

if TYPE_CHECKING:  # a second to import, and what is quoted needs no model
    from openai import AsyncOpenAI
    from openai.types.chat import ChatCompletionMessageParam

CONNECT_TIMEOUT_S: Final = 10.0
_AT_ONCE: Final = 64 * 1024
"""Bytes that are read before others get their turn."""
_SHORT: Final[Message] = {"role": "user", "content": "Reply with the one word: yes"}
_ENOUGH: Final = 2048
"""Tokens: enough for a model to reason about that."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a streamed answer. usage: only with the last one.

    cut: the answer ends here because it was long, and not because it was over. begins: a slot is
    free, and nothing is said yet; what came before was waiting. thought: reasoning, which is
    counted and never shown.
    """

    text: str
    usage: Usage | None = None
    cut: bool = False
    begins: bool = False
    thought: str = ""


class Arm(Protocol):
    """A model that can answer."""

    @property
    def name(self) -> str:
        """The name that routes, records and settings use."""
        ...

    @property
    def revision(self) -> str:
        """The exact model behind the name."""
        ...

    @property
    def queues(self) -> bool:
        """Whether it waits in a queue of ours; a piece then says when it begins."""
        ...

    def stream(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int,
        priority: Priority = Priority.PERSON,
        fresh: bool = False,
    ) -> AsyncGenerator[Piece]:
        """Answer, piece by piece, at temperature 0 where that is taken.

        fresh: compute all of it, without a cached beginning; for what is measured.

        Raises:
            ArmError: it did not answer; ``ArmBusy``, ``ArmNotReady``, ``ArmTimeout``,
                ``ArmFiltered`` and ``ArmSpent`` say so.
        """
        ...


@dataclass(slots=True)
class ReplyModel:
    """What the last reply of an endpoint said of the model behind it; empty if nothing."""

    model: str = ""
    fingerprint: str = ""

    def note(self, event: Mapping[str, Any]) -> None:
        """Keep what one event of a reply says."""
        self.model = _named(event.get("model")) or self.model
        self.fingerprint = _named(event.get("system_fingerprint")) or self.fingerprint


def _named(value: Any) -> str:
    return value if isinstance(value, str) else ""


@dataclass(frozen=True, slots=True)
class RemoteArm:
    """A model at an OpenAI-compatible endpoint.

    seen: what it says of itself. known: its dialect, the one that ``client`` was made with.
    """

    name: str
    model: str
    revision: str
    client: "AsyncOpenAI" = field(repr=False)
    extra_body: Mapping[str, Any] = field(default_factory=dict)
    seen: ReplyModel = field(default_factory=ReplyModel, compare=False)
    known: EndpointFacts = field(default_factory=EndpointFacts, compare=False, repr=False)
    queues: bool = field(default=False, init=False)

    async def stream(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int,
        priority: Priority = Priority.PERSON,
        fresh: bool = False,
    ) -> AsyncGenerator[Piece]:
        """Answer, piece by piece. Queue and cache are the endpoint's own business."""
        del priority, fresh
        endpoint = _Endpoint(
            self.client, self.name, self.model, self.extra_body, self.known, self.seen
        )
        async with aclosing(endpoint.stream(messages, max_tokens)) as pieces:
            async for piece in pieces:
                yield piece


@dataclass(frozen=True, slots=True)
class EmbeddedArm:
    """Base or one of its adapters in the embedded engine. strength: in (0, 1]."""

    name: str
    revision: str
    engine: Engine = field(repr=False)
    admission: Admission = field(repr=False)
    adapter: str | None = None
    strength: float = 1.0
    timeout_s: float = 120.0
    queues: bool = field(default=True, init=False)

    async def stream(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int,
        priority: Priority = Priority.PERSON,
        fresh: bool = False,
    ) -> AsyncGenerator[Piece]:
        """Wait for a slot, then answer, piece by piece.

        Before the engine is up, only what nobody waits for does; a person is told at once.
        """
        await self.engine.up(wait=priority is Priority.BACKGROUND)
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(self.admission.enter(priority))
            yield Piece("", begins=True)
            # Only now: what the engine holds may have changed while this waited.
            scales = self.engine.spec.scales(self.adapter, self.strength)
            extra: dict[str, Any] = {"lora": scales, "cache_prompt": not fresh}
            endpoint = await self.engine.endpoint()
            client = await stack.enter_async_context(_engine_client(endpoint, self.timeout_s))
            chat = _Endpoint(client, self.name, self.name, extra, EndpointFacts(), ReplyModel())
            pieces = chat.stream(messages, max_tokens)
            await stack.enter_async_context(aclosing(pieces))
            async for piece in pieces:
                yield piece


def remote_client(
    base_url: str | None, api_key: str, timeout_s: float, known: EndpointFacts | None = None
) -> "AsyncOpenAI":
    """Return a client that fails once and says why; retrying is the caller's decision.

    It asks again only where an endpoint refuses what it is asked with. base_url: a query, as
    Azure's ``?api-version=…``, is sent with each request. known: the endpoint's dialect.
    """
    import openai

    from assistant.arms.endpoint.client import DialectClient

    timeout = openai.Timeout(timeout_s, connect=CONNECT_TIMEOUT_S)
    place = urlsplit(base_url or "")
    return openai.AsyncOpenAI(
        base_url=place._replace(query="", fragment="").geturl() or None,
        api_key=api_key,
        timeout=timeout,
        max_retries=0,
        default_query=dict(parse_qsl(place.query)),
        http_client=DialectClient(known or EndpointFacts(beginning(base_url)), timeout),
    )


def beginning(base_url: str | None) -> Dialect:
    """Return what to speak to an endpoint that nothing is known of."""
    return first(urlsplit(base_url or "").hostname or "")


def _engine_client(endpoint: Endpoint, timeout_s: float) -> "AsyncOpenAI":
    """Return a client for loopback: it knows no proxy and loads no certificates (50 ms)."""
    import openai

    return openai.AsyncOpenAI(
        base_url=endpoint.base_url,
        api_key=endpoint.api_key,
        timeout=openai.Timeout(timeout_s, connect=CONNECT_TIMEOUT_S),
        max_retries=0,
        http_client=openai.DefaultAsyncHttpxClient(trust_env=False, verify=False),
    )


@dataclass(frozen=True, slots=True)
class _Endpoint:
    """What an arm is asked through; see ``RemoteArm``."""

    client: "AsyncOpenAI"
    arm: str
    model: str
    extra_body: Mapping[str, Any]
    known: EndpointFacts
    seen: ReplyModel

    async def stream(
        self, messages: Sequence[Message], max_tokens: int, *, decide: bool = True
    ) -> AsyncGenerator[Piece]:
        """Answer, piece by piece. decide: ask once more where nobody can tell what was said."""
        limits = (self.extra_body.get(name) for name in LIMITS)
        most = max([max_tokens, *(limit for limit in limits if isinstance(limit, int))])
        reply = Reply(most)
        address = str(self.client.base_url)
        generation = traces.current().generation(self.arm, self.model, address, max_tokens)
        began, first_s = time.monotonic(), None
        try:
            with _failing(self.arm, self.extra_body):
                async with AsyncExitStack() as stack:
                    with generation.current():
                        response = await stack.enter_async_context(
                            self.client.chat.completions.with_streaming_response.create(
                                model=self.model,
                                messages=cast("list[ChatCompletionMessageParam]", list(messages)),
                                max_tokens=max_tokens,
                                temperature=0,
                                stream=True,
                                stream_options={"include_usage": True},
                                extra_body=dict(self.extra_body),
                            )
                        )
                    reply.unopened = self.known.dialect.unopened  # it may have been found just now
                    pieces = self._read(response.iter_bytes(), reply)
                    await stack.enter_async_context(aclosing(pieces))
                    async for piece in pieces:
                        first_s = first_s or time.monotonic() - began
                        yield piece
                text, thought = reply.close()
            await self._judged(reply, most, decide=decide)
        except BaseException as error:
            generation.end(error)
            raise
        usage = counted(prompt_of(messages), reply.answer + reply.thought, reply.said)
        told = (usage.prompt_tokens, usage.completion_tokens, reply.finish or "", self.seen.model)
        generation.generated(traces.Generated(*told, first_s))
        generation.end()
        yield Piece(text, usage, cut=reply.finish == "length", thought=thought)

    async def _read(self, wire: AsyncIterator[bytes], reply: Reply) -> AsyncGenerator[Piece]:
        try:
            async with aclosing(_events(wire)) as events:
                async for event in events:
                    text, thought = reply.take(event)
                    self.seen.note(event)
                    if text or thought:
                        yield Piece(text, thought=thought)
                    if reply.over:
                        return
        except Unopened:
            await self.known.read(unopened=True)
            raise

    async def _judged(self, reply: Reply, most: int, *, decide: bool) -> None:
        """Take note of what a reply tells of the endpoint.

        Raises:
            ArmError: it is no answer.
        """
        arm = self.arm
        if reply.nothing:
            hint = f"Check the base_url of {arm}: it may be no chat endpoint."
            raise ArmError(f"{arm} sent nothing that is a reply.", arm=arm, hint=hint)
        if reply.finish is None or reply.finish == "broken":
            message = f"{arm} stopped in the middle of the answer."
            raise ArmError(message, arm=arm, hint="Ask again.")
        await self.known.read(unopened=reply.marked)
        if decide and reply.undecided:
            await self._decide()
        undecided = decide and reply.undecided and self.known.dialect.unopened is not False
        only_thought = not reply.answer.strip() and bool(reply.thought.strip())
        if undecided or (reply.finish == "length" and only_thought):
            raise ArmSpent(
                f"{arm} used up the limit of {most} tokens by reasoning, before a word of the "
                "answer.",
                arm=arm,
                hint="Raise answer_tokens, or let it reason less, as with "
                'extra_body = { reasoning_effort = "low" }.',
            )

    async def _decide(self) -> None:
        """Find out whether answers begin inside the reasoning, by one that should not be cut.

        One that is cut all the same is reasoning if it is long: nobody writes so much to say yes.
        """
        text = ""
        with suppress(ArmSpent):
            async with aclosing(self.stream((_SHORT,), _ENOUGH, decide=False)) as pieces:
                async for piece in pieces:
                    text += piece.text
        runaway = len(text) > _ENOUGH * CHARACTERS_A_TOKEN  # a cap has cut it, not its end
        if self.known.dialect.unopened is None and not runaway:
            await self.known.read(unopened=len(text) > _ENOUGH)


@contextmanager
def _failing(arm: str, extra_body: Mapping[str, Any]) -> Iterator[None]:
    try:
        yield
    except Exception as error:  # whatever an endpoint or a broken wire makes the client raise
        raise failure(error, arm, extra_body) from None  # its text may have the key


async def _events(pieces: AsyncIterator[bytes]) -> AsyncGenerator[Any]:
    """Yield the events of a reply; others get their turn, however much comes at once."""
    events = Events()
    async for piece in pieces:
        for start in range(0, len(piece), _AT_ONCE):
            for event in events.feed(piece[start : start + _AT_ONCE]):
                yield event
            if events.done:
                return
            if len(piece) > _AT_ONCE:
                await asyncio.sleep(0)
    for event in events.close():
        yield event


PREFERRED_MODELS: Final = ("gpt-4.1-mini", "gpt-4o-mini")
"""Taken from an endpoint that serves many models and was named without one."""


async def only_model(client: "AsyncOpenAI") -> str:
    """Return the model to use at an endpoint that was configured without a model name.

    Raises:
        ArmError: it cannot be asked, serves none, or serves several and none is preferred.
    """
    place = without_keys(str(client.base_url))
    try:
        served = [model.id async for model in client.models.list()]
    except Exception as error:  # as above, and a web page makes it raise AttributeError
        raise ArmError(
            f"{place} does not say which models it serves ({kind(error, place)}).",
            arm="base",
            hint="Check OPENAI_BASE_URL and OPENAI_API_KEY, or set OPENAI_MODEL.",
        ) from None
    if not served:
        raise ArmError(
            f"{place} serves no models.",
            arm="base",
            hint="Check OPENAI_BASE_URL, or set OPENAI_MODEL.",
        )
    preferred = [model for model in PREFERRED_MODELS if model in served]
    if preferred or len(served) == 1:
        return [*preferred, *served][0]
    raise ArmError(
        f"{place} serves {len(served)} models, and none was chosen.",
        arm="base",
        hint=f"Set OPENAI_MODEL to one of: {', '.join(sorted(served)[:20])}.",
    )
