"""``routeback models try``: how other weights answer, before they become base."""

import asyncio
import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from assistant.settings import load

if TYPE_CHECKING:
    from evals.bases import BaseContest, Contender


def try_(
    name: Annotated[str, typer.Argument(help="Of weights that are known or were added.")],
    cases: Annotated[
        int, typer.Option(min=0, help="Questions, spread over the kinds; 0: all that come along.")
    ] = 24,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """See how weights answer, beside today's base and the document's own words.

    All three are asked the same questions about the sample knowledge; each case says what a right
    answer states. Nothing is recorded or switched. At the end stands the one command that switches.
    """
    from assistant.commands.console import out, say, watching
    from evals.bases import contest
    from evals.cases.cases import load as load_cases
    from evals.night.plan import sampled

    settings = load()
    chosen = sampled(load_cases(), cases, "")
    with watching() as watcher:
        found = asyncio.run(contest(settings, name, chosen, watcher))
    if as_json:
        say(json.dumps(as_values(found), ensure_ascii=False, indent=2))
        return
    out.print(_table(found))
    for line in lines(found):
        say(line)


def as_values(found: "BaseContest") -> dict[str, Any]:
    """Return a contest as plain values."""
    named = {"new": found.new, "today": found.today, "quote": found.quote}
    return {
        "contenders": {key: _contender(one) for key, one in named.items()},
        "right_against": {
            key: {
                "difference": estimate.mean,
                "interval": estimate.interval(0.05),
                "detectable": estimate.detectable(0.05),
            }
            for key, estimate in ((key, found.difference(named[key])) for key in ("today", "quote"))
        },
        "switch": switch(found),
    }


def lines(found: "BaseContest") -> list[str]:
    """Return what the table means, and the command that switches."""
    told = []
    for other in (found.today, found.quote):
        estimate = found.difference(other)
        low, high = estimate.interval(0.05)
        shown = "better" if low > 0 else "worse" if high < 0 else "neither better nor worse, as yet"
        told.append(
            f"Right answers of {found.new.name} less those of {_named(found, other)}: "
            f"{100 * estimate.mean:+.0f} points [{100 * low:+.0f}, {100 * high:+.0f}]: {shown}; "
            f"with {estimate.pairs} cases, {100 * estimate.detectable(0.05):.0f} points would be "
            "found with 80 % probability."
        )
    return [
        f"new: {found.new.name} · today: {found.today.name} · quoted: the document's own words",
        *told,
        f"Switch: {switch(found)}",
        f"Or let it earn its traffic: routeback arms add NAME --weights {found.new.name}",
    ]


def _named(found: "BaseContest", one: "Contender") -> str:
    return one.name if one is found.today else "the quotation"


def switch(found: "BaseContest") -> str:
    """Return the one command that makes new weights base."""
    return f"routeback models use {found.new.name}"


def _contender(one: "Contender") -> dict[str, Any]:
    return {
        "name": one.name,
        "revision": one.revision,
        "cases": len(one.outcomes),
        "counts": one.counts,
        "right": one.share("right"),
        "wrong": one.share("wrong"),
        "seconds": one.seconds,
        "memory_bytes": one.memory,
        "outcomes": [asdict(outcome) for outcome in one.outcomes],
    }


def _table(found: "BaseContest") -> Any:
    from rich.table import Table

    from evals.bases import VERDICTS

    table = Table("", "new", "today", "quoted")
    all_three = (found.new, found.today, found.quote)
    table.add_row("cases", *(str(len(one.outcomes)) for one in all_three))
    for verdict in VERDICTS:
        if not any(one.counts[verdict] for one in all_three):
            continue
        if verdict in {"right", "wrong"}:
            cells = [_shared(one.counts[verdict], one.share(verdict)) for one in all_three]
        else:
            cells = [str(one.counts[verdict]) for one in all_three]
        table.add_row(verdict, *cells)
    table.add_row(
        "seconds, median and p95", *("{:.1f}, {:.1f}".format(*c.seconds) for c in all_three)
    )
    table.add_row("memory of its engine", *(_megabytes(one.memory) for one in all_three))
    return table


def _shared(count: int, share: tuple[float, float, float]) -> str:
    return "{}  ({:.0f} % [{:.0f}, {:.0f}])".format(count, *(100 * part for part in share))


def _megabytes(size: int | None) -> str:
    return "–" if size is None else f"{size / 1e6:,.0f} MB"
