"""Scored pairs with answers to read, and people who label them."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from guardrails.calibration.labelling import Labelling
from guardrails.monitor import Monitor
from guardrails.rules.policy import Policy
from guardrails.store.rounds import candidate_first
from guardrails.store.store import Store
from guardrails.types import Pair, Score
from tests.guardrails.conftest import START

POLICY = Policy(metrics=("quality",), min_pairs=20, wait_s=3600)
SEGMENT = "glossary/en"
VERSION = '{"v":1}'
LATER = START + timedelta(days=2)


def compare(
    store: Store,
    differences: Sequence[float],
    *,
    arm: str = "tuned",
    segment: str = SEGMENT,
    version: str = VERSION,
    policy: Policy = POLICY,
    same: Sequence[int] = (),
    start: datetime = START,
) -> None:
    """Observe pairs of these differences. same: those whose two answers are the same."""
    monitor = Monitor(store, policy)
    for n, difference in enumerate(differences):
        pair = Pair(
            id=f"{arm}-{segment}-{version}-{start:%d}-{n}",
            arm=arm,
            segment=segment,
            at=start + timedelta(minutes=n),
            version=version,
            base={"quality": Score(0.5 - difference / 2)},
            candidate={"quality": Score(0.5 + difference / 2)},
        )
        told = {"base": f"Base says {n}.", arm: f"The candidate says {n}."}
        if n in same:
            told[arm] = f"Base  says {n}."
        kept = {"question": f"What is {n}?", "answers": told, "passages": [f"Entry {n}"]}
        monitor.observe(pair, kept)


def people_say(
    store: Store,
    labels: Callable[[int], int],
    count: int,
    *,
    arm: str = "tuned",
    segment: str = SEGMENT,
    by: str = "ada",
    new: bool = False,
    policy: Policy = POLICY,
):
    """Label pairs as a person does who knows the answers; return the round after it.

    labels: what is said of the pair that is asked about, by the number in its question.
    """
    desk = Labelling(store, policy)
    held = None
    for n in range(count):
        begins = new and n == 0
        offer = desk.offer(arm, segment, "better", LATER, by, new=begins)
        value = labels(int(offer.question.split()[-1][:-1]))
        with store.reading() as ledger:
            drawn = next(d for d in ledger.rounds.draws(offer.round) if d.place == offer.place)
            first = candidate_first(offer.round, ledger.rounds.kept(drawn.number)[0])
        choice = "tie" if value == 0 else "a" if (value == 1) == first else "b"
        held = desk.take(offer.round, offer.place, choice, by, LATER)
    return held
