"""Requests for a person, from who asks."""

import asyncio

from fastapi import APIRouter, Request

from assistant.api.desk import views
from assistant.api.entry.auth import caller
from assistant.api.entry.body import JsonRoute
from assistant.assistant import Assistant
from assistant.desk.states import reason_of
from assistant.privacy import redact
from assistant.records.conversations import FirstSaid
from assistant.records.desk.tickets import Ticket
from assistant.wire.service import NewTicket, TicketOpened

router = APIRouter(route_class=JsonRoute)


@router.post("/v1/tickets", status_code=201)
async def hand_over(request: Request, asked: NewTicket) -> TicketOpened:
    """Ask for a person, who answers in the conversation from then on; the bot is silent.

    The reason is read off what was answered last. Where somebody is asked for already this is
    added to it.
    """
    assistant: Assistant = request.app.state.assistant
    owners, owner = assistant.records.conversations, caller(request).id
    if asked.conversation_id is None:
        first = FirstSaid(asked.message, asked.client_id)
        conversation = await asyncio.to_thread(owners.begin, owner, None, first)
    else:
        conversation = asked.conversation_id
        await asyncio.to_thread(owners.go_on, owner, conversation)
    last = await asyncio.to_thread(assistant.records.last_answer, conversation)
    turns = await asyncio.to_thread(assistant.records.conversation, conversation)
    ticket = Ticket(
        conversation_id=conversation,
        language=asked.language,
        message=await asyncio.to_thread(redact, asked.message),
        contact=asked.contact.strip(),
        reason=reason_of(last),
        segment=turns[-1].segment if turns else "",
        arm=(turns[-1].arm or "") if turns else "",
        channel=asked.channel,
        owner=owner,
    )
    opened = await asyncio.to_thread(assistant.desk.open, ticket, None, asked.client_id)
    thread = await asyncio.to_thread(assistant.records.threads.thread, conversation)
    return TicketOpened(
        ticket_id=opened.id,
        number=opened.number,
        status=opened.status.value,
        conversation_id=opened.conversation_id,
        standing=await asyncio.to_thread(views.standing, assistant, thread),
    )
