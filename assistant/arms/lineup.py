"""The arms of a running assistant, and how they change while it answers."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from assistant.arms import trial
from assistant.arms.arm import Arm, EmbeddedArm, RemoteArm, beginning, remote_client
from assistant.arms.endpoint.dialect import Dialect
from assistant.arms.endpoint.facts import EndpointFacts
from assistant.arms.identity import Sight, taken
from assistant.arms.instructed import InstructedArm
from assistant.arms.registrar import Registrar, key_of
from assistant.arms.roster import Roster, RosterEntry, endpoint_of, kind_of, rungs
from assistant.arms.second_engine import SecondEngine
from assistant.arms.snapshot import Current
from assistant.errors import ArmError, DatabaseError, RosterError, WeightsError
from assistant.local.admission import Admission
from assistant.local.engine import PROMPT_CACHES, Engine, EngineSpec, threads_here
from assistant.local.late_engine import READY, Coming, LateEngine
from assistant.progress import Watcher
from assistant.settings import ArmSettings, Settings
from guardrails import clock, digests
from guardrails.guard import BASE, Guard
from guardrails.rules.strengths import Rung
from guardrails.store.store import Store

if TYPE_CHECKING:
    from openai import AsyncOpenAI

log = logging.getLogger(__name__)

WAITING_PER_SLOT: Final = 8
"""Questions that may wait for each that is answered; one more is told when to come again."""
LOOK_EVERY_S: Final = 2.0
Versions = Callable[[Mapping[str, Arm], Mapping[str, Rung]], Mapping[str, str]]
"""Returns the version of each candidate; see ``guardrails.rules.version``."""


class Lineup:
    """The arms that answer now. Only for use within one event loop.

    arms, versions, rungs: replaced as a whole when an arm comes, goes or changes; copy them for
    the length of a turn. engine: where adapters are; None if base is remote and there are none.
    registrar: adds and removes arms here; there once a guard is bound. settled: whether it is
    known which weights and adapters answer; until then no evidence is started anew.
    """

    def __init__(
        self,
        settings: Settings,
        roster: Roster,
        engine: LateEngine | None,
        base: Arm | None = None,
    ) -> None:
        """base: the trusted arm, where it is neither embedded nor configured."""
        self.arms: Current[Arm] = Current()
        self.versions: Current[str] = Current()
        self.rungs: Current[Rung] = Current()
        self.arrived = asyncio.Event()
        self._settings = settings
        self._roster = roster
        self.engine = engine
        self.settled = engine is None
        self._base = base
        self._offered = adapters_of(roster.entries())
        self._unfit: frozenset[str] = frozenset()
        self._remote: dict[str, tuple[ArmSettings | None, RemoteArm]] = {}
        self._clients: list[AsyncOpenAI] = []
        self._second: dict[str, SecondEngine] = {}
        self._sights: dict[str, Sight] = {}
        self._store: Store | None = None
        self._guard: Guard | None = None
        self.registrar: Registrar
        self._version: Versions | None = None
        self._stamp: Any = None
        self._looked: dict[str, float] = {}
        self._changing = asyncio.Lock()
        slots = settings.engine.slots
        self.admission = Admission(BASE, slots=slots, limit=WAITING_PER_SLOT * slots)
        self._hold(roster.entries())

    def bind(self, store: Store, guard: Guard, version: Versions) -> None:
        """Let a guard know the versions of the arms, now and from now on. store: the guard's."""
        self._store, self._guard, self._version = store, guard, version
        self.registrar = Registrar(self._settings, self._roster, store, self)
        self._stamp = self._roster.stamp()
        self._hold(self._roster.entries())

    async def close(self) -> None:
        """End second engines; close connections to endpoints, also those of arms that have gone."""
        for engine in self._second.values():
            await engine.stop()
        for client in self._clients:
            await client.close()

    @property
    def coming(self) -> Coming:
        """How far base is; a remote one is always ready."""
        return READY if self.engine is None or self._settings.remote_base else self.engine.coming

    def loading(self) -> frozenset[str]:
        """Return the candidates that wait for the engine to be brought up."""
        if self.engine is None or not self.engine.on_its_way:
            return frozenset()
        arms = self.arms.items()
        return frozenset(name for name, arm in arms if name != BASE and arm.queues)

    async def up(self) -> None:
        """Return once base can be asked.

        Raises:
            ArmNotReady: the engine could not be started; it is tried again.
        """
        if self.engine is not None:
            await self.engine.up(wait=True)

    def adapters(self) -> Mapping[str, Path]:
        """Return the adapters that the engine is to hold, by arm. Blocking."""
        self._offered = adapters_of(self._roster.entries())
        return self._offered

    async def settle(self) -> None:
        """Answer with what the engine holds now that it is started, before anybody asks it.

        Raises:
            ArmError: the engine cannot load the adapters that there are meanwhile.
        """
        engine = self.engine
        assert engine is not None  # noqa: S101  (it calls)
        async with self._changing:
            entries = await asyncio.to_thread(self._roster.entries)
            self._unfit = frozenset(self._offered.keys() - engine.spec.adapters.keys())
            if dict(engine.spec.adapters) != (adapters := self._wanted(entries)):
                await engine.reload(replace(engine.spec, adapters=adapters))
            self._hold(entries)
            self.settled = True
        await asyncio.to_thread(self._renew, "")

    async def swap(self, weights: Path) -> None:
        """Let the engine hold other weights, with the adapters that fit them.

        Raises:
            ArmError: the engine cannot load them; it keeps those that it has.
        """
        engine = self._running()
        async with self._changing:
            entries = await asyncio.to_thread(self._roster.entries)
            offered = adapters_of(entries)
            spec = replace(engine.spec, weights=weights, adapters=offered)
            spec = await engine.fitting(spec, Watcher(log.warning))
            async with self.admission.alone():
                await engine.reload(spec)
                self._unfit = frozenset(offered.keys() - spec.adapters.keys())
                self._hold(entries)
        await asyncio.to_thread(self._renew, "")

    def weights(self) -> Path:
        """Return the weights that adapters must fit.

        Raises:
            RosterError: no engine runs here.
            ArmNotReady: it is not up yet.
        """
        return self._running().spec.weights

    @asynccontextmanager
    async def trying(self, name: str, path: Path) -> AsyncIterator[Engine]:
        """Load one more adapter behind the queue; if the block fails, unload it."""
        engine = self._running()
        async with self._changing, self.admission.alone():
            before = engine.spec
            await engine.reload(replace(before, adapters={**before.adapters, name: path}))
            self._unfit -= {name}
            try:
                yield engine
            except BaseException:
                await engine.reload(before)
                raise

    async def changed(self) -> None:
        """Take in what the roster has now; what is gone is not routed to any more, at once.

        Raises:
            ArmError: the engine cannot load the adapters; it keeps those that it has.
        """
        async with self._changing:
            self._stamp = await asyncio.to_thread(self._roster.stamp)
            entries = await asyncio.to_thread(self._roster.entries)
            self._hold(entries)
            adapters, engine = self._wanted(entries), self.engine
            if engine is not None and engine.there and dict(engine.spec.adapters) != adapters:
                async with self.admission.alone():
                    await engine.reload(replace(engine.spec, adapters=adapters))
                self._hold(entries)
            for name in self._second.keys() - {entry.arm.weights for entry in entries}:
                await self._second.pop(name).stop()
        if self.settled:
            await asyncio.to_thread(self._renew, "")

    async def watch(self) -> None:
        """Take in what other processes change, and look at remote models, until cancelled."""
        every = self._settings.guard.probe_every_s
        pause = min(LOOK_EVERY_S, every or LOOK_EVERY_S)
        while True:
            try:
                if await asyncio.to_thread(self._roster.stamp) != self._stamp:
                    await self.changed()
                for name in self._due(every):
                    await self.look(name)
            except Exception:
                log.exception("the arms could not be looked after; trying again")
            await asyncio.sleep(pause)

    async def look(self, name: str) -> str:
        """Look at which model a remote arm is; return what changed behind its name, or "".

        A change makes it another revision: its evidence starts anew, in shadow.
        """
        if name not in self._remote:
            return ""
        _, arm = self._remote[name]
        self._looked[name] = time.monotonic()
        sight = await asyncio.to_thread(self._sight, arm)
        try:
            look = await trial.look(arm, sight)
        except ArmError as error:
            log.info("%s could not be probed: %s", name, error.message)
            return ""
        after, what = taken(sight, look, clock.now())
        if after.missed > sight.missed:
            log.warning("%s changes too often to be pinned; evidence goes on", name)
        if after != sight:
            await asyncio.to_thread(self._put_sight, name, after)
            self._sights[name] = after
        if what:
            arm.known.forget()
            async with self._changing:
                self._stamp = await asyncio.to_thread(self._roster.stamp)
                self._hold(await asyncio.to_thread(self._roster.entries))
            why = f"the remote model of {name} was changed silently: {what}"
            log.warning("%s", why)
            await asyncio.to_thread(self._renew, why)
        return what

    def _due(self, every: float) -> list[str]:
        """Return the remote arms to look at: never looked at, long ago, or with news."""
        if not self.versions:
            return []
        due = []
        for name, (_, arm) in self._remote.items():
            last = self._looked.get(name)
            late = last is None or (every and time.monotonic() - last >= every)
            if late or self._sights[name].news(arm.seen.model, arm.seen.fingerprint):
                due.append(name)
        return due

    def _sight(self, arm: RemoteArm) -> Sight:
        pinned = pinned_by(arm)
        sight = self._roster.sight(arm.name)
        return sight if sight is not None and sight.pinned == pinned else Sight(pinned)

    def _put_sight(self, name: str, sight: Sight) -> None:
        if self._store is None:
            return
        with self._store.transaction() as ledger:
            self._roster.put_sight(ledger.connection, name, sight)

    def _renew(self, why: str) -> None:
        if self._guard is not None:
            self._guard.renew(clock.now(), why)

    def _wanted(self, entries: Sequence[RosterEntry]) -> dict[str, Path]:
        """Return the adapters that the engine should hold; not those that do not fit."""
        adapters = adapters_of(entries)
        return {name: adapters[name] for name in adapters if name not in self._unfit}

    def _running(self) -> LateEngine:
        if self.engine is None:
            raise RosterError(
                "This server runs without the embedded engine, which an adapter needs.",
                hint="Stop the server, add the adapter, and start it again.",
            )
        if not self.engine.there:
            raise self.engine.not_ready()
        return self.engine

    def _hold(self, entries: Sequence[RosterEntry]) -> None:
        """Answer with these arms from now on; an adapter that is not loaded is left out."""
        arms: dict[str, Arm] = {}
        if self.engine is not None:
            arms |= self._embedded(self.engine, entries)
        remote: dict[str, tuple[ArmSettings | None, RemoteArm]] = {}
        if isinstance(self._base, RemoteArm):
            remote[BASE] = (None, self._base)
        for entry in entries:
            if entry.arm.base_url and entry.arm.model:
                remote[entry.arm.name] = (entry.arm, self._at_endpoint(entry.arm, entry.arm.model))
        self._remote = remote
        self._sights = {name: self._sight(arm) for name, (_, arm) in remote.items()}
        for name, (_, arm) in remote.items():
            epoch = self._sights[name].epoch
            arms[name] = replace(arm, revision=f"{arm.revision}~{epoch}") if epoch else arm
        arms |= self._others(entries)
        arms |= instructed(entries, arms)
        steps = {name: rung for name, rung in rungs(entries).items() if name in arms}
        versions = self._version(arms, steps) if self._version else {}
        self.rungs.replace(steps)
        self.arms.replace(arms)
        self.versions.replace(versions)
        if versions:
            self.arrived.set()

    def _embedded(self, engine: Engine, entries: Sequence[RosterEntry]) -> dict[str, Arm]:
        weights = engine.spec.weights.stem
        arms: dict[str, Arm] = {BASE: EmbeddedArm(BASE, weights, engine, self.admission)}
        for entry in entries:
            path = entry.arm.adapter
            if path is None or engine.spec.adapters.get(entry.arm.name) != path:
                continue
            sha256 = (entry.kept.sha256 if entry.kept else None) or digests.of_file(path)
            for name, (_, strength) in entry.arm.strengths.items():
                arms[name] = EmbeddedArm(
                    name,
                    f"{weights}+{sha256[:12]}@{strength:g}",
                    engine,
                    self.admission,
                    entry.arm.name,
                    strength,
                    entry.arm.timeout_s,
                )
        return arms

    def _others(self, entries: Sequence[RosterEntry]) -> dict[str, Arm]:
        """Return the arms with weights of their own; their engines start when they are asked."""
        arms: dict[str, Arm] = {}
        store = self._settings.weights_store()
        for name, wanted, timeout_s in (
            (entry.arm.name, entry.arm.weights, entry.arm.timeout_s) for entry in entries
        ):
            if not wanted:
                continue
            try:
                weights = store.find(wanted)
            except WeightsError as error:
                log.warning("%s is left out: %s %s", name, error.message, error.hint)
                continue
            engine = self._second.get(wanted)
            if engine is None:
                spec = spec_of(self._settings, store.path(weights))
                file = self._settings.data_dir / f"engine-{wanted}.log"
                engine = self._second[wanted] = SecondEngine(weights, store, spec, file)
            revision = engine.spec.weights.stem
            queue = self.admission
            arms[name] = EmbeddedArm(name, revision, engine, queue, timeout_s=timeout_s)
        return arms

    def _at_endpoint(self, arm: ArmSettings, model: str) -> RemoteArm:
        settings, built = self._remote.get(arm.name, (None, None))
        if built is None or settings != arm:
            key = key_of(arm)
            if key is None:
                log.warning("%s: the variable %s is not set", arm.name, arm.api_key_env)
            facts = known_of(self._roster, arm)
            client = remote_client(arm.base_url, key or "none", arm.timeout_s, facts)
            self._clients.append(client)
            built = RemoteArm(arm.name, model, arm.revision, client, arm.extra_body, known=facts)
        return built


