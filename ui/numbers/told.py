"""How shares, times and their intervals are said. Pure functions; markdown."""

from ui import figures
from ui.api.types import ApiPeopleShareView, ApiQuantileView
from ui.texts.numbers import NumbersText


def percent(share: float, text: NumbersText) -> str:
    """Return a share, in [0, 1], as a percentage."""
    return text.percent.format(value=figures.plain(100 * share, text.language, 0))


def value(share: ApiPeopleShareView, text: NumbersText) -> str:
    """Return a share, or why there is none."""
    if share.value is not None:
        return percent(share.value, text)
    return text.too_few if share.too_few else text.not_known


def about(share: ApiPeopleShareView, text: NumbersText, cases: str = "") -> str:
    """Return the interval of a share and its cases. cases: with ``{count}``."""
    of = (cases or text.of_cases).format(count=figures.count(share.cases, text.language))
    if share.value is None or share.low is None or share.high is None:
        return of
    return f"{between(percent(share.low, text), percent(share.high, text), text)}, {of}"


def between(low: str, high: str, text: NumbersText) -> str:
    """Return an interval."""
    return text.interval.format(low=low, high=high)


def time(quantile: ApiQuantileView, text: NumbersText) -> str:
    """Return a time, or that it is not known."""
    if quantile.value is None:
        return text.not_known
    return figures.working(quantile.value, text.language)


def about_time(quantile: ApiQuantileView, text: NumbersText) -> str:
    """Return the interval of a time and its cases."""
    of = text.of_cases.format(count=figures.count(quantile.cases, text.language))
    if quantile.low is None or quantile.high is None:
        return of
    low, high = (figures.working(end, text.language) for end in (quantile.low, quantile.high))
    return f"{between(low, high, text)}, {of}"
