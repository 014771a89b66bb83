"""Whether people contradict the measure: then it proves nothing, and nobody rises on it. Pure.

The scores of a round say that a candidate is not worse, and people say that it is: what the pairs
prove is not what people want. So where a round shows that, nobody rises in its language, until a
later round of the same candidate and segment shows the opposite, or its version changes.
"""

from collections.abc import Sequence

from guardrails.rules.policy import Policy
from guardrails.store.rounds import Round
from guardrails.store.store import Ledger


def contradicted_metrics(held: Round, tolerance: float) -> tuple[str, ...]:
    """Return the metrics that say "not worse" where people's whole interval says "worse".

    tolerance: loss that is accepted, in [0, 1).
    """
    if held.found.upper >= -tolerance:
        return ()
    return tuple(name for name, mean in held.means.items() if mean >= -tolerance)


def contradicts(held: Round, tolerance: float) -> bool:
    """Return whether people say "worse" and no metric does.

    A metric that says it routes the candidate back, and the measure as a whole was not blind:
    what is wrong about the others is told, and stops nobody.
    """
    return len(contradicted_metrics(held, tolerance)) == len(held.metrics)


def underrated(held: Round, tolerance: float) -> tuple[str, ...]:
    """Return the metrics that say "worse" where people's whole interval says "better"."""
    if held.found.lower <= 0.0:
        return ()
    return tuple(name for name, mean in held.means.items() if mean < -tolerance)


def contradiction(rounds: Sequence[Round], tolerance: float) -> str:
    """Return why the measure is not believed, for a person; empty if nothing is said against it.

    rounds: of current versions in one language, oldest first. A contradiction stands until a
    later round of the same arm, segment and kind lies wholly at -tolerance or above.
    """
    standing: dict[tuple[str, str, str], Round] = {}
    for item in rounds:
        key = (item.arm, item.segment, item.kind)
        if contradicts(item, tolerance):
            standing[key] = item
        elif item.found.lower >= -tolerance:
            standing.pop(key, None)
    if not standing:
        return ""
    item = next(iter(standing.values()))
    estimate = item.found
    means = ", ".join(f"{name} {mean:+.3f}" for name, mean in item.means.items())
    return (
        f"people contradict the measure: of {estimate.labels:,} pairs they labelled, {item.arm} is "
        f"worse in {item.segment} ({estimate.lower:+.3f} to {estimate.upper:+.3f} over "
        f"{estimate.pairs:,} pairs), and the scores say {means}; see 'routeback guard labels'"
    )


def contradicted(ledger: Ledger, policy: Policy, arm: str, segment: str) -> str:
    """Return why an arm may not rise in a segment since people contradict the measure, or nothing.

    Whichever candidate was labelled: the measure is the same for all in a language.
    """
    del arm
    language = segment.partition("/")[2]
    versions = {
        (standing.arm, standing.segment): standing.version for standing in ledger.standings()
    }
    rounds = [
        item
        for item in ledger.rounds.rounds()
        if item.segment.partition("/")[2] == language
        and versions.get((item.arm, item.segment)) == item.version
    ]
    return contradiction(rounds, policy.tolerance)
