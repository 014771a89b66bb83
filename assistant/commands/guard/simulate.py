"""``routeback guard simulate``: a candidate becomes worse; watch the real guardrail notice."""

import math
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, Literal

import typer

from assistant.errors import GuardError
from assistant.settings import load

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from guardrails.decisions import Decision
    from guardrails.simulation.pairs import Simulation
    from guardrails.store.store import Store

_FILE: Final = "routeback.sqlite"
_TELL_EVERY: Final = 500


def simulate(
    drop: Annotated[
        float, typer.Option(min=0, max=0.9, help="How much worse than tolerated, in mean score.")
    ] = 0.1,
    pairs: Annotated[int, typer.Option(min=1, max=100_000, help="At most so many pairs.")] = 4000,
    kind: Annotated[
        Literal["binary", "tied", "rare"],
        typer.Option(help="Scores: pass or fail; graded with ties; good but rarely a disaster."),
    ] = "binary",
    after: Annotated[
        int, typer.Option(min=0, help="As good as base for so many pairs; then it drops.")
    ] = 0,
    seed: Annotated[int, typer.Option(min=0, help="The same seed makes the same records.")] = 0,
    segment: Annotated[str, typer.Option(help="With its language.")] = "support.billing/en",
    keep: Annotated[
        Path | None,
        typer.Option(help="A data folder to keep the database in; default: it is thrown away."),
    ] = None,
) -> None:
    """Feed simulated pairs to the real guardrail until it routes back; then replay that.

    Uses the settings' budget, and no model, no server and none of your records.
    """
    from guardrails.simulation.pairs import Simulation
    from guardrails.store.store import Store

    policy = replace(load().guard.policy, families=())  # made-up scores are no measure to attack
    try:
        simulation = Simulation(
            policy, -policy.tolerance - drop, kind, after, seed, segment=segment
        )
    except ValueError as error:
        raise GuardError(f"{error}.", hint="Choose a smaller --drop, or another --kind.") from error
    with _database(keep) as database:
        store = Store(database)
        _say(
            f"Simulated {kind} scores in {segment}: as good as base for {after:,} pairs, then a "
            f"mean difference of {simulation.mean:+g} (tolerated: {-policy.tolerance:+g})."
        )
        back = _feed(store, simulation, pairs)
        if back is None:
            _say(f"Not routed back in {pairs:,} pairs.")
            return
        same = _replayed(store, simulation, back)
    needed = back.inputs["span"][2] - after
    bound = simulation.bound()
    least = f"{bound:,.0f}" if math.isfinite(bound) else "infinitely many"
    _say(
        f"{needed:,} pairs since the drop. Who knew the distributions beforehand would need about "
        f"log(1/a) / KL_inf = {least} at this budget (1/a = {policy.budget.threshold:,.0f})."
    )
    if keep is not None:
        _say(f"Kept: ROUTEBACK_DATA_DIR={keep} routeback guard map")
    if not same:
        raise typer.Exit(1)


def _feed(store: "Store", simulation: "Simulation", most: int) -> "Decision | None":
    """Feed pairs; say what each decides; return the route-back, if there is one."""
    from guardrails.monitor import Monitor
    from guardrails.types import Stage

    monitor = Monitor(store, simulation.policy)
    for number, pair in enumerate(simulation.pairs(), start=1):
        for decision in monitor.observe(pair, {"question": "simulated"}):
            _say(f"pair {number:,}: {decision.before} → {decision.after}: {decision.reason}")
            if decision.after is Stage.ROUTED_BACK:
                return decision
        if number % _TELL_EVERY == 0:
            _say(f"pair {number:,}: {_state(store, simulation)}")
        if number >= most:
            return None
    return None


def _state(store: "Store", simulation: "Simulation") -> str:
    from guardrails.map import transfer_map
    from guardrails.simulation.pairs import START

    with store.reading() as ledger:
        cells = transfer_map(ledger, simulation.policy, START).cells
    cell = next(c for c in cells if c.segment == simulation.segment)
    main, stage = cell.main, cell.standing.stage if cell.standing else "–"
    mean = "–" if main.mean is None else f"{main.mean:+.3f}"
    return (
        f"{stage}; {mean} [{main.lower:+.3f}, {main.upper:+.3f}] of {main.pairs:,} pairs, evidence "
        f"{main.evidence:,.0f} of {main.threshold:,.0f}"
    )


def _replayed(store: "Store", simulation: "Simulation", back: "Decision") -> bool:
    """Print the record and its replay; return whether they are the same."""
    from assistant.commands.guard import text as guard_text
    from assistant.guarding.oversight import Oversight
    from guardrails.pairs import Sampling

    policy, arms = simulation.policy, (simulation.arm,)
    oversight = Oversight(store, policy, Sampling(), arms, lambda: (simulation.segment,))
    replayed = oversight.replay(back.id)
    _say(f"\nThe record:\n{replayed.record}\n\nReplayed from the stored pairs:")
    for line in guard_text.replay_lines(replayed):
        _say(line)
    return bool(replayed.same)


@contextmanager
def _database(keep: Path | None) -> "Iterator[Engine]":
    """Yield a database of its own; nothing waits for the disk, since nothing here is precious.

    Raises:
        GuardError: there is a database already.
    """
    from sqlalchemy import event

    from assistant.records.database import open_database

    if keep is not None and (keep / _FILE).exists():
        raise GuardError(
            f"{keep} has a database already.", hint="--keep takes a new folder; records are kept."
        )
    with tempfile.TemporaryDirectory(prefix="routeback-simulation-") as passing:
        engine = open_database((keep or Path(passing)) / _FILE)
        event.listen(engine, "connect", lambda c, _: c.execute("PRAGMA synchronous=OFF"))
        engine.dispose()
        try:
            yield engine
        finally:
            engine.dispose()


def _say(text: str) -> None:
    from assistant.commands.console import say

    say(text)
