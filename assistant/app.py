"""The composition root: settings in, a running assistant out. Nothing else builds adapters."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from typing import Literal

from sqlalchemy import Engine as Database

from assistant import sample
from assistant.arms.arm import RemoteArm, only_model, remote_client
from assistant.arms.lineup import Lineup, adapters_of, known_of, spec_of
from assistant.arms.roster import Roster, source
from assistant.assistant import Assistant, Knowledge
from assistant.bridge.bridge import Bridge, told_by
from assistant.curation.curation import Curation
from assistant.curation.gaps import GapFinder
from assistant.curation.shelf import EntryShelf
from assistant.desk.targets import targets_of
from assistant.errors import KnowledgeError, SettingsError
from assistant.folders import close_to_others, private_folder
from assistant.guarding import build
from assistant.guarding.gauges import KeptGauges
from assistant.knowledge.index.edge import EdgeIndex
from assistant.knowledge.index.index import Index
from assistant.knowledge.library import Library
from assistant.knowledge.search import Search
from assistant.local.catalogue import Weights
from assistant.local.checker import near_copies
from assistant.local.embeddings import TextEmbedder, remembered_queries
from assistant.local.late_engine import LateEngine, announce, obtained
from assistant.local.tokens import token_states
from assistant.progress import Watcher
from assistant.records.database import open_records, open_url
from assistant.records.desk.bell import Bell
from assistant.records.desk.desk import Desk
from assistant.records.desk.events import Notices
from assistant.records.desk.threads import Threads
from assistant.records.entry_cases import EntryCases
from assistant.records.nights import Nights
from assistant.records.processes.leases import Leases
from assistant.records.processes.underway import SharedUnderway
from assistant.records.queue.mailing import MailToWhoLeft, NewTickets, chained
from assistant.records.queue.news import noted
from assistant.records.queue.queue import Queue
from assistant.records.turns import Records
from assistant.retention.threads import FILE as THREADS
from assistant.segments import Segmenter
from assistant.settings import ArmSettings, Settings
from assistant.turn import graph
from assistant.turn.checkpoints import open_checkpoints
from assistant.turn.permissions import Writing
from assistant.underway import Underway
from assistant.watching.metrics import Metrics
from assistant.watching.traces import Tracing
from assistant.watching.watch import Watch
from guardrails.guard import BASE

SAMPLE_ROOT = "sample"

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
        database = stack.enter_context(open_records(settings.data_dir, settings.database_url))
        lineup = await _lineup(settings, database, watcher, stack)
        if lineup.engine is not None and engine == "now":
            await lineup.engine.bring(watcher, lineup)
        checkpoints = await stack.enter_async_context(
            open_checkpoints(settings.data_dir / THREADS, settings.database_url)
        )
        segmenter = _segmenter(settings, embedder)
        curation = _curation(database, knowledge, embedder, segmenter, watcher)
        checker = near_copies()
        watch = Watch(Metrics(), Tracing.of())
        stack.push_async_callback(asyncio.to_thread, watch.tracing.close)
        gate = watch.gate(build.gate(settings, embedder, checker))
        scorers = await stack.enter_async_context(
            build.open_scorers(settings, lineup.arms[BASE], embedder, checker, watcher)
        )
        guard = build.guard(settings, lineup, database, scorers, gate)
        if lineup.engine is not None and engine == "beside":
            lineup.engine.begin(lineup)
        bell, targets = Bell(), targets_of(settings.desk)
        notices = told_by(settings.bridge, _notices(settings))
        nights = nights_database(settings, stack, database)
        watch.registry.register(KeptGauges(guard, nights))
        watch.follow("engine", lineup.admission)
        lineup.admission.told = watch.waited
        threads = Threads(database, bell, targets, notices(""))
        desk = Desk(database, bell, targets, notices(""))
        # Last: what is above may hold the loop up for longer than a process counts as alive.
        leases = Leases(database) if settings.database_url else None
        underway = await _underway(leases, stack)
        yield Assistant(
            settings=settings,
            knowledge=knowledge,
            lineup=lineup,
            arms=lineup.arms,
            engine=lineup.engine,
            records=Records(database, threads),
            desk=desk,
            queue=Queue.of(database, settings.desk.chat_url),
            nights=Nights(nights),
            curation=curation,
            segmenter=segmenter,
            guard=guard,
            gate=gate,
            scorers=scorers,
            graph=graph.build(checkpoints),
            writing=Writing(settings.quote, settings.answers.segments, guard.writes),
            underway=underway,
            leases=leases,
            bridge=Bridge.of(settings.bridge, desk, threads, notices),
            watch=watch,
        )


async def _underway(leases: Leases | None, stack: AsyncExitStack) -> Underway:
    """Return what is under way here; where others work on the same records, they are told of it."""
    if leases is None:
        return Underway()
    underway = SharedUnderway(leases)
    await asyncio.to_thread(leases.beat)
    stack.push_async_callback(asyncio.to_thread, leases.end)
    watching = asyncio.create_task(underway.watch())
    stack.push_async_callback(asyncio.wait, {watching})
    stack.callback(watching.cancel)
    return underway


def _notices(settings: Settings) -> Notices:
    """Return who is told of what happens to tickets: agents, channels, and who has left."""
    told: list[Notices] = [noted, NewTickets(settings.desk.notify)]
    if settings.alarms.smtp.host is not None:
        told.append(MailToWhoLeft(settings.desk.chat_url))
    return chained(*told)


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
    # Two seconds to import.
    from assistant.knowledge.index.drafts import Placement
    from assistant.knowledge.index.qdrant import QdrantIndex, connect

    key = knowledge.qdrant_api_key.get_secret_value() if knowledge.qdrant_api_key else None
    client = connect(knowledge.qdrant_url, key, knowledge.qdrant_timeout_s)
    placement = Placement(
        knowledge.qdrant_replicas, knowledge.qdrant_shards, knowledge.qdrant_on_disk
    )
    return QdrantIndex(client, knowledge.collection, dimensions, placement)


def _curation(
    database: Database,
    knowledge: Knowledge,
    embedder: TextEmbedder,
    segmenter: Segmenter,
    watcher: Watcher,
) -> Curation:
    """Return what editors work with, and serve the entries that the table says are served."""
    curation = Curation(
        shelf=EntryShelf(database, knowledge.library),
        finder=GapFinder(database, embedder),
        cases=EntryCases(database),
        segmenter=segmenter,
    )
    try:
        curation.reconcile()
    except KnowledgeError as error:  # what served before serves on
        watcher.notice(f"Entries that were changed last are not served yet: {error.message}")
    return curation


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
    store = settings.weights_store()
    choice = store.find(settings.engine.model)
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
    store = settings.weights_store()
    weights = store.find(settings.engine.model)
    spec = spec_of(settings, store.path(weights), adapters)
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
