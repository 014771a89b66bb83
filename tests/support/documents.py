"""The documents of the suite in an index: built once in a process, and copied from then on."""

import shutil
from functools import cache
from pathlib import Path

from assistant.app import open_knowledge
from assistant.knowledge import load
from assistant.knowledge.index.edge import _copy_without_holes
from assistant.progress import Watcher
from assistant.records.database import open_database
from assistant.settings import KnowledgeSettings, Settings


def items(documents: Path) -> list[load.Item]:
    """Return what the files in a folder say."""
    return [
        item
        for path in load.files(documents)
        for item in load.read(path, load.ReadingOptions(), source=path.name)
    ]


def fill(data_dir: Path, documents: Path) -> None:
    """Make a data folder in which a server has run: these documents indexed, and a database."""
    built = _built(documents)
    shutil.copytree(built, data_dir, copy_function=_copy_without_holes, dirs_exist_ok=True)


@cache
def _built(documents: Path) -> Path:
    folder = documents.with_name(f"{documents.name}-indexed")
    settings = Settings(
        data_dir=folder, cache_dir=folder / "cache", knowledge=KnowledgeSettings(sample=False)
    )
    with open_knowledge(settings, Watcher()) as knowledge:
        knowledge.library.add("documents", items(documents), lambda *_: None)
    open_database(folder / "routeback.sqlite").dispose()
    return folder
