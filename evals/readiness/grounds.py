"""What there is of an installation: its settings, records, files and knowledge. Blocking."""

import asyncio
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Engine

from assistant import sample
from assistant.access.keys import Keys
from assistant.app import nights_database, open_knowledge
from assistant.arms.roster import Roster, RosterEntry
from assistant.errors import RoutebackError, UnknownName, WeightsError
from assistant.guarding import build
from assistant.guarding.labels import rounds as rounds_of
from assistant.knowledge.search import Passage
from assistant.knowledge.selection import REVISION as SELECTION
from assistant.language import LANGUAGES
from assistant.local.checker import near_copies
from assistant.local.embeddings import TextEmbedder, remembered_queries
from assistant.local.lora import adapter as adapters
from assistant.privacy import redact
from assistant.progress import Watcher
from assistant.records.database import open_records
from assistant.records.desk.agents import known
from assistant.records.nights import NightRecord, Nights
from assistant.running import Running, find
from assistant.segments import UNKNOWN, Segmenter, is_talk
from assistant.settings import Settings
from assistant.wire.knowledge import FoundPassages
from assistant.wire.labels import RoundsView
from assistant.wire.night_result import NightResult
from evals.readiness.topics import TopicHint, hints
from guardrails import clock
from guardrails.attack.certificate import (
    Certificate,
    gate_version,
    refusal,
    rules_of,
    scorers_of,
)
from guardrails.attack.shipped import shipped
from guardrails.guard import BASE
from guardrails.store.store import Ledger, Store
from guardrails.types import RISEN

AUDITS: Final = "audits"
_MESSAGES: Final = 1000
_PERSONAL: Final = {
    "e-mail": "ada.lovelace@example.org",
    "iban": "DE89 3704 0044 0532 0130 00",
    "card": "4111 1111 1111 1111",
    "key": "sk-proj-4f9Kd83jdkE9dkEJd93kdE83jd9",
}
"""Made up; what redaction must take out of a text."""


@dataclass(frozen=True, slots=True)
class AuditSeen:
    """A report of ``routeback audit``. segments: verdict by segment. data: SHA-256 of the file."""

    path: str
    verdict: str
    data: str
    segments: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CandidateSeen:
    """A tuned model. sha256: of its adapter, None for a remote one. card: how it was made; {} none.

    risen: segments in which it answers people, at any strength.
    """

    name: str
    revision: str
    sha256: str | None
    card: Mapping[str, Any]
    risen: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Grounds:
    """All that items are judged by.

    segments: those that questions can be in, without language. refusals: why nobody may rise, by
    language; "" if somebody may. delivered: when a message last arrived, by channel. left: kinds of
    personal data that redaction left in a text. topics: None: there was nothing to look at.
    programs: keys by which others may ask.
    """

    at: datetime
    settings: Settings
    segments: tuple[str, ...]
    night: NightRecord | None
    certificate: Certificate | None
    refusals: Mapping[str, str]
    rounds: RoundsView
    candidates: tuple[CandidateSeen, ...]
    audits: tuple[AuditSeen, ...]
    agents: tuple[str, ...]
    delivered: Mapping[str, datetime]
    left: tuple[str, ...]
    topics: tuple[TopicHint, ...] | None
    programs: int = 0

    @property
    def result(self) -> NightResult | None:
        """What the last night found."""
        return NightResult.model_validate(self.night.result) if self.night else None


def gathered(settings: Settings, watcher: Watcher) -> Grounds:
    """Read all that there is; nothing is judged.

    Raises:
        RoutebackError: records or knowledge cannot be read.
    """
    embedder = sample.embedder()
    examples = sample.examples(settings.segments_file)
    texts = [example.text for example in examples]
    cache = settings.cache_dir / "embeddings"
    segmenter = Segmenter(examples, remembered_queries(texts, embedder, cache))
    names = {example.segment for example in examples if not is_talk(example.segment)}
    with ExitStack() as stack:
        database = stack.enter_context(open_records(settings.data_dir, settings.database_url))
        store = Store(database)
        with store.reading() as ledger:
            certificate = ledger.certificate() or shipped()
            rounds = rounds_of(ledger, settings.guard.policy)
            delivered = _delivered(ledger)
            standings = ledger.standings()
            measured = next((scorers_of(s.version) for s in standings if s.version), {})
        entries = [one for one in Roster(settings, database).entries() if one.arm.name != BASE]
        return Grounds(
            at=clock.now(),
            settings=settings,
            segments=tuple(sorted(names - {UNKNOWN})),
            night=_night(Nights(nights_database(settings, stack, database))),
            certificate=certificate,
            refusals=_refusals(settings, certificate, embedder, measured),
            rounds=rounds,
            candidates=tuple(_candidate(entry, store) for entry in entries),
            audits=tuple(_audits(settings)),
            agents=_agents(database),
            delivered=delivered,
            left=_left(),
            topics=_topics(settings, watcher, embedder, segmenter),
            programs=len(settings.server.keys) + len(Keys(database).all()),
        )


def _night(nights: Nights) -> NightRecord | None:
    try:
        return nights.find()
    except UnknownName:
        return None


