"""An installation in which every part is there, so that each can be broken by itself."""

import asyncio
import datetime as dt
import ipaddress
import json
import ssl
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID
from fastapi import FastAPI

from assistant.doctor.checkup import DoctorSending, checkup
from assistant.doctor.diagnosis import Diagnosis, PartState
from assistant.folders import close_to_others
from assistant.settings import Settings
from assistant.turn.checkpoints import open_checkpoints
from tests.sending.receivers import Http, Smtp
from tests.sending.receivers import listening as receiving
from tests.support.endpoint import Endpoint
from tests.support.listening import listening
from tests.support.places import Place
from tests.support.server import free_port
from tests.support.zammad import TOKEN, FakeZammad

SECRET = "whsec_" + "c2VjcmV0" * 5


@dataclass
class Installation:
    """Settings as values, and the parts behind them."""

    values: dict[str, Any]
    http: Http
    smtp: Smtp
    folder: Path
    provider: list[dict[str, object]] = field(default_factory=list)

    def settings(self, **more: Any) -> Settings:
        return Settings(**merged(self.values, more))

    async def found(
        self, sending: DoctorSending | None = None, **more: Any
    ) -> dict[str, PartState]:
        """Return what the doctor finds, by part."""
        found: list[Diagnosis] = await checkup(self.settings(**more), sending)
        return {one.name: one.state for one in found}


def merged(values: dict[str, Any], more: dict[str, Any]) -> dict[str, Any]:
    """Return nested values with others put over them."""
    result = dict(values)
    for name, value in more.items():
        both = isinstance(value, dict) and isinstance(result.get(name), dict)
        result[name] = merged(result[name], value) if both else value
    return result


def told(found: dict[str, PartState], *statuses: str) -> set[str]:
    """Return the parts that are so."""
    return {name for name, state in found.items() if state.status in statuses}


@pytest.fixture(scope="session")
def provider() -> Iterator[tuple[str, list[dict[str, object]]]]:
    """A provider of sign-in, and the keys that it says it signs with."""
    app, place = FastAPI(), list[str]()
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key()))
    keys = [{**public, "kid": "one", "use": "sig", "alg": "RS256"}]

    @app.get("/.well-known/openid-configuration")
    def configuration() -> dict[str, str]:
        return {"issuer": place[0], "jwks_uri": f"{place[0]}/keys"}

    @app.get("/keys")
    def signing() -> dict[str, object]:
        return {"keys": keys}

    with listening(app) as address:
        place.append(address)
        yield address, keys


@pytest.fixture(scope="session")
def zammad() -> Iterator[str]:
    with listening(FakeZammad()) as address:
        yield address


@pytest.fixture
async def installation(
    place: Place, endpoint: Endpoint, provider: tuple[str, list[dict[str, object]]], zammad: str
) -> AsyncIterator[Installation]:
    async with (
        receiving(Http()) as http,
        receiving(Smtp()) as smtp,
        open_checkpoints(place.folder / "conversations.sqlite") as saver,
    ):
        await saver.aget_tuple({"configurable": {"thread_id": "none"}})  # makes its tables
        close_to_others(place.folder)
        values = {
            "database_url": None,
            "data_dir": place.folder,
            "cache_dir": place.cache_dir,
            "offline": True,
            "openai_base_url": endpoint.url,
            "openai_model": "scripted",
            "arms": [{"name": "tuned", "base_url": endpoint.url, "model": "tuned"}],
            "judge": {"base_url": endpoint.url, "model": "judge"},
            "knowledge": {"sample": False},
            "server": {"port": free_port(), "ui_port": free_port()},
            "alarms": {
                "webhook": {"url": http.url("/hook/secret-path"), "secret": SECRET},
                "slack": {"url": http.url("/slack/secret-path")},
                "smtp": {
                    "host": "127.0.0.1",
                    "port": smtp.port,
                    "from": "alarms@example.com",
                    "to": "ada@example.com",
                    "tls": "none",
                    "user": "alarms",
                    "password": "a-password",
                },
            },
            "bridge": {
                "webhook": {"url": http.url("/desk"), "secret": SECRET},
                "zammad": {"url": zammad, "token": TOKEN, "customer": "nobody@example.com"},
            },
            "sign_in": {
                "issuer": provider[0],
                "client_id": "routeback",
                "page_url": "http://localhost:8501",
            },
        }
        yield Installation(values, http, smtp, place.folder, provider[1])


@dataclass(frozen=True)
class Authority:
    """Certificates that nobody trusts. ca: the file of the authority."""

    ca: Path
    cert: Path
    key: Path

    @property
    def server(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.cert, self.key)
        return context


@pytest.fixture(scope="session")
def certified(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Authority]:
    """Makes an authority, and a certificate of it for 127.0.0.1."""

    def make(days: int = 2) -> Authority:
        folder = tmp_path_factory.mktemp("authority")
        now = dt.datetime.now(dt.UTC)
        root, leaf = (
            ec.generate_private_key(ec.SECP256R1()),
            ec.generate_private_key(ec.SECP256R1()),
        )
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "House authority")])
        own = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
        begun, ends = now - dt.timedelta(days=5), now + dt.timedelta(days=days)

        def built(
            subject: x509.Name, key: ec.EllipticCurvePrivateKey, *, authority: bool
        ) -> x509.CertificateBuilder:
            until = now + dt.timedelta(days=9) if authority else ends
            builder = x509.CertificateBuilder().subject_name(subject).issuer_name(name)
            builder = builder.public_key(key.public_key()).serial_number(
                x509.random_serial_number()
            )
            builder = builder.not_valid_before(begun).not_valid_after(until)
            return builder.add_extension(x509.BasicConstraints(authority, None), critical=True)

        address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
        identity = x509.SubjectKeyIdentifier.from_public_key(root.public_key())
        issued = x509.AuthorityKeyIdentifier.from_issuer_public_key(root.public_key())
        ca = built(name, root, authority=True).add_extension(identity, critical=False)
        usage = x509.KeyUsage(True, False, False, False, False, True, True, False, False)
        ca = ca.add_extension(usage, critical=True)
        cert = built(own, leaf, authority=False).add_extension(address, critical=False)
        cert = cert.add_extension(issued, critical=False)
        pem = serialization.Encoding.PEM
        files = {
            "ca.pem": ca.sign(root, hashes.SHA256()).public_bytes(pem),
            "cert.pem": cert.sign(root, hashes.SHA256()).public_bytes(pem),
            "key.pem": leaf.private_bytes(
                pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            ),
        }
        for file, content in files.items():
            (folder / file).write_bytes(content)
        return Authority(*(folder / file for file in files))

    return make


@pytest.fixture
async def encrypted(certified: Callable[..., Authority]) -> AsyncIterator[tuple[str, Authority]]:
    """An HTTPS server whose authority nobody knows."""
    authority, receiver = certified(), Http()
    listening = await asyncio.start_server(receiver.serve, "127.0.0.1", 0, ssl=authority.server)
    port = listening.sockets[0].getsockname()[1]
    try:
        yield f"https://127.0.0.1:{port}/hook/secret-path", authority
    finally:
        listening.close()
