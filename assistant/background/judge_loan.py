"""Base's weights of a running server, lent as a judge to another process of its owner.

So that a night beside a server loads no weights twice, and waits behind people as the server's own
judge does. Both ends are here: ``Lender`` in the server, ``borrow`` in the process that asks.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import httpx2

from assistant.arms.arm import CONNECT_TIMEOUT_S, EmbeddedArm
from assistant.assistant import Assistant
from assistant.errors import ArmError, ArmTimeout, UnknownName
from assistant.local.catalogue import revision_of
from assistant.local.late_engine import LateEngine
from guardrails.failures import noted
from guardrails.guard import BASE

if TYPE_CHECKING:
    from openai import AsyncOpenAI

PATH: Final = "/v1/evals/judge"
"""Below it, the one call of an OpenAI-compatible endpoint that a judge makes."""


@dataclass(frozen=True, slots=True)
class JudgeLoan:
    """What a server lends.

    weights: their name in the catalogue; empty if it lends none. revision: see
    ``revision_of``. why: a sentence, if there is no offer.
    """

    weights: str = ""
    revision: str = ""
    why: str = ""


@dataclass(slots=True)
class Lender:
    """Lends base's engine. One request at a time, however many ask."""

    assistant: Assistant
    _wires: dict[Path, httpx2.AsyncClient] = field(default_factory=dict, repr=False)

    @property
    def offer(self) -> JudgeLoan:
        """What is lent now: the engine may hold the last resort first, and other weights later."""
        base = self.assistant.arms[BASE]
        if not isinstance(base, EmbeddedArm) or not isinstance(base.engine, LateEngine):
            return JudgeLoan(
                why="Base is at an endpoint, and nobody has measured how well it judges."
            )
        if not base.engine.there:
            return JudgeLoan(why="The model that writes is not there yet.")
        weights = base.engine.weights
        return JudgeLoan(weights.name, revision_of(weights))

    async def judge(self, body: Mapping[str, Any], timeout_s: float) -> tuple[int, bytes]:
        """Return status and body of the engine's reply, once people have had their turn.

        body: of a chat completion; its model names the weights that are to judge. timeout_s: of
        the request, once it has its turn.

        Raises:
            UnknownName: these weights are not lent, or not any more.
            ArmTimeout: the engine took longer.
            ArmError: it did not reply.
        """
        offer, base = self.offer, self.assistant.arms[BASE]
        if body.get("model") != offer.weights or not isinstance(base, EmbeddedArm):
            holds = f"The engine holds {offer.weights}." if offer.weights else offer.why
            raise UnknownName(f"{body.get('model')} is not lent as a judge. {holds}")
        timeout = httpx2.Timeout(timeout_s, connect=CONNECT_TIMEOUT_S)
        address = "http://127.0.0.1/v1/chat/completions"
        try:
            reply = await self._wire(base).post(address, json=dict(body), timeout=timeout)
        except httpx2.TimeoutException as error:
            raise ArmTimeout(f"The judge took longer than {timeout_s:g} s.", arm=BASE) from error
        except httpx2.HTTPError as error:
            why = noted(error, "the engine")
            raise ArmError(f"The judge's engine did not reply ({why}).", arm=BASE) from error
        return reply.status_code, reply.content

    async def close(self) -> None:
        """Close the connections."""
        for wire in self._wires.values():
            await wire.aclose()

    def _wire(self, base: EmbeddedArm) -> httpx2.AsyncClient:
        from assistant.guarding.judge import (
            EngineTransport,  # brings the clients of endpoints along
        )

        weights = base.engine.spec.weights
        if weights not in self._wires:
            transport = EngineTransport(base.engine, base.admission, weights)
            self._wires[weights] = httpx2.AsyncClient(transport=transport)
        return self._wires[weights]


def borrow(url: str, headers: Mapping[str, str], timeout_s: float) -> "AsyncOpenAI":
    """Return a client of the judge that a server lends.

    url: of the server, without ``/v1``. headers: that identify who asks. timeout_s: of a request
    once it has its turn: the server sees to it, as only the server knows when that is.
    """
    import openai

    async def let_the_server_wait(request: httpx2.Request) -> None:
        request.url = request.url.copy_merge_params({"timeout_s": f"{timeout_s:g}"})
        patient = {**request.extensions.get("timeout", {}), "read": None}
        request.extensions = {**request.extensions, "timeout": patient}

    return openai.AsyncOpenAI(
        base_url=f"{url}{PATH}",
        api_key="the headers have it",
        default_headers=dict(headers),
        timeout=openai.Timeout(timeout_s, connect=CONNECT_TIMEOUT_S),
        max_retries=0,
        http_client=openai.DefaultAsyncHttpxClient(event_hooks={"request": [let_the_server_wait]}),
    )
