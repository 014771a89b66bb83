"""The composition root: settings in, a running assistant out. Nothing else builds adapters."""

from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, contextmanager
from pathlib import Path

import aiosqlite
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver
from sqlalchemy import Engine as Database

from assistant import graph, guarding, sample
from assistant.arms import Arm, EmbeddedArm, RemoteArm, only_model, remote_client
from assistant.assistant import Assistant, Knowledge
from assistant.database import open_database, open_url
from assistant.errors import SettingsError, WeightsError
from assistant.knowledge.edge_index import EdgeIndex
from assistant.knowledge.index import Index
from assistant.knowledge.library import Library
from assistant.knowledge.search import Search
from assistant.local.admission import Admission
from assistant.local.catalogue import LAST_RESORT, Weights, find
from assistant.local.embeddings import Embedder, remembered_queries
from assistant.local.engine import Engine, EngineSpec, threads_here
from assistant.local.weights import WeightsStore
from assistant.nights import Nights
from assistant.records import Records
from assistant.segments import Segmenter
from assistant.settings import ArmSettings, Settings
from assistant.support import Support
from assistant.tickets import Tickets
from assistant.watcher import Watcher
from guardrails.guard import BASE

SAMPLE_ROOT = "sample"


@asynccontextmanager
async def open_assistant(settings: Settings, watcher: Watcher) -> AsyncIterator[Assistant]:
    """Build everything that answers need, and take it down again.

    Raises:
        RoutebackError: a part cannot be built; the message says which and what to do.
    """
    async with AsyncExitStack() as stack:
        embedder = sample.embedder()
        knowledge = stack.enter_context(open_knowledge(settings, watcher, embedder))
        engine = None
        if not settings.remote_base or any(arm.adapter for arm in settings.arms):
            engine = await stack.enter_async_context(_engine(settings, watcher))
        arms = await _arms(settings, engine, watcher, stack)
        database = open_database(settings.data_dir / "routeback.sqlite")
        stack.callback(database.dispose)
        connection = await stack.enter_async_context(
            aiosqlite.connect(settings.data_dir / "conversations.sqlite")
        )
        gate = guarding.gate(settings, embedder)
        scorers = await stack.enter_async_context(
            guarding.open_scorers(settings, arms[BASE], embedder, watcher)
        )
        yield Assistant(
            settings=settings,
            knowledge=knowledge,
            arms=arms,
            engine=engine,
            records=Records(database),
            tickets=Tickets(database),
            nights=Nights(nights_database(settings, stack, database)),
            segmenter=_segmenter(settings, embedder),
            support=Support(embedder),
            guard=guarding.guard(settings, arms, database, scorers),
            gate=gate,
            scorers=scorers,
            graph=graph.build(AsyncSqliteSaver(connection)),
        )


def nights_database(
    settings: Settings, stack: AsyncExitStack | ExitStack, records: Database
) -> Database:
    """Return where the eval nights are kept: with the records, unless a setting says where.

    Raises:
        ServerError: it cannot be opened.
    """
    url = settings.evals.database_url
    if url is None:
        return records
    database = open_url(url.get_secret_value())
    stack.callback(database.dispose)
    return database


@contextmanager
def open_knowledge(
    settings: Settings, watcher: Watcher, embedder: Embedder | None = None
) -> Iterator[Knowledge]:
    """Open the index; the first time, fill it with the sample knowledge unless told not to.

    Raises:
        KnowledgeError: the index cannot be opened or written.
    """
    model: Embedder = embedder or sample.embedder()
    index = _index(settings, model.dimensions)
    try:
        library = Library(index, model)
        if settings.knowledge.sample and not library.generation():
            watcher.notice("Indexing the sample knowledge (once).")
            library.add(SAMPLE_ROOT, sample.knowledge(), watcher.progress)
        search = Search(
            index,
            model,
            audience=settings.knowledge.audience,
            language_preference=settings.knowledge.language_preference,
        )
        yield Knowledge(library, search)
    finally:
        index.close()


