"""The index of documents: here, at a Qdrant server, or in a server of this folder that runs."""

import re
from collections.abc import Sequence
from typing import Final

from assistant.app import open_knowledge
from assistant.doctor.diagnosis import PartState, ok, skipped, warning
from assistant.doctor.measure import DIMENSIONS
from assistant.doctor.server import asked
from assistant.progress import Watcher
from assistant.running import Running
from assistant.settings import KnowledgeSettings, Settings
from guardrails.arrays import Vectors

_QUESTION: Final = "password"
OLDEST_QDRANT: Final = (1, 17)
_ADD: Final = "Add documents: routeback knowledge add PATH"


class DirectionVectors:
    """An embedder that gives all texts one direction.

    By it an index is asked whether it works, whatever becomes of the real one.
    """

    dimensions: Final = DIMENSIONS
    revision: Final = "doctor"

    def queries(self, texts: Sequence[str]) -> Vectors:
        """Return that direction for each."""
        import numpy as np

        rows: Vectors = np.full((len(texts), DIMENSIONS), DIMENSIONS**-0.5, np.float32)
        return rows

    def passages(self, texts: Sequence[str]) -> Vectors:
        """Return that direction for each."""
        return self.queries(texts)


def index(settings: Settings) -> PartState:
    """Return whether the index opens and a search finds something. Blocking.

    Raises:
        KnowledgeError: it does not open, or the server behind it fails.
    """
    here = settings.knowledge.qdrant_url is None
    if here and not (settings.data_dir / "index" / "CURRENT").exists():
        if settings.knowledge.sample:
            return skipped("nothing is indexed yet; the first start indexes the sample")
        return warning("no document is indexed", "documents to answer from", _ADD)
    as_it_is = settings.knowledge.model_copy(update={"sample": False})
    opened = settings.model_copy(update={"knowledge": as_it_is})
    with open_knowledge(opened, Watcher(), DirectionVectors()) as knowledge:
        generation = knowledge.library.generation()
        passages = knowledge.search.find(_QUESTION, "en", 1) if generation else []
    where = settings.knowledge.qdrant_url or str(settings.data_dir / "index")
    if here:
        return _state(where, generation, len(passages))
    version = _version(settings.knowledge)
    if _numbers(version) < OLDEST_QDRANT:
        oldest = ".".join(map(str, OLDEST_QDRANT))
        got = f"Qdrant {version}" if version else f"{where} says no version"
        return warning(got, f"Qdrant {oldest} or newer", "Upgrade the server.")
    return _state(f"Qdrant {version} at {where}", generation, len(passages))


def _version(knowledge: KnowledgeSettings) -> str:
    """Return the version that a Qdrant server says; empty: none that can be read."""
    import httpx

    key = knowledge.qdrant_api_key
    headers = {"api-key": key.get_secret_value()} if key else {}
    try:
        reply = httpx.get(
            knowledge.qdrant_url or "", headers=headers, timeout=knowledge.qdrant_timeout_s
        )
        return str(reply.json()["version"])
    except (httpx.HTTPError, ValueError, TypeError, KeyError):
        return ""


def _numbers(version: str) -> tuple[int, ...]:
    """Return the numbers that a version begins with: 1.17.0-dev is (1, 17, 0)."""
    found = re.match(r"\d+(?:\.\d+)*", version)
    return tuple(map(int, found[0].split("."))) if found else ()


async def index_served(running: Running) -> PartState:
    """Return whether the server that owns the index finds something in it."""
    inventory = await asked(running, "GET", "/v1/knowledge")
    params = {"q": _QUESTION, "limit": "1"}
    found = await asked(running, "GET", "/v1/knowledge/search", params=params)
    return _state(f"served by {running.url}", inventory["generation"], len(found["passages"]))


def _state(where: str, generation: int, found: int) -> PartState:
    if not generation:
        return warning(f"{where}: no document is indexed", "documents to answer from", _ADD)
    if not found:
        got = f"{where}: generation {generation}, and a search finds nothing for the public"
        return warning(got, "a passage at least", _ADD)
    return ok(f"{where}: generation {generation}, a search finds something")
