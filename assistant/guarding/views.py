"""The guardrail's own types as they cross HTTP. Pure functions."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Final

from assistant.wire.guard import (
    BreakerView,
    BudgetView,
    CandidateView,
    DeliveryView,
    GuardedView,
    MapCellView,
    MapView,
    MeasureLanguageView,
    MeasureView,
    MessageView,
    MetricView,
    NoticeView,
    PeopleView,
    PromiseView,
    SegmentStandingView,
    SightView,
    WriterView,
)
from guardrails.attack.certificate import Certificate
from guardrails.map import MapCell, TransferMap
from guardrails.pairs import Sampling
from guardrails.rules import promise
from guardrails.rules.breaker import Breaker
from guardrails.rules.policy import Policy
from guardrails.rules.strengths import Rung
from guardrails.store.outbox import Delivery, Sent
from guardrails.types import QUOTE, Stage, Standing
from guardrails.writers import WORDS, Writer

_QUOTED: Final = {
    Stage.SHADOW: "compared with base",
    Stage.CANARY: "compared with base, and shown not to be worse",
    Stage.SERVING: "compared with base, and shown not to be worse",
    Stage.ROUTED_BACK: "compared with base, and shown to be worse",
}


def map_view(
    found: TransferMap,
    people: Mapping[tuple[str, str], PeopleView],
    writing: Sequence[WriterView] = (),
) -> MapView:
    """Return the transfer map. people: what they say, by candidate and segment."""
    return MapView(
        candidates=found.candidates,
        cells=tuple(cell_view(cell, people.get((cell.arm, cell.segment))) for cell in found.cells),
        false_route_backs_per_month=found.monthly,
        writing=tuple(writing),
    )


def cell_view(cell: MapCell, people: PeopleView | None = None) -> MapCellView:
    """Return a cell of the transfer map. people: what they say there."""
    standing = cell.standing
    return MapCellView(
        **asdict(cell.main),
        arm=cell.arm,
        candidate=cell.rung.candidate,
        strength=cell.rung.strength,
        segment=cell.segment,
        verdict=cell.verdict.value,
        words=cell.words,
        below=cell.below,
        stage=standing.stage.value if standing else None,
        since=standing.since if standing else None,
        until=standing.until if standing else None,
        route_backs=standing.route_backs if standing else 0,
        pin=standing.pin if standing else None,
        evidence_share=cell.evidence_share,
        proof_share=cell.proof_share,
        lacking=cell.lacking,
        held=standing.held if standing else "",
        promise=PromiseView.model_validate(cell.promise) if cell.promise else None,
        fresh_pairs=cell.fresh,
        shown_from=cell.shown_from,
        reason=cell.decision.reason if cell.decision else None,
        decision=cell.decision.id if cell.decision else None,
        metrics=tuple(map(MetricView.model_validate, cell.summary.metrics)),
        people=people,
    )


def writer_view(writer: Writer, policy: str) -> WriterView:
    """Return who writes, or might. policy: of quoting in its segment."""
    permission = writer.permission
    return WriterView(
        **asdict(writer.summary.tripped or writer.summary.weakest()),
        arm=permission.arm,
        segment=permission.segment,
        verdict=writer.verdict.value,
        words=WORDS[writer.verdict],
        writes=permission.writes,
        forced=permission.forced,
        since=permission.since,
        by=permission.by,
        why=permission.why,
        decision=permission.decision or None,
        refusal=writer.refusal,
        suggested=writer.suggested and policy == "first",
        policy=policy,
        command=f"routeback arms write {permission.arm} {permission.segment}",
    )


def candidate_view(
    arm: str,
    rung: Rung,
    breaker: Breaker,
    sight: SightView,
    standings: Sequence[Standing],
    *,
    configured: bool,
    probing: bool,
) -> CandidateView:
    """Return a candidate. probing: whether an open breaker lets calls through by now."""
    closed = breaker.opened is None
    return CandidateView(
        arm=arm,
        configured=configured,
        candidate=rung.candidate,
        strength=rung.strength,
        strengths=rung.of,
        breaker=BreakerView(
            state="closed" if closed else "half-open" if probing else "open",
            opened=breaker.opened,
            failures=sum(map(bool, breaker.failures)),
            calls=len(breaker.failures),
        ),
        unscored=sight,
        segments=tuple(
            SegmentStandingView(
                segment=s.segment, stage=s.stage.value, held=s.held, words=_standing(s)
            )
            for s in standings
        ),
    )


def budget_view(policy: Policy, sampling: Sampling) -> BudgetView:
    """Return how often the guardrail may be wrong, and what is promised by that."""
    return BudgetView(
        false_alarms=policy.false_alarms,
        false_promotions=policy.false_promotions,
        horizon=policy.horizon,
        tolerance=policy.tolerance,
        metrics=policy.metrics,
        guarded=tuple(GuardedView(metric=g.name, tolerance=g.tolerance) for g in policy.guarded),
        threshold=policy.budget.threshold,
        words=promise.budget(policy),
        promise=promise.promised(policy, sampling.rate).said(
            "in a segment, unless a person has pinned it there"
        ),
    )


def measure_view(certificate: Certificate, refusals: Mapping[str, str]) -> MeasureView:
    """Return what the measure notices. refusals: by language, why nothing rises, or empty."""
    return MeasureView(
        id=certificate.id,
        at=certificate.at,
        origin=certificate.origin,
        languages=tuple(
            MeasureLanguageView(
                language=language,
                rises=not why,
                why=why,
                changes=tuple(
                    NoticeView.model_validate(finding)
                    for finding in certificate.findings
                    if finding.language == language
                ),
            )
            for language, why in refusals.items()
        ),
    )


def message_view(sent: Sent) -> MessageView:
    """Return a message of the outbox, and what became of it."""
    return MessageView(
        id=sent.message.id,
        topic=sent.message.topic,
        subject=sent.message.body.get("subject", ""),
        at=sent.message.created,
        taken_up=sent.taken_up,
        deliveries=tuple(map(_delivery, sent.deliveries)),
    )


def _delivery(delivery: Delivery) -> DeliveryView:
    return DeliveryView(
        to=delivery.recipient.name,
        state=delivery.state,
        tries=delivery.tries,
        ended=delivery.delivered or delivery.given_up,
        next_try=delivery.next_try,
        error=delivery.error,
    )


def _standing(standing: Standing) -> str:
    """Return where a candidate stands, for a person."""
    if standing.arm == QUOTE:
        return _QUOTED[standing.stage]
    words = {
        Stage.SHADOW: "answers unseen, for comparison only",
        Stage.CANARY: f"answers {standing.canary_share:.0%} of the conversations",
        Stage.SERVING: "answers",
        Stage.ROUTED_BACK: "routed back to base",
    }[standing.stage]
    if standing.until:
        words += f" until {standing.until:%Y-%m-%d %H:%M} UTC at least"
    if standing.held:
        words = f"held: base answers, since {standing.held} got worse and its own pairs are few"
    if standing.pin:
        words += f"; pinned by {standing.pin.by}: {standing.pin.why}"
    return words
