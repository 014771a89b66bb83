"""Adds weights to the folder: a file of this machine, or one of a hub's repository.

What comes the first time is pinned: its SHA-256 is written down, and no other file is ever taken
under that name. The name of the file has the sum in it, and so has the revision of the arm that
it answers as: evidence belongs to these bytes.
"""

import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx
from filelock import FileLock, Timeout

from assistant.errors import WeightsError
from assistant.local import fetch, hub, pins
from assistant.local.catalogue import CATALOGUE, Weights
from assistant.local.header import Header, read
from assistant.local.hub import HubFile
from assistant.local.weights import WeightsStore
from assistant.progress import Progress, silent
from guardrails import digests

NAME: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_SHORT: Final = 12
_NO_LANGUAGE_MODEL: Final = {
    "adapter": "a LoRA adapter: routeback arms add NAME --adapter FILE",
    "mmproj": "a projector of pictures or sound, which belongs to a model",
    "imatrix": "a table for making weights smaller",
}


@dataclass(frozen=True, slots=True)
class Addition:
    """Weights that were added. stated: whether the sum is one that somebody else had stated.

    news: whether they were not here before.
    """

    weights: Weights
    path: Path
    stated: bool
    news: bool = True


def from_file(
    store: WeightsStore, file: Path, name: str = "", progress: Progress = silent
) -> Addition:
    """Add a file of this machine: linked where the disk allows it, else copied.

    name: default is the file's. One that the catalogue knows by its sum keeps the name there.

    Raises:
        WeightsError: it is no language model in GGUF form, the name is taken by other weights, or
            the disk is full.
    """
    header = _language_model(file)
    size = file.stat().st_size
    digest = digests.of_file(file, lambda done: progress("checking", done, size))
    published = next((weights for weights in CATALOGUE if weights.sha256 == digest), None)
    if published is not None:
        return _published(store, published, file, name)
    weights = _described(name or file.stem, header, size, digest)
    earlier = _earlier(store, weights)
    if earlier is not None and store.path(earlier).is_file():
        store.ready(earlier, progress)
        return Addition(earlier, store.path(earlier), stated=True, news=False)
    return Addition(weights, _kept(store, weights, _linked(store, weights, file)), stated=False)


def from_hub(
    store: WeightsStore,
    place: hub.HubPlace,
    name: str = "",
    progress: Progress = silent,
) -> Addition:
    """Fetch a file of a hub's repository and add it.

    Where the hub states the sum, what comes is held to it, and an interrupted download is taken up
    by the next command; where it states none, what comes is what is pinned.

    Raises:
        WeightsError: it cannot be had, is no language model in GGUF form, is not what the hub
            states, or the name is taken by other weights.
    """
    if store.offline:
        raise WeightsError(
            f"{place.repo} cannot be fetched: ROUTEBACK_OFFLINE is set.",
            hint="Unset it, or bring the file: routeback models add FILE.gguf",
        )
    found = hub.look(store.hub, store.token, place)
    published = next((w for w in CATALOGUE if w.sha256 == found.sha256 and found.sha256), None)
    if published is not None:
        there = store.path(published).is_file()
        return Addition(published, store.pull(published, progress), stated=True, news=not there)
    draft = _draft(found, name)
    taken = next((w for w in pins.read(store.folder) if w.name == draft.name), None)
    if taken is not None and found.sha256:
        _same(taken, found.sha256)
        there = store.path(taken).is_file()
        return Addition(taken, store.pull(taken, progress), stated=True, news=not there)
    try:
        store.folder.mkdir(parents=True, exist_ok=True)
        with FileLock(store.folder / f"{draft.name}.lock", timeout=0):
            return _fetched(store, draft, found, progress)
    except Timeout:
        raise WeightsError(
            f"Another Routeback process is fetching {draft.name}.",
            hint="Wait until it is done, and try again.",
        ) from None
    except OSError as error:
        raise _unwritable(store, draft, error) from error


def remove(store: WeightsStore, name: str) -> Weights:
    """Forget weights that were added, and delete their file.

    Raises:
        WeightsError: none of that name were added.
    """
    weights = next((w for w in pins.read(store.folder) if w.name == name), None)
    if weights is None:
        names = ", ".join(w.name for w in pins.read(store.folder)) or "none"
        raise WeightsError(f"No weights {name!r} were added here.", hint=f"Added: {names}.")
    store.discard(weights)
    pins.path(store.folder, name).unlink(missing_ok=True)
    return weights


def _fetched(store: WeightsStore, draft: Weights, found: HubFile, progress: Progress) -> Addition:
    what = digests.of(f"{found.repo}/{found.file}@{found.revision} {found.sha256}")[:_SHORT]
    partial = store.folder / f"{draft.name}-{what}.partial"
    if not found.sha256:  # nobody could tell whether two halves belong together
        partial.unlink(missing_ok=True)
    store.check_space(draft, fetch.here(partial))
    try:
        fetch.download(store.url(draft), draft.size, partial, progress, store.token)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise hub.failure(error, store.hub, draft.repo) from None
    try:
        weights = _arrived(store, draft, found, partial, progress)
    except WeightsError:
        partial.unlink(missing_ok=True)
        raise
    return Addition(weights, _kept(store, weights, partial), stated=bool(found.sha256))