def instructed(entries: Sequence[RosterEntry], arms: Mapping[str, Arm]) -> dict[str, Arm]:
    """Return the arms that are told rules of their own; without a model of theirs, base's has them.

    arms: as they are without.
    """
    told: dict[str, Arm] = {}
    for entry in entries:
        rules = entry.arm.instructions
        for name in entry.arm.strengths if rules else ():
            arm = arms.get(BASE if kind_of(entry.arm) == "rules" else name)
            if isinstance(arm, EmbeddedArm | RemoteArm):
                told[name] = InstructedArm(replace(arm, name=name), rules)
    return told


def spec_of(
    settings: Settings, weights: Path, adapters: Mapping[str, Path] | None = None
) -> EngineSpec:
    """Return what an engine with these weights loads."""
    return EngineSpec(
        weights=weights,
        adapters=adapters or {},
        context_tokens=settings.engine.context_tokens,
        slots=max(settings.engine.slots, PROMPT_CACHES),
        threads=settings.engine.threads or threads_here(),
    )


def known_of(roster: Roster, arm: ArmSettings) -> EndpointFacts:
    """Return what is known of an endpoint; what is found of it is kept. Blocking."""
    place = endpoint_of(arm)

    async def keep(dialect: Dialect) -> None:
        try:
            await asyncio.to_thread(roster.keep_dialect, arm.name, place, dialect)
        except DatabaseError as error:  # it is found again after the next start
            log.warning("what %s takes could not be kept: %s", arm.name, error.message)

    record = roster.dialect(arm.name, place)
    return EndpointFacts(beginning(arm.base_url), record, own=arm.extra_body.keys(), keep=keep)


def adapters_of(entries: Sequence[RosterEntry]) -> dict[str, Path]:
    """Return the adapters that the engine must hold, by arm."""
    return {entry.arm.name: entry.arm.adapter for entry in entries if entry.arm.adapter}


def pinned_by(arm: RemoteArm) -> str:
    """Return what the settings say of the model behind an arm."""
    return f"{arm.model} at {arm.client.base_url}, {arm.revision}"
