"""What helps who answers a ticket: its summary, and a draft of a reply."""

import asyncio
from dataclasses import asdict
from typing import Any, Final

from fastapi import APIRouter, Request, Response

from assistant.api.connection import Disconnected, while_connected
from assistant.api.entry.body import JsonRoute
from assistant.assistant import Assistant
from assistant.desk.summary import Point, summarized
from assistant.desk.wording import POINTS, UNDRAFTED
from assistant.language import Language
from assistant.records.turns import Turn
from assistant.replying.account import account_of
from assistant.replying.drafter import Drafter, Proposal
from assistant.wire.desk import DraftWanted, PointView, ReplyDraftView, SummaryView
from assistant.wire.turn import SentenceView, SourceView

router = APIRouter(prefix="/v1/desk/tickets/{ticket}", route_class=JsonRoute)

_NEAREST: Final = 3
_GONE: Final = 499


@router.get("/summary")
async def summary(request: Request, ticket: str, language: Language = "en") -> SummaryView:
    """Return what is wanted, what was tried and what is open, by rules from the log."""
    return await asyncio.to_thread(_summary, _assistant(request), ticket, language)


@router.post("/draft", response_model=ReplyDraftView)
async def draft(
    request: Request, ticket: str, wanted: DraftWanted, language: Language = "en"
) -> ReplyDraftView | Response:
    """Draft a reply to what is open, from what everybody may read; it is not sent by itself."""
    drafter: Drafter = request.app.state.drafter
    try:
        async with while_connected(request):
            proposal = await drafter.draft(ticket, wanted.hint)
    except Disconnected:
        return Response(status_code=_GONE)
    return _draft_view(proposal, language)


def _summary(assistant: Assistant, name: str, language: Language) -> SummaryView:
    ticket = assistant.desk.get(name)
    account = account_of(assistant, ticket)
    found = summarized(account.said)

    def told(points: tuple[Point, ...]) -> tuple[PointView, ...]:
        return tuple(
            PointView(**asdict(point), label=POINTS[language][point.kind]) for point in points
        )

    return SummaryView(
        ticket=ticket.number,
        reason=ticket.reason,
        wanted=told(found.wanted),
        tried=told(found.tried),
        open=told(found.open),
        doubts=told(found.doubts),
        left_out=found.left_out,
        number=account.number,
    )


def _draft_view(proposal: Proposal, language: Language) -> ReplyDraftView:
    turn, kept = proposal.turn, proposal.draft
    values: dict[str, Any] = {"question": proposal.question, "number": proposal.number}
    if proposal.why is not None:
        reason = UNDRAFTED[language][proposal.why]
        values |= {"why": proposal.why, "reason": reason, "nearest": _near(turn)}
    if turn is not None:
        told = {name: getattr(turn, name) for name in ("language", "segment", "evidence")}
        values |= {**told, "question": turn.standalone}
    if turn is None or kept is None:
        return ReplyDraftView(**values)
    view = turn.view()
    cited = {source["number"] for source in kept.sources}
    author = turn.author
    return ReplyDraftView(
        **values,
        draft_id=kept.id,
        text=kept.text,
        sentences=_sentences(view.sentences),
        sources=tuple(source for source in view.sources if source.number in cited),
        author=author,
        route=view.route,
    )


def _sentences(sentences: tuple[SentenceView, ...]) -> tuple[SentenceView, ...]:
    return tuple(sentence for sentence in sentences if sentence.carried)


def _near(turn: Turn | None) -> tuple[SourceView, ...]:
    """Return what was named as near, else what was found; nobody was shown any of it."""
    if turn is None:
        return ()
    named = {choice["id"] for choice in turn.selection.get("choices", ())}
    sources = turn.view().sources
    return tuple(one for one in sources if one.id in named) or sources[:_NEAREST]


def _assistant(request: Request) -> Assistant:
    assistant: Assistant = request.app.state.assistant
    return assistant
