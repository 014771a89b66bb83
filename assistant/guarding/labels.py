"""What people said of pairs, as plain values: for ``assistant.guarding.oversight``."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict

from assistant.wire.guard import PeopleView
from assistant.wire.labels import (
    BlindPairView,
    CorrectionView,
    LabellerView,
    LabelTaken,
    LanguageContradiction,
    RoundsView,
    RoundView,
)
from guardrails import clock
from guardrails.calibration.contradiction import (
    contradicted,
    contradicted_metrics,
    contradicts,
    underrated,
)
from guardrails.calibration.labelling import BlindPair
from guardrails.rules.policy import Policy
from guardrails.store.rounds import CHOICES, SAME_WORDS, Round, agreement
from guardrails.store.store import Ledger
from guardrails.types import LONG_AGO, QUOTE

Where = tuple[str, str]
"""A candidate and a segment."""


def offered(arm: str, offer: BlindPair) -> BlindPairView:
    """Return a pair to label; nothing in it says whose answer is whose."""
    return BlindPairView(arm=arm, choices=tuple(CHOICES[offer.kind]), **asdict(offer))


def taken(held: Round, place: int) -> LabelTaken:
    """Return what a labeller is told after a label: how far the round has come, and no result."""
    return LabelTaken(round=held.id, place=place, labels=held.found.labels, pairs=held.found.pairs)


def rounds(ledger: Ledger, policy: Policy) -> RoundsView:
    """Return all rounds, newest first, and the languages in which people contradict the measure."""
    versions = _versions(ledger)
    entries = ledger.rounds.rounds()
    languages = sorted({entry.segment.partition("/")[2] for entry in entries})
    reasons = {name: contradicted(ledger, policy, "", f"/{name}") for name in languages}
    return RoundsView(
        rounds=tuple(_round(ledger, entry, policy, versions) for entry in reversed(entries)),
        contradictions=tuple(
            LanguageContradiction(language=name, why=why) for name, why in reasons.items() if why
        ),
    )


def people(ledger: Ledger) -> dict[Where, PeopleView]:
    """Return what people say by candidate and segment: of the newest round of its version.

    Which is better goes before which is right.
    """
    versions = _versions(ledger)
    verdicts: dict[Where, PeopleView] = {}
    for one in sorted(ledger.rounds.rounds(), key=lambda one: (one.kind == "better", one.id)):
        if versions.get((one.arm, one.segment)) == one.version:
            verdicts[one.arm, one.segment] = PeopleView(**asdict(one.found), kind=one.kind)
    return verdicts


def suggested(ledger: Ledger, kind: str) -> Where | None:
    """Return where to label if nobody says: the round begun last, else where most pairs are."""
    versions = _versions(ledger)
    for entry in reversed(ledger.rounds.rounds()):
        current = versions.get((entry.arm, entry.segment)) == entry.version
        if entry.kind == kind and current and entry.found.labels < entry.found.pairs:
            return entry.arm, entry.segment
    counts = ledger.pair_counts(LONG_AGO, clock.now())
    places = [where for where in counts if where in versions and where[0] != QUOTE]
    return max(places, key=lambda where: (counts[where], where), default=None)


def _versions(ledger: Ledger) -> dict[Where, str]:
    return {(standing.arm, standing.segment): standing.version for standing in ledger.standings()}


def _round(ledger: Ledger, held: Round, policy: Policy, versions: Mapping[Where, str]) -> RoundView:
    labels = ledger.rounds.labels(held.id)
    wrong = contradicted_metrics(held, policy.tolerance)
    names = Counter(label.by for label in labels if label.by != SAME_WORDS)
    return RoundView(
        round=held.id,
        arm=held.arm,
        segment=held.segment,
        kind=held.kind,
        at=held.at,
        current=versions.get((held.arm, held.segment)) == held.version,
        people=PeopleView.model_validate(held.found),
        same_words=sum(label.by == SAME_WORDS for label in labels),
        by=tuple(LabellerView(by=name, labels=count) for name, count in sorted(names.items())),
        metrics=tuple(
            CorrectionView(
                metric=name,
                mean=mean,
                bias_lower=mean - held.found.upper,
                bias_upper=mean - held.found.lower,
                contradicted=name in wrong,
            )
            for name, mean in held.means.items()
        ),
        contradicts=contradicts(held, policy.tolerance),
        underrated=tuple(underrated(held, policy.tolerance)),
        agreement=agreement(labels),
    )
