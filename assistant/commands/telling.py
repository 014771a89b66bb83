"""The guardrail in words and tables, from the plain values of ``assistant.oversight``."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from rich.table import Table

Values = Mapping[str, Any]

STYLES: Final = {"better": "green", "equal": "green", "worse": "red", "unproven": "dim"}
_MINUTE: Final = 16
"""Characters of an ISO time down to the minute."""


def status_lines(status: Values) -> Iterator[str]:
    """Yield what a person reads of the status, line by line."""
    if not status["candidates"]:
        yield "No candidate is configured: base answers everything (docs/settings.md, Arms)."
    for candidate in status["candidates"]:
        yield from _candidate_lines(candidate)
    queue = status["queue"]
    told = ", ".join(f"{count} {state}" for state, count in queue.items())
    yield f"Pairs queued: {told}."
    tokens = status["pair_tokens"]
    yield (
        f"Pair tokens in the last 24 hours: {tokens['last_24_hours']:,} of at most "
        f"{tokens['ceiling']:,}."
    )
    yield f"Budget: {status['budget']['words']}."
    yield (
        "Expected false route-backs a month, all candidates and segments: "
        f"at most {status['false_route_backs_per_month']:.3g}."
    )
    if not status["alarms"]:
        yield "No alarm is raised."
    for alarm in status["alarms"]:
        yield f"ALARM ({alarm['kind']}, since {when(alarm['at'])}): {alarm['message']}"


def _candidate_lines(candidate: Values) -> Iterator[str]:
    gone = "" if candidate["configured"] else " (no longer configured)"
    yield f"{candidate['arm']}{gone}"
    if not candidate["segments"]:
        yield "  no pair yet: unproven everywhere, so base answers"
    for segment in candidate["segments"]:
        yield f"  {segment['segment']}: {segment['stage']}, {segment['words']}"
    breaker, unscored = candidate["breaker"], candidate["unscored"]
    since = f" since {when(breaker['opened'])}" if breaker["opened"] else ""
    yield (
        f"  breaker: {breaker['state']}{since}, {breaker['failures']} of the last "
        f"{breaker['calls']} calls failed"
    )
    blind = "BLIND: " if unscored["blind"] else ""
    yield (
        f"  sight: {blind}{unscored['share']:.0%} of the last {unscored['pairs']} pairs "
        "lack a score"
    )


def map_table(found: Values) -> "Table":
    """Return the transfer map as a table; rows above others have no stage."""
    from rich.table import Table
    from rich.text import Text

    head = ("candidate", "segment", "verdict", "stage", "difference", "pairs", "evidence", "why")
    caption = (
        "difference: mean of score(candidate) - score(base), and its interval; "
        "evidence: of the threshold at which it is routed back; rows without a stage gather "
        "the segments below them. False route-backs a month to expect, over all: at most "
        f"{found['false_route_backs_per_month']:.3g}."
    )
    table = Table(*head, caption=caption)
    table.columns[1].no_wrap = True
    for cell in found["cells"]:
        pin = cell["pin"]
        stage = (cell["stage"] or "–") + (f", pinned by {pin['by']}" if pin else "")
        fresh = f" ({cell['fresh_pairs']} fresh)" if cell["shown_from"] else ""
        table.add_row(
            Text(cell["arm"]),
            Text(cell["segment"]),
            Text(cell["verdict"], STYLES[cell["verdict"]]),
            Text(stage),
            interval(cell),
            f"{cell['pairs']}{fresh}",
            f"{cell['evidence']:,.0f} of {cell['threshold']:,.0f}",
            Text(cell["reason"] or ""),
        )
    return table


def decisions_table(found: Sequence[Values]) -> "Table":
    """Return decisions as a table."""
    from rich.table import Table
    from rich.text import Text

    table = Table("decision", "at", "candidate", "segment", "move", "by", "why")
    for one in found:
        move = f"{one['before']} → {one['after']}"
        cells = (one["id"], when(one["at"]), one["arm"], one["segment"], move, one["by"])
        table.add_row(*map(Text, (*cells, one["reason"])))
    table.columns[0].no_wrap = True
    return table


def decision_lines(decision: Values) -> Iterator[str]:
    """Yield one decision as a person reads it."""
    yield f"Decision {decision['id']}, {when(decision['at'])} UTC, by {decision['by']}"
    yield (
        f"{decision['arm']} in {decision['segment']}: {decision['before']} → {decision['after']} "
        f"(cause: {decision['cause']})"
    )
    yield f"Why: {decision['reason']}."
    for one in decision["summary"]:
        yield (
            f"  {one['metric']}: {interval(one)}, {one['pairs']} scored pairs, "
            f"{one['unscored']} without a score; evidence {one['evidence']:,.0f} of "
            f"{one['threshold']:,.0f}"
        )
    inputs = decision["inputs"]
    if span := inputs["span"]:
        where, first, last = span
        yield f"Pairs: number {first} to {last} of {where or 'all segments'}."
    policy = inputs["policy"]
    yield (
        f"Policy: false_alarms {policy['false_alarms']:g} in {policy['horizon']:,} pairs, "
        f"tolerance {policy['tolerance']:g}, min_pairs {policy['min_pairs']}, metrics "
        f"{', '.join(policy['metrics'])}."
    )
    yield f"SHA-256 {decision['sha256']}"


def replay_lines(replayed: Values) -> Iterator[str]:
    """Yield what a replay found."""
    if replayed["same"]:
        yield f"Decision {replayed['id']}: the same, byte for byte."
        yield f"SHA-256 {replayed['sha256']}"
        return
    yield f"Decision {replayed['id']}: NOT the same."
    for difference in replayed["differences"]:
        yield f"  {difference}"
    yield f"Recorded SHA-256 {replayed['sha256']}"
    if replayed["replayed_sha256"]:
        yield f"Replayed SHA-256 {replayed['replayed_sha256']}"


def interval(measured: Values) -> str:
    """Return mean and interval of a difference."""
    mean = "–" if measured["mean"] is None else f"{measured['mean']:+.3f}"
    return f"{mean} [{measured['lower']:+.3f}, {measured['upper']:+.3f}]"


def when(moment: str) -> str:
    """Return an ISO time down to the minute."""
    return moment[:_MINUTE].replace("T", " ")
