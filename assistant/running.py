"""How the command line finds the API process of this data folder."""

import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Final

NOTE: Final = "server.json"
_ANSWERS_S: Final = 15
"""How long a server that is there may take: it may be starting on a busy machine. Where nobody
listens, the answer is there at once."""


@dataclass(frozen=True, slots=True)
class Running:
    """An API process. owner_key: lets its user's own commands in."""

    url: str
    pid: int
    owner_key: str = field(repr=False)

    @property
    def headers(self) -> dict[str, str]:
        """The headers that identify the owner."""
        return {"Authorization": f"Bearer {self.owner_key}"}


def announce(folder: Path, running: Running) -> None:
    """Write the note that ``find`` reads; only this user can read it."""
    path = folder / NOTE
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(asdict(running), file)


def withdraw(folder: Path) -> None:
    """Remove the note."""
    (folder / NOTE).unlink(missing_ok=True)


def find(folder: Path) -> Running | None:
    """Return the API process of this folder if it answers; a stale note is ignored."""
    try:
        running = Running(**json.loads((folder / NOTE).read_text()))
    except (OSError, ValueError, TypeError):
        return None
    import httpx  # a tenth of a second, and without a note there is nobody to ask

    try:
        httpx.get(f"{running.url}/healthz", timeout=_ANSWERS_S).raise_for_status()
    except (OSError, ValueError, TypeError, httpx.HTTPError):
        return None
    return running
