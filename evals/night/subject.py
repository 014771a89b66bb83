"""What is measured: an assistant in this process, or a service that runs elsewhere."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Protocol

from pydantic import TypeAdapter

from assistant.background.judge_loan import PATH, JudgeLoan
from assistant.background.probe import Plain, ProbeResult
from assistant.conversation import Message
from assistant.errors import ArmError, EvalsError, Interrupted, NotMeasured
from assistant.progress import Watcher
from guardrails.failures import without_keys

if TYPE_CHECKING:
    import httpx

_TIMEOUT_S: Final = 900.0
_CONNECT_S: Final = 5.0
_FAILED: Final = 400
_NOT_LET_IN: Final = 401
_LONGEST: Final = 300
_LOOK_EVERY_S: Final = 1.0


class Subject(Protocol):
    """Answers questions by the arm that is named: a ``Bench`` of this process, or a service."""

    @property
    def arms(self) -> Mapping[str, str]:
        """Revision of each arm, by name."""
        ...

    @property
    def place(self) -> str:
        """Where it is, for a person."""
        ...

    async def ask(
        self,
        arm: str,
        question: str,
        *,
        history: Sequence[Message] = (),
        interface: str = "en",
        passages: Sequence[Plain] | None = None,
    ) -> ProbeResult:
        """Ask one arm; see ``assistant.background.probe.Bench.ask``.

        Raises:
            Interrupted: it has gone, and nothing more can be asked.
            RoutebackError: there is no answer.
        """
        ...


@dataclass(frozen=True, slots=True)
class Service:
    """A running service, asked over HTTP by somebody who holds its key.

    headers: that say so.
    """

    place: str
    arms: Mapping[str, str]
    client: "httpx.AsyncClient" = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)

    async def ask(
        self,
        arm: str,
        question: str,
        *,
        history: Sequence[Message] = (),
        interface: str = "en",
        passages: Sequence[Plain] | None = None,
    ) -> ProbeResult:
        """Ask one arm."""
        import httpx

        body = {
            "arm": arm,
            "question": question,
            "history": list(history),
            "interface": interface,
            "passages": None if passages is None else list(passages),
        }
        try:
            reply = await self.client.post("/v1/evals/ask", json=body)
        except httpx.HTTPError as error:
            await self.there()
            message = f"{self.place} stopped answering ({type(error).__name__})."
            raise ArmError(message, arm=arm) from error
        if reply.status_code == _NOT_LET_IN:
            await self.there()
        if reply.status_code >= _FAILED:
            raise ArmError(_said(reply), arm=arm)
        return TypeAdapter(ProbeResult).validate_json(reply.content)

    async def there(self) -> None:
        """Return if the service still answers us.

        Raises:
            Interrupted: it does not, or it was started anew and has another owner's key.
        """
        import httpx

        try:
            reply = await self.client.get("/v1/evals/arms", timeout=_CONNECT_S)
            gone = f"HTTP {reply.status_code}" if reply.status_code == _NOT_LET_IN else ""
        except httpx.TimeoutException:
            return  # busy, and a question's own time limit says when that is too long
        except httpx.HTTPError as error:
            gone = type(error).__name__
        if gone:
            raise Interrupted(
                f"Could not measure: {self.place} went away half-way ({gone}).",
                hint="What is measured so far is kept: run the same command again within a day "
                "once it is back, and it goes on from there.",
            )

    async def offer(self) -> JudgeLoan:
        """Return what the service lends as a judge; one of an earlier version lends none."""
        import httpx

        try:
            reply = await self.client.get(PATH)
            values = reply.raise_for_status().json()
            return JudgeLoan(**{name: str(values[name]) for name in ("weights", "revision", "why")})
        except (httpx.HTTPError, ValueError, KeyError, TypeError):
            return JudgeLoan(why=f"{self.place} lends no judge.")


@asynccontextmanager
async def service(
    url: str, headers: Mapping[str, str], watcher: Watcher | None = None
) -> AsyncIterator[Service]:
    """Reach a running service, and wait until its model can write.

    url: without ``/v1``. headers: that identify who asks.

    Raises:
        NotMeasured: it cannot be reached, or has no model.
        EvalsError: it does not let us in, or cannot be measured.
    """
    import httpx

    timeout = httpx.Timeout(_TIMEOUT_S, connect=_CONNECT_S)
    address = url.rstrip("/").removesuffix("/v1")
    async with httpx.AsyncClient(base_url=address, headers=headers, timeout=timeout) as client:
        try:
            await _loaded(client, address, watcher or Watcher())
            reply = await client.get("/v1/evals/arms")
        except httpx.HTTPError as error:
            raise NotMeasured(
                f"The service at {address} cannot be reached ({type(error).__name__}).",
                hint="Start it with 'routeback serve', or correct --url.",
            ) from error
        if reply.status_code >= _FAILED:
            raise EvalsError(
                f"The service at {address} cannot be measured: {_said(reply)}",
                hint="It must be Routeback, and --key-env must name a variable with its API key.",
            )
        yield Service(address, reply.json()["arms"], client, headers)


async def _loaded(client: "httpx.AsyncClient", address: str, watcher: Watcher) -> None:
    """Wait for the model: until it is there, its arms and their revisions may still change."""
    state = ""
    while (reply := await client.get("/v1/status")).status_code < _FAILED:
        try:
            model, message = str(reply.json()["model"]), str(reply.json()["message"])
        except (ValueError, KeyError, TypeError):
            return  # no Routeback; what is asked next will say so
        if model == "failed":
            raise NotMeasured(f"Could not measure {address}: {without_keys(message)[:_LONGEST]}")
        if model == "ready":
            return
        if model != state:
            state = model
            watcher.notice(f"Waiting for {address}: {message}")
        await asyncio.sleep(_LOOK_EVERY_S)


def _said(reply: Any) -> str:
    """Return what the service says in words of ours; another service would say it in its own."""
    try:
        return without_keys(str(reply.json()["error"]["message"]))[:_LONGEST]
    except (ValueError, KeyError, TypeError):
        return f"HTTP {reply.status_code}."
