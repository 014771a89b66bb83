"""Whether the clock can be believed so far that what it says is too old may be erased.

A machine that starts under a wrong date would erase everything. So what is overdue is erased only
once the clock has gone on for an hour without a jump, over restarts too; more than a month between
two looks is a jump. After a long holiday, and after an upgrade, it is an hour later.
"""

import json
import os
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from assistant.folders import PRIVATE_FILE
from guardrails.clock import SLACK

FILE: Final = "retention.json"
LONGEST: Final = timedelta(days=31)
TRIED: Final = timedelta(hours=1)


def looked(folder: Path, now: datetime) -> bool:
    """Note a look; return whether the clock has been steady for long enough."""
    since, last = _noted(folder / FILE)
    if since is None or last is None or not last - SLACK <= now <= last + LONGEST:
        since = now
    draft = folder / f"{FILE}.next"
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, PRIVATE_FILE)
    with os.fdopen(descriptor, "w") as file:
        json.dump({"since": since.isoformat(), "last": now.isoformat()}, file)
    draft.replace(folder / FILE)
    return now - since >= TRIED


def _noted(path: Path) -> tuple[datetime | None, datetime | None]:
    try:
        values = json.loads(path.read_text())
        return datetime.fromisoformat(values["since"]), datetime.fromisoformat(values["last"])
    except (OSError, ValueError, KeyError, TypeError):
        return None, None
