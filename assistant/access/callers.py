"""From what a request shows to who calls."""

import hmac
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from assistant.access.identity import EVERY, SESSION_HEADER, Identity, Role
from assistant.access.keys import Keys
from assistant.access.oidc import IdTokens
from assistant.access.sessions import Sessions
from guardrails import digests

_BEARER: Final = "bearer"
_OWNER: Final = 32
NOBODY: Final = "local"
"""Name of a user of this machine who has shown no key."""


@dataclass(frozen=True, slots=True)
class Callers:
    """Who may call.

    owner_key: made at each start, known to the user of this machine alone. configured: keys of the
    settings; they are users. keys: those that were made since. open: whether somebody without a
    key is a user of this machine, as on loopback where nothing is configured. page_key: made at
    each start for the pages of this process, where they are not the owner's. sessions: of people
    who have signed in; id_tokens: of the provider by which they do, if there is one. public: names
    of the keys that stand in pages of other sites. Blocking.
    """

    owner_key: str = field(repr=False)
    configured: Sequence[str] = field(default=(), repr=False)
    keys: Keys | None = None
    open: bool = False
    page_key: str = field(default="", repr=False)
    sessions: Sessions | None = None
    id_tokens: IdTokens | None = None
    public: Collection[str] = ()

    def identify(self, headers: Mapping[str, str]) -> Identity | None:
        """Return who calls; None for nobody, and for a key that is none or has ended.

        Where this machine's users need no key, one that is none says nothing: clients of OpenAI's
        API cannot do without one.

        Raises:
            AccessError: the session that it names cannot be one.
        """
        scheme, _, token = headers.get("authorization", "").partition(" ")
        shown = self._holder(token) if scheme.lower() == _BEARER and token else None
        session = headers.get(SESSION_HEADER)
        if shown is not None and session is not None:
            return shown.in_session(session)
        return shown or (Identity("local", NOBODY, "local") if self.open else None)

    def _holder(self, token: str) -> Identity | None:
        if _same(token, self.owner_key):
            return Identity("local", "owner", "local", EVERY)
        if self.page_key and _same(token, self.page_key):
            required = self.id_tokens is not None and self.id_tokens.provider.required
            roles = frozenset() if required else frozenset({Role.USER})
            return Identity("page", "page", "key", roles, front=True)
        # All are compared, so that how long it takes does not say which one it is.
        for number in [n for n, key in enumerate(self.configured, 1) if _same(token, key)]:
            # Not by its place: who has the next key would inherit what is this one's.
            owner = f"settings:{digests.of(token)[:_OWNER]}"
            return Identity(owner, f"key {number}", "key", frozenset({Role.USER}))
        if self.sessions and (person := self.sessions.find(token)):
            return person
        key = self.keys.find(token) if self.keys else None
        return replace(key.identity, public=key.name in self.public) if key else None


def _same(left: str, right: str) -> bool:
    return hmac.compare_digest(left.encode(errors="replace"), right.encode())
