"""Words that the terminal and the report share."""

from typing import Final

from assistant.wire.night_result import TrustView

OUTCOMES: Final = {0: "Pass", 1: "Regression", 2: "Could not measure"}


def code(exit_code: int | None) -> str:
    """Return an exit code in words; None: the night is not over."""
    return "RUNNING" if exit_code is None else OUTCOMES[exit_code].upper()


def trust_words(trust: TrustView) -> str:
    """Return how far the judge agrees with people, in words."""
    if trust.kappa is None:
        return trust.reason
    return (
        f"kappa {trust.kappa:.2f} [{trust.low:.2f}, {trust.high:.2f}] on {trust.labelled} "
        f"answers that people judged; {100 * (trust.bias or 0):+.0f} points against people"
    )
