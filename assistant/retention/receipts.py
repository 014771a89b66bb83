"""Receipts: what was done with what is kept of people. They are entries of the log of changes.

Up to 0.1 they were lines of a file of the data folder, which is read where it is still there.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Final

from assistant.records.changes import ChangeLog, LoggedChange, What
from assistant.wire.privacy import Act, ReceiptView
from guardrails import digests

FILE: Final = "receipts.jsonl"
_RECEIPT: Final = "receipt"
_REPORTS: Final = "reports"


def about(conversations: Iterable[str]) -> str:
    """Return the digest of some conversations."""
    return digests.of("\n".join(sorted(conversations)))


def write(
    log: ChangeLog,
    act: Act,
    counts: Mapping[str, int],
    about: str,
    by: str,
    at: datetime,
    reports: Iterable[str] = (),
) -> ReceiptView:
    """Make a receipt, and note it. about: see ``ReceiptView``. reports: of which nights are gone.

    Raises:
        DatabaseError: it could not be written.
    """
    values = {"at": at.isoformat(), "by": by, "act": act, "counts": dict(counts), "about": about}
    digest = digests.of(json.dumps(values, sort_keys=True, separators=(",", ":")))
    receipt = {**values, "digest": digest}
    what: What = "exported" if act == "export" else "erased"
    log.note(by, what, f"receipt {digest}", {_RECEIPT: receipt, _REPORTS: [*reports]})
    return ReceiptView.model_validate(receipt)


def read(log: ChangeLog, folder: Path) -> tuple[ReceiptView, ...]:
    """Return all receipts, newest first. folder: of the data."""
    path = folder / FILE
    lines = path.read_text("utf-8").splitlines() if path.is_file() else []
    noted = (entry.detail.get(_RECEIPT) for entry in log.of("exported", "erased"))
    found = [
        *(ReceiptView.model_validate_json(line) for line in lines if line),
        *(ReceiptView.model_validate(receipt) for receipt in noted if receipt),
    ]
    return tuple(reversed(found))


def asked_for(entries: Iterable[LoggedChange]) -> bool:
    """Return whether one of some erasures was asked for by a person, and is not age alone."""
    return any(entry.detail.get(_RECEIPT, {}).get("act") != "retention" for entry in entries)


def reports(entries: Iterable[LoggedChange]) -> Iterator[str]:
    """Yield the nights whose reports went with erasures."""
    for entry in entries:
        yield from entry.detail.get(_REPORTS, ())