def _arrived(
    store: WeightsStore, draft: Weights, found: HubFile, partial: Path, progress: Progress
) -> Weights:
    """Return what has come, once it is known to be what was stated, and new."""
    digest = digests.of_file(partial, lambda done: progress("checking", done, draft.size))
    if found.sha256 not in {"", digest}:
        raise WeightsError(
            f"What came for {found.repo}/{found.file} is not what the hub states (SHA-256 "
            f"{digest[:16]}…, stated {found.sha256[:16]}…); it was deleted.",
            hint="Try again; if it stays, do not use it.",
        )
    weights = _described(draft.name, _language_model(partial), draft.size, digest, found)
    _earlier(store, weights)
    return weights


def _published(store: WeightsStore, weights: Weights, file: Path, name: str) -> Addition:
    """Put a file that the catalogue knows in its place."""
    if name not in {"", weights.name}:
        raise WeightsError(
            f"{file.name} is {weights.title}, which is called {weights.name} here.",
            hint="Leave --name out.",
        )
    if store.path(weights).is_file():
        return Addition(weights, store.ready(weights), stated=True, news=False)
    return Addition(weights, store.take(weights, _linked(store, weights, file)), stated=True)


def _draft(found: HubFile, name: str) -> Weights:
    """Return what is to be fetched, before it is known what it is."""
    called = _name(name or Path(found.file).stem)
    return Weights(
        name=called,
        title=called,
        licence="",
        filename=f"{called}.gguf",
        size=found.size,
        sha256=found.sha256,
        repo=found.repo,
        revision=found.revision,
        mirror=None,
        file=found.file,
    )


def _described(
    name: str,
    header: Header,
    size: int,
    digest: str,
    found: HubFile | None = None,
) -> Weights:
    called = _name(name)
    return Weights(
        name=called,
        title=_text(header, "general.name") or called,
        licence=_text(header, "general.license") or "unknown",
        filename=f"{called}-{digest[:_SHORT]}.gguf",
        size=size,
        sha256=digest,
        repo=found.repo if found else "",
        revision=found.revision if found else "",
        mirror=None,
        file=found.file if found else "",
    )


def _name(wanted: str) -> str:
    """Return a name that can be used.

    Raises:
        WeightsError: it cannot, or the catalogue has it.
    """
    name = re.sub(r"[^a-z0-9._-]+", "-", wanted.lower()).strip("-._")
    if not NAME.fullmatch(name):
        raise WeightsError(
            f"{wanted!r} is no name for weights: a-z, 0-9, '.', '_' and '-', at most 64.",
            hint="Give one: --name NAME",
        )
    if any(weights.name == name for weights in CATALOGUE):
        raise WeightsError(
            f"{name} is another file's name in the catalogue.",
            hint="Give another one: --name NAME",
        )
    return name


def _earlier(store: WeightsStore, weights: Weights) -> Weights | None:
    """Return the same weights as they were added before, if they were.

    Raises:
        WeightsError: other weights were added under the name.
    """
    earlier = next((w for w in pins.read(store.folder) if w.name == weights.name), None)
    if earlier is not None:
        _same(earlier, weights.sha256)
    return earlier


def _same(pinned: Weights, digest: str) -> None:
    if pinned.sha256 != digest:
        raise WeightsError(
            f"{pinned.name} is pinned to the file with SHA-256 {pinned.sha256[:16]}…; this one "
            f"has {digest[:16]}….",
            hint="It was changed since it was added. If that is meant, add it under another name "
            f"(--name), or first: routeback models remove {pinned.name}",
        )


def _language_model(path: Path) -> Header:
    """Return the header of a file that an engine can answer with.

    Raises:
        WeightsError: it is something else.
    """
    header = read(path)
    kind = _text(header, "general.type") or "model"
    if kind != "model":
        what = _NO_LANGUAGE_MODEL.get(kind, "no language model")
        raise WeightsError(f"{path.name} holds {what} (general.type is {kind!r}).")
    parts = header.values.get("split.count", 1)
    if isinstance(parts, int) and parts > 1:
        raise WeightsError(
            f"{path.name} is one of {parts} parts.",
            hint="Put them together with llama.cpp's llama-gguf-split --merge, and add the whole.",
        )
    if not header.architecture or not header.shapes:
        raise WeightsError(f"{path.name} names no architecture, or holds no weights.")
    return header


def _linked(store: WeightsStore, weights: Weights, file: Path) -> Path:
    """Return a second name of a file, or a copy of it, inside the folder."""
    partial = store.folder / f"{weights.filename}.partial"
    try:
        store.folder.mkdir(parents=True, exist_ok=True)
        partial.unlink(missing_ok=True)
        try:
            os.link(file.resolve(), partial)
        except OSError:  # another disk, or one that knows no links
            store.check_space(weights, 0)
            shutil.copyfile(file, partial)
            if digests.of_file(partial) != weights.sha256:
                partial.unlink()
                raise WeightsError(
                    f"{file} was changed while it was copied.", hint="Add it once it is whole."
                ) from None
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise _unwritable(store, weights, error) from error
    return partial


def _kept(store: WeightsStore, weights: Weights, found: Path) -> Path:
    """Pin weights, and put their file in its place."""
    try:
        target = store.take(weights, found)
        pins.write(store.folder, weights)
    except OSError as error:
        raise _unwritable(store, weights, error) from error
    return target


def _unwritable(store: WeightsStore, weights: Weights, error: OSError) -> WeightsError:
    return WeightsError(
        f"Cannot write {weights.name} to {store.folder}: {error.strerror or error}.",
        hint="Free some space or set ROUTEBACK_CACHE_DIR to another folder.",
    )


def _text(header: Header, key: str) -> str:
    value = header.values.get(key, "")
    return value.strip() if isinstance(value, str) else ""
