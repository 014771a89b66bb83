"""Adds and removes arms: checks them, keeps them, and lets them begin in shadow."""

import asyncio
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Final, Protocol

from pydantic import ValidationError

from assistant import sample
from assistant.arms import trial
from assistant.arms.arm import EmbeddedArm, RemoteArm, beginning, remote_client
from assistant.arms.endpoint.dialect import Dialect, told
from assistant.arms.endpoint.facts import EndpointFacts
from assistant.arms.roster import (
    ADDED,
    AddedArm,
    Roster,
    RosterEntry,
    endpoint_of,
    kind_of,
    rungs,
)
from assistant.errors import RosterError, UnknownArm
from assistant.local import memory
from assistant.local.admission import Admission
from assistant.local.engine import Engine, EngineSpec, threads_here
from assistant.local.lora import adapter as adapters
from assistant.local.lora import delta
from assistant.records.changes import ChangeLog
from assistant.settings import ArmSettings, Settings
from assistant.wire.arms import ArmRemoved, ArmsView, ArmView, DialectView, ModelSightView
from guardrails import clock
from guardrails.guard import BASE
from guardrails.monitor import Monitor
from guardrails.rules.strengths import MARK
from guardrails.store.store import Store

_SHORT: Final = 12


class TrialBench(Protocol):
    """Where a new adapter is tried, and who is told of a change."""

    def weights(self) -> Path:
        """Return the weights that adapters must fit."""
        ...

    def trying(self, name: str, path: Path) -> AbstractAsyncContextManager[Engine]:
        """Yield an engine that holds one more adapter; if the block fails, it is let go of."""
        ...

    async def changed(self) -> None:
        """Take in what the roster has now."""
        ...


@dataclass(frozen=True, slots=True)
class NewArm:
    """What a person asks for. adapter: a file, or a folder of ``tune``; None: one of that name.

    ladder: strengths in (0, 1]; empty for the full one. unknown_base: take an adapter that does not
    say which weights it was made for. weights: a name of ``routeback models``, for an engine beside
    base's. instructions: rules in place of the product's; alone, base's model is told them.
    """

    name: str
    adapter: Path | None = None
    ladder: tuple[float, ...] = ()
    base: str | None = None
    base_url: str | None = None
    model: str | None = None
    api_key_env: str | None = None
    revision: str = "unpinned"
    timeout_s: float = 120.0
    extra_body: Mapping[str, Any] = field(default_factory=dict)
    unknown_base: bool = False
    weights: str | None = None
    instructions: str = ""


