"""Signatures after the Standard Webhooks specification 1.0: HMAC-SHA256, version ``v1``."""

import base64
import binascii
import hmac
from typing import Final

_BEGIN: Final = "whsec_"
_SHORTEST, _LONGEST = 24, 64
"""Bytes of a key, as the specification has it."""


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
