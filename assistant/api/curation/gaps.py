"""What people asked and nobody was told: listed by how many asked, opened, set aside, drafted."""

import asyncio
from collections.abc import Iterable
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query, Request

from assistant.api.curation.entries import shown_draft
from assistant.api.entry.auth import caller
from assistant.api.entry.body import JsonRoute
from assistant.assistant import Assistant
from assistant.curation.drafts import draft
from assistant.curation.gaps import DAYS, Gap
from assistant.errors import EntryRefused
from assistant.knowledge import selection
from assistant.privacy import redact
from assistant.wire import Number
from assistant.wire.curation import (
    DraftView,
    GapDetail,
    GapMove,
    GapPage,
    GapQuestion,
    GapView,
    NearEntry,
    NearGap,
)

_SHOWN = 5
_QUESTIONS = 50
GapId = Annotated[str, Path(min_length=1, max_length=36)]
Days = Annotated[int, Query(ge=1, le=365)]

router = APIRouter(prefix="/v1/gaps", route_class=JsonRoute)


@router.get("")
async def gaps(
    request: Request,
    days: Days = DAYS,
    standing: Literal["open", "all", "drafted", "closed", "dismissed"] = "open",
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    offset: Number = 0,
) -> GapPage:
    """List the gaps of the last days, those of most askers first."""
    found = await asyncio.to_thread(_assistant(request).curation.finder.all, days)
    chosen = [gap for gap in found.gaps if standing == "all" or standing in _names(gap)]
    page = tuple(map(_view, chosen[offset : offset + limit]))
    return GapPage(gaps=page, total=len(chosen), waiting=found.waiting)


@router.get("/{gap_id}")
async def gap(request: Request, gap_id: GapId, days: Days = DAYS) -> GapDetail:
    """Return a gap with its questions, and what is near it."""
    assistant, groups = _assistant(request), caller(request).groups

    def read() -> GapDetail:
        finder, knowledge = assistant.curation.finder, assistant.knowledge
        found, questions = finder.find(gap_id, days)
        text, language = found.question.text, found.question.language
        search = knowledge.search.seen_by(groups)
        hits = search.find(text, language, selection.CONSIDERED)
        weighed = selection.select(text, language, hits, knowledge.states)
        pairs = zip(weighed.passages, weighed.probabilities, strict=True)
        ranked = sorted(pairs, key=lambda pair: -pair[1])[:_SHOWN]
        others = finder.near(found, finder.all(days).gaps)
        return GapDetail(
            gap=_view(found),
            questions=tuple(
                GapQuestion(
                    question=redact(one.text),
                    language=one.language,
                    segment=one.segment,
                    outcome=one.outcome,
                    sign=one.sign,
                    at=one.at,
                )
                for one in questions[:_QUESTIONS]
            ),
            entries=tuple(
                NearEntry(
                    title=hit.chunk.title,
                    text=hit.chunk.text,
                    language=hit.chunk.language,
                    source=hit.chunk.source,
                    key=hit.chunk.key,
                    root=hit.chunk.root,
                    likely=round(likely, 4),
                )
                for hit, likely in ranked
            ),
            gaps=tuple(
                NearGap(
                    id=other.id,
                    question=redact(other.question.text),
                    askers=other.askers,
                    cosine=round(min(1.0, cosine), 3),
                )
                for other, cosine in others
            ),
        )

    return await asyncio.to_thread(read)


@router.post("/{gap_id}")
async def move(request: Request, gap_id: GapId, change: GapMove) -> GapView:
    """Set a gap aside, open it again, or put its questions into another one."""
    assistant, by = _assistant(request), caller(request).name
    finder = assistant.curation.finder

    def change_it() -> Gap:
        found, _ = finder.find(gap_id)
        if change.state == "merged":
            if change.into is None or change.into == gap_id:
                raise EntryRefused("A merge names another gap to put the questions into.")
            finder.find(change.into)
            finder.merge(found.id, change.into)
            return finder.find(change.into)[0]
        finder.store.note(found.id, change.state, by)
        return finder.find(gap_id)[0]

    result = await asyncio.to_thread(change_it)
    detail = {"state": change.state}
    await asyncio.to_thread(assistant.log.note, by, "gap changed", gap_id, detail)
    return _view(result)


@router.get("/{gap_id}/draft")
async def drafted(request: Request, gap_id: GapId) -> DraftView:
    """Return what an entry for a gap begins with: its question and other wordings of it."""
    finder = _assistant(request).curation.finder

    def read() -> DraftView:
        found, questions = finder.find(gap_id)
        language = found.question.language
        wordings = _wordings(one.text for one in questions if one.language == language)
        return shown_draft(draft(found.question.text, (), language, wordings))

    return await asyncio.to_thread(read)


def _wordings(texts: Iterable[str]) -> list[str]:
    return list({text.casefold(): text for text in texts}.values())[:10]


def _names(gap: Gap) -> set[str]:
    return {"open", gap.standing} if gap.standing == "open again" else {gap.standing}


def _view(gap: Gap) -> GapView:
    return GapView(
        id=gap.id,
        question=redact(gap.question.text),
        language=gap.question.language,
        languages=gap.languages,
        askers=gap.askers,
        questions=gap.questions,
        signs=gap.signs,
        last=gap.last,
        standing=gap.standing,
        key=gap.event.key if gap.event else "",
        by=gap.event.by if gap.event else "",
    )


def _assistant(request: Request) -> Assistant:
    assistant: Assistant = request.app.state.assistant
    return assistant
