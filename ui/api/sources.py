"""Sources of documents, their refreshes, and the health of the knowledge, over HTTP."""

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from ui.api.client import Client
from ui.api.types import (
    ApiKnowledgeHealthView,
    ApiKnowledgeSourcesView,
    ApiKnowledgeSourceView,
    ApiRefreshedView,
    ApiUploadedFilesView,
    ApiUploadedFileView,
)

_PATH = "/v1/knowledge/sources"
_LONGEST_S = 120.0


@dataclass(frozen=True, slots=True)
class SourcesClient:
    """The sources of the API that a client talks to.

    Every method raises ``ApiError`` when the API does not do it. Refreshes yield JSON objects:
    ``progress``, and last ``changes`` or ``held``.
    """

    client: Client

    def all(self) -> Sequence[ApiKnowledgeSourceView]:
        """Return all sources, by name."""
        return self.client.fetch("GET", _PATH, ApiKnowledgeSourcesView).sources

    def add(
        self, name: str, kind: str, address: str, schedule: str, options: Mapping[str, object]
    ) -> ApiKnowledgeSourceView:
        """Name a source."""
        body = {"name": name, "kind": kind, "address": address, "schedule": schedule}
        return self.client.fetch(
            "POST", _PATH, ApiKnowledgeSourceView, {**body, "options": dict(options)}
        )

    def schedule(self, name: str, schedule: str) -> ApiKnowledgeSourceView:
        """Change when a source is read."""
        body = {"schedule": schedule}
        return self.client.fetch("PATCH", self._of(name), ApiKnowledgeSourceView, body)

    def remove(self, name: str) -> int:
        """Take a source out; return how many passages went."""
        path = self._of(name)
        return int(self.client.send("DELETE", path, longest_s=_LONGEST_S).get("removed", 0))

    def refresh(self, name: str, *, confirm: bool = False) -> Generator[Mapping[str, Any]]:
        """Read a source again. confirm: what it was held for is meant."""
        return self.client.lines(f"{self._of(name)}/{'confirm' if confirm else 'refresh'}")

    def upload(
        self, source: str, file: str, body: bytes, audience: str
    ) -> Generator[Mapping[str, Any]]:
        """Send a file."""
        params = {"source": source, "name": file, "audience": audience}
        return self.client.lines("/v1/knowledge/uploads", body, params)

    def files(self, name: str) -> Sequence[ApiUploadedFileView]:
        """Return the files of a source of uploads."""
        return self.client.fetch("GET", f"{self._of(name)}/files", ApiUploadedFilesView).files

    def take_out(self, name: str, file: str) -> ApiRefreshedView:
        """Take a file out."""
        path = f"{self._of(name)}/files/{quote(file, safe='')}"
        return ApiRefreshedView.model_validate(
            self.client.send("DELETE", path, longest_s=_LONGEST_S)
        )

    def health(self) -> ApiKnowledgeHealthView:
        """Return what is stale or contradicts itself."""
        return self.client.fetch("GET", "/v1/knowledge/health", ApiKnowledgeHealthView)

    @staticmethod
    def _of(name: str) -> str:
        return f"{_PATH}/{quote(name, safe='')}"
