"""Words that the terminal and the report share."""

from collections.abc import Mapping
from typing import Any, Final

Values = Mapping[str, Any]

OUTCOMES: Final = {0: "Pass", 1: "Regression", 2: "Could not measure"}


def code(exit_code: int | None) -> str:
    """Return an exit code in words; None: the night is not over."""
    return "RUNNING" if exit_code is None else OUTCOMES[exit_code].upper()


def trust_words(one: Values) -> str:
    """Return how far the judge agrees with people, in words."""
    if one["kappa"] is None:
        return str(one["reason"])
    return (
        f"kappa {one['kappa']:.2f} [{one['low']:.2f}, {one['high']:.2f}] on {one['labelled']} "
        f"answers that people judged; {100 * one['bias']:+.0f} points against people"
    )
