"""Entries that are written here: listed, written, seen before they serve, approved, undone."""

import asyncio
from collections.abc import Callable
from dataclasses import asdict
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request

from assistant.api.entry.auth import caller
from assistant.api.entry.body import JsonRoute
from assistant.assistant import Assistant
from assistant.background.preview import Preview, PreviewedAnswer, Rehearsal
from assistant.curation.curation import editable
from assistant.curation.drafts import EntryDraft, key_of
from assistant.curation.listing import listed, matching, shown_history
from assistant.curation.translation import translated
from assistant.knowledge.documents import Kind
from assistant.records.changes import What
from assistant.records.entries import EntryContent, EntryVersion, NewVersion
from assistant.wire import Number
from assistant.wire.curation import (
    DraftView,
    EntryHistory,
    EntryPage,
    EntryText,
    GivenPassage,
    NamedVersion,
    RehearsalsView,
    RehearsalView,
    Rehearsed,
    RehearsedAnswer,
    Translated,
    VersionView,
    WrittenEntry,
)
from guardrails.guard import BASE

router = APIRouter(prefix="/v1/entries", route_class=JsonRoute)


@router.get("")
async def entries(
    request: Request,
    q: Annotated[str, Query(max_length=200)] = "",
    language: Literal["en", "de"] | None = None,
    state: Literal["file", "draft", "approved", "retired"] | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    offset: Number = 0,
) -> EntryPage:
    """List the entries of files and those written here, by name; ``q``: words that they have."""

    def read() -> EntryPage:
        assistant = _assistant(request)
        versions = assistant.curation.versions
        rows = listed(assistant.knowledge.library.curated(), versions.newest(), versions.serving())
        found = matching(rows, q, language, state)
        return EntryPage(entries=tuple(found[offset : offset + limit]), total=len(found))

    return await asyncio.to_thread(read)


@router.get("/history")
async def history(
    request: Request,
    key: Annotated[str, Query(min_length=1, max_length=128)],
    language: Literal["en", "de"],
) -> EntryHistory:
    """Return all versions of an entry, the newest first, each with what changed."""
    versions = _assistant(request).curation.versions
    return shown_history(await asyncio.to_thread(versions.history, key, language))


@router.post("")
async def write(request: Request, new: WrittenEntry) -> VersionView:
    """Store a draft; what is served stays as it is until somebody approves it."""
    curation, version = _assistant(request).curation, _version(request, new)
    stored = await asyncio.to_thread(curation.save, version)
    await noted(request, "entry written", stored)
    return shown_version(stored)


@router.post("/approve")
async def approve(request: Request, named: NamedVersion) -> VersionView:
    """Serve a version; it must be the newest, which is the one that was read."""
    curation, by = _assistant(request).curation, caller(request).name

    def settle() -> EntryVersion:
        history = curation.versions.history(named.key, named.language)
        version = named.version or history[-1].version
        return curation.approve(named.key, named.language, version, by, named.reason)

    return await _changed(request, "entry approved", settle)


@router.post("/undo")
async def undo(request: Request, named: NamedVersion) -> VersionView:
    """Serve again what was served before, or a version that is named; as a new version."""
    curation, by = _assistant(request).curation, caller(request).name

    def settle() -> EntryVersion:
        return curation.undo(named.key, named.language, by, named.version)

    return await _changed(request, "entry undone", settle)


@router.post("/retire")
async def retire(request: Request, named: NamedVersion) -> VersionView:
    """Serve an entry no more."""
    curation, by = _assistant(request).curation, caller(request).name

    def settle() -> EntryVersion:
        return curation.retire(named.key, named.language, by, named.reason)

    return await _changed(request, "entry retired", settle)


@router.post("/preview")
async def preview(request: Request, rehearsed: Rehearsed) -> RehearsalsView:
    """Answer questions as now, and as with an entry that is not approved; nothing is stored."""
    rehearse = Preview(_assistant(request), request.app.state.bench)
    new = _version(request, rehearsed.entry)
    answers = [await rehearse.of(question, new) for question in rehearsed.questions]
    return RehearsalsView(answers=tuple(map(_rehearsal, answers)))


@router.post("/translate")
async def translate(request: Request, wanted: Translated) -> DraftView:
    """Let base put an entry into the other language; flags say what did not pass the check."""
    assistant, entry = _assistant(request), wanted.entry
    content = EntryContent.of(entry.content.model_dump())
    draft = EntryDraft(Kind(entry.kind), entry.language, content)
    deadline_s = assistant.settings.guard.deadline_s
    result = await translated(
        draft, wanted.language, assistant.arms[BASE], assistant.gate, deadline_s
    )
    return shown_draft(result, entry.key)


@router.get("/edit")
async def edit(
    request: Request,
    root: Annotated[str, Query(min_length=1, max_length=500)],
    name: Annotated[str, Query(min_length=1, max_length=2000)],
    language: Literal["en", "de"],
    kind: Literal["glossary", "faq"],
) -> DraftView:
    """Return with what an entry of a file begins to be edited here."""
    library = _assistant(request).knowledge.library

    def read() -> DraftView:
        chunk = library.entry(root, name, language, Kind(kind))
        key, content = editable(chunk)
        held = _assistant(request).curation.free_key(key, language, content)
        return shown_draft(EntryDraft(Kind(kind), language, content), held)

    return await asyncio.to_thread(read)


def shown_draft(draft: EntryDraft, key: str = "") -> DraftView:
    """Return a draft on the wire."""
    return DraftView.model_validate(
        {
            "language": draft.language,
            "kind": draft.kind.value,
            "content": EntryText.model_validate(asdict(draft.content)),
            "key": key or key_of(draft.content.name),
            "flags": draft.flags,
        }
    )


async def _changed(request: Request, what: What, settle: Callable[[], EntryVersion]) -> VersionView:
    """Change what is served, and note it."""
    stored = await asyncio.to_thread(settle)
    await noted(request, what, stored)
    return shown_version(stored)


async def noted(request: Request, what: What, version: EntryVersion) -> None:
    """Note in the log what somebody did with an entry."""
    log, by = _assistant(request).log, caller(request).name
    target = f"{version.key} ({version.language})"
    await asyncio.to_thread(log.note, by, what, target[:600], {"version": version.version})


def _version(request: Request, new: WrittenEntry) -> NewVersion:
    return NewVersion(
        key=new.key or key_of(new.content.name),
        language=new.language,
        kind=Kind(new.kind),
        content=EntryContent.of(new.content.model_dump()),
        by=caller(request).name,
        based_on=new.based_on,
        reason=new.reason,
        from_gap=new.from_gap,
        from_ticket=new.from_ticket,
    )


def shown_version(version: EntryVersion) -> VersionView:
    """Return a version on the wire."""
    return VersionView.model_validate({**asdict(version), "erased": version.erased})


def _rehearsal(one: Rehearsal) -> RehearsalView:
    return RehearsalView(
        question=one.question,
        now=_answer(one.now),
        then=_answer(one.then),
        used=one.used,
        changes=one.changes,
    )


def _answer(one: PreviewedAnswer) -> RehearsedAnswer:
    passages = tuple(
        GivenPassage(**{name: str(source[name]) for name in GivenPassage.model_fields})
        for source in one.given
    )
    return RehearsedAnswer(
        mode=one.mode,
        reason=one.reason,
        probability=min(1.0, one.probability),
        text=one.text,
        passages=passages,
    )


def _assistant(request: Request) -> Assistant:
    assistant: Assistant = request.app.state.assistant
    return assistant
