"""What an installation needs for so many questions: arithmetic over what the others published.

``python -m benchmarks sizing --help`` names what is assumed; with other values it prints, and
publishes nothing. ``docs/sizing.md`` says the same in words.
"""

import math
from dataclasses import dataclass
from typing import Final

from benchmarks.results import Quantity, Result, Table, figures, number, read, table

ASKED: Final = (10, 1_000, 100_000)
"""Questions an hour."""
USERS: Final = 200
EACH: Final = 5
"""Questions an hour of one of them."""
_EXAMPLE: Final = 1_000
_PAIR_TOKENS_A_DAY: Final = 2_000_000
"""``guard.pair_tokens_per_day``, as it comes."""
_DAYS: Final = 90
"""``retention.conversations``, as it comes."""


@dataclass(frozen=True, slots=True)
class Costs:
    """What was measured.

    answer_ms, pair_ms, night_ms: CPU of one. idle: of a worker, of a core. a_second and
    pairs_a_second: that one process makes. memory_mb: of a server. turn_kb, pair_kb: in
    PostgreSQL. writes: turns a second that it takes in. night_s: CPU of a night beside its answers.
    """

    answer_ms: float
    pair_ms: float
    idle: float
    a_second: float
    pairs_a_second: float
    memory_mb: float
    turn_kb: float
    pair_kb: float
    writes: float
    night_ms: float
    night_s: float

    @classmethod
    def published(cls) -> "Costs":
        """Return them as they are published. Raises FileNotFoundError."""
        load, scaling, memory = read("load"), read("scaling"), read("memory")
        nights, writes = read("nightly"), read("writes")
        one = scaling.table("pairs").rows[0]
        names = [column.name for column in scaling.table("pairs").columns]
        pair = dict(zip(names, one, strict=True))
        idle, rate = _number(pair["idle, of a core"]), _number(pair["a second"])
        return cls(
            answer_ms=_number(load.table("cpu").rows[-1][2]),
            pair_ms=_number(pair["each"]) - 1000 * idle / rate,
            idle=idle,
            a_second=_figure(load, "rest", 1),
            pairs_a_second=rate,
            memory_mb=max(_number(row[2]) for row in memory.table("memory").rows),
            turn_kb=_figure(read("kept"), "kept", 0),
            pair_kb=_figure(read("kept"), "kept", 1),
            writes=max(_number(row[2]) for row in writes.table("writes").rows),
            night_ms=_figure(nights, "each", 0),
            night_s=_figure(nights, "each", 1),
        )


@dataclass(frozen=True, slots=True)
class Assumed:
    """What nobody can measure for you.

    answer_s: how long the model takes for an answer. peak: the busiest minute against the mean of
    the hour. used: share of what a process or a core can do that is planned with. hours: a day, in
    which so many questions are asked. pair_tokens: of a pair, prompt and answer. cases, arms: of a
    night.
    """

    answer_s: float = 5.0
    peak: float = 3.0
    used: float = 0.5
    hours: float = 10.0
    pair_tokens: float = 1200.0
    cases: int = 200
    arms: int = 3


@dataclass(frozen=True, slots=True)
class Need:
    """What is needed. streams: answers at a time. gigabytes: in the database after 90 days."""

    streams: float
    cores: float
    servers: int
    workers: int
    memory_gb: float
    gigabytes: float
    writes: float


def need(costs: Costs, assumed: Assumed, asked: float) -> Need:
    """Return what so many questions an hour need."""
    a_second = asked / 3600 * assumed.peak
    day = _PAIR_TOKENS_A_DAY / assumed.pair_tokens
    pairs = min(asked, day / assumed.hours)
    servers = math.ceil(a_second / (costs.a_second * assumed.used))
    workers = math.ceil(pairs / 3600 / (costs.pairs_a_second * assumed.used))
    answering = a_second * costs.answer_ms / 1000
    comparing = pairs / 3600 * costs.pair_ms / 1000 + workers * costs.idle
    kept = asked * costs.turn_kb + pairs * costs.pair_kb
    return Need(
        streams=a_second * assumed.answer_s,
        cores=(answering + comparing) / assumed.used,
        servers=servers,
        workers=workers,
        memory_gb=(servers + workers) * costs.memory_mb / 1000,
        gigabytes=kept * assumed.hours * _DAYS / 1e6,
        writes=a_second / costs.writes,
    )


