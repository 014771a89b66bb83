"""The folder of one adapter: whose it is, and what is under way in it."""

import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from filelock import FileLock, Timeout

from assistant.errors import TuningError
from assistant.tuning.card import FILE
from assistant.tuning.recipe import Recipe

CHECKPOINT: Final = "checkpoint.pt"
_RUN: Final = "run.json"


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Make the folder and keep other processes out of it.

    Raises:
        TuningError: another process makes this adapter now, or the folder cannot be made.
    """
    lock = FileLock(folder.parent / f".{folder.name}.lock", timeout=0)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except Timeout:
        raise TuningError(
            f"{folder.name} is being made by another process.", hint="Wait, or stop it."
        ) from None
    except OSError as error:
        raise TuningError(
            f"{folder} cannot be written: {error.strerror or error}.",
            hint="Free some space or set ROUTEBACK_DATA_DIR to another folder.",
        ) from error
    try:
        yield
    finally:
        lock.release()


def clear(folder: Path) -> None:
    """Throw away all that the folder holds."""
    for path in folder.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()


def refuse_other(folder: Path, begun: Mapping[str, str], recipe: Recipe) -> None:
    """Refuse a folder that holds a finished adapter, or one begun with other data or settings.

    begun: what it is made from, by name -> SHA-256.

    Raises:
        TuningError: it does; says what differs.
    """
    if (folder / FILE).is_file():
        raise TuningError(
            f"There is an adapter {folder.name} already, in {folder}.",
            hint="Take another --name, or make it anew with --fresh.",
        )
    run = _held(folder)
    if run is None:
        return
    changes = [
        f"{what}: {str(run.get(what))[:12]}… before, {now[:12]}… now"
        for what, now in begun.items()
        if run.get(what) != now
    ]
    changes += recipe.differences(run.get("recipe", {}))
    if changes:
        raise TuningError(
            f"{folder.name} was begun otherwise ({'; '.join(changes)}).",
            hint="Take another --name, give the same settings, or begin anew with --fresh.",
        )


def begin(folder: Path, begun: Mapping[str, str], recipe: Recipe, learned: str) -> None:
    """Note what is learned.

    learned: SHA-256 of all tokens.

    Raises:
        TuningError: training has begun with other tokens.
    """
    run = _held(folder)
    if run is None:
        note = {**begun, "recipe": asdict(recipe), "tokens": learned}
        (folder / _RUN).write_text(json.dumps(note, indent=1), "utf-8")
    elif run.get("tokens") != learned:
        raise TuningError(
            f"{folder.name} was begun with other examples: prompts or knowledge have changed.",
            hint="Begin anew with --fresh, or take another --name.",
        )


def _held(folder: Path) -> dict[str, Any] | None:
    try:
        run: dict[str, Any] = json.loads((folder / _RUN).read_text("utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise TuningError(
            f"{folder / _RUN} cannot be read: {error}.", hint="Begin anew with --fresh."
        ) from error
    return run
