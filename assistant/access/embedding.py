"""Pages of other sites that carry the widget: from where it may call, and with which keys.

The key stands in the page, so everybody has it. What it opens is what each visitor asked
themselves: they are told apart by a secret that their browser makes.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from assistant.access.grants import Route
from assistant.access.identity import SESSION_HEADER, Identity, Role

WIDGET: Final[frozenset[Route]] = frozenset(
    {
        ("POST", "/v1/chat/completions"),
        ("POST", "/v1/feedback"),
        ("POST", "/v1/tickets"),
        ("GET", "/v1/conversations"),
        ("POST", "/v1/conversations"),
        ("GET", "/v1/conversations/{conversation_id}"),
        ("GET", "/v1/conversations/{conversation_id}/events"),
        ("POST", "/v1/conversations/{conversation_id}/messages"),
        ("POST", "/v1/conversations/{conversation_id}/stop"),
        ("POST", "/v1/conversations/{conversation_id}/bot"),
        ("POST", "/v1/conversations/{conversation_id}/rating"),
        ("GET", "/v1/status"),
    }
)
"""What pages of other sites may call; nothing else, whatever key they show."""

_USER: Final = frozenset({Role.USER})
_OWN_PAGE: Final = "same-origin"


@dataclass(frozen=True, slots=True)
class Embedding:
    """Where the widget may stand. origins: exactly as browsers say them; none: nowhere."""

    origins: frozenset[str] = frozenset()

    def allows(self, place: str | None, route: Route | None) -> bool:
        """Return whether a page may call a route. place: its origin; None: it does not say."""
        return place in self.origins and route in WIDGET


def fault(
    identity: Identity, route: Route | None, headers: Mapping[str, str], *, embedded: bool
) -> str:
    """Return why somebody may not call from where they do; empty if they may.

    embedded: whether a page of another site calls, which has been found to be allowed. Programs
    can say that they are such a page: this keeps other sites from using the key, and nobody else.
    """
    if not identity.public:
        return "" if not embedded else "Pages of other sites show a key of server.widget_keys."
    if not (embedded or headers.get("sec-fetch-site") == _OWN_PAGE):
        return "This key is for the pages of server.widget_origins."
    if not identity.front or identity.roles != _USER:
        return "The widget's key has the role user alone, and is made with --front."
    if identity.kind != "session":
        return f"The widget names its visitor in {SESSION_HEADER}."
    return "" if route in WIDGET else "The widget has nothing to do with this."
