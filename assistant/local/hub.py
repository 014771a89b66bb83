"""A model hub as Hugging Face's: what it says of a file before that is fetched.

Two of its answers are used: what a revision holds (``/api/models/…/revision/…?blobs=true``: commit,
sizes and sums), and, where an address serves files alone, the head of the file itself.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote, unquote, urlsplit, urlunsplit

import httpx

from assistant.errors import WeightsError
from assistant.local import fetch

OFFICIAL: Final = frozenset({"huggingface.co", "hf.co", "www.huggingface.co"})
MAIN: Final = "main"
SUFFIX: Final = ".gguf"

_NAME: Final = r"[A-Za-z0-9][\w.-]*"
_PLACE: Final = re.compile(rf"({_NAME}/{_NAME})(?:/(.+))?")
_SUM: Final = re.compile(r"[0-9a-f]{64}")
_LISTED: Final = 12


@dataclass(frozen=True, slots=True)
class HubPlace:
    """A file of a repository at a hub. file: empty if the repository's only one is meant."""

    repo: str
    file: str
    revision: str = MAIN


@dataclass(frozen=True, slots=True)
class HubFile:
    """What a hub says of a file. size: bytes. revision: the commit, where it says.

    sha256: as it states it; empty where it states none.
    """

    repo: str
    file: str
    revision: str
    size: int
    sha256: str = ""


def parsed(text: str, hub: str, revision: str = "") -> HubPlace:
    """Return the place that ``owner/name``, ``owner/name/file.gguf`` or an address of it names.

    hub: address of the hub that is asked. revision: in place of the one in the address.

    Raises:
        WeightsError: it is none of these, or an address elsewhere.
    """
    path, named = text, ""
    if "://" in text:
        place = urlsplit(text)
        if place.hostname not in {*OFFICIAL, urlsplit(hub).hostname}:
            raise WeightsError(
                f"{place.hostname} is not the hub that is asked, {_shown(hub)}.",
                hint="Set HF_ENDPOINT to a hub's address, or download the file yourself and add "
                "it: routeback models add FILE.gguf",
            )
        path = unquote(place.path).strip("/")
        kind = re.fullmatch(rf"({_NAME}/{_NAME})/(?:resolve|blob|tree)/([^/]+)(?:/(.+))?", path)
        if kind:
            path, named = "/".join(filter(None, (kind[1], kind[3]))), kind[2]
    found = _PLACE.fullmatch(path)
    if not found or ".." in path.split("/"):
        raise WeightsError(
            f"{text!r} is neither a file here nor a place at a hub.",
            hint="Give FILE.gguf, owner/name, owner/name/file.gguf, or the file's address at the "
            "hub.",
        )
    return HubPlace(found[1], found[2] or "", revision or named or MAIN)


def look(hub: str, token: str, place: HubPlace) -> HubFile:
    """Ask a hub about a file.

    Raises:
        WeightsError: it cannot be reached, refuses, or has no such file; or a repository holds
            several and none was named.
    """
    timeout = httpx.Timeout(30, connect=fetch.HUB_CONNECT_TIMEOUT_S)
    headers = fetch.authorization(token)
    try:
        with httpx.Client(timeout=timeout, headers=headers, follow_redirects=True) as client:
            listing = _listing(client, hub, place)
            if listing is not None:
                return _listed(listing, place)
            if not place.file:
                raise WeightsError(
                    f"{_shown(hub)} does not list what {place.repo} holds.",
                    hint=f"Name the file: {place.repo}/FILE.gguf",
                )
            return _headed(client, hub, place)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise failure(error, hub, place.repo) from None


def failure(error: Exception, hub: str, repo: str) -> WeightsError:
    """Return why a hub could not be used, for a person. error: what httpx raised."""
    if not isinstance(error, httpx.HTTPStatusError):
        return WeightsError(
            f"{_shown(hub)} cannot be reached ({type(error).__name__}).",
            hint="Check the network and HF_ENDPOINT, and run the command again; what is fetched "
            "is kept. Or bring the file: routeback models add FILE.gguf",
        )
    code = error.response.status_code
    said = f"{_shown(hub)} does not serve {repo}: HTTP {code}."
    if code in {401, 403}:
        return WeightsError(
            said,
            hint="It may be private, or its terms must be accepted at the hub first: do that, and "
            "set HF_TOKEN to a token that may read it.",
        )
    if code == httpx.codes.NOT_FOUND:
        return WeightsError(said, hint="Check owner, name, file and revision.")
    return WeightsError(said, hint="Run the command again later; what is fetched is kept.")


def _shown(hub: str) -> str:
    """Return the address of a hub without who asks it, and with which password."""
    parts = urlsplit(hub)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


def _listing(client: httpx.Client, hub: str, place: HubPlace) -> Mapping[str, Any] | None:
    """Return what a revision holds; None from an address that serves files alone."""
    revision = quote(place.revision, safe="")
    reply = client.get(f"{hub}/api/models/{place.repo}/revision/{revision}", params={"blobs": "1"})
    if reply.status_code in {401, 403, 429} or reply.is_server_error:
        reply.raise_for_status()
    try:
        values = reply.json() if reply.is_success else None
    except ValueError:
        return None
    return values if isinstance(values, dict) and isinstance(values.get("siblings"), list) else None


def _listed(listing: Mapping[str, Any], place: HubPlace) -> HubFile:
    files = {
        str(entry.get("rfilename")): entry
        for entry in listing["siblings"]
        if isinstance(entry, dict)
    }
    weights = sorted(name for name in files if name.endswith(SUFFIX))
    wanted = place.file or (weights[0] if len(weights) == 1 else "")
    if wanted not in files:
        names = ", ".join(weights[:_LISTED]) or "none"
        what = f"has no {place.file}" if place.file else f"holds {len(weights)} weights files"
        raise WeightsError(
            f"{place.repo} {what} at {place.revision}.",
            hint=f"Name one of its files, {place.repo}/FILE.gguf: {names}.",
        )
    entry = files[wanted]
    stated = entry.get("lfs")
    large = stated if isinstance(stated, dict) else {}
    commit = listing.get("sha")
    revision = commit if isinstance(commit, str) and commit else place.revision
    size = large.get("size", entry.get("size"))
    return HubFile(place.repo, wanted, revision, _size(size, place), _sum(large.get("sha256")))


def _headed(client: httpx.Client, hub: str, place: HubPlace) -> HubFile:
    revision = quote(place.revision, safe="")
    url = f"{hub}/{place.repo}/resolve/{revision}/{quote(place.file)}"
    reply = client.head(url, headers={"Accept-Encoding": "identity"})
    reply.raise_for_status()
    return HubFile(
        place.repo, place.file, place.revision, _size(reply.headers.get("Content-Length"), place)
    )


def _size(value: Any, place: HubPlace) -> int:
    try:
        size = int(value)
    except (TypeError, ValueError):
        size = 0
    if size <= 0:
        raise WeightsError(
            f"The hub does not say how large {place.repo}/{place.file} is.",
            hint="Download it yourself, and add the file: routeback models add FILE.gguf",
        )
    return size


def _sum(value: Any) -> str:
    return value if isinstance(value, str) and _SUM.fullmatch(value) else ""
