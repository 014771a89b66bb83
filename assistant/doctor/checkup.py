"""All checks of an installation, as its settings name its parts."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Final

from assistant.doctor import clocks, documents, machine, measure, models, network, records, telling
from assistant.doctor import server as serving
from assistant.doctor.diagnosis import Diagnosis, PartState, skipped
from assistant.doctor.models import ENDPOINT_S, ENGINE_S, EngineRoom
from assistant.doctor.network import CERTIFICATES, PROXY, needs_of, proxy_of
from assistant.doctor.runner import LIMIT_S, DoctorCheck, apart, examined
from assistant.running import Running, find
from assistant.settings import ArmSettings, Settings
from guardrails.clock import CLOCK
from guardrails.guard import BASE

DATABASE: Final = "database"
PERMISSIONS: Final = "permissions"
_MAIL_S: Final = 60.0


@dataclass(frozen=True, slots=True)
class DoctorSending:
    """What an examination sends that people see. mail_to: "" sends no mail."""

    posts: bool = False
    mail_to: str = ""


async def checkup(
    settings: Settings,
    sending: DoctorSending | None = None,
    done: Callable[[Diagnosis], None] = lambda _: None,
) -> list[Diagnosis]:
    """Examine all parts. done: is told each as soon as it is known."""
    running = await apart(partial(find, settings.data_dir))
    added = await apart(partial(records.added_arms, settings))
    names = {arm.name for arm in settings.arms}
    arms = [*settings.arms, *(arm for arm in added if arm.name not in names)]
    async with _room(settings, arms, running) as room:
        checks = [
            *_of_machine(settings),
            *_of_network(settings),
            *_of_records(settings, running),
            *_of_answers(settings, running),
            *_of_models(settings, [arm for arm in arms if arm.name != BASE], running, room),
            *_of_telling(settings, sending or DoctorSending()),
        ]
        return await examined(checks, done)


@asynccontextmanager
async def _room(
    settings: Settings, arms: Sequence[ArmSettings], running: Running | None
) -> AsyncIterator[EngineRoom | None]:
    """Yield an engine of our own; none where a server of this folder has one."""
    if running is not None:
        yield None
        return
    adapters = {arm.name: arm.adapter for arm in arms if arm.adapter}
    async with EngineRoom(settings, adapters) as room:
        yield room


def _blocking(work: Callable[[], PartState]) -> Callable[[], Awaitable[PartState]]:
    return partial(apart, work)


def _of_machine(settings: Settings) -> list[DoctorCheck]:
    looks = {
        "settings": machine.settings_state,
        PERMISSIONS: machine.permissions,
        "disk": machine.disk,
        "time_zone": machine.time_zone,
    }
    return [DoctorCheck(name, _blocking(partial(look, settings))) for name, look in looks.items()]


def _of_network(settings: Settings) -> list[DoctorCheck]:
    return [
        DoctorCheck(CERTIFICATES, _blocking(network.certificates)),
        DoctorCheck(PROXY, partial(network.proxies, network.here(settings))),
    ]


def _of_records(settings: Settings, running: Running | None) -> list[DoctorCheck]:
    server = settings.database_url is not None
    folder = () if server else (PERMISSIONS,)
    served = running is not None
    at = datetime.now(UTC)
    return [
        DoctorCheck(DATABASE, _blocking(partial(records.database, settings)), folder),
        DoctorCheck(
            "conversations",
            _blocking(partial(records.conversations, settings)),
            (DATABASE,) if server else folder,
        ),
        DoctorCheck(
            "workers",
            _blocking(partial(records.workers, settings, at, served=served)),
            (*folder, DATABASE),
        ),
        DoctorCheck("clock", partial(_clock, settings, CLOCK.offset())),
    ]


async def _clock(settings: Settings, before: float) -> PartState:
    try:
        ahead, stored = await apart(partial(clocks.of_database, settings))
    except Exception:  # the check of the database says why
        ahead, stored = None, None
    compared = await clocks.of_machines(_addresses(settings), network.CONNECT_S)
    if ahead is not None:
        compared["the database"] = ahead
    readings = clocks.ClockReadings(
        datetime.now(UTC),
        compared,
        timedelta(seconds=CLOCK.offset() - before),
        stored,
        clocks.installed(),
    )
    return clocks.clock_state(readings)


def _addresses(settings: Settings) -> list[str]:
    """Return HTTP servers whose clocks can be asked for."""
    base = models.remote_base(settings).base_url if settings.remote_base else None
    named = (base, settings.judge.base_url, settings.sign_in.issuer, settings.bridge.zammad.url)
    return [url for url in dict.fromkeys(named) if url and not proxy_of(url)]


def _of_answers(settings: Settings, running: Running | None) -> list[DoctorCheck]:
    url = settings.knowledge.qdrant_url
    needs = (*(needs_of(url) if url else ()), PERMISSIONS)
    index: Callable[[], Awaitable[PartState]] = _blocking(partial(documents.index, settings))
    if running is not None and url is None:
        index, needs = partial(documents.index_served, running), ()
    return [
        DoctorCheck("server", partial(serving.server, settings, running)),
        DoctorCheck("embedder", _blocking(measure.embedder), limit_s=ENDPOINT_S),
        DoctorCheck("checker", _blocking(measure.checker), limit_s=ENDPOINT_S),
        DoctorCheck("index", index, needs, LIMIT_S * 2),
    ]


def _of_models(
    settings: Settings,
    candidates: Sequence[ArmSettings],
    running: Running | None,
    room: EngineRoom | None,
) -> list[DoctorCheck]:
    return [
        _base(settings, running, room),
        *(_candidate(arm, running, room) for arm in candidates),
        DoctorCheck(
            "judge",
            partial(models.judge, settings, room),
            needs_of(settings.judge.base_url) if settings.judge.base_url else (BASE,),
            ENGINE_S if settings.judge.weights else ENDPOINT_S,
        ),
    ]


def _base(settings: Settings, running: Running | None, room: EngineRoom | None) -> DoctorCheck:
    if settings.remote_base:
        arm = models.remote_base(settings)
        needs = needs_of(arm.base_url or "https://api.openai.com")
        return DoctorCheck(BASE, partial(models.endpoint, arm), needs, ENDPOINT_S)
    if settings.quote == "only":
        return DoctorCheck(BASE, _no_model)
    if room is None and running is not None:
        return DoctorCheck(BASE, partial(models.base_served, running), limit_s=ENGINE_S)
    assert room is not None  # noqa: S101  (there is one or the other)
    return DoctorCheck(BASE, room.base, limit_s=ENGINE_S)


async def _no_model() -> PartState:
    return skipped("answers.quote is only: no model writes")


def _candidate(arm: ArmSettings, running: Running | None, room: EngineRoom | None) -> DoctorCheck:
    name = f"arm.{arm.name}"
    if arm.adapter is None:
        needs = needs_of(arm.base_url or "")
        return DoctorCheck(name, partial(models.endpoint, arm), needs, ENDPOINT_S)
    if room is not None:
        return DoctorCheck(name, partial(room.adapter, arm), (BASE,), ENGINE_S)
    assert running is not None  # noqa: S101  (as above)
    return DoctorCheck(name, partial(models.adapter_served, running, arm), ("server",))


def _of_telling(settings: Settings, sending: DoctorSending) -> list[DoctorCheck]:
    mail = partial(telling.mail, settings, sending.mail_to)
    checks = [DoctorCheck("mail", mail, (CERTIFICATES,), _MAIL_S)]
    alarms = {"webhook": settings.alarms.webhook.url, "slack": settings.alarms.slack.url}
    for name, secret in alarms.items():
        url = secret.get_secret_value() if secret else None
        post = partial(telling.posted, settings, name, url, send=sending.posts)
        checks.append(DoctorCheck(name, post, needs_of(url or "")))
    bridge = settings.bridge.webhook.url
    address = bridge.get_secret_value() if bridge else None
    issuer, zammad = settings.sign_in.issuer, settings.bridge.zammad.url
    return [
        *checks,
        DoctorCheck("bridge.webhook", partial(_bridge, address), needs_of(address or "")),
        DoctorCheck("bridge.zammad", partial(network.zammad, settings), needs_of(zammad or "")),
        DoctorCheck("sign_in", partial(network.sign_in, settings), needs_of(issuer or "")),
    ]


async def _bridge(url: str | None) -> PartState:
    if url is None:
        return skipped("bridge.webhook.url is not set")
    return await network.reached(url, "the desk's webhook")
