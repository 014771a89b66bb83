"""Whether the clock is right: beside the database's, other machines', and what was stored."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, func, inspect, select

from assistant.doctor.diagnosis import PartState, failed, ok, warning
from assistant.doctor.records import looking
from assistant.records.processes.tables import now as database_now
from assistant.settings import Settings
from guardrails.clock import SLACK
from guardrails.store.sql_tables import decisions, jobs, pairs

NEAR: Final = timedelta(seconds=30)
"""Tokens of people who sign in are refused beyond this."""
JUMP: Final = timedelta(seconds=5)
_TODO: Final = "Let the machine follow a time server (NTP); then restart Routeback."


@dataclass(frozen=True, slots=True)
class ClockReadings:
    """What a clock is held against.

    ahead: how far it is ahead of other clocks, by whose they are. jumped: how far it moved against
    one that cannot be set, while this ran. stored: the newest time that was written down.
    installed: when this program was. at: what it says itself.
    """

    at: datetime
    ahead: Mapping[str, timedelta]
    jumped: timedelta = timedelta(0)
    stored: datetime | None = None
    installed: datetime | None = None


def clock_state(readings: ClockReadings) -> PartState:
    """Return whether a clock is right. Pure."""
    if abs(readings.jumped) > JUMP:
        got = f"the clock jumped by {_seconds(readings.jumped)} while this ran"
        return failed(got, "a clock that goes on", _TODO)
    if readings.installed and readings.at < readings.installed - SLACK:
        got = f"the clock says {readings.at:%Y-%m-%d %H:%M}, before this program was installed"
        return failed(got, f"{readings.installed:%Y-%m-%d %H:%M} or later", _TODO)
    whose = max(readings.ahead, key=lambda name: abs(readings.ahead[name]), default="")
    if whose and abs(far := readings.ahead[whose]) > NEAR:
        got = f"{_seconds(far)} {'ahead of' if far > NEAR else 'behind'} that of {whose}"
        say = failed if abs(far) > SLACK else warning
        return say(got, f"{NEAR.total_seconds():g} s at most", _TODO)
    if readings.stored and readings.stored > readings.at + SLACK:
        return warning(
            f"something was stored at {readings.stored:%Y-%m-%d %H:%M}, which lies ahead",
            "nothing from the future",
            f"The clock is wrong now, or was then. {_TODO}",
        )
    compared = ", ".join(readings.ahead) or "no other clock, as none can be asked here"
    return ok(f"{readings.at:%Y-%m-%d %H:%M:%S} UTC; compared with {compared}")


def _seconds(time: timedelta) -> str:
    return f"{abs(time.total_seconds()):.0f} s"


def of_database(settings: Settings) -> tuple[timedelta | None, datetime | None]:
    """Return how far this clock is ahead of a server's, and the newest time stored. Blocking."""
    with looking(settings) as engine:
        if engine is None:
            return None, None
        with engine.connect() as connection:
            stored = _newest(connection)
            if connection.dialect.name == "sqlite":
                return None, stored
            before = datetime.now(UTC)
            there = datetime.fromtimestamp(database_now(connection), UTC)
            after = datetime.now(UTC)
            return before + (after - before) / 2 - there, stored


def _newest(connection: Connection) -> datetime | None:
    tables = [
        table for table in (jobs, pairs, decisions) if inspect(connection).has_table(table.name)
    ]
    moments = [connection.scalar(select(func.max(table.c.at))) for table in tables]
    return max(filter(None, moments), default=None)


async def of_machines(addresses: Sequence[str], timeout_s: float) -> dict[str, timedelta]:
    """Return how far this clock is ahead of those of HTTP servers; who says nothing is left out."""
    import httpx

    ahead = dict[str, timedelta]()
    try:
        client = httpx.AsyncClient(timeout=timeout_s, follow_redirects=False)
    except OSError:  # authorities that cannot be read; their own check says so
        return ahead
    async with client:
        for address in addresses:
            try:
                said = (await client.head(address)).headers.get("date", "")
                there = parsedate_to_datetime(said).astimezone(UTC)
            except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError, TypeError):
                continue
            ahead[httpx.URL(address).host] = datetime.now(UTC) - there
    return ahead


def installed() -> datetime:
    """Return when this program was put here."""
    return datetime.fromtimestamp(Path(__file__).stat().st_mtime, UTC)
