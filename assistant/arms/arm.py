"""An arm: a model that can answer, behind an OpenAI-compatible endpoint.

The embedded engine and a remote endpoint are reached the same way; they differ in where the
endpoint is, in the queue in front of it and in what is added to the request body.
"""

import math
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import AsyncExitStack, aclosing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Protocol, cast

from assistant.arms.usage import Usage, counted, prompt_of
from assistant.errors import ArmBusy, ArmError, ArmTimeout
from assistant.local.admission import Admission, Priority
from assistant.local.engine import Endpoint, Engine
from assistant.messages import Message
from guardrails.failures import noted, without_keys

if TYPE_CHECKING:  # a second to import, and what is quoted needs no model
    import openai
    from openai import AsyncOpenAI
    from openai.types.chat import ChatCompletionChunk, ChatCompletionMessageParam

CONNECT_TIMEOUT_S: Final = 10.0
_BUSY_RETRY_S: Final = 5.0
_NO_QUOTA: Final = "insufficient_quota"
"""OpenAI's code for it; the status is that of a rate limit, but waiting does not help."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a streamed answer. usage: only with the last one.

    cut: the answer ends here because it was long, and not because it was over. begins: a slot is
    free, and nothing is said yet; what came before was waiting.
    """

    text: str
    usage: Usage | None = None
    cut: bool = False
    begins: bool = False


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

    def stream(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int,
        priority: Priority = Priority.PERSON,
        fresh: bool = False,
    ) -> AsyncGenerator[Piece]:
        """Answer, piece by piece, at temperature 0.

        fresh: compute all of it, without a cached beginning; for what is measured.

        Raises:
            ArmError: it did not answer; ``ArmBusy``, ``ArmNotReady`` and ``ArmTimeout`` say so.
        """
        ...


@dataclass(slots=True)
class Seen:
    """What the last reply of an endpoint said of the model behind it; empty if nothing."""

    model: str = ""
    fingerprint: str = ""

    def note(self, event: "ChatCompletionChunk") -> None:
        """Keep what one event of a reply says."""
        self.model = event.model or self.model
        self.fingerprint = event.system_fingerprint or self.fingerprint


@dataclass(frozen=True, slots=True)
class RemoteArm:
    """A model at an OpenAI-compatible endpoint. seen: what it says of itself."""

    name: str
    model: str
    revision: str
    client: "AsyncOpenAI" = field(repr=False)
    extra_body: Mapping[str, Any] = field(default_factory=dict)
    seen: Seen = field(default_factory=Seen, compare=False)

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
        pieces = _stream(
            *(self.client, self.name, self.model, messages, max_tokens, self.extra_body),
            seen=self.seen,
        )
        async with aclosing(pieces):
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
            pieces = _stream(client, self.name, self.name, messages, max_tokens, extra)
            await stack.enter_async_context(aclosing(pieces))
            async for piece in pieces:
                yield piece


def remote_client(base_url: str | None, api_key: str, timeout_s: float) -> "AsyncOpenAI":
    """Return a client that fails once and says why; retrying is the caller's decision."""
    import openai

    timeout = openai.Timeout(timeout_s, connect=CONNECT_TIMEOUT_S)
    return openai.AsyncOpenAI(base_url=base_url, api_key=api_key, timeout=timeout, max_retries=0)


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


async def _stream(
    client: "AsyncOpenAI",
    arm: str,
    model: str,
    messages: Sequence[Message],
    max_tokens: int,
    extra_body: Mapping[str, Any],
    seen: Seen | None = None,
) -> AsyncGenerator[Piece]:
    try:
        reply = await client.chat.completions.create(
            model=model,
            messages=cast("list[ChatCompletionMessageParam]", list(messages)),
            max_tokens=max_tokens,
            temperature=0,
            stream=True,
            stream_options={"include_usage": True},
            extra_body=dict(extra_body),
        )
        answer, said = "", None
        async with reply:
            finished = False
            async for event in reply:
                if seen is not None:
                    seen.note(event)
                text = (event.choices[0].delta.content or "") if event.choices else ""
                finished = finished or any(choice.finish_reason for choice in event.choices)
                said = event.usage or said
                cut = any(choice.finish_reason == "length" for choice in event.choices)
                if text or cut:
                    answer += text
                    yield Piece(text, cut=cut)
    except Exception as error:  # whatever an endpoint or a broken wire makes the client raise
        raise _failure(error, arm) from None  # its text may have the key: it is in no traceback
    if not finished:
        raise ArmError(f"{arm} stopped in the middle of the answer.", arm=arm, hint="Ask again.")
    yield Piece("", counted(prompt_of(messages), answer, said))


def _failure(error: Exception, arm: str) -> ArmError:
    """Return what went wrong in words of ours; what the endpoint said is logged."""
    import httpx2
    import openai

    if isinstance(error, openai.APITimeoutError | httpx2.TimeoutException):
        return ArmTimeout(f"{arm} took too long to answer.", arm=arm)
    if isinstance(error, openai.RateLimitError) and error.code != _NO_QUOTA:
        wait = _retry_after(error)
        return ArmBusy(f"{arm} is over its rate limit.", arm=arm, retry_after_s=wait)
    why = _kind(error, arm)
    if isinstance(error, openai.APIStatusError):
        return ArmError(f"{arm} {_refusal(error)} ({why}).", arm=arm)
    return ArmError(f"{arm} stopped answering ({why}).", arm=arm, hint="Ask again.")


def _refusal(error: "openai.APIStatusError") -> str:
    """Return what a status means."""
    if error.code == _NO_QUOTA:
        return "has no quota left"
    meanings = {401: "refused the key", 403: "refused the key", 404: "knows no such model"}
    return meanings.get(error.status_code, "refused the request")


def _kind(error: Exception, who: str) -> str:
    """Return what kind of failure it was; what ``who`` said is logged."""
    import openai

    kind = noted(error, who)
    if isinstance(error, openai.APIStatusError):
        return f"HTTP {error.status_code}"
    return "it said an error" if type(error) is openai.APIError else kind


def _retry_after(error: "openai.RateLimitError") -> float:
    try:
        wait = float(error.response.headers["retry-after"])
    except (KeyError, ValueError):
        return _BUSY_RETRY_S
    return wait if math.isfinite(wait) and wait >= 0 else _BUSY_RETRY_S


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
            f"{place} does not say which models it serves ({_kind(error, place)}).",
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