class Registrar:
    """Adds, shows and removes arms of one data folder."""

    def __init__(self, settings: Settings, roster: Roster, store: Store, bench: TrialBench) -> None:
        self._settings = settings
        self._roster = roster
        self._store = store
        self._log = ChangeLog(store.engine)
        self._bench = bench
        self._one_at_a_time = asyncio.Lock()

    async def add(self, new: NewArm, by: str) -> ArmView:
        """Check an arm, keep it and let it begin in shadow; return it as plain values.

        Raises:
            RosterError: the name is taken, or what is asked for makes no sense.
            WeightsError: the adapter is none, or does not fit.
            ArmError: the engine cannot load it, or the endpoint does not answer.
        """
        async with self._one_at_a_time:
            arm, check = await self._checked(new, by)
            await asyncio.to_thread(self._keep, arm, check.dialect)
            await asyncio.to_thread(self._log.note, by, "arm added", new.name)
            await self._bench.changed()
        shown = await asyncio.to_thread(self.show, new.name)
        return shown.model_copy(update={"warnings": check.warnings})

    async def remove(self, name: str, by: str) -> ArmRemoved:
        """Take an arm out at once; its decisions and pairs stay.

        Raises:
            UnknownArm: there is none of that name.
            RosterError: it is configured elsewhere, or is one strength of several.
        """
        async with self._one_at_a_time:
            entry = await asyncio.to_thread(self._entry, name)
            if entry.arm.name != name:
                raise RosterError(
                    f"{name} is one strength of {entry.arm.name}; all of them go together.",
                    hint=f"Run 'routeback arms remove {entry.arm.name}', and add it again with "
                    "another --ladder.",
                )
            if entry.kept is None:
                raise RosterError(
                    f"{name} is in {entry.source}, not added by command.",
                    hint="Take it out there and start again.",
                )
            await asyncio.to_thread(self._drop, entry)
            await asyncio.to_thread(self._log.note, by, "arm removed", name)
            await self._bench.changed()
            if entry.arm.adapter is not None:
                with suppress(OSError):
                    entry.arm.adapter.unlink()
        return ArmRemoved(name=name, removed_by=by, candidates=tuple(entry.arm.strengths))

    def list(self) -> ArmsView:
        """Return all arms as plain values. Blocking."""
        return ArmsView(
            arms=tuple(map(self._view, self._roster.entries())),
            hidden=tuple(self._roster.hidden()),
        )

    def show(self, name: str) -> ArmView:
        """Return one arm with its card and what the checks found. Blocking.

        Raises:
            UnknownArm: there is none of that name.
        """
        entry = self._entry(name)
        sight = self._roster.sight(entry.arm.name)
        place = endpoint_of(entry.arm) if entry.arm.model else None  # else it names one itself
        dialect = self._roster.dialect(entry.arm.name, place)
        more = {
            "about": entry.kept.about if entry.kept else {},
            "sight": ModelSightView.model_validate(sight.plain()) if sight else None,
            "dialect": (
                DialectView.model_validate({"told": told(dialect), **dialect.plain()})
                if dialect
                else None
            ),
        }
        return self._view(entry).model_copy(update=more)

    def _entry(self, name: str) -> RosterEntry:
        entries = self._roster.entries()
        for entry in [*entries, *self._base(entries)]:
            if name in (entry.arm.name, *entry.arm.strengths):
                return entry
        names = ", ".join(entry.arm.name for entry in entries) or "none"
        raise UnknownArm(f"There is no arm {name!r}.", hint=f"There is {names}.")

    def _base(self, entries: Sequence[RosterEntry]) -> Iterator[RosterEntry]:
        """Yield base where OPENAI_* name it, and no setting does."""
        settings = self._settings
        if settings.remote_base and all(entry.arm.name != BASE for entry in entries):
            model, url = settings.openai_model, settings.openai_base_url
            yield RosterEntry(ArmSettings(name=BASE, base_url=url, model=model), "OPENAI_*")

    def _view(self, entry: RosterEntry) -> ArmView:
        arm, record = entry.arm, entry.kept
        of = rungs([entry])
        with self._store.reading() as ledger:
            stages = {name: ledger.standings(name) for name in of}
        return ArmView.model_validate(
            {
                "name": arm.name,
                "kind": kind_of(arm),
                "source": entry.source,
                "adapter": str(arm.adapter) if arm.adapter else None,
                "sha256": record.sha256 if record else None,
                "base_url": arm.base_url,
                "model": arm.model,
                "weights": arm.weights,
                "instructions": arm.instructions,
                "api_key_env": arm.api_key_env,
                "revision": arm.revision,
                "by": record.by if record else None,
                "at": record.at.isoformat() if record else None,
                "candidates": [
                    {
                        "arm": name,
                        "strength": rung.strength,
                        "segments": {s.segment: s.stage.value for s in stages[name]},
                    }
                    for name, rung in of.items()
                ],
            }
        )

    async def _checked(self, new: NewArm, by: str) -> tuple[AddedArm, trial.Trial]:
        if new.base_url or new.model:
            return await self._remote(new, by)
        if new.weights:
            return await self._weights(new, by)
        if new.instructions and not new.adapter:
            return self._rules(new, by)
        return await self._adapter(new, by)

    def _rules(self, new: NewArm, by: str) -> tuple[AddedArm, trial.Trial]:
        """Return base's model with rules of its own; pairs are its trial."""
        if new.ladder or new.base:
            raise RosterError("Rules have no strengths and no base of their own.")
        return AddedArm(self._settled(new), {}, None, by, clock.now()), trial.Trial({})

    async def _weights(self, new: NewArm, by: str) -> tuple[AddedArm, trial.Trial]:
        if new.adapter is not None or new.ladder or new.base:
            raise RosterError(
                "An arm is either weights or an adapter of the engine's.",
                hint="--adapter, --ladder and --base go together; --weights stands alone.",
            )
        store = self._settings.weights_store(offline=True)
        weights = store.find(str(new.weights))
        if weights.name == self._settings.engine.model and not self._settings.remote_base:
            raise RosterError(
                f"{weights.name} is base; a candidate is something else.",
                hint="routeback models list shows what there is.",
            )
        arm = self._settled(new)
        path = await asyncio.to_thread(store.ready, weights)
        memory.check(weights)
        threads = self._settings.engine.threads or threads_here()
        spec = EngineSpec(path, context_tokens=1024, threads=threads)
        async with Engine(spec, self._settings.data_dir / "trial.log") as engine:
            queue = Admission(new.name, slots=1, limit=0)
            check = await trial.weights(EmbeddedArm(new.name, path.stem, engine, queue))
        about = {"sha256": weights.sha256, "licence": weights.licence, "check": check.about}
        return AddedArm(arm, about, weights.sha256, by, clock.now()), check

    async def _adapter(self, new: NewArm, by: str) -> tuple[AddedArm, trial.Trial]:
        if MARK in new.name:
            raise RosterError(
                f"{new.name!r} has a {MARK}, which stands before a strength.",
                hint="Give the candidate's name, and its strengths with --ladder 1,0.5,0.25.",
            )
        path = adapters.located(new.adapter or self._named(new.name))
        weights = await asyncio.to_thread(self._bench.weights)
        store = self._settings.weights_store(offline=True)
        read = await asyncio.to_thread(adapters.opened, path)
        arm = self._settled(new, read.sha256)
        await asyncio.to_thread(adapters.check, read, weights, store)
        if not (read.base_sha256 or new.unknown_base):
            raise RosterError(
                f"{path.name} does not say which weights it was made for, and its shapes fit more "
                "than one model's.",
                hint=f"If you know that it was made for {weights.stem}: --unknown-base. Adapters "
                "of `routeback tune` say it.",
            )
        change = await asyncio.to_thread(delta.weigh, read, weights)
        warnings = delta.checked(change, new.name)
        if new.base and new.base not in {weights.stem, self._settings.engine.model}:
            raise RosterError(
                f"{new.name} is to run on {new.base}; the engine runs {weights.stem}.",
                hint=f"Set ROUTEBACK_ENGINE__MODEL={new.base}, or leave --base out.",
            )
        target = arm.adapter
        assert target is not None  # noqa: S101  (just made)
        await asyncio.to_thread(_copy, path, target)
        try:
            strongest = max(strength for _, strength in arm.strengths.values())
            async with self._bench.trying(arm.name, target) as engine:
                check = await trial.adapter(engine, arm.name, strongest)
        except BaseException:
            target.unlink(missing_ok=True)
            raise
        about = {
            "card": dict(read.card),
            "from": str(path),
            "base": weights.name,
            "architecture": read.header.architecture,
            "base_sha256": read.base_sha256 or "unknown",
            "change": asdict(change),
            "check": check.about,
        }
        added = AddedArm(arm, about, read.sha256, by, clock.now())
        return added, replace(check, warnings=(*warnings, *check.warnings))

    async def _remote(self, new: NewArm, by: str) -> tuple[AddedArm, trial.Trial]:
        if new.adapter is not None or new.ladder or new.base:
            raise RosterError(
                "An arm is either an adapter or a model at an endpoint.",
                hint="--adapter, --ladder and --base go together; --base-url goes with --model.",
            )
        arm = self._settled(new)
        key = key_of(arm)
        if key is None:
            raise RosterError(
                f"The variable {arm.api_key_env} is not set here.",
                hint="Set it where the server runs, and start that again; or add the arm there.",
            )
        facts = EndpointFacts(beginning(arm.base_url), own=arm.extra_body.keys())
        async with remote_client(arm.base_url, key, arm.timeout_s, facts) as client:
            candidate = RemoteArm(
                arm.name, str(arm.model), arm.revision, client, arm.extra_body, known=facts
            )
            check = await trial.remote(candidate)
        return AddedArm(arm, {"check": check.about}, None, by, clock.now()), check

    def _settled(self, new: NewArm, sha256: str = "") -> ArmSettings:
        """Return what is asked for as settings, if it makes sense and the name is free."""
        folder = self._settings.data_dir / "adapters"
        file = folder / f"{sha256[:_SHORT]}-{new.name}.gguf"
        ladder = new.ladder if new.ladder not in {(), (1.0,)} else ()
        try:
            arm = ArmSettings(
                name=new.name,
                base_url=new.base_url,
                model=new.model,
                api_key_env=new.api_key_env,
                adapter=file.absolute() if sha256 else None,
                ladder=ladder,
                revision=new.revision,
                timeout_s=new.timeout_s,
                extra_body=dict(new.extra_body),
                weights=new.weights,
                instructions=new.instructions,
            )
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(part) for part in first["loc"])
            told = first["msg"].removeprefix("Value error, ")
            raise RosterError(f"{where}: {told}" if where else told) from error
        self._roster.refuse_clash(arm)
        return arm

    def _named(self, name: str) -> Path:
        """Return the adapter of that name that was tuned here, or that comes along."""
        tuned = self._settings.data_dir / "adapters" / name / f"{name}.gguf"
        if tuned.is_file():
            return tuned
        shipped = sample.adapters()
        if name in shipped:
            return shipped[name]
        raise RosterError(
            f"It is not said what {name} is, and no adapter of that name comes along.",
            hint="Give --adapter FILE.gguf, or --base-url URL --model M. "
            f"These come along: {', '.join(shipped) or 'none'}.",
        )

    def _keep(self, kept: AddedArm, dialect: Dialect | None) -> None:
        monitor = Monitor(
            self._store, self._settings.guard.policy, rungs([RosterEntry(kept.arm, ADDED)])
        )
        with self._store.transaction() as ledger:
            self._roster.put(ledger.connection, kept)
            if dialect is not None:
                place = endpoint_of(kept.arm)
                self._roster.put_dialect(ledger.connection, kept.arm.name, place, dialect)
            for arm in kept.arm.strengths:
                monitor.begin(ledger, arm, kept.by, kept.at)

    def _drop(self, entry: RosterEntry) -> None:
        monitor = Monitor(self._store, self._settings.guard.policy)
        with self._store.transaction() as ledger:
            self._roster.drop(ledger.connection, entry.arm.name)
            for arm in entry.arm.strengths:
                monitor.forget(ledger, arm, clock.now())


def key_of(arm: ArmSettings) -> str | None:
    """Return the key of an endpoint: ``none`` where none is set, None where it is missing."""
    if arm.api_key is not None:
        return arm.api_key.get_secret_value()
    if arm.api_key_env is None:
        return "none"
    return os.environ.get(arm.api_key_env)


def _copy(path: Path, target: Path) -> None:
    """Copy an adapter to its place: complete or absent."""
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_suffix(".partial")
    shutil.copyfile(path, partial)
    partial.replace(target)
