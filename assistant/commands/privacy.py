"""``routeback privacy``: what is kept of people, exported and erased."""

import asyncio
import json
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TextIO

import typer

from assistant.errors import ServerError, UnknownPerson
from assistant.folders import PRIVATE_FILE
from assistant.running import Running, find
from assistant.settings import Settings, load
from assistant.wire.privacy import ErasedView, ExportView, HoldingsView, ReceiptsView, ReceiptView

if TYPE_CHECKING:
    from assistant.background.custody import Custody

app = typer.Typer(help="Export or erase what is kept of people.", no_args_is_help=True)

_TIMEOUT_S = 900.0
_People = Annotated[
    list[str],
    typer.Option("--person", help="A person, or a conversation by its id; several are taken."),
]
_By = Annotated[str, typer.Option(help="Who asks, for the receipt.")]


@app.command()
def export(
    person: _People,
    out: Annotated[Path | None, typer.Option(help="A file that is not there yet.")] = None,
    by: _By = "owner",
) -> None:
    """Write all that is kept of people, as JSON: into a file of yours alone, or to the terminal."""
    with _desk() as desk, _opened(out) as file:
        found = desk.export(person, by)
        file.write(json.dumps(found.kept, ensure_ascii=False, indent=2) + "\n")
    typer.echo(told(found.receipt), err=True)


@app.command()
def erase(
    person: _People,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    by: _By = "owner",
) -> None:
    """Erase what people said, for good. Shows how much it is first, and asks."""
    with _desk() as desk:
        found = desk.preview(person)
        typer.echo(f"Kept: {counted(found.counts)}.")
        for place in found.elsewhere:
            typer.echo(f"Stays, as the file is yours: eval cases in {place}.")
        if not yes:
            typer.confirm("Erase it? It cannot be had back.", abort=True)
        typer.echo(told(desk.erase(person, by).receipt))


@app.command()
def receipts() -> None:
    """List what was exported and erased, when and by whom; newest first."""
    with _desk() as desk:
        found = desk.receipts().receipts
    for receipt in found:
        typer.echo(told(receipt))
    if not found:
        typer.echo("Nothing was exported or erased yet.")


@contextmanager
def _opened(path: Path | None) -> Iterator[TextIO]:
    """Open a new file of this user alone, or the terminal; what is not written whole is removed."""
    if path is None:
        yield sys.stdout
        return
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE_FILE)
    except OSError as error:
        raise ServerError(
            f"{path} cannot be made ({error.strerror}).", hint="Name a file that is not there yet."
        ) from error
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            yield file
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def told(receipt: ReceiptView) -> str:
    """Return a receipt as a line."""
    return (
        f"{receipt.at:%Y-%m-%d %H:%M} UTC, {receipt.act} by {receipt.by}: "
        f"{counted(receipt.counts)}; about {receipt.about[:12]}, receipt {receipt.digest[:12]}"
    )


def counted(counts: dict[str, int]) -> str:
    """Return how many there are of each kind, in words."""
    parts = (f"{count:,} {kind.replace('_', ' ')}" for kind, count in counts.items() if count)
    return ", ".join(parts) or "nothing"


@dataclass(frozen=True, slots=True)
class _Here:
    """Works on the files of the data folder: no server runs."""

    custody: "Custody"

    def preview(self, people: Sequence[str]) -> HoldingsView:
        return asyncio.run(self.custody.preview(people))

    def export(self, people: Sequence[str], by: str) -> ExportView:
        from fastapi.encoders import jsonable_encoder

        receipt, kept = asyncio.run(self.custody.export(people, by))
        return ExportView(receipt=receipt, kept=jsonable_encoder(kept))

    def erase(self, people: Sequence[str], by: str) -> ErasedView:
        return ErasedView(receipt=asyncio.run(self.custody.erase(people, by)))

    def receipts(self) -> ReceiptsView:
        return ReceiptsView(receipts=asyncio.run(self.custody.receipts()))


@dataclass(frozen=True, slots=True)
class _There:
    """Asks the server of the data folder, which knows what it is answering at the moment."""

    running: Running

    def preview(self, people: Sequence[str]) -> HoldingsView:
        return HoldingsView.model_validate(self._post("preview", people, ""))

    def export(self, people: Sequence[str], by: str) -> ExportView:
        return ExportView.model_validate(self._post("export", people, by))

    def erase(self, people: Sequence[str], by: str) -> ErasedView:
        return ErasedView.model_validate(self._post("erase", people, by))

    def receipts(self) -> ReceiptsView:
        return ReceiptsView.model_validate(self._call("GET", "receipts", None))

    def _post(self, what: str, people: Sequence[str], by: str) -> Any:
        return self._call("POST", what, {"people": list(people), "by": by or "owner"})

    def _call(self, method: str, what: str, body: Any) -> Any:
        import httpx

        url, headers = f"{self.running.url}/v1/privacy/{what}", self.running.headers
        try:
            with httpx.Client(timeout=_TIMEOUT_S, trust_env=False) as client:
                reply = client.request(method, url, json=body, headers=headers)
        except httpx.HTTPError as error:
            raise ServerError(
                f"The server at {self.running.url} did not reply ({type(error).__name__}).",
                hint="Look whether it was done: routeback privacy receipts",
            ) from error
        if reply.is_success:
            return reply.json()
        told = reply.json()["error"]
        kind = UnknownPerson if told["code"] == UnknownPerson.__name__ else ServerError
        raise kind(told["message"])


@contextmanager
def _desk() -> "Iterator[_Here | _There]":
    settings = load()
    if running := find(settings.data_dir):
        yield _There(running)
        return
    with _custody(settings) as custody:
        yield _Here(custody)


@contextmanager
def _custody(settings: Settings) -> "Iterator[Custody]":
    from assistant.app import nights_database
    from assistant.background.custody import Custody
    from assistant.records.database import open_records
    from assistant.retention.holdings import Holdings

    with ExitStack() as stack:
        records = stack.enter_context(open_records(settings.data_dir, settings.database_url))
        nights = nights_database(settings, stack, records)
        yield Custody(Holdings.of(settings, records, nights), settings.retention)
