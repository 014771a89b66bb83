"""What a night does to the guardrail: alarms, frozen promotions, and candidates sent back."""

from collections.abc import Sequence

from evals.night.verdict import NightVerdict
from evals.statistics.compare import Comparison
from evals.statistics.scored import ALL
from guardrails import clock
from guardrails.monitor import FROZEN, Monitor

EVALS = "evals"


def act(monitor: Monitor, found: NightVerdict) -> list[str]:
    """Do what the verdict asks for; return what was done, in words.

    Only a candidate's own change moves a stage, and only down: pairs, and not a night, promote.
    """
    now = clock.now()
    done = []
    with monitor.store.transaction() as ledger:
        if found.freeze_promotions:
            why = " ".join(found.alarms)
            ledger.raise_alarm(FROZEN, EVALS, now, f"Promotions are frozen. {why}")
            done.append("Promotions are frozen until a night shows no drift.")
        elif found.attributions:
            ledger.clear_alarm(FROZEN, EVALS, now)
    for arm in sorted(
        {arm for attribution in found.attributions.values() for arm in attribution.action.down}
    ):
        segments = worse_in(found.since.get(arm, ()))
        reason = (
            f"{arm}'s own answers got worse overnight on unchanged passages: "
            f"{_worst(found.since.get(arm, ()))}"
        )
        done += [
            f"{arm} is routed back in {decision.segment} (decision {decision.id})."
            for decision in monitor.overnight(arm, segments, reason, now)
        ]
    return done


def worse_in(comparisons: Sequence[Comparison]) -> tuple[str, ...] | None:
    """Return the segments, with their language, where an arm is shown to be worse.

    None: everywhere, because it is shown over all cases and in no single segment.
    """
    shown = {
        f"{comparison.cell.segment}/{comparison.cell.language}"
        for comparison in comparisons
        if comparison.verdict == "worse" and comparison.cell.segment != ALL
    }
    return tuple(sorted(shown)) or None


def _worst(comparisons: Sequence[Comparison]) -> str:
    shown = [one for one in comparisons if one.verdict == "worse"]
    if not shown:
        return "over all cases, though in no single one of them"
    return min(shown, key=lambda one: one.mean).words()
