"""The documents of the suite in an index: built once in a process, and copied from then on."""

import json
import shutil
from functools import cache
from pathlib import Path

from assistant.app import open_knowledge
from assistant.knowledge import load
from assistant.knowledge.index.edge import _copy_without_holes
from assistant.progress import Watcher
from assistant.records.database import open_database
from assistant.settings import KnowledgeSettings, Settings

GLOSSARY = [
    {
        "key": "negative-transfer",
        "term": "Negative transfer",
        "aliases": ["harmful transfer"],
        "definition": "Negative transfer means that knowledge from one task makes a model worse at "
        "another task. It shows when a model trained from scratch does better.",
        "language": "en",
    },
    {
        "key": "negative-transfer",
        "term": "Negativer Transfer",
        "aliases": ["Negative transfer"],
        "definition": "Negativer Transfer bedeutet, dass Wissen aus einer Aufgabe ein Modell bei "
        "einer anderen Aufgabe verschlechtert. Man erkennt ihn am Vergleich mit einem neuen.",
        "language": "de",
    },
    {
        "key": "token",
        "term": "Token",
        "aliases": [],
        "definition": "A token is the smallest piece of text that a language model reads. A long "
        "word is often several tokens.",
        "language": "en",
    },
    {
        "key": "pod",
        "term": "Pod",
        "aliases": ["pods"],
        "definition": "A pod is the smallest unit that Kubernetes runs. It holds one or more "
        "containers that share a network address.",
        "language": "en",
    },
]
FAQ = [
    {
        "key": "reset-password",
        "question": "How do I reset my password?",
        "alternatives": ["I forgot my password"],
        "answer": "Choose Forgot password on the sign-in page. The link in the e-mail is valid for "
        "60 minutes and works once.",
        "language": "en",
        "url": "https://help.example.com/en/reset",
    },
    {
        "key": "reset-password",
        "question": "Wie setze ich mein Passwort zurück?",
        "alternatives": ["Passwort vergessen"],
        "answer": "Wählen Sie auf der Anmeldeseite Passwort vergessen. Der Link in der E-Mail gilt "
        "60 Minuten und funktioniert einmal.",
        "language": "de",
        "url": "https://help.example.com/de/reset",
    },
    {
        "key": "refund",
        "question": "Can I get a refund?",
        "alternatives": [],
        "answer": "The first payment is refunded within 14 days. Write to billing with the number "
        "of the invoice.",
        "language": "en",
    },
]


def write(folder: Path) -> None:
    """Write the documents into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, rows in (("glossary", GLOSSARY), ("faq", FAQ)):
        lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        (folder / f"{name}.jsonl").write_text(lines, encoding="utf-8")


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
