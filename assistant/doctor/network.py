"""The way out: proxy, certificates, and whether the other side is reached."""

import os
import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from assistant.access.oidc import IdTokens, Provider
from assistant.bridge.rest import connected
from assistant.doctor.diagnosis import PartState, failed, ok, skipped, warning
from assistant.doctor.runner import apart
from assistant.sending.channel import NotSent
from assistant.settings import LOOPBACK, Settings

PROXY: Final = "proxy"
CERTIFICATES: Final = "certificates"
CONNECT_S: Final = 8.0
_PORTS: Final = {"http": 80, "https": 443, "socks5": 1080, "socks5h": 1080}
_REFUSED: Final = frozenset({"HTTP 401", "HTTP 403"})


def proxy_of(url: str) -> str | None:
    """Return the proxy by which an address is reached, by the environment."""
    parts = urlsplit(url)
    proxies = getproxies()
    proxy = proxies.get(parts.scheme) or proxies.get("all")
    bypassed = parts.hostname is None or bool(proxy_bypass(parts.hostname))
    return None if proxy is None or bypassed else proxy


def needs_of(url: str) -> tuple[str, ...]:
    """Return the checks without which an address cannot be judged."""
    return (CERTIFICATES, PROXY) if proxy_of(url) else (CERTIFICATES,)


async def proxies(here: str) -> PartState:
    """Return whether the proxies of the environment take connections. here: our own API."""
    named = {url for scheme, url in getproxies().items() if scheme in {"http", "https", "all"}}
    if not named:
        return skipped("no proxy is set (HTTP_PROXY, HTTPS_PROXY, ALL_PROXY)")
    for proxy in sorted(named):
        parts = urlsplit(proxy if "://" in proxy else f"http://{proxy}")
        place = f"{parts.hostname}:{parts.port or _PORTS.get(parts.scheme, 80)}"
        if not parts.hostname or (why := await _connects(place)):
            return failed(
                f"the proxy at {place} cannot be reached" + (f" ({why})" if parts.hostname else ""),
                "a proxy that takes connections",
                "Correct or unset HTTP_PROXY, HTTPS_PROXY and ALL_PROXY.",
            )
    if proxy_of(here):
        return warning(
            f"what is on this machine ({urlsplit(here).hostname}) is asked by the proxy, too",
            "a direct way to this machine: commands look for its server there",
            "Set NO_PROXY=127.0.0.1,localhost,::1",
        )
    return ok(f"{len(named)} reached")


async def _connects(place: str) -> str:
    """Return why a connection cannot be made; empty if it can."""
    import asyncio

    host, _, port = place.rpartition(":")
    try:
        async with asyncio.timeout(CONNECT_S):
            _, writer = await asyncio.open_connection(host.strip("[]"), int(port))
    except TimeoutError:
        return "no answer"
    except OSError as error:
        return error.strerror or type(error).__name__
    writer.close()
    return ""


def certificates(environment: Mapping[str, str] = os.environ) -> PartState:
    """Return whether the authorities that are trusted here can be read."""
    file, folder = environment.get("SSL_CERT_FILE"), environment.get("SSL_CERT_DIR")
    if file:
        try:
            context = ssl.create_default_context(cafile=file)
        except (OSError, ssl.SSLError) as error:
            return failed(
                f"SSL_CERT_FILE names {file}, which holds no certificates "
                f"({getattr(error, 'reason', None) or getattr(error, 'strerror', None) or error})",
                "a PEM file with certificates of authorities",
                "Correct or unset SSL_CERT_FILE.",
            )
        return ok(f"{len(context.get_ca_certs())} authorities of {file}")
    if folder:
        if Path(folder).is_dir() and any(Path(folder).iterdir()):
            return ok(f"the authorities in {folder}")
        return failed(
            f"SSL_CERT_DIR names {folder}, in which nothing is",
            "a folder of certificates",
            "Correct or unset SSL_CERT_DIR.",
        )
    return ok("those that come along; SSL_CERT_FILE is not set")


async def reached(url: str, what: str) -> PartState:
    """Return whether the machine of an address answers; what is posted to is not asked.

    A path can be a password, so the machine alone is asked and named.
    """
    import httpx

    parts = urlsplit(url)
    place = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
    async with httpx.AsyncClient(timeout=CONNECT_S, follow_redirects=False) as client:
        try:
            reply = await client.head(f"{place}/")
        except (httpx.ReadError, httpx.ReadTimeout, httpx.RemoteProtocolError):
            return ok(f"{what}: {place} takes connections; nothing was posted")
    return ok(f"{what}: {place} answers (HTTP {reply.status_code} to a look); nothing was posted")


async def sign_in(settings: Settings) -> PartState:
    """Return whether the provider of sign-in says who it is and what it signs with."""
    issuer = settings.sign_in.issuer
    if issuer is None:
        return skipped("sign_in.issuer is not set")
    tokens = IdTokens(Provider(issuer, settings.sign_in.client_id, frozenset()))
    count = await apart(tokens.keys)
    if count:
        return ok(f"{issuer} signs with {count} keys")
    return failed(f"{issuer} has no key to sign with", "one at least", "Ask who runs it.")


async def zammad(settings: Settings) -> PartState:
    """Return whether Zammad lets the bridge in."""
    there = settings.bridge.zammad
    if there.url is None or there.token is None:
        return skipped("bridge.zammad.url is not set")
    async with connected(there.url, there.token.get_secret_value(), CONNECT_S) as rest:
        try:
            number = await rest.me()
        except NotSent as failure:
            if failure.why not in _REFUSED:
                if isinstance(failure.__cause__, Exception):
                    raise failure.__cause__ from None
                return failed(
                    f"{there.url}: {failure.why}",
                    "Zammad's API",
                    "Check bridge.zammad.url: it is the address of Zammad's page.",
                )
            return failed(
                f"{there.url} refuses the token ({failure.why})",
                "a token of a user with ticket.agent",
                "Make one in Zammad (profile, token access) and set bridge.zammad.token.",
            )
    return ok(f"{there.url} lets user {number} in")


def here(settings: Settings) -> str:
    """Return the address at which our own API is looked for."""
    host = settings.server.host if settings.server.host in LOOPBACK else "127.0.0.1"
    return f"http://[{host}]" if ":" in host else f"http://{host}"
