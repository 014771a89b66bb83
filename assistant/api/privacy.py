"""What is kept of people: how much it is, all of it, and that it be erased."""

from typing import cast

from fastapi import APIRouter, Request
from fastapi.encoders import jsonable_encoder

from assistant.api.entry.auth import signed
from assistant.background.custody import Custody
from assistant.wire import JsonObject
from assistant.wire.privacy import (
    ErasedView,
    ExportView,
    HoldingsView,
    PeopleNamed,
    ReceiptsView,
)

router = APIRouter()


@router.post("/v1/privacy/preview")
async def preview(request: Request, named: PeopleNamed) -> HoldingsView:
    """Count what is kept of people; nothing is changed."""
    return await _custody(request).preview(named.people)


@router.post("/v1/privacy/export")
async def export(request: Request, named: PeopleNamed) -> ExportView:
    """Return all that is kept of people."""
    receipt, kept = await _custody(request).export(named.people, signed(request, named.by))
    return ExportView(receipt=receipt, kept=cast("JsonObject", jsonable_encoder(kept)))


@router.post("/v1/privacy/erase")
async def erase(request: Request, named: PeopleNamed) -> ErasedView:
    """Erase what people said, for good; scores stay."""
    custody = _custody(request)
    elsewhere = (await custody.preview(named.people)).elsewhere
    receipt = await custody.erase(named.people, signed(request, named.by))
    return ErasedView(receipt=receipt, elsewhere=elsewhere)


@router.get("/v1/privacy/receipts")
async def receipts(request: Request) -> ReceiptsView:
    """Return what was exported and erased, when and by whom."""
    return ReceiptsView(receipts=await _custody(request).receipts())


def _custody(request: Request) -> Custody:
    custody: Custody = request.app.state.custody
    return custody
