"""Files of conversations over HTTP: sent, and looked at."""

from dataclasses import dataclass
from urllib.parse import quote

from ui.api.client import Client

_UPLOAD_S = 120.0


@dataclass(frozen=True, slots=True)
class AttachmentClient:
    """The files of one conversation. place: its address, or that of its ticket.

    Every method raises ``ApiError`` when the API does not do it; it says which files are taken.
    """

    client: Client
    place: str

    @classmethod
    def of_conversation(cls, client: Client, conversation_id: str) -> "AttachmentClient":
        """Return those of one's own conversation."""
        return cls(client, f"/v1/conversations/{quote(conversation_id, safe='')}/attachments")

    @classmethod
    def of_ticket(cls, client: Client, ticket: int) -> "AttachmentClient":
        """Return those of a ticket, for the team."""
        return cls(client, f"/v1/desk/tickets/{ticket}/attachments")

    def send(self, name: str, content: bytes, client_id: str) -> None:
        """Send a file. client_id: of this file, so that it is taken once."""
        params = {"name": name, "client_id": client_id}
        self.client.send("POST", self.place, params=params, longest_s=_UPLOAD_S, content=content)

    def get(self, attachment: str) -> bytes:
        """Return what a file holds."""
        return self.client.download(f"{self.place}/{quote(attachment, safe='')}")
