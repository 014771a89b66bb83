"""Gaps, entries and sources, over HTTP."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final
from urllib.parse import quote

from ui.api.client import Client, Language
from ui.api.types import (
    ApiDraftView,
    ApiEntryHistory,
    ApiEntryPage,
    ApiEntryText,
    ApiGapDetail,
    ApiGapPage,
    ApiGapView,
    ApiRehearsalsView,
    ApiVersionView,
)

PAGE: Final = 20
"""Rows of a list."""
_TRANSLATING_S: Final = 90.0


@dataclass(frozen=True, slots=True)
class EntryForm:
    """An entry as it stands in a form. based_on: the version it began with; 0: of none."""

    key: str = ""
    language: Language = "en"
    kind: str = "faq"
    name: str = ""
    text: str = ""
    aliases: tuple[str, ...] = ()
    url: str = ""
    audience: str = "public"
    replaces: tuple[str, ...] = ()
    based_on: int = 0
    from_gap: str = ""
    flags: tuple[str, ...] = field(default=(), compare=False)

    @classmethod
    def of(cls, draft: ApiDraftView, from_gap: str = "", key: str = "") -> "EntryForm":
        """Return the form that a draft begins. key: empty: the draft's own."""
        form = cls(
            key=key or draft.key,
            language=draft.language,
            kind=draft.kind,
            from_gap=from_gap,
            flags=tuple(draft.flags),
        )
        return form.saying(draft.content)

    def saying(self, content: ApiEntryText) -> "EntryForm":
        """Return it with what an entry says."""
        return replace(
            self,
            name=content.name,
            text=content.text,
            aliases=tuple(content.aliases or ()),
            url=content.url or "",
            audience=content.audience or "public",
            replaces=tuple(content.replaces or ()),
        )

    def body(self) -> Mapping[str, object]:
        """Return it as the API takes it."""
        return {
            "key": self.key,
            "language": self.language,
            "kind": self.kind,
            "based_on": self.based_on,
            "from_gap": self.from_gap or None,
            "content": {
                "name": self.name,
                "text": self.text,
                "aliases": list(self.aliases),
                "url": self.url,
                "audience": self.audience,
                "replaces": list(self.replaces),
            },
        }


@dataclass(frozen=True, slots=True)
class KnowledgeClient:
    """What the page of knowledge asks of the API. Every method raises ``ApiError``."""

    client: Client

    def gaps(self, days: int, standing: str, page: int) -> ApiGapPage:
        """Return a page of gaps, from 1."""
        query = f"days={days}&standing={standing}&limit={PAGE}&offset={PAGE * (page - 1)}"
        return self.client.fetch("GET", f"/v1/gaps?{query}", ApiGapPage)

    def gap(self, gap: str) -> ApiGapDetail:
        """Return a gap with its questions, and what is near."""
        return self.client.fetch("GET", f"/v1/gaps/{quote(gap, safe='')}", ApiGapDetail)

    def move(self, gap: str, state: str, into: str | None = None) -> ApiGapView:
        """Set a gap aside, open it again, or merge it."""
        body = {"state": state, "into": into}
        return self.client.fetch("POST", f"/v1/gaps/{quote(gap, safe='')}", ApiGapView, body)

    def draft(self, gap: str) -> ApiDraftView:
        """Return what an entry for a gap begins with."""
        return self.client.fetch("GET", f"/v1/gaps/{quote(gap, safe='')}/draft", ApiDraftView)

    def entries(self, words: str, language: str, state: str, page: int) -> ApiEntryPage:
        """Return a page of entries, from 1. language, state: empty: all."""
        query = f"q={quote(words)}&limit={PAGE}&offset={PAGE * (page - 1)}"
        query += f"&language={language}" if language else ""
        query += f"&state={state}" if state else ""
        return self.client.fetch("GET", f"/v1/entries?{query}", ApiEntryPage)

    def history(self, key: str, language: str) -> ApiEntryHistory:
        """Return all versions of an entry."""
        query = f"key={quote(key, safe='')}&language={language}"
        return self.client.fetch("GET", f"/v1/entries/history?{query}", ApiEntryHistory)

    def edit(self, root: str, name: str, language: str, kind: str) -> ApiDraftView:
        """Return with what an entry of a file begins to be edited."""
        query = f"root={quote(root, safe='')}&name={quote(name, safe='')}"
        path = f"/v1/entries/edit?{query}&language={language}&kind={kind}"
        return self.client.fetch("GET", path, ApiDraftView)

    def preview(self, form: EntryForm, questions: Sequence[str]) -> ApiRehearsalsView:
        """Return what would be answered, were the entry approved."""
        body = {"entry": form.body(), "questions": list(questions)}
        return self.client.fetch("POST", "/v1/entries/preview", ApiRehearsalsView, body)

    def save(self, form: EntryForm) -> ApiVersionView:
        """Store a draft."""
        return self.client.fetch("POST", "/v1/entries", ApiVersionView, form.body())

    def settle(
        self, act: str, key: str, language: str, version: int | None = None
    ) -> ApiVersionView:
        """Approve, undo or retire. act: the last part of the path."""
        body = {"key": key, "language": language, "version": version}
        return self.client.fetch("POST", f"/v1/entries/{act}", ApiVersionView, body)

    def translate(self, form: EntryForm, language: str) -> ApiDraftView:
        """Return the entry in another language, with what did not pass the check."""
        body = {"entry": form.body(), "language": language}
        reply = self.client.send("POST", "/v1/entries/translate", body, longest_s=_TRANSLATING_S)
        return ApiDraftView.model_validate(reply)
