"""Builds the judge that the settings name: at an endpoint, or in an engine on this machine.

A judge with base's own weights shares base's engine, also that of a server which lends it to
another process. It waits behind people, never takes more than one place in their queue, and holds
the engine for one request at a time; a request that is under way is not interrupted, so a person
may wait for the rest of one.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import openai
from openai import AsyncOpenAI

from assistant.arms.arm import CONNECT_TIMEOUT_S, Arm, EmbeddedArm, remote_client
from assistant.errors import ArmBusy
from assistant.local.admission import Admission, Priority
from assistant.local.catalogue import revision_of
from assistant.local.embeddings import TextEmbedder
from assistant.local.engine import PROMPT_CACHES, Engine, EngineSpec, threads_here
from assistant.progress import Watcher
from assistant.retries import QUEUE
from assistant.settings import Settings
from guardrails.judge.judge import judge_scorers
from guardrails.judge.model import JudgeModel
from guardrails.scorers.scorer import Scorer


@dataclass(frozen=True, slots=True)
class _Place:
    """An engine and the queue in front of it."""

    engine: Engine
    admission: Admission


class EngineTransport(httpx2.AsyncBaseTransport):
    """Sends each request to where the engine listens now, after people have had their turn.

    weights: those that are to judge; an engine that holds others is not asked.
    """

    def __init__(self, engine: Engine, admission: Admission, weights: Path | None = None) -> None:
        self._engine = engine
        self._admission = admission
        self._weights = weights
        self._alone = asyncio.Semaphore(1)
        self._wire = httpx2.AsyncHTTPTransport(trust_env=False, verify=False)

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Wait for a place, send, and read the whole reply before leaving the place."""
        async with self._alone, AsyncExitStack() as stack:
            await self._enter(stack)
            endpoint = await self._engine.endpoint()
            if self._weights not in {None, self._engine.spec.weights}:
                raise httpx2.ConnectError(f"The engine holds {self._engine.spec.weights.name}.")
            request.url = request.url.copy_with(port=endpoint.port)
            request.headers["Host"] = f"127.0.0.1:{endpoint.port}"
            request.headers["Authorization"] = f"Bearer {endpoint.api_key}"
            request = await _without_adapters(request, self._engine)
            response = await self._wire.handle_async_request(request)
            await response.aread()
            return response

    async def aclose(self) -> None:
        """Close the connections."""
        await self._wire.aclose()

    async def _enter(self, stack: AsyncExitStack) -> None:
        async for attempt in QUEUE.attempts(ArmBusy):
            with attempt:
                await stack.enter_async_context(self._admission.enter(Priority.BACKGROUND))


async def _without_adapters(request: httpx2.Request, engine: Engine) -> httpx2.Request:
    """Name every adapter that the engine holds now; it may hold others than at the start."""
    body = await request.aread()
    if not body:
        return request
    content = json.dumps({**json.loads(body), "lora": engine.spec.scales(None)}).encode()
    headers = {name: v for name, v in request.headers.items() if name.lower() != "content-length"}
    return httpx2.Request(
        request.method, request.url, headers=headers, content=content, extensions=request.extensions
    )


@asynccontextmanager
async def open_judge(
    settings: Settings,
    base: Arm | None,
    embedder: TextEmbedder,
    watcher: Watcher,
    lent: AsyncOpenAI | None = None,
) -> AsyncIterator[tuple[Scorer, ...]]:
    """Yield the judged scorers; none where no judge is set.

    base: the running base arm, whose engine a judge with the same weights shares. lent: asks the
    judge's weights where a server has them loaded; is closed here.

    Raises:
        WeightsError: the judge's weights cannot be had.
        ArmError: an engine for them cannot be started.
    """
    async with AsyncExitStack() as stack:
        model = await _model(settings, base, watcher, stack, lent)
        if model is None:
            yield ()
            return

        def embed(texts: Sequence[str]) -> Any:
            return embedder.queries(texts)

        yield judge_scorers(model, embed, embedder.revision)


async def _model(
    settings: Settings,
    base: Arm | None,
    watcher: Watcher,
    stack: AsyncExitStack,
    lent: AsyncOpenAI | None,
) -> JudgeModel | None:
    judge = settings.judge
    if judge.weights is not None:
        client = lent or _client(await _place(settings, base, watcher, stack), judge.timeout_s)
        stack.push_async_callback(client.close)
        without = {"cache_prompt": True}
        revision = revision_of(settings.weights_store().find(judge.weights))
        return JudgeModel(
            *(client, judge.weights, revision, judge.extra_body, judge.timeout_s),
            engine_body=without,
        )
    if judge.model is not None:
        key = judge.api_key.get_secret_value() if judge.api_key else "none"
        client = remote_client(judge.base_url, key, judge.timeout_s)
        stack.push_async_callback(client.close)
        return JudgeModel(client, judge.model, judge.revision, judge.extra_body, judge.timeout_s)
    return None


def _client(place: _Place, timeout_s: float) -> AsyncOpenAI:
    """Return a client of an engine in this process."""
    transport = EngineTransport(place.engine, place.admission, place.engine.spec.weights)
    return AsyncOpenAI(
        base_url="http://127.0.0.1/v1",
        api_key="the transport knows it",
        timeout=openai.Timeout(timeout_s, connect=CONNECT_TIMEOUT_S),
        max_retries=0,
        http_client=openai.DefaultAsyncHttpxClient(transport=transport),
    )


async def _place(
    settings: Settings, base: Arm | None, watcher: Watcher, stack: AsyncExitStack
) -> _Place:
    """Return base's engine if it holds the judge's weights, else start one."""
    store = settings.weights_store()
    weights = store.find(settings.judge.weights or "")
    if isinstance(base, EmbeddedArm) and base.engine.spec.weights == store.path(weights):
        return _Place(base.engine, base.admission)
    spec = EngineSpec(
        weights=store.pull(weights, watcher.progress),
        context_tokens=settings.engine.context_tokens,
        slots=PROMPT_CACHES,
        threads=settings.engine.threads or threads_here(),
    )
    engine = await stack.enter_async_context(Engine(spec, settings.data_dir / "judge.log"))
    return _Place(engine, Admission("judge", slots=1, limit=1))
