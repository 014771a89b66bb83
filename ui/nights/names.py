"""How nights, causes, scores and kinds of question are called on the page. Pure functions."""

from collections.abc import Iterable

from ui import figures
from ui.api.nights import ALL
from ui.api.types import ApiNightDetail, ApiNightView
from ui.format import literal
from ui.texts.nights import NightsText, Verdict


def verdict(night: ApiNightView | ApiNightDetail) -> Verdict:
    """Return how a night ended."""
    if night.state == "running":
        return "running"
    codes: dict[int | None, Verdict] = {0: "pass", 1: "regression"}
    return codes.get(night.exit_code, "unmeasured")


def cause(named: str, text: NightsText) -> str:
    """Return a cause as a sentence lists it; markdown. named: as a night has it."""
    kind, _, arm = named.partition(" ")
    told = text.cause.get(kind)
    if told is None:
        return literal(named)
    if "{arm}" in told:
        return told.format(arm=f"**{literal(arm)}**")
    return f"{told} ({literal(arm)})" if arm else told


def causes(named: Iterable[str], text: NightsText, conjunction: str = "") -> str:
    """Return causes as a list in a sentence; empty if there are none."""
    parts = [cause(one, text) for one in dict.fromkeys(named)]
    return figures.listed(parts, conjunction or "&")


def metric(name: str, text: NightsText) -> str:
    """Return what a score is called, as text."""
    return text.metrics.get(name, name)


def arm(name: str, text: NightsText) -> str:
    """Return what an arm is called, as text."""
    return text.arms.get(name, name)


def kind(segment: str, language: str, text: NightsText) -> str:
    """Return a kind of question, as text."""
    parts = [segment] if segment != ALL else []
    parts += [text.languages.get(language, language)] if language != ALL else []
    return ", ".join(parts) or text.every_kind


def points(value: float | None, text: NightsText) -> str:
    """Return a difference of scores with its sign; a dash where there is none."""
    return "–" if value is None else figures.signed(value, text.language, 3)


def percent(share: float, text: NightsText) -> str:
    """Return a share in percent, without the sign."""
    return figures.plain(100 * share, text.language, 0)
