"""The composition root: settings in, a running assistant out. Nothing else builds adapters."""

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from typing import Literal

import aiosqlite
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver
from sqlalchemy import Engine as Database

from assistant import sample
from assistant.arms.arm import RemoteArm, only_model, remote_client
from assistant.arms.lineup import Lineup, adapters_of, known_of
from assistant.arms.roster import Roster, source
from assistant.assistant import Assistant, Knowledge
from assistant.errors import KnowledgeError, SettingsError
from assistant.folders import close_to_others, private_file, private_folder
from assistant.guarding import build
from assistant.knowledge.index.edge import EdgeIndex
from assistant.knowledge.index.index import Index
from assistant.knowledge.library import Library
from assistant.knowledge.search import Search
from assistant.local.catalogue import Weights, find
from assistant.local.checker import near_copies
from assistant.local.embeddings import TextEmbedder, remembered_queries
from assistant.local.engine import PROMPT_CACHES, EngineSpec, threads_here
from assistant.local.late_engine import LateEngine, announce, obtained
from assistant.local.tokens import token_states
from assistant.local.weights import WeightsStore
from assistant.progress import Watcher
from assistant.records.database import open_records, open_url
from assistant.records.nights import Nights
from assistant.records.tickets import Tickets
from assistant.records.turns import Records
from assistant.retention.threads import FILE as THREADS
from assistant.segments import Segmenter
from assistant.settings import ArmSettings, Settings
from assistant.turn import graph
from assistant.turn.permissions import Writing
from guardrails.guard import BASE

SAMPLE_ROOT = "sample"
_WRITES_WAIT_S = 30.0
"""While another connection rebuilds the file: ``assistant.retention.wiping``."""

Bringing = Literal["now", "beside", "when asked"]
"""When the embedded engine is brought up: before anything else; while questions are answered
already; or by who catches ``EngineWanted``."""


@asynccontextmanager
async def open_assistant(
    settings: Settings, watcher: Watcher, engine: Bringing = "now"
) -> AsyncIterator[Assistant]:
    """Build everything that answers need, and take it down again.

    engine: when it is brought up, if there is one.

    Raises:
        RoutebackError: a part cannot be built; the message says which and what to do.
    """
    async with AsyncExitStack() as stack:
        close_to_others(settings.data_dir)  # what older versions made
        embedder = sample.embedder()
        knowledge = stack.enter_context(open_knowledge(settings, watcher, embedder))
        database = stack.enter_context(open_records(settings.data_dir))
        lineup = await _lineup(settings, database, watcher, stack)
        if lineup.engine is not None and engine == "now":
            await lineup.engine.bring(watcher, lineup)
        connection = await stack.enter_async_context(
            aiosqlite.connect(private_file(settings.data_dir / THREADS), timeout=_WRITES_WAIT_S)
        )
        checker = near_copies()
        gate = build.gate(settings, embedder, checker)
        scorers = await stack.enter_async_context(
            build.open_scorers(settings, lineup.arms[BASE], embedder, checker, watcher)
        )
        guard = build.guard(settings, lineup, database, scorers, gate)
        if lineup.engine is not None and engine == "beside":
            lineup.engine.begin(lineup)
        yield Assistant(
            settings=settings,
            knowledge=knowledge,
            lineup=lineup,
            arms=lineup.arms,
            engine=lineup.engine,
            records=Records(database),
            tickets=Tickets(database),
            nights=Nights(nights_database(settings, stack, database)),
            segmenter=_segmenter(settings, embedder),
            guard=guard,
            gate=gate,
            scorers=scorers,
            graph=graph.build(AsyncSqliteSaver(connection)),
            writing=Writing(settings.quote, settings.answers.segments, guard.writes),
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
    settings: Settings, watcher: Watcher, embedder: TextEmbedder | None = None
) -> Iterator[Knowledge]:
    """Open the index; the first time, fill it with the sample knowledge unless told not to.

    Raises:
        KnowledgeError: the index cannot be opened or written.
    """
    model: TextEmbedder = embedder or sample.embedder()
    try:
        private_folder(settings.data_dir)
    except OSError as error:
        raise KnowledgeError(f"{settings.data_dir} cannot be used: {error.strerror}.") from error
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
        yield Knowledge(library, search, token_states())
    finally:
        index.close()


def _index(settings: Settings, dimensions: int) -> Index:
    knowledge = settings.knowledge
    if knowledge.qdrant_url is None:
        return EdgeIndex(settings.data_dir / "index", dimensions)
    from qdrant_client import QdrantClient  # two seconds to import

    from assistant.knowledge.index.qdrant import QdrantIndex

    key = knowledge.qdrant_api_key
    client = QdrantClient(url=knowledge.qdrant_url, api_key=key.get_secret_value() if key else None)
    return QdrantIndex(client, knowledge.collection, dimensions)


def _segmenter(settings: Settings, embedder: TextEmbedder) -> Segmenter:
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
    choice = find(settings.engine.model)
    announce(store, choice, watcher)
    weights, _ = obtained(store, choice, watcher)
    return weights, store.path(weights)


async def _lineup(
    settings: Settings, database: Database, watcher: Watcher, stack: AsyncExitStack
) -> Lineup:
    """Make what the arms need, and line them up; the engine is still to be brought up."""
    roster = Roster(settings, database)
    entries = roster.entries()
    for name in roster.hidden():
        watcher.notice(f"The arm {name} that was added is not used: {source()} has one, too.")
    adapters = adapters_of(entries)
    engine = None
    if adapters or not settings.remote_base:
        engine = await stack.enter_async_context(_engine(settings, adapters))
    base = None
    if settings.remote_base and not any(entry.arm.name == BASE for entry in entries):
        base = await _openai_base(settings, roster, watcher, stack)
    lineup = Lineup(settings, roster, engine, base)
    stack.push_async_callback(lineup.close)
    return lineup


def _engine(settings: Settings, adapters: Mapping[str, Path]) -> LateEngine:
    if missing := {name: str(path) for name, path in adapters.items() if not path.is_file()}:
        raise SettingsError(
            f"These adapters are not files: {', '.join(missing.values())}.",
            hint=f"Put them back, or 'routeback arms remove {next(iter(missing))}'.",
        )
    store = WeightsStore.of(settings.cache_dir, offline=settings.offline)
    weights = find(settings.engine.model)
    spec = EngineSpec(
        weights=store.path(weights),
        adapters=adapters,
        context_tokens=settings.engine.context_tokens,
        slots=max(settings.engine.slots, PROMPT_CACHES),
        threads=settings.engine.threads or threads_here(),
    )
    return LateEngine(spec, settings.data_dir / "engine.log", store, weights)


async def _openai_base(
    settings: Settings, roster: Roster, watcher: Watcher, stack: AsyncExitStack
) -> RemoteArm:
    """Return base at OPENAI_BASE_URL, with the model that it serves unless one is named."""
    key = settings.openai_api_key.get_secret_value() if settings.openai_api_key else "none"
    arm = ArmSettings(name=BASE, base_url=settings.openai_base_url, model=settings.openai_model)
    if arm.model is None:
        async with remote_client(arm.base_url, key, arm.timeout_s) as endpoint:
            arm = arm.model_copy(update={"model": await only_model(endpoint)})
    model = str(arm.model)
    facts = known_of(roster, arm)
    client = remote_client(arm.base_url, key, arm.timeout_s, facts)
    stack.push_async_callback(client.close)
    watcher.notice(f"Base is {model} at {client.base_url} (from OPENAI_*).")
    return RemoteArm(BASE, model, model, client, known=facts)
