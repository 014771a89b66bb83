"""Signatures after the Standard Webhooks specification 1.0: HMAC-SHA256, version ``v1``."""

import base64
import binascii
import hmac
from collections.abc import Mapping
from typing import Final

TOLERANCE_S: Final = 300
"""How far the time of a message that comes in may be from now; what is older may be replayed."""
_BEGIN: Final = "whsec_"
_SHORTEST, _LONGEST = 24, 64
"""Bytes of a key, as the specification has it."""
_DIGITS: Final = 12


def key_of(secret: str) -> bytes:
    """Return the key of a secret, ``whsec_`` and base64.

    Raises:
        ValueError: it has another form or length; the message does not repeat it.
    """
    wrong = f"is {_BEGIN} and the base64 of {_SHORTEST} to {_LONGEST} random bytes"
    if not secret.startswith(_BEGIN):
        raise ValueError(wrong)
    try:
        key = base64.b64decode(secret.removeprefix(_BEGIN), validate=True)
    except (binascii.Error, ValueError):
        raise ValueError(wrong) from None
    if not _SHORTEST <= len(key) <= _LONGEST:
        raise ValueError(wrong)
    return key


def signature(key: bytes, message_id: str, timestamp: int, body: bytes) -> str:
    """Return the value of ``webhook-signature``. timestamp: of this try, seconds since 1970."""
    signed = f"{message_id}.{timestamp}.".encode() + body
    return f"v1,{base64.b64encode(hmac.digest(key, signed, 'sha256')).decode()}"


def verified(key: bytes, headers: Mapping[str, str], body: bytes, now: int) -> bool:
    """Return whether a message is from who has the key, and of now. now: seconds since 1970.

    headers: ``webhook-id``, ``webhook-timestamp`` and ``webhook-signature``, which may hold
    several, apart by spaces.
    """
    name, sent = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not (name and sent.isascii() and sent.isdigit() and len(sent) <= _DIGITS):
        return False
    if abs(now - int(sent)) > TOLERANCE_S:
        return False
    wanted = signature(key, name, int(sent), body).encode()
    given = headers.get("webhook-signature", "").encode().split()
    return any([hmac.compare_digest(wanted, one) for one in given])  # noqa: C419  (all, always)


def hub_verified(secret: str, body: bytes, given: str) -> bool:
    """Return whether ``X-Hub-Signature`` (WebSub) is of a body: ``sha1=`` and the HMAC in hex."""
    wanted = f"sha1={hmac.digest(secret.encode(), body, 'sha1').hex()}"
    return hmac.compare_digest(wanted.encode(), given.strip().encode())
