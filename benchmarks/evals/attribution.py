"""Whether the named cause of a changed night is the injected one, beside blaming the model."""

from collections import Counter
from dataclasses import dataclass, field

from benchmarks.evals.worlds import Spoilt, World, mean_of
from benchmarks.results import Table, figures, number, percent, table, upper
from evals.statistics.attribution import attribute

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
    for turn in range(nights):
        world = World(seed + turn)
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
    said = "; ".join(f"{what} {n}" for what, n in kept.mistakes.most_common(3)) or None
    return [
        name,
        kept.nights,
        100 * kept.change / kept.nights,
        kept.right / kept.nights,
        kept.wrong_candidate,
        kept.naive / kept.nights,
        said,
    ]


CAUSES = (
    *("injected", "nights", number("mean change of the tuned arm", 1, "points", signed=True)),
    *(percent("named exactly right", 0), "candidate blamed wrongly"),
    *(percent("naive rule right about the model", 0), "mistakes"),
)
SIZE = (
    *(number("factor on true claims", 2), number("mean change", 1, "points", signed=True)),
    percent("named exactly right", 0),
)


def measure(*, quick: bool = False) -> list[Table]:
    """Simulate; a minute."""
    nights, double, calm, small = (3, 3, 5, 3) if quick else (NIGHTS, DOUBLE, QUIET, SIZES)
    seed = 10_000
    quiet = tally(Spoilt(), frozenset(), calm, seed)
    rows = [row("nothing", quiet)]
    worst, both = 1.0, 0
    for turn, (name, (spoilt, want)) in enumerate({**SINGLE, **PAIRS}.items(), 1):
        kept = tally(spoilt, want, nights if name in SINGLE else double, seed + 1000 * turn)
        if name in SINGLE:
            worst = min(worst, kept.right / kept.nights)
        else:
            both += kept.right
        rows.append(row(name, kept))
    sizes = []
    for turn, factor in enumerate((0.95, 0.9, 0.85, 0.8)):
        harm = Spoilt(harm={"tuned": factor})
        kept = tally(harm, CANDIDATE, small, seed + 50_000 + 1000 * turn)
        sizes.append([factor, 100 * kept.change / kept.nights, kept.right / kept.nights])
    goals = figures(
        "goals",
        [
            (
                f"unchanged nights with a cause, at most {FALSE_GOAL:.0%}",
                quiet.named / quiet.nights,
                "%",
                1,
            ),
            ("· its 95 % upper bound", upper(quiet.named, quiet.nights), "%", 1),
            (
                "unchanged nights called unresolved, no goal",
                quiet.unresolved / quiet.nights,
                "%",
                1,
            ),
            (f"lowest single cause named right, at least {GOAL:.0%}", worst, "%", 0),
            (
                f"two causes named right, on average, at least {GOAL:.0%}",
                both / (double * len(PAIRS)),
                "%",
                0,
            ),
        ],
        "goal",
    )
    return [table("causes", CAUSES, rows), table("sizes", SIZE, sizes), goals]
