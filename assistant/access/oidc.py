"""People who sign in with OpenID Connect: what their ID token must be, and who they are by it.

OpenID Connect Core 1.0, 3.1.3.7: the issuer, the audience, the signature and the times are checked.
"""

import json
import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

import httpx
import jwt

from assistant.access.identity import Identity, Role
from assistant.errors import AccessError, NotSignedIn
from guardrails import digests

_ALGORITHMS: Final = ("RS256", "RS384", "RS512", "PS256", "ES256", "ES384", "EdDSA")
"""Signatures that the provider alone can make; a secret that both know is none."""
_REQUIRED: Final = ("iss", "sub", "aud", "exp", "iat")
_LEEWAY_S: Final = 30
_TIMEOUT_S: Final = 5.0
_KEYS_S: Final = 300.0
_LONGEST: Final = 100
_MOST_GROUPS: Final = 200


@dataclass(frozen=True, slots=True)
class Provider:
    """Who vouches for people, and what that makes them.

    client_id: this installation's, at the provider. roles: of each group; everyone: of all who
    sign in. name_claim, groups_claim: where a token has a person's name and groups. longest: a
    token that was made earlier is none. required: whether pages are for those alone who sign in.
    """

    issuer: str
    client_id: str
    everyone: frozenset[Role]
    roles: Mapping[str, frozenset[Role]] = field(default_factory=dict)
    name_claim: str = "name"
    groups_claim: str = "groups"
    longest: timedelta = timedelta(hours=12)
    required: bool = True


class IdTokens:
    """Checks ID tokens of one provider. Blocking; call it from a thread."""

    def __init__(self, provider: Provider) -> None:
        self.provider = provider
        self._lock = threading.Lock()
        self._keys: jwt.PyJWKClient | None = None

    def person(self, token: str) -> tuple[Identity, str]:
        """Return who has signed in, and a digest of what was signed.

        One token can be spelt in several ways; the digest is the same for all.

        Raises:
            NotSignedIn: the token is none of this provider for this installation, or has ended.
            AccessError: the provider cannot be asked for its keys.
        """
        provider = self.provider
        try:
            key = _signing_key(self._provider_keys(), token)
            claims: dict[str, Any] = jwt.decode(
                token,
                key,
                algorithms=list(_ALGORITHMS),
                audience=provider.client_id,
                issuer=provider.issuer,
                leeway=_LEEWAY_S,
                options={"require": list(_REQUIRED)},
            )
        except jwt.PyJWKClientConnectionError as error:
            raise _unreachable(provider.issuer) from error
        except (jwt.PyJWTError, UnicodeError) as error:
            raise NotSignedIn(f"The sign-in does not hold ({type(error).__name__}).") from None
        if claims.get("azp", provider.client_id) != provider.client_id:
            raise NotSignedIn("The sign-in is for another application.")
        if time.time() - float(claims["iat"]) > provider.longest.total_seconds():
            raise NotSignedIn("The sign-in is too long ago.", hint="Sign in again.")
        return person(claims, provider), digests.of(json.dumps(claims, sort_keys=True))

    def keys(self) -> int:
        """Ask the provider what it signs with; return how many keys that are.

        Raises:
            AccessError: it cannot be asked, or calls itself otherwise.
            PyJWTError: its keys cannot be read.
        """
        return len(self._provider_keys().get_signing_keys())

    def _provider_keys(self) -> jwt.PyJWKClient:
        with self._lock:
            if self._keys is None:
                address = _jwks_address(self.provider.issuer)
                self._keys = jwt.PyJWKClient(address, lifespan=_KEYS_S, timeout=_TIMEOUT_S)
            return self._keys


def _signing_key(keys: jwt.PyJWKClient, token: str) -> jwt.PyJWK:
    """Return the key that a token says it was signed with; it may leave that out if there is one.

    Raises:
        PyJWTError: there is no such key, or the token is none.
    """
    if "kid" in jwt.get_unverified_header(token):
        return keys.get_signing_key_from_jwt(token)
    known = keys.get_signing_keys()
    if len(known) != 1:
        raise jwt.InvalidTokenError("it does not say which key it was signed with")
    return known[0]


def person(claims: Mapping[str, Any], provider: Provider) -> Identity:
    """Return who a checked token is of, with the roles that their groups give.

    Raises:
        NotSignedIn: they have no role here.
    """
    subject = str(claims["sub"])
    groups = frozenset(_texts(claims.get(provider.groups_claim)))
    roles = provider.everyone.union(*(provider.roles.get(group, ()) for group in groups))
    name = claims.get(provider.name_claim) or claims.get("email") or subject
    if not roles:
        raise NotSignedIn(f"{_shortened(str(name))} has no role here.")
    plain = subject.isprintable() and len(subject) <= _LONGEST
    key = subject if plain else digests.of(subject)
    return Identity(f"person:{key}", _shortened(str(name)), "person", roles, groups)


def _texts(value: Any) -> Iterable[str]:
    values = [value] if isinstance(value, str) else value if isinstance(value, list) else []
    return (text for text in values[:_MOST_GROUPS] if isinstance(text, str))


def _shortened(name: str) -> str:
    return "".join(c for c in name if c.isprintable())[:_LONGEST] or "?"


def _jwks_address(issuer: str) -> str:
    try:
        address = f"{issuer.rstrip('/')}/.well-known/openid-configuration"
        reply = httpx.get(address, timeout=_TIMEOUT_S).raise_for_status()
        told = reply.json()
        keys = told["jwks_uri"]
    except (httpx.HTTPError, ValueError, KeyError, TypeError) as error:
        raise _unreachable(issuer) from error
    if told.get("issuer") != issuer or not isinstance(keys, str):
        raise AccessError(
            f"{issuer} calls itself {str(told.get('issuer'))[:_LONGEST]!r}.",
            hint="Set sign_in.issuer to what it calls itself.",
        )
    return keys


def _unreachable(issuer: str) -> AccessError:
    return AccessError(f"{issuer} cannot be asked for its keys.", hint="Try again later.")