def _index(settings: Settings, dimensions: int) -> Index:
    knowledge = settings.knowledge
    if knowledge.qdrant_url is None:
        return EdgeIndex(settings.data_dir / "index", dimensions)
    from qdrant_client import QdrantClient  # two seconds to import

    from assistant.knowledge.qdrant_index import QdrantIndex

    key = knowledge.qdrant_api_key
    client = QdrantClient(url=knowledge.qdrant_url, api_key=key.get_secret_value() if key else None)
    return QdrantIndex(client, knowledge.collection, dimensions)


def _segmenter(settings: Settings, embedder: Embedder) -> Segmenter:
    examples = sample.examples(settings.segments_file)
    texts = [example.text for example in examples]
    vectors = remembered_queries(texts, embedder, settings.cache_dir / "embeddings")
    return Segmenter(examples, vectors)


def base_weights(settings: Settings, watcher: Watcher) -> tuple[Weights, Path]:
    """Return base's weights, fetched if need be; the small last resort if they cannot be had.

    Raises:
        WeightsError: the file is damaged, or no model of that name is known.
    """
    store = WeightsStore.of(settings.cache_dir, offline=settings.offline)
    wanted = find(settings.engine.model)
    if store.path(wanted).is_file():
        return wanted, store.ready(wanted)
    if not settings.offline:
        watcher.notice(f"Fetching {wanted.title} ({wanted.size / 1e6:.0f} MB, once).")
    try:
        return wanted, store.pull(wanted, watcher.progress)
    except WeightsError as error:
        watcher.notice(
            f"{error.message} {error.hint}\n"
            f"Until then {LAST_RESORT.title} answers: expect weaker answers."
        )
        return LAST_RESORT, store.ready(LAST_RESORT)


@asynccontextmanager
async def _engine(settings: Settings, watcher: Watcher) -> AsyncIterator[Engine]:
    _, path = base_weights(settings, watcher)
    adapters = {arm.name: arm.adapter for arm in settings.arms if arm.adapter}
    missing = [str(path) for path in adapters.values() if not path.is_file()]
    if missing:
        raise SettingsError(f"These adapters are not files: {', '.join(missing)}.")
    spec = EngineSpec(
        weights=path,
        adapters=adapters,
        context_tokens=settings.engine.context_tokens,
        slots=settings.engine.slots,
        threads=settings.engine.threads or threads_here(),
    )
    async with Engine(spec, settings.data_dir / "engine.log") as engine:
        yield engine


async def _arms(
    settings: Settings, engine: Engine | None, watcher: Watcher, stack: AsyncExitStack
) -> dict[str, Arm]:
    arms: dict[str, Arm] = {}
    if engine is not None:
        admission = Admission(
            "base", slots=settings.engine.slots, limit=settings.engine.queue_limit
        )
        revision = engine.spec.weights.stem
        arms["base"] = EmbeddedArm("base", revision, engine, admission)
        for arm in settings.arms:
            if arm.adapter:
                name = f"{revision}+{arm.adapter.stem}@{arm.strength:g}"
                arms[arm.name] = EmbeddedArm(
                    arm.name, name, engine, admission, arm.name, arm.strength, arm.timeout_s
                )
    for arm in settings.arms:
        if arm.base_url and arm.model:
            remote = _remote(arm, arm.base_url, arm.model)
            stack.push_async_callback(remote.client.close)
            arms[arm.name] = remote
    if settings.remote_base and not any(arm.name == "base" for arm in settings.arms):
        arms["base"] = await _openai_base(settings, watcher, stack)
    return arms


def _remote(arm: ArmSettings, base_url: str, model: str) -> RemoteArm:
    key = arm.api_key.get_secret_value() if arm.api_key else "none"
    client = remote_client(base_url, key, arm.timeout_s)
    return RemoteArm(arm.name, model, arm.revision, client, arm.extra_body)


async def _openai_base(settings: Settings, watcher: Watcher, stack: AsyncExitStack) -> RemoteArm:
    """Return base at OPENAI_BASE_URL, with the model that it serves unless one is named."""
    key = settings.openai_api_key.get_secret_value() if settings.openai_api_key else "none"
    client = remote_client(settings.openai_base_url, key, ArmSettings(name="base").timeout_s)
    stack.push_async_callback(client.close)
    model = settings.openai_model or await only_model(client)
    watcher.notice(f"Base is {model} at {client.base_url} (from OPENAI_*).")
    return RemoteArm("base", model, model, client)
