"""The data sets of the benchmarks: what each is, its licence, where it comes from, how to get it.

They are no part of this repository; ``BENCHMARK_DATA`` names the folder that holds them, and
``data.toml`` describes them. Some are fetched and converted (``python -m benchmarks data --fetch
NAME``); of the others it says whence they come, and what a file must hold.
"""

import argparse
import csv
import hashlib
import io
import json
import os
import sys
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import httpx
from pydantic import BaseModel, ConfigDict

from benchmarks.results import HERE

HOST: Final = "https://raw.githubusercontent.com"
TIMEOUT_S: Final = 60.0
Row = dict[str, Any]
Raw = Mapping[str, bytes]


class MissingDataError(Exception):
    """A data set is not there, or could not be fetched; says what to do."""


class Source(BaseModel):
    """Files of a public repository at a commit. files: path to SHA-256."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    repository: str
    commit: str
    files: dict[str, str]

    def fetch(self) -> Raw:
        """Download the files by https and check them. Raises MissingDataError."""
        found = {}
        for path, digest in self.files.items():
            url = f"{HOST}/{self.repository}/{self.commit}/{path}"
            try:
                reply = httpx.get(url, timeout=TIMEOUT_S, follow_redirects=True).raise_for_status()
            except httpx.HTTPError as error:
                reason = str(error) or type(error).__name__
                raise MissingDataError(f"Tried {url}: {reason}.") from error
            if (seen := hashlib.sha256(reply.content).hexdigest()) != digest:
                raise MissingDataError(f"{url} has SHA-256 {seen}, expected {digest}.")
            found[path] = reply.content
        return found


class DataSet(BaseModel):
    """A folder below ``BENCHMARK_DATA``.

    files: name to the fields of a line of JSON, as far as benchmarks read them. origin: repository
    and commit. sources: of those that are fetched.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    name: str
    what: str
    licence: str
    origin: str
    files: dict[str, str] = {}
    sources: tuple[Source, ...] = ()

    @property
    def folder(self) -> Path:
        """Where it is, or belongs."""
        return root() / self.name

    @property
    def present(self) -> bool:
        """Whether the folder and every file is there."""
        return self.folder.is_dir() and all((self.folder / file).is_file() for file in self.files)

    def fetch(self) -> None:
        """Download, check, convert and write the files. Raises MissingDataError."""
        if self.name not in CONVERTED:
            raise MissingDataError(f"It cannot be fetched from here.\n{self.help()}")
        try:
            raw = {file: found for one in self.sources for file, found in one.fetch().items()}
        except MissingDataError as error:
            raise MissingDataError(f"{error}\n{self.help()}") from error
        self.folder.mkdir(parents=True, exist_ok=True)
        for file, rows in CONVERTED[self.name](raw).items():
            text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
            (self.folder / file).write_text(text, "utf-8")

    def help(self) -> str:
        """Return what it is, whence it comes and where to put it."""
        files = "".join(f"\n    {file}: {fields}" for file, fields in self.files.items())
        way = f"\n  or: python -m benchmarks data --fetch {self.name}" if self.sources else ""
        return (
            f"{self.name}: {self.what}\n  licence: {self.licence}\n  from: {self.origin}\n"
            f"  put into {self.folder}{', one JSON object a line' if files else ''}:{files}{way}"
        )


def root() -> Path:
    """Return the folder of all data sets."""
    return Path(os.environ.get("BENCHMARK_DATA", HERE.parent.parent / "shared" / "data"))


def path(name: str) -> Path:
    """Return a file of a data set, ``folder/file``. Raises MissingDataError."""
    found = root() / name
    if not found.is_file():
        owner = sets()[name.partition("/")[0]]
        raise MissingDataError(f"There is no {found}.\n{owner.help()}")
    return found


def lines(name: str | Path) -> Iterator[Row]:
    """Yield the rows of a file: of a data set by ``folder/file``, or any by path."""
    where = path(name) if isinstance(name, str) else name
    with where.open(encoding="utf-8") as file:
        yield from map(json.loads, file)


def _xquad(raw: Raw) -> Mapping[str, Sequence[Row]]:
    paragraphs, questions = [], []
    for language in ("en", "de"):
        for at, article in enumerate(json.loads(raw[f"xquad.{language}.json"])["data"]):
            for number, paragraph in enumerate(article["paragraphs"]):
                pid, title = f"{at:02}-{number}", article["title"]
                own = {"pid": pid, "lang": language, "article": title}
                text = paragraph["context"]
                paragraphs.append({"id": f"{pid}-{language}", **own, "text": text})
                for row in paragraph["qas"]:
                    spans = [answer["text"] for answer in row["answers"]]
                    key = {"id": f"{row['id']}-{language}", "qid": row["id"]}
                    questions.append({**key, **own, "question": row["question"], "answers": spans})
    return {"paragraphs.jsonl": paragraphs, "questions.jsonl": questions}


def _intents(raw: Raw) -> Mapping[str, Sequence[Row]]:
    sets = json.loads(raw["data/data_full.json"])
    domains = json.loads(raw["data/domains.json"])
    domain = {intent: name for name, intents in domains.items() for intent in intents}

    def clinc(part: str) -> Iterator[Row]:
        for name, inside in ((part, True), (f"oos_{part}", False)):
            for text, intent in sets[name]:
                own = {"domain": domain.get(intent), "in_scope": inside}
                yield {"text": text, "intent": intent, **own}

    table = csv.DictReader(io.StringIO(raw["banking_data/train.csv"].decode("utf-8")))
    banking = [{"text": " ".join(r["text"].split()), "intent": r["category"]} for r in table]
    parts = {f"clinc150_{part}.jsonl": list(clinc(part)) for part in ("train", "val")}
    return {**parts, "banking77_train.jsonl": banking}


CONVERTED: Final[Mapping[str, Callable[[Raw], Mapping[str, Sequence[Row]]]]] = {
    "xquad_ende": _xquad,
    "support_intents": _intents,
}
"""How what is fetched becomes rows by file."""


def sets() -> dict[str, DataSet]:
    """Return every data set by name."""
    described = tomllib.loads((HERE / "data.toml").read_text("utf-8"))
    return {name: DataSet.model_validate({"name": name, **one}) for name, one in described.items()}


def main(arguments: Sequence[str]) -> None:
    """List the data sets, or fetch those that are named."""
    known = sets()
    parser = argparse.ArgumentParser(prog="python -m benchmarks data", description=__doc__)
    parser.add_argument("--fetch", nargs="+", choices=list(known), default=[], metavar="NAME")
    chosen = parser.parse_args(arguments).fetch
    for name in chosen:
        known[name].fetch()
        print(f"{name} is in {known[name].folder}.")
    for one in () if chosen else known.values():
        print(f"[{'there' if one.present else 'absent'}] {one.help()}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
