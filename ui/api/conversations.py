"""Conversations over HTTP, for who asks: their list, the log, and asking for a person."""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote

from ui.api.client import Client, Language
from ui.api.types import (
    ApiConversationBegun,
    ApiConversationLine,
    ApiConversationsView,
    ApiConversationView,
    ApiRatingTaken,
    ApiTicketOpened,
)

_MANY = 100


@dataclass(frozen=True, slots=True)
class ConversationClient:
    """The conversations of the person that a client is.

    Every method raises ``ApiError`` when the API does not do it; its cause is ``ended`` where the
    conversation is not theirs, or goes on no more, and ``conflict`` where it does not take that.
    """

    client: Client

    def begin(self) -> str:
        """Begin a conversation; return its id."""
        return self.client.fetch("POST", "/v1/conversations", ApiConversationBegun).conversation_id

    def all(self) -> Sequence[ApiConversationLine]:
        """Return their conversations, the latest first."""
        return self.client.fetch(
            "GET", f"/v1/conversations?limit={_MANY}", ApiConversationsView
        ).conversations

    def read(self, conversation_id: str, after: int, language: Language) -> ApiConversationView:
        """Return who holds a conversation, and what was said behind a number.

        language: of the names of authors.
        """
        path = f"{_path(conversation_id)}?after={after}&language={language}"
        return self.client.fetch("GET", path, ApiConversationView)

    def stop(self, conversation_id: str) -> None:
        """Stop the answer that is being written; what was shown stays."""
        self.client.send("POST", f"{_path(conversation_id)}/stop")

    def to_bot(self, conversation_id: str) -> None:
        """Let the assistant answer again."""
        self.client.send("POST", f"{_path(conversation_id)}/bot")

    def rate(self, conversation_id: str, rating: int, comment: str) -> None:
        """Say how the request for a person was solved. rating: 1 to 5."""
        body = {"rating": rating, "comment": comment}
        self.client.fetch("POST", f"{_path(conversation_id)}/rating", ApiRatingTaken, body)

    def ask_for_person(
        self,
        conversation_id: str,
        message: str,
        language: Language,
        *,
        contact: str = "",
        client_id: str,
    ) -> ApiTicketOpened:
        """Ask for a person, or add something to what was asked.

        client_id: of this request, so that sending it again opens no second one.
        """
        ticket = {
            "conversation_id": conversation_id,
            "message": message,
            "contact": contact,
            "language": language,
            "channel": "chat",
            "client_id": client_id,
        }
        return self.client.fetch("POST", "/v1/tickets", ApiTicketOpened, ticket)


def _path(conversation_id: str) -> str:
    return f"/v1/conversations/{quote(conversation_id, safe='')}"
