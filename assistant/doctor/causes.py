"""What an exception says of a part, in words of ours. Pure."""

import socket
import ssl
from collections.abc import Iterator
from typing import Final

from assistant.doctor.diagnosis import PartState, failed
from assistant.errors import RoutebackError
from guardrails.failures import kind, told

_WRONG_NAME: Final = 62
_EXPIRED: Final = 10
_DEEPEST: Final = 20
TRUST: Final = (
    "Set SSL_CERT_FILE to a PEM file with the authority of your company or proxy, and the public "
    "ones that are still needed: it replaces those that come along."
)


def explained(error: BaseException) -> PartState:
    """Return what a check's exception means; one that is not known is told as it is."""
    for cause in _causes(error):
        if (state := _of_connection(cause)) is not None:
            return state
    if isinstance(error, RoutebackError):
        return failed(error.message, "", error.hint)
    return failed(
        told(error), "an answer", "See the log, or run it again with ROUTEBACK_LOG_LEVEL=debug."
    )


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield what an exception came of, the first cause first."""
    chain: list[BaseException] = []
    cause: BaseException | None = error
    while cause is not None and cause not in chain and len(chain) < _DEEPEST:
        chain.append(cause)
        if isinstance(cause, BaseExceptionGroup):
            cause = cause.exceptions[0]
        else:
            cause = cause.__cause__ or cause.__context__
    yield from reversed(chain)


def _of_connection(error: BaseException) -> PartState | None:
    if isinstance(error, ssl.SSLCertVerificationError):
        return _of_certificate(error)
    if isinstance(error, ssl.SSLError):
        return failed(
            f"no encrypted connection ({error.reason or kind(error)})",
            "TLS 1.2 or later",
            "Check port and scheme (https or http, smtp tls): the other side may speak none.",
        )
    if isinstance(error, socket.gaierror):
        return failed(
            "the name of the machine is not known", "a name that DNS knows", "Check name and DNS."
        )
    if isinstance(error, ConnectionRefusedError):
        return failed(
            "nobody listens there (connection refused)",
            "a server at that address and port",
            "Start it, or correct address and port.",
        )
    if kind(error) == "ProxyError":
        return failed(
            "the proxy does not let it through",
            "a way to that address",
            "Ask for it at the proxy, or name the host in NO_PROXY.",
        )
    return None


def _of_certificate(error: ssl.SSLCertVerificationError) -> PartState:
    said = f"its certificate does not hold: {error.verify_message}"
    if error.verify_code == _EXPIRED:
        return failed(said, "a certificate that is valid now", "Renew it; check the clock.")
    if error.verify_code == _WRONG_NAME:
        return failed(said, "a certificate of that name", "Use the name that it is made for.")
    return failed(said, "a certificate of an authority that is known here", TRUST)
