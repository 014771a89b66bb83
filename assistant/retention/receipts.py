"""Receipts: what was done with what is kept of people. A file that only grows."""

import json
import os
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Final

from assistant.folders import PRIVATE_FILE
from assistant.wire.privacy import Act, ReceiptView
from guardrails import digests

FILE: Final = "receipts.jsonl"


def about(conversations: Iterable[str]) -> str:
    """Return the digest of some conversations."""
    return digests.of("\n".join(sorted(conversations)))


def write(
    folder: Path,
    act: Act,
    counts: Mapping[str, int],
    about: str,
    by: str,
    at: datetime,
) -> ReceiptView:
    """Make a receipt, and add it to the file of the data folder. about: see ``ReceiptView``."""
    values = {
        "at": at.isoformat(),
        "by": by,
        "act": act,
        "counts": dict(counts),
        "about": about,
    }
    digest = digests.of(json.dumps(values, sort_keys=True, separators=(",", ":")))
    line = json.dumps({**values, "digest": digest}, sort_keys=True) + "\n"
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
    with os.fdopen(os.open(folder / FILE, flags, PRIVATE_FILE), "a", encoding="utf-8") as file:
        file.write(line)
        file.flush()
        os.fsync(file.fileno())
    return ReceiptView.model_validate_json(line)


def read(folder: Path) -> tuple[ReceiptView, ...]:
    """Return the receipts of a data folder, newest first."""
    path = folder / FILE
    lines = path.read_text("utf-8").splitlines() if path.is_file() else []
    return tuple(ReceiptView.model_validate_json(line) for line in reversed(lines) if line)