def _refusals(
    settings: Settings,
    certificate: Certificate | None,
    embedder: TextEmbedder,
    measured: Mapping[str, str],
) -> dict[str, str]:
    """Return why nobody may rise, by language. measured: scorers' versions, as pairs name them."""
    gate = build.gate(settings, embedder, near_copies())
    metrics = settings.guard.metrics
    scorers = {**measured, **asyncio.run(_free(settings, embedder))}
    now = {name: scorers[name] for name in metrics if name in scorers}
    families, rules = settings.guard.families, rules_of(settings.guard.policy)
    version = gate_version(gate, SELECTION)
    return {
        language: refusal(certificate, now, version, language, families, rules)
        for language in LANGUAGES
    }


async def _free(settings: Settings, embedder: TextEmbedder) -> dict[str, str]:
    """Return the versions of the scorers that need no judge."""
    free = [name for name in settings.guard.metrics if name in {"fast", "relevance"}]
    if settings.guard.calibration is not None:
        free += [name for name in settings.guard.metrics if name == "accepted"]
    guard = settings.guard.model_copy(update={"metrics": tuple(free)})
    asked = settings.model_copy(update={"guard": guard})
    checker = near_copies()
    async with build.open_scorers(asked, None, embedder, checker, Watcher()) as scorers:
        return {scorer.name: scorer.version for scorer in scorers}


def _delivered(ledger: Ledger) -> dict[str, datetime]:
    moments: dict[str, datetime] = {}
    for message in ledger.outbox.recent(_MESSAGES):
        for one in message.deliveries:
            if one.delivered is not None:
                name = one.recipient.channel
                moments[name] = max(moments.get(name, one.delivered), one.delivered)
    return moments


def _candidate(entry: RosterEntry, store: Store) -> CandidateSeen:
    arm, card, sha256 = entry.arm, dict[str, Any](), None
    if entry.kept is not None:
        card, sha256 = dict(entry.kept.about.get("card") or {}), entry.kept.sha256
    if arm.adapter is not None and not card:
        try:
            read = adapters.opened(arm.adapter)
            card, sha256 = dict(read.card), read.sha256
        except WeightsError:
            sha256 = None
    with store.reading() as ledger:
        standings = [s for name in arm.strengths for s in ledger.standings(name)]
    risen = tuple(sorted({s.segment for s in standings if s.stage in RISEN}))
    return CandidateSeen(arm.name, arm.revision, sha256, card, risen)


def _audits(settings: Settings) -> Iterator[AuditSeen]:
    """Yield the audits of the data folder, and those that the settings name."""
    folder = settings.data_dir / AUDITS
    named = (stated.report for stated in settings.readiness.audits.values())
    for path in dict.fromkeys([*sorted(folder.glob("*/report.json")), *named]):
        if (audit := read_audit(path)) is not None:
            yield audit


def read_audit(path: Path) -> AuditSeen | None:
    """Return an audit's report; None if the file is none."""
    try:
        told = json.loads(path.read_text("utf-8"))
        segments = {one["segment"]: one["verdict"] for one in told["segments"]}
        return AuditSeen(str(path), str(told["verdict"]), str(told["data"]["sha256"]), segments)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _agents(database: Engine) -> tuple[str, ...]:
    with database.connect() as connection:
        return tuple(worker.name for worker in known(connection))


def _left() -> tuple[str, ...]:
    text = redact(" and ".join(f"My {kind} is {value}." for kind, value in _PERSONAL.items()))
    return tuple(kind for kind, value in _PERSONAL.items() if value in text)


def _topics(
    settings: Settings, watcher: Watcher, embedder: TextEmbedder, segmenter: Segmenter
) -> tuple[TopicHint, ...] | None:
    def segment_of(title: str) -> str:
        return segmenter.segment(title, embedder.queries([title])[0])

    with _searching(settings, watcher, embedder) as search:
        return None if search is None else hints(search, segment_of)


@contextmanager
def _searching(
    settings: Settings, watcher: Watcher, embedder: TextEmbedder
) -> Iterator[Callable[[str, str, int], Sequence[Passage]] | None]:
    """Yield a search in what is indexed; None where nothing is."""
    here = settings.knowledge.qdrant_url is None
    if here and (running := find(settings.data_dir)) is not None:
        yield _Served(running).find
        return
    if here and not (settings.data_dir / "index" / "CURRENT").exists():
        yield None
        return
    as_it_is = settings.knowledge.model_copy(update={"sample": False})
    opened = settings.model_copy(update={"knowledge": as_it_is})
    with open_knowledge(opened, watcher, embedder) as knowledge:
        groups = settings.knowledge.audiences
        seen = knowledge.search.seen_by(groups)
        yield seen.find if knowledge.library.generation() else None


@dataclass(frozen=True, slots=True)
class _Served:
    """Searches over HTTP."""

    running: Running

    def find(self, question: str, language: str, limit: int) -> Sequence[Passage]:
        import httpx

        del language  # the server tells it by the question
        params = {"q": question, "limit": str(limit)}
        url = f"{self.running.url}/v1/knowledge/search"
        try:
            reply = httpx.get(
                url, params=params, headers=self.running.headers, timeout=60, trust_env=False
            )
            return FoundPassages.model_validate_json(reply.raise_for_status().content).passages
        except (httpx.HTTPError, ValueError) as error:
            raise RoutebackError(
                f"The server at {self.running.url} cannot be asked for its documents.",
                hint="See whether it is ready: routeback doctor.",
            ) from error
