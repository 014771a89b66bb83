"""Files in conversations: sent by who asks and by the team, and shown to them alone."""

import asyncio
from functools import partial
from typing import Annotated, Any, Final
from urllib.parse import quote

from fastapi import APIRouter, Depends, Query, Request, Response

from assistant.api.desk.attending import assistant_of, come, worker
from assistant.api.entry.auth import caller
from assistant.api.entry.body import JsonRoute
from assistant.assistant import Assistant
from assistant.desk.media import taken
from assistant.errors import QuestionError, UnknownConversation
from assistant.privacy import redact
from assistant.records.desk.log import ATTACHMENT, LogEntry
from assistant.records.queue.attachments import Attachment, Sending
from assistant.wire.desk import ClientId
from assistant.wire.queue import AttachmentView

router = APIRouter(route_class=JsonRoute)

_BYTES: Final = {"schema": {"type": "string", "format": "binary"}}
_SENT: Final[dict[str, Any]] = {
    "requestBody": {"content": {"application/octet-stream": _BYTES}, "required": True}
}
_TYPES: Final = ("image/png", "image/jpeg", "image/gif", "image/webp", "application/pdf")
_FILE: Final[dict[int | str, dict[str, Any]]] = {200: {"content": dict.fromkeys(_TYPES, _BYTES)}}
_POLICY: Final = "default-src 'none'; sandbox; frame-ancestors 'none'"
FileName = Annotated[str, Query(max_length=300)]


@router.post(
    "/v1/conversations/{conversation_id}/attachments", status_code=201, openapi_extra=_SENT
)
async def send(
    request: Request,
    conversation_id: str,
    name: FileName = "",
    client_id: Annotated[ClientId, Query()] = None,
) -> AttachmentView:
    """Send a picture or a PDF to the person who holds the conversation; the body is the file.

    What it is, its bytes say. name: as it is shown.
    """
    assistant = assistant_of(request)
    await _check(request, conversation_id)
    sending = await _sending(request, assistant, name)
    put = partial(assistant.records.threads.hand_in, client_id=client_id)
    given = (conversation_id, sending.medium.name, sending.detail, sending.keep)
    return _view((await asyncio.to_thread(put, *given)).entry)


@router.get(
    "/v1/conversations/{conversation_id}/attachments/{attachment}",
    response_class=Response,
    responses=_FILE,
)
async def show(request: Request, conversation_id: str, attachment: str) -> Response:
    """Return a file of one's own conversation."""
    await _check(request, conversation_id)
    get = partial(assistant_of(request).queue.attachments.get, team=False)
    return _file(await asyncio.to_thread(get, conversation_id, attachment))


@router.post(
    "/v1/desk/tickets/{ticket}/attachments",
    status_code=201,
    openapi_extra=_SENT,
    dependencies=[Depends(come)],
)
async def reply(
    request: Request,
    ticket: str,
    name: FileName = "",
    client_id: Annotated[ClientId, Query()] = None,
    *,
    note: bool = False,
) -> AttachmentView:
    """Send a picture or a PDF to who asked. note: to the team alone."""
    assistant, by = assistant_of(request), worker(request)
    sending = await _sending(request, assistant, name)
    say = assistant.desk.note if note else assistant.desk.reply
    put = partial(say, client_id=client_id, detail=sending.detail, also=sending.keep)
    return _view(await asyncio.to_thread(put, ticket, sending.medium.name, by))


@router.get(
    "/v1/desk/tickets/{ticket}/attachments/{attachment}",
    response_class=Response,
    responses=_FILE,
    dependencies=[Depends(come)],
)
async def look(request: Request, ticket: str, attachment: str) -> Response:
    """Return a file of a ticket's conversation."""
    assistant = assistant_of(request)
    found = await asyncio.to_thread(assistant.desk.get, ticket)
    get = partial(assistant.queue.attachments.get, team=True)
    return _file(await asyncio.to_thread(get, found.conversation_id, attachment))


async def _check(request: Request, conversation_id: str) -> None:
    """Check whose a conversation is.

    Raises:
        UnknownConversation: not the caller's.
    """
    owners, owner = assistant_of(request).records.conversations, caller(request).id
    if not await asyncio.to_thread(owners.owns, owner, conversation_id):
        raise UnknownConversation(
            f"There is no conversation {conversation_id!r}.", hint="Begin one."
        )


async def _sending(request: Request, assistant: Assistant, name: str) -> Sending:
    """Return what is sent.

    Raises:
        QuestionError: it is too large, or nothing that is taken.
    """
    settings, content = assistant.settings.desk, await request.body()
    if len(content) > settings.attachment_bytes:
        raise QuestionError(
            f"The file has {len(content):,} bytes; {settings.attachment_bytes:,} are taken.",
            hint="Send a smaller one.",
        )
    shown = await asyncio.to_thread(redact, name)
    return Sending.of(taken(shown, content), content, settings.attachments)


def _view(entry: LogEntry) -> AttachmentView:
    return AttachmentView.model_validate({**entry.detail[ATTACHMENT], "number": entry.number})


def _file(found: Attachment) -> Response:
    """Return a file that is saved and never shown as a page of this server."""
    plain = found.name.encode("ascii", "replace").decode().replace("?", "_").replace('"', "_")
    told = {
        "Content-Disposition": f'attachment; filename="{plain}"; '
        f"filename*=UTF-8''{quote(found.name, safe='')}",
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": _POLICY,
        "Cross-Origin-Resource-Policy": "same-origin",
    }
    return Response(found.content, media_type=found.type, headers=told)
