"""Other desks say what their people did; what is signed is checked before it is believed."""

import asyncio

from fastapi import APIRouter, HTTPException, Request

from assistant.api.entry.body import JsonRoute
from assistant.assistant import Assistant
from assistant.bridge.bridge import Bridge
from assistant.errors import DeskConflict
from assistant.records.bridge.inbox import OutsideEvent
from assistant.records.desk.events import Worker
from assistant.sending.bridge_settings import ZAMMAD
from assistant.sending.signature import hub_verified, key_of, verified
from assistant.wire.desk.bridge import BridgeEvent, BridgeEventTaken, ZammadHeard, ZammadWebhook
from guardrails import clock

router = APIRouter(prefix="/v1/bridge", route_class=JsonRoute)

_FORGED = "The signature is missing, wrong or of another time."


@router.post("/events")
async def take(request: Request, event: BridgeEvent) -> BridgeEventTaken:
    """Take an event of another desk. 2xx means that it is stored: it need not be sent again."""
    bridge = _bridge(request)
    if bridge is None or not bridge.settings.incoming:
        raise DeskConflict(
            "Other desks may say nothing here.", hint="Set ROUTEBACK_BRIDGE__INCOMING=true."
        )
    if (secret := bridge.settings.secret) is not None:
        key, now = key_of(secret.get_secret_value()), int(clock.now().timestamp())
        if not verified(key, request.headers, await request.body(), now):
            raise HTTPException(401, _FORGED)
    if event.source == ZAMMAD:
        raise DeskConflict(f"{ZAMMAD!r} has a bridge of its own.", hint="Name another source.")
    outside = OutsideEvent(
        source=event.source,
        id=event.id,
        ticket_id=event.ticket,
        kind=event.kind,
        by=Worker(f"{event.source}:{event.by.id}", event.by.name),
        text=event.text,
        number=event.number,
    )
    known = await asyncio.to_thread(bridge.incoming.inbox.known, event.source, [event.id])
    result = await asyncio.to_thread(bridge.incoming.take, outside)
    return BridgeEventTaken(result=result, again=bool(known))


@router.post("/zammad")
async def heard(request: Request, told: ZammadWebhook) -> ZammadHeard:
    """Take a webhook of Zammad, which says that something happened to a ticket."""
    bridge = _bridge(request)
    if bridge is None or bridge.zammad is None:
        raise DeskConflict("There is no bridge to Zammad.", hint="Set ROUTEBACK_BRIDGE__ZAMMAD__….")
    if (secret := bridge.settings.zammad.secret) is not None:
        given = request.headers.get("x-hub-signature", "")
        if not hub_verified(secret.get_secret_value(), await request.body(), given):
            raise HTTPException(401, _FORGED)
    return ZammadHeard(known=await asyncio.to_thread(bridge.zammad.ring, told.ticket.id))


def _bridge(request: Request) -> Bridge | None:
    assistant: Assistant = request.app.state.assistant
    return assistant.bridge
