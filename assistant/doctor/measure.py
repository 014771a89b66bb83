"""What answers are found and checked with, on this machine: embedder and checker. Blocking."""

from typing import Final

from assistant.doctor.diagnosis import PartState, failed, ok

DIMENSIONS: Final = 384
"""Of the vectors in an index; see ``assistant.local.embeddings``."""
NEARER: Final = 0.02
_QUESTION, _SAME, _OTHER = (
    "How do I reset my password?",
    "To set a new password, choose Forgot password on the sign-in page.",
    "A pod is the smallest unit that Kubernetes runs.",
)
_PASSAGE: Final = "The first payment is refunded within 14 days. Write to billing@example.com."
_TRUE: Final = "The first payment is refunded within 14 days."
_FALSE: Final = "The first payment is refunded within 90 days."
_AGAIN: Final = "Install Routeback again: the files of a package are damaged or missing."


def embedder() -> PartState:
    """Return whether texts that mean the same lie near each other."""
    import numpy as np

    from assistant.local.embeddings import E5

    model = E5()
    question = model.queries([_QUESTION])
    passages = model.passages([_SAME, _OTHER])
    if question.shape != (1, DIMENSIONS) or passages.shape != (2, DIMENSIONS):
        return failed(
            f"vectors of {question.shape[-1]} numbers", f"vectors of {DIMENSIONS}", _AGAIN
        )
    same, other = (float(cosine) for cosine in passages @ question[0])
    if not np.isfinite([same, other]).all() or same < other + NEARER:
        return failed(
            f"what means the same has a cosine of {same:.2f}, what does not {other:.2f}",
            f"{NEARER} more for what means the same",
            _AGAIN,
        )
    return ok(f"{model.revision}: {DIMENSIONS} numbers, {same:.2f} beside {other:.2f}")


def checker() -> PartState:
    """Return whether a wrong number is told from the right one."""
    from assistant.local.checker import near_copies

    model = near_copies()
    right = model.check("", _TRUE, _PASSAGE, "en")
    wrong = model.check("", _FALSE, _PASSAGE, "en")
    if right.wrong or not wrong.wrong:
        return failed(
            f"marks in a true sentence: {len(right.wrong)}, in a false one: {len(wrong.wrong)}",
            "none in the true one, one in the false one",
            _AGAIN,
        )
    marked = _FALSE[wrong.wrong[0].start : wrong.wrong[0].end]
    return ok(f"{model.version}: {marked!r} was marked, and nothing that is true")
