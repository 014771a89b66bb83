"""Asking, and reading on: the answer belongs to the API, and is found there again."""

import time
from collections.abc import Generator
from contextlib import suppress
from typing import Final

from ui.api.client import Client, Language
from ui.api.conversations import ConversationClient
from ui.api.stream import AnswerPiece, Event, Waiting
from ui.api.turn import AnsweredTurn
from ui.chat.conversation import Conversation, Exchange
from ui.errors import ApiError, Cause

_AWAY: Final[frozenset[Cause]] = frozenset({"unreachable", "lost", "slow", "busy"})
"""What passes: the server is starting again, or the line is."""
_LOOK_S: Final = 0.3
_GRACE_S: Final = 3.0
"""After which a question that is not in the log has not arrived."""
_PATIENCE_S: Final = 90.0
"""After which a server that is away is given up."""
_TRIES: Final = 3


def answered(
    client: Client, conversation: Conversation, exchange: Exchange, language: Language
) -> Generator[Event]:
    """Ask, or go on reading, until the answer has ended; yield when there is something to show.

    What is heard is kept in the exchange. Where the connection breaks, the answer is read on in the
    log; a question that did not arrive is sent again, and taken once.

    Raises:
        ApiError: there is no answer, or it cannot be read.
    """
    fresh = exchange.stage == "asked"
    exchange.stage = "running"
    for _ in range(_TRIES):
        broke: ApiError | None = None
        if fresh:
            try:
                yield from _asked(client, conversation, exchange, language)
            except ApiError as error:
                if error.cause == "ended" and conversation.id:
                    conversation.move(ConversationClient(client).begin())
                    continue
                if error.cause not in {"lost", "slow", "conflict"}:
                    _catch_up(client, conversation, exchange, language)
                    raise
                broke = error
        arrived = yield from _read_on(client, conversation, exchange, language)
        if arrived:
            return
        if broke is not None and broke.cause == "conflict":
            raise broke
        fresh = True
    raise ApiError("lost")


def stopped(client: Client, conversation: Conversation) -> None:
    """Stop the answer that is being written; where that fails, it goes on and is read on."""
    if not conversation.id:
        return
    with suppress(ApiError):
        ConversationClient(client).stop(conversation.id)


def _asked(
    client: Client, conversation: Conversation, exchange: Exchange, language: Language
) -> Generator[Event]:
    if not conversation.id:
        conversation.id = ConversationClient(client).begin()
    events = client.answer(
        conversation.messages(exchange),
        conversation_id=conversation.id,
        interface=language,
        client_id=exchange.client_id,
    )
    for event in events:
        if isinstance(event, AnswerPiece):
            conversation.hear(exchange, event)
        elif isinstance(event, AnsweredTurn):
            if event.conversation_id not in {"", conversation.id}:
                conversation.move(event.conversation_id)
            conversation.end(exchange, event)
        yield event
    _catch_up(client, conversation, exchange, language)


def _catch_up(
    client: Client, conversation: Conversation, exchange: Exchange, language: Language
) -> None:
    """Read what else the log says by now; without it, what was heard is shown."""
    if not conversation.id:
        return
    talks = ConversationClient(client)
    try:
        conversation.see(talks.read(conversation.id, exchange.before, language))
    except ApiError:
        return


def _read_on(
    client: Client, conversation: Conversation, exchange: Exchange, language: Language
) -> Generator[Event, None, bool]:
    """Read the log until the answer has ended; return whether the question is in it at all."""
    talks = ConversationClient(client)
    began = seen = time.monotonic()
    while exchange.stage == "running" and exchange in conversation.items:
        if not conversation.id:
            return False
        after = conversation.number if exchange.turn_id else exchange.before
        heard = len(exchange.answer)
        try:
            conversation.see(talks.read(conversation.id, after, language))
            seen = time.monotonic()
        except ApiError as error:
            if error.cause not in _AWAY or time.monotonic() - seen > _PATIENCE_S:
                raise
        if not exchange.turn_id and exchange in conversation.items and seen - began > _GRACE_S:
            return False
        if len(exchange.answer) > heard:
            yield AnswerPiece.of(exchange.answer[heard:], conversation.number)
        else:
            yield Waiting(time.monotonic() - began)
        if exchange.stage == "running":
            time.sleep(_LOOK_S)
    return True
