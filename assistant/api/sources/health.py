"""What is stale in the knowledge, or contradicts itself."""

import asyncio
from collections import Counter
from typing import Annotated

from fastapi import APIRouter, Query, Request

from assistant.api.entry.body import JsonRoute
from assistant.api.sources.lines import refresher_of
from assistant.sources.health import HealthFinding, findings
from assistant.sources.refresh import Refresher
from assistant.wire.sources import FindingView, HealthWord, KnowledgeHealthView

router = APIRouter(prefix="/v1/knowledge", route_class=JsonRoute)


@router.get("/health")
async def health(
    request: Request,
    kind: Annotated[HealthWord | None, Query()] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 200,
) -> KnowledgeHealthView:
    """List what somebody should look at, each with its evidence. kind: of this one alone."""
    found = await asyncio.to_thread(_findings, refresher_of(request))
    counts = Counter(one.kind for one in found)
    shown = [one for one in found if kind in {None, one.kind}][:limit]
    items = tuple(FindingView.model_validate(one) for one in shown)
    return KnowledgeHealthView(items=items, counts=dict(counts))


def _findings(refresher: Refresher) -> list[HealthFinding]:
    library, store = refresher.library, refresher.store
    sources = {source.name: (source, store.pages(source)) for source in store.all()}
    months = refresher.reader.settings.sources.stale_months
    return findings(library.stock(), library.contradictions(), sources, refresher.now(), months)
