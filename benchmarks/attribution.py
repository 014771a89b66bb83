"""Whether the named cause of a changed night is the injected one, beside blaming the model."""

import time
from collections import Counter
from dataclasses import dataclass, field

import report
from scipy.stats import beta
from worlds import CASES, CHURN, NEW_WORDING, QUESTIONS, SLIP, Spoilt, World, mean_of

from evals.statistics.attribution import ALPHA, LEAST, attribute

Named = frozenset[tuple[str, str]]
QUIET = 600
NIGHTS = 100
DOUBLE = 60
SIZES = 60
DROP = 0.02
GOAL, FALSE_GOAL = 0.9, 0.05

JUDGE: Named = frozenset({("judge", "")})
CANDIDATE: Named = frozenset({("candidate", "tuned")})
RETRIEVAL: Named = frozenset({("retrieval", "")})
MIX: Named = frozenset({("mix", "")})
BASE: Named = frozenset({("base", "")})

SINGLE = {
    "a lenient judge": (Spoilt(lenient=0.35), JUDGE),
    "a worse adapter, same name": (Spoilt(harm={"tuned": 0.8}), CANDIDATE),
    "half of the index removed": (Spoilt(lost=0.5), RETRIEVAL),
    "other questions": (Spoilt(tilt=2.5), MIX),
    "another base model, same name": (Spoilt(harm={"base": 0.8}), BASE),
    "weights under both arms changed": (Spoilt(harm={"base": 0.8, "tuned": 0.8}), BASE),
}
PAIRS = {
    "judge + adapter": (Spoilt(lenient=0.35, harm={"tuned": 0.8}), JUDGE | CANDIDATE),
    "judge + index": (Spoilt(lenient=0.35, lost=0.5), JUDGE | RETRIEVAL),
    "judge + mix": (Spoilt(lenient=0.35, tilt=2.5), JUDGE | MIX),
    "adapter + index": (Spoilt(harm={"tuned": 0.8}, lost=0.5), CANDIDATE | RETRIEVAL),
    "adapter + mix": (Spoilt(harm={"tuned": 0.8}, tilt=2.5), CANDIDATE | MIX),
    "index + mix": (Spoilt(lost=0.5, tilt=2.5), RETRIEVAL | MIX),
}


@dataclass
class Tally:
    """Counts of one kind of night. change: the tuned arm's mean change, summed."""

    nights: int = 0
    right: int = 0
    wrong_candidate: int = 0
    named: int = 0
    unresolved: int = 0
    naive: int = 0
    change: float = 0.0
    mistakes: Counter[str] = field(default_factory=Counter)


def tally(spoilt: Spoilt, want: Named, nights: int, seed: int) -> Tally:
    """Run nights of one kind, each in a world of its own, so that no luck is shared."""
    kept = Tally()
    for number in range(nights):
        world = World(seed + number)
        night = world.night(spoilt)
        found = attribute(world.reference, night, base="base")
        named = frozenset(found.named)
        old = mean_of(world.reference, "tuned", world.reference.mix)
        moved = mean_of(night, "tuned", night.mix) - old
        kept.nights += 1
        kept.change += moved
        kept.named += bool(named)
        kept.unresolved += found.status == "unresolved"
        kept.right += named == want
        kept.wrong_candidate += bool(named & CANDIDATE) and not want & CANDIDATE
        kept.naive += (moved < -DROP) == bool(want & CANDIDATE)
        if named != want:
            missing = " ".join(sorted(cause for cause, _ in want - named))
            extra = " ".join(sorted(cause for cause, _ in named - want))
            kept.mistakes[f"missed {missing}" if missing else f"also {extra}"] += 1
    return kept


def row(name: str, kept: Tally) -> list[object]:
    said = "; ".join(f"{what} {n}" for what, n in kept.mistakes.most_common(3)) or "–"
    return [
        name,
        kept.nights,
        f"{100 * kept.change / kept.nights:+.1f}",
        f"{kept.right / kept.nights:.0%}",
        kept.wrong_candidate,
        f"{kept.naive / kept.nights:.0%}",
        said,
    ]