def example(costs: Costs, assumed: Assumed, asked: float) -> list[list[object]]:
    """Return the steps of ``need`` for so many questions an hour, as they are done by hand."""
    it = need(costs, assumed, asked)
    second, day = asked / 3600 * assumed.peak, _PAIR_TOKENS_A_DAY / assumed.pair_tokens
    pairs, used = min(asked, day / assumed.hours), assumed.used
    answering = f"{second:.2f} × {costs.answer_ms / 1000:.3f}"
    comparing = f"{pairs:.0f} / 3,600 × {costs.pair_ms / 1000:.3f}"
    kept = f"({asked:,.0f} × {costs.turn_kb:.1f} + {pairs:.0f} × {costs.pair_kb:.1f} kB)"
    rows = [
        ("questions a second at the peak", f"{asked:,.0f} / 3,600 × {assumed.peak:g}", second, ""),
        ("answers at a time", f"{second:.2f} × {assumed.answer_s:g} s", it.streams, ""),
        ("servers", f"{second:.2f} / ({costs.a_second:.1f} × {used:g}), up", it.servers, ""),
        (
            "pairs an hour",
            f"the less of {asked:,.0f} and 2,000,000 / {assumed.pair_tokens:g} / {assumed.hours:g}",
            pairs,
            "",
        ),
        (
            "workers",
            f"{pairs:.0f} / 3,600 / ({costs.pairs_a_second:.2f} × {used:g}), up",
            it.workers,
            "",
        ),
        (
            "cores",
            f"({answering} + {comparing} + {it.workers} × {costs.idle:.3f}) / {used:g}",
            it.cores,
            "",
        ),
        (
            "memory",
            f"({it.servers} + {it.workers}) × {costs.memory_mb:.0f} MB",
            it.memory_gb,
            "GB",
        ),
        (
            "database",
            f"{kept} × {assumed.hours:g} × {_DAYS}",
            it.gigabytes,
            "GB",
        ),
        ("of what PostgreSQL takes in", f"{second:.2f} / {costs.writes:.0f}", it.writes, ""),
    ]
    return [
        [what, how, Quantity(value=float(value), unit=unit, digits=2)]
        for what, how, value, unit in rows
    ]


def _number(cell: object) -> float:
    if not isinstance(cell, int | float):
        raise TypeError(f"A number was expected, not {cell!r}.")
    return float(cell)


def _figure(result: Result, name: str, row: int) -> float:
    cell = result.table(name).rows[row][1]
    return cell.value if isinstance(cell, Quantity) else _number(cell)


def measure(
    *,
    quick: bool = False,
    answer_s: float = 5.0,
    peak: float = 3.0,
    used: float = 0.5,
    hours: float = 10.0,
    pair_tokens: float = 1200.0,
    cases: int = 200,
    arms: int = 3,
) -> list[Table]:
    """Do the arithmetic."""
    del quick
    costs = Costs.published()
    assumed = Assumed(answer_s, peak, used, hours, pair_tokens, cases, arms)
    asked = {f"{count:,} questions an hour": float(count) for count in ASKED}
    asked[f"{USERS} users, {EACH} questions an hour each"] = float(USERS * EACH)
    lines = []
    for what, count in asked.items():
        it = need(costs, assumed, count)
        made = (it.streams, it.cores, it.servers, it.workers)
        lines.append([what, *made, it.memory_gb, it.gigabytes, it.writes])
    night = costs.night_s + cases * arms * costs.night_ms / 1000
    return [
        figures("costs", _told(costs), "measured"),
        table("example", ("what", "how", "comes to"), example(costs, assumed, _EXAMPLE)),
        table("needs", _NEEDS, lines),
        figures("night", [(f"a night of {cases} cases and {arms} arms, CPU", night, "s", 0)], "it"),
    ]


def _told(costs: Costs) -> list[tuple[str, float, str, int]]:
    return [
        ("*a*: CPU of an answer", costs.answer_ms, "ms", 0),
        ("*r*: answers a second, one server", costs.a_second, "", 1),
        ("*p*: CPU of a pair", costs.pair_ms, "ms", 0),
        ("*w*: pairs a second, one worker", costs.pairs_a_second, "", 2),
        ("*i*: CPU of a worker without work, of a core", costs.idle, "%", 1),
        ("*m*: memory of a process", costs.memory_mb, "MB", 0),
        ("*t*: a question in PostgreSQL", costs.turn_kb, "kB", 1),
        ("*q*: a pair in PostgreSQL", costs.pair_kb, "kB", 1),
        ("*d*: questions a second that PostgreSQL takes in", costs.writes, "", 0),
        ("*n*: CPU of an answer of a night", costs.night_ms, "ms", 0),
        ("*f*: CPU of a night beside its answers", costs.night_s, "s", 0),
    ]


_NEEDS: Final = (
    *("asked", number("answers at a time", 1), number("cores", 2), "servers", "workers"),
    *(number("memory", 1, "GB"), number("database after 90 days", 2, "GB")),
    number("of what PostgreSQL takes in", 2),
)
