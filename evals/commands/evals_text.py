"""What the commands print, line by line. Pure."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from assistant.wire.night_result import MeanView, NightDifference, NightResult
from assistant.wire.nights import NightDetail, TrendPoint, TrendView
from evals.report.words import code, trust_words

if TYPE_CHECKING:
    from evals.cases.survey import CoverageView

_ALL = "*"


def outcome_lines(result: NightResult, paths: Mapping[str, Path]) -> Iterator[str]:
    """Yield how a night ended, what to do, and where the report is."""
    yield ""
    yield from result_lines(result)
    if "html" in paths:
        yield ""
        yield f"Report: {paths['html']}"


def result_lines(result: NightResult) -> Iterator[str]:
    """Yield what a night found."""
    yield f"{code(result.exit_code)}: {result.words}"
    counts = result.counts
    yield (
        f"{counts.answers} answers of {counts.cases} cases × {counts.arms} arms; "
        f"{counts.failed} failed, {counts.unasked} not asked; "
        f"{counts.judged} judged, {counts.taken_over} scores taken over from earlier "
        f"nights, {counts.unjudged} not judged for lack of time."
    )
    for arm, spent in result.cost.arms.items():
        yield (
            f"  {arm}: {spent.prompt_tokens:,} prompt and {spent.completion_tokens:,} answer "
            f"tokens, {spent.seconds:,.0f} s"
        )
    yield from _means(result)
    for metric, cause in result.attributions.items():
        yield f"{metric}: {cause.words}"
    yield from result.moved
    for row in result.trust:
        yield f"Judge trust, {row.metric}: {trust_words(row)}"
    shown = result.unscored[:5]
    for lost in shown:
        yield f"  no score: {lost.metric} of {lost.case} by {lost.arm}: {lost.reason}"
    if len(result.unscored) > len(shown):
        yield f"  … and {len(result.unscored) - len(shown)} more without a score"
    yield "To do:"
    for number, step in enumerate(result.todo, 1):
        yield f"  {number}. {step}"


def night_lines(night: NightDetail, missed: str) -> Iterator[str]:
    """Yield one night."""
    yield f"Night {night.id}, {night.at:%Y-%m-%d %H:%M} UTC, {night.kind}, {night.state}"
    if missed:
        yield missed
    if night.result:
        yield from result_lines(night.result)
    elif night.words:
        yield f"{code(night.exit_code)}: {night.words}"


def diff_lines(found: NightDifference) -> Iterator[str]:
    """Yield two nights side by side."""
    yield f"{found.before} → {found.after}"
    for arm, change in found.arms.items():
        before, after = change.revision
        changed = "" if before == after else f" ({before} → {after})"
        yield f"{arm}{changed}"
        for cell in change.cells:
            yield f"  {cell.words}"
        if change.only_before or change.only_after:
            yield (
                f"  {change.only_before} scores only before, {change.only_after} only after: "
                "other cases, or changed ones"
            )


def trend_lines(found: TrendView, missed: str) -> Iterator[str]:
    """Yield how the means over all cases moved."""
    if missed:
        yield missed
    if not found.nights:
        yield "No night is done yet. Run one: routeback evals nightly"
        return
    points: dict[str, list[TrendPoint]] = {}
    for point in found.points:
        if point.segment == _ALL:
            points.setdefault(point.night, []).append(point)
    for night in found.nights:
        causes = f" ({', '.join(night.causes)})" if night.causes else ""
        yield f"{night.night}  {code(night.exit_code)}{causes}"
        for point in points.get(night.night, ()):
            yield f"  {point.arm:<20} {point.metric:<20} {mean(point)}"


def coverage_lines(found: "CoverageView") -> Iterator[str]:
    """Yield how well the cases stand for what people ask."""
    low, high = found.covered_interval
    yield (
        f"{found.covered:.0%} [{low:.0%}, {high:.0%}] of {found.questions} real questions "
        f"are of a kind that the {found.cases} cases have."
    )
    low, high = found.balance_interval
    yield f"Balance of segments and languages: {found.balance:.0%} [{low:.0%}, {high:.0%}]."
    if found.left_out:
        yield f"{found.left_out} older questions were not looked at."
    for title, groups in (("No case asks", found.missing), ("Nobody asks", found.unasked)):
        for group in groups:
            yield (
                f"{title}: {group.like!r} ({group.segment}/{group.language}, "
                f"{group.share:.0%} of the questions, {group.cases} cases)"
            )
    if found.to_add:
        yield "Add cases for:"
        for number, case in enumerate(found.to_add, 1):
            yield f"  {number}. {case.question} ({case.segment}/{case.language})"


def mean(point: MeanView) -> str:
    """Return a mean with its interval, in points of 100."""
    if point.mean is None:
        return f"no score ({point.unscored} missing)"
    lost = f", {point.unscored} missing" if point.unscored else ""
    return (
        f"{100 * point.mean:5.1f} [{100 * (point.low or 0):.1f}, {100 * (point.high or 0):.1f}], "
        f"n = {point.n}{lost}"
    )


def _means(result: NightResult) -> Iterator[str]:
    for point in result.cells:
        if point.segment == _ALL:
            yield f"  {point.arm:<20} {point.metric:<20} {mean(point)}"
