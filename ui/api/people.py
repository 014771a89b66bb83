"""Who calls, signing in and out, and for administrators people and keys, over HTTP."""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote

from ui.api.client import Client
from ui.api.types import (
    ApiCaller,
    ApiKeyRemoved,
    ApiKeysView,
    ApiKeyView,
    ApiMadeKey,
    ApiPersonView,
    ApiSignedIn,
    ApiSignedInPeople,
    ApiSignedOut,
)


@dataclass(frozen=True, slots=True)
class PeopleClient:
    """People and keys of the API that a client talks to.

    Every method raises ``ApiError`` when the API does not do it; its cause is ``key`` when the
    client's key is not enough.
    """

    client: Client

    def me(self) -> ApiCaller:
        """Return who calls."""
        return self.client.fetch("GET", "/v1/me", ApiCaller)

    def sign_in(self, *, id_token: str = "", link: str = "") -> ApiSignedIn:
        """Begin a session of who has an ID token or the secret of a link."""
        body = {"id_token": id_token, "link": link}
        return self.client.fetch("POST", "/v1/sessions", ApiSignedIn, body)

    def sign_out(self) -> int:
        """End the session that calls; return how many ended."""
        return self.client.fetch("DELETE", "/v1/sessions", ApiSignedOut).ended

    def people(self) -> Sequence[ApiPersonView]:
        """Return who is signed in."""
        return self.client.fetch("GET", "/v1/people", ApiSignedInPeople).people

    def throw_out(self, person: str) -> int:
        """End all sessions of somebody; return how many ended."""
        path = f"/v1/people/{quote(person, safe='')}"
        return self.client.fetch("DELETE", path, ApiSignedOut).ended

    def keys(self) -> Sequence[ApiKeyView]:
        """Return all keys."""
        return self.client.fetch("GET", "/v1/keys", ApiKeysView).keys

    def add(self, name: str, roles: Sequence[str], groups: Sequence[str], days: int) -> ApiMadeKey:
        """Make a key. days: after which it ends; 0: never."""
        body = {"name": name, "roles": list(roles), "groups": list(groups), "days": days}
        return self.client.fetch("POST", "/v1/keys", ApiMadeKey, body)

    def rotate(self, name: str, days: int) -> ApiMadeKey:
        """Put a new key in place of one; the old one ends at once."""
        path = f"/v1/keys/{quote(name, safe='')}/rotate"
        return self.client.fetch("POST", path, ApiMadeKey, {"days": days})

    def remove(self, name: str) -> str:
        """Take a key away; return its name."""
        path = f"/v1/keys/{quote(name, safe='')}"
        return self.client.fetch("DELETE", path, ApiKeyRemoved).name
