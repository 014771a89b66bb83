"""ID tokens: of the provider, for this installation, signed, in time, and no other."""

import json
import time
from collections.abc import Iterator
from datetime import timedelta

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from fastapi import FastAPI

from assistant.access.identity import Role
from assistant.access.oidc import IdTokens, Provider, person
from assistant.errors import AccessError, NotSignedIn
from tests.support.listening import listening

KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
OTHER = rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    app = FastAPI()
    place: list[str] = []

    @app.get("/.well-known/openid-configuration")
    def configuration() -> dict[str, str]:
        return {"issuer": place[0], "jwks_uri": f"{place[0]}/keys"}

    @app.get("/keys")
    def keys() -> dict[str, object]:
        public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(KEY.public_key()))
        return {"keys": [{**public, "kid": "one", "use": "sig", "alg": "RS256"}]}

    with listening(app) as address:
        place.append(address)
        yield address


@pytest.fixture
def tokens(issuer: str) -> IdTokens:
    roles = {"desk": frozenset({Role.AGENT}), "boss": frozenset({Role.OWNER, Role.ADMIN})}
    return IdTokens(Provider(issuer, "routeback", frozenset({Role.USER}), roles))


def claims(issuer: str, **more: object) -> dict[str, object]:
    now = int(time.time())
    base = {"iss": issuer, "aud": "routeback", "sub": "7", "iat": now, "exp": now + 300}
    return {**base, "name": "Ada", "groups": ["desk", "other"], **more}


def signed(values: dict[str, object], key: object = KEY, algorithm: str = "RS256") -> str:
    return jwt.encode(values, key, algorithm=algorithm, headers={"kid": "one"})


def test_a_persons_groups_are_their_roles(tokens, issuer):
    ada, _ = tokens.person(signed(claims(issuer)))
    assert (ada.id, ada.name, ada.kind) == ("person:7", "Ada", "person")
    assert ada.roles == {Role.USER, Role.AGENT}
    assert ada.groups == {"desk", "other"}
    nameless = jwt.encode(claims(issuer), KEY, algorithm="RS256")  # the provider has one key
    assert tokens.person(nameless)[0] == ada
    boss, _ = tokens.person(signed(claims(issuer, groups="boss")))
    assert boss.roles >= {Role.ADMIN, Role.OWNER}


def test_one_token_is_one_however_it_is_spelt(tokens, issuer):
    token = signed(claims(issuer))
    (_, first), (_, padded) = tokens.person(token), tokens.person(f"{token}==")
    assert first == padded
    assert tokens.person(signed(claims(issuer, sub="8")))[1] != first


@pytest.mark.parametrize(
    "more",
    [
        {"iss": "https://evil.example"},
        {"aud": "another"},
        {"aud": ["another"]},
        {"aud": ["routeback", "another"], "azp": "another"},
        {"exp": int(time.time()) - 60},
        {"iat": int(time.time()) - 13 * 3600},
        {"iat": int(time.time()) + 3600},
        {"nbf": int(time.time()) + 3600},
        *({name: None} for name in ("iss", "sub", "aud", "exp", "iat")),
    ],
)
def test_a_claim_that_is_wrong_or_missing_is_refused(tokens, issuer, more):
    values = {name: value for name, value in claims(issuer, **more).items() if value is not None}
    with pytest.raises(NotSignedIn):
        tokens.person(signed(values))


def test_a_signature_of_another_is_refused(tokens, issuer):
    public = KEY.public_key().public_numbers().n.to_bytes(256, "big")
    whole = signed(claims(issuer))
    head, body, signature = whole.split(".")
    forged = [
        signed(claims(issuer), OTHER),
        jwt.encode(claims(issuer), OTHER, algorithm="RS256"),
        signed(claims(issuer), public, "HS256"),
        jwt.encode(claims(issuer), "", algorithm="none"),
        jwt.encode(claims(issuer), OTHER, algorithm="RS256", headers={"kid": "two"}),
        f"{head}.{signed(claims(issuer, sub='8')).split('.')[1]}.{signature}",
        f"{head}.{body}.",
        "",
        "x",
        "a.b.c",
        "\ud800",
    ]
    for token in forged:
        with pytest.raises(NotSignedIn):
            tokens.person(token)


def test_a_provider_that_calls_itself_otherwise_is_not_believed(issuer):
    tokens = IdTokens(Provider(f"{issuer}/", "routeback", frozenset({Role.USER})))
    with pytest.raises(AccessError, match="calls itself"):
        tokens.person(signed(claims(issuer)))


def test_a_provider_that_is_not_there_is_said(issuer):
    tokens = IdTokens(Provider("http://127.0.0.1:1", "routeback", frozenset({Role.USER})))
    with pytest.raises(AccessError, match="cannot be asked") as caught:
        tokens.person(signed(claims(issuer)))
    assert not isinstance(caught.value, NotSignedIn)


@pytest.mark.parametrize("groups", [None, 5, {"desk": 1}, [["desk"]], ["x"] * 300 + ["desk"]])
def test_groups_that_are_none_give_nothing(issuer, groups):
    provider = Provider(issuer, "r", frozenset({Role.USER}), {"desk": frozenset({Role.AGENT})})
    assert person(claims(issuer, groups=groups), provider).roles == {Role.USER}


def test_who_has_no_role_is_nobody_here(issuer):
    provider = Provider(issuer, "r", frozenset(), longest=timedelta(hours=1))
    with pytest.raises(NotSignedIn, match="Ada has no role"):
        person(claims(issuer), provider)