HEAD = (
    *("injected", "nights", "mean change of the tuned arm", "named exactly right"),
    *("candidate blamed wrongly", "naive rule right about the model", "mistakes"),
)


def main() -> None:
    started = time.process_time()
    seed = 10_000
    quiet = tally(Spoilt(), frozenset(), QUIET, seed)
    rows = [row("nothing", quiet)]
    missed: list[str] = []
    worst, double = 1.0, 0
    for number, (name, (spoilt, want)) in enumerate({**SINGLE, **PAIRS}.items(), 1):
        kept = tally(spoilt, want, NIGHTS if name in SINGLE else DOUBLE, seed + 1000 * number)
        if name in SINGLE:
            worst = min(worst, kept.right / kept.nights)
        else:
            double += kept.right
            missed += [name] if kept.right < GOAL * kept.nights else []
        rows.append(row(name, kept))
    sizes = []
    for number, factor in enumerate((0.95, 0.9, 0.85, 0.8)):
        kept = tally(
            Spoilt(harm={"tuned": factor}), CANDIDATE, SIZES, seed + 50_000 + 1000 * number
        )
        drop = f"{100 * kept.change / kept.nights:+.1f}"
        sizes.append([factor, drop, f"{kept.right / kept.nights:.0%}"])
    false = quiet.named / quiet.nights
    bound = float(beta.ppf(0.95, quiet.named + 1, quiet.nights - quiet.named))
    both = double / (DOUBLE * len(PAIRS))
    low = f"; below it: {', '.join(missed)}" if missed else ""
    text = f"""
Simulated nights over {CASES} real questions of the sample (their segments and languages) and two
arms. **What is simulated**: each question has a difficulty that all arms and nights share; an
answer has 2 to 6 claims, of which some are true; a judge counts them and is wrong about {SLIP:.0%}
of claims, anew at each scoring; the score is the share it takes for true (mean .76, sd .25 to .27,
many ties at 1). Asked again, an arm words {NEW_WORDING:.0%} of its answers anew. An index that is
only updated gives {CHURN:.0%} of the questions other passages. {QUESTIONS:,} real questions a week
make the mix. Injected: a judge that lets 35 % of false claims pass; claims that are true .8 times
as often (adapter, base); half of the documents gone; a mix tilted to hard segments. Every night has
its own world. *Right* means exactly the injected causes, no more and no less. *Naive*: the mean of
the tuned arm dropped by more than 2 points, so the model is to blame; it is counted as right if it
blames the model when, and only when, the adapter is among the causes.

{report.table(HEAD, rows)}

On unchanged nights a cause is named in {false:.1%} (95 % upper bound {bound:.1%}); the goal of at
most {FALSE_GOAL:.0%} is {"met" if false <= FALSE_GOAL else "missed"}. Another
{quiet.unresolved / quiet.nights:.1%} of them are called *unresolved*: that blames nobody, but does
freeze promotions until the next night. The goal of {GOAL:.0%} right
for each single cause is {"met" if worst >= GOAL else "missed"} (the lowest is {worst:.0%}), and for
two at once it is {"met" if both >= GOAL else "missed"} on average ({both:.0%}{low}): a lenient
judge flattens all differences, so a worse adapter is harder to show under it. Causes are tested
together at {ALPHA:.0%} (Holm), and need at least {100 * LEAST:.0f} point.

How small a harm is named, {SIZES} nights each with a worse adapter:

{report.table(("factor on true claims", "mean change", "named exactly right"), sizes)}

What it does not show: anything about real judges, whose errors are not alike for all answers; a
judge that moves up in one segment and down in another keeps its mean and is not seen by it; a
candidate that shares base's weights and is hurt more than base is named only if the surplus is
shown. {(time.process_time() - started) / 60:.1f} CPU-minutes.
"""
    report.publish("attribution", "What changed tonight", text)


if __name__ == "__main__":
    main()
