"""Files beside the databases in which texts of people may stand: reports, audits, caches, logs."""

import html
import json
import re
import shutil
from collections.abc import Collection, Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Final

from assistant.records.database import BEFORE, RECORDS
from assistant.retention.wiping import opened
from assistant.settings import SCORES

CACHES: Final = (SCORES, "attack.sqlite")
"""Of judged scores: in the data folder, or in the cache folder."""
_DAMAGED: Final = ".damaged-"
_AUDITS: Final = "audits"
_SHOWN: Final = 60
"""Characters of a question that a report shows at least."""


def caches(data: Path, cache: Path) -> list[Path]:
    """Return the caches of judged scores that are there."""
    paths = (data / SCORES, *(cache / name for name in CACHES))
    return [path for path in paths if path.is_file()]


def empty_caches(paths: Iterable[Path]) -> int:
    """Delete all judged scores, whose reasons quote answers; return how many there were.

    What is in them is found by a hash alone, so nobody can say whose a score is.
    """
    count = 0
    for path in paths:
        for damaged in path.parent.glob(f"{path.name}{_DAMAGED}*"):
            damaged.unlink()
            count += 1
        with opened(path) as connection:
            count += connection.execute("DELETE FROM scores").rowcount
    return count


def thin_caches(paths: Iterable[Path], before: datetime) -> int:
    """Delete judged scores from before a moment, and files set aside then; return how many."""
    count = 0
    for path in paths:
        for damaged in path.parent.glob(f"{path.name}{_DAMAGED}*"):
            count += _is_older(damaged, before) and _gone(damaged)
        with opened(path) as connection:
            columns = {row[1] for row in connection.execute("PRAGMA table_info(scores)")}
            if "at" in columns:  # a cache of an older version gets its times when it is opened
                moment = (before.timestamp(),)
                count += connection.execute("DELETE FROM scores WHERE at < ?", moment).rowcount
    return count


def scored(paths: Iterable[Path]) -> int:
    """Return how many judged scores are kept."""
    count = 0
    for path in paths:
        with opened(path) as connection:
            count += int(connection.execute("SELECT COUNT(*) FROM scores").fetchone()[0])
    return count


def remove_reports(reports: Path, nights: Iterable[str]) -> int:
    """Delete the reports of nights; return how many there were."""
    folders = [folder for night in nights if (folder := reports / night).is_dir()]
    for folder in folders:
        shutil.rmtree(folder)
    return len(folders)


def remove_copies(data: Path) -> int:
    """Delete the copies that were made before upgrades; return how many there were."""
    paths = list(data.glob(f"{RECORDS}{BEFORE}*"))
    for path in paths:
        path.unlink()
    return len(paths)


def audits_with(data: Path, texts: Collection[str]) -> list[Path]:
    """Return the reports of audits that quote one of these questions."""
    folders = sorted(path for path in (data / _AUDITS).glob("*") if path.is_dir())
    return [folder for folder in folders if any(_quotes(f, texts) for f in folder.rglob("*"))]


def logs_with(data: Path, texts: Collection[str]) -> list[Path]:
    """Return the logs in which one of these texts stands."""
    return [path for path in _logs(data) if _quotes(path, texts)]


def remove(paths: Iterable[Path]) -> int:
    """Delete folders, and empty files, which a process may still be writing; return how many."""
    count = 0
    for path in paths:
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.open("wb").close()
        count += 1
    return count


def old_logs(data: Path, before: datetime) -> int:
    """Delete logs that nothing was written to since a moment; return how many."""
    return sum(_gone(path) for path in list(_logs(data)) if _is_older(path, before))


def case_files(cases: Path | None, names: Collection[str]) -> list[str]:
    """Return the files of a team's eval cases that hold some cases, with how many."""
    if cases is None:
        return []
    files = sorted(cases.glob("*.jsonl")) if cases.is_dir() else [cases]
    counts = {path: sum(name in names for name in _ids(path)) for path in files if path.is_file()}
    return [f"{path} ({count})" for path, count in counts.items() if count]


def _ids(path: Path) -> Iterator[str]:
    for line in path.read_text("utf-8", "replace").splitlines():
        try:
            case = json.loads(line)
        except ValueError:
            continue
        if isinstance(case, dict):
            yield str(case.get("id", ""))


def _logs(data: Path) -> Iterator[Path]:
    return (path for path in data.glob("*.log*") if path.is_file())


def _quotes(path: Path, texts: Collection[str]) -> bool:
    if not path.is_file():
        return False
    told = path.read_text("utf-8", "replace")
    readings = (told, html.unescape(told), told.replace('\\"', '"'))
    return any(_needle(text).search(reading) for text in texts for reading in readings)


def _needle(text: str) -> re.Pattern[str]:
    """Return what finds a text, or its beginning: a report shows no more of a long one."""
    flat = " ".join(text.split())
    end = r"(?!\w)" if len(flat) <= _SHOWN else ""
    return re.compile(rf"(?<!\w){re.escape(flat[:_SHOWN])}{end}")


def _is_older(path: Path, before: datetime) -> bool:
    return path.stat().st_mtime < before.timestamp()


def _gone(path: Path) -> bool:
    path.unlink(missing_ok=True)
    return True
