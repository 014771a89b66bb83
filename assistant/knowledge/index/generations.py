"""The generations of an index on a Qdrant server: each is a collection, an alias names one of them.

What served before is removed a while after another process, or this one, was seen to serve the
next: a search that began on it comes to its end.
"""

import logging
import re
import threading
from collections.abc import Callable
from typing import Final
from uuid import uuid4

from qdrant_client import QdrantClient

from assistant.errors import KnowledgeError
from assistant.knowledge.index.speaking import FAILURES
from guardrails.failures import told

log = logging.getLogger(__name__)

DELETED_S: Final = 60
"""How long the server may take to delete a collection."""
_KEPT: Final = 1
"""Generations before the serving one that the next change leaves."""


class Generations:
    """The collections of the index ``name``.

    Safe to use from several threads. grace_s: how long what served before is left alone.
    """

    def __init__(self, client: QdrantClient, name: str, grace_s: float) -> None:
        self.client = client
        self.name = name
        self._grace_s = grace_s
        self._pattern = re.compile(rf"{re.escape(name)}-(?:(\d{{6,}})-[0-9a-f]{{8}}|(0\d{{5}}))")
        self._looking = threading.Lock()
        self._tidied = 0
        self._waiting: threading.Timer | None = None
        self._closed = False

    def serving(self) -> str | None:
        """Return the collection that serves; None: nothing was ever added."""
        aliases = self.client.get_aliases().aliases
        name = next((a.collection_name for a in aliases if a.alias_name == self.name), None)
        if name is not None:
            self._tidy_later(self.number(name))
        return name

    def number(self, collection: str | None) -> int:
        """Return the number of a generation; 0: of none.

        Raises:
            KnowledgeError: the collection is not one of this index.
        """
        if collection is None:
            return 0
        number = self._parsed(collection)
        if number is None:
            raise KnowledgeError(
                f"The alias {self.name} names {collection}, which Routeback did not make.",
                hint="Set knowledge.collection to a name that nothing else uses.",
            )
        return number

    def draft(self, number: int) -> str:
        """Return a name for the collection of a generation that no other one has or had."""
        return f"{self.name}-{number:06d}-{uuid4().hex[:8]}"

    def clear(self, serving: str | None) -> None:
        """Remove what nobody needs: drafts of processes that died, and what served long ago.

        Only for who may change the index.
        """
        now = self.number(serving)
        self._remove(lambda name, n: name != serving and not now - _KEPT <= n < now)

    def close(self) -> None:
        """Leave the rest to others."""
        with self._looking:
            self._closed = True
            if self._waiting is not None:
                self._waiting.cancel()

    def _tidy_later(self, number: int) -> None:
        with self._looking:
            if number <= self._tidied or self._waiting is not None or self._closed:
                return
            self._waiting = threading.Timer(self._grace_s, self._tidy, (number,))
            self._waiting.daemon = True
            self._waiting.start()

    def _tidy(self, number: int) -> None:
        """Remove what had served before ``number`` was seen to serve."""
        latest = number
        try:
            serving = self.serving()
            latest = self.number(serving)
            self._remove(lambda name, n: name != serving and n < number)
        except (KnowledgeError, *FAILURES) as error:
            log.info("what served before could not be removed yet: %s", told(error))
        with self._looking:
            self._tidied, self._waiting = number, None
        self._tidy_later(latest)

    def _remove(self, wanted: Callable[[str, int], bool]) -> None:
        for collection in self.client.get_collections().collections:
            number = self._parsed(collection.name)
            if number is not None and wanted(collection.name, number):
                self.client.delete_collection(collection.name, timeout=DELETED_S)

    def _parsed(self, collection: str) -> int | None:
        found = self._pattern.fullmatch(collection)
        return int(found[1] or found[2]) if found else None
