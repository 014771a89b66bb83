"""People and keys on the wire."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from assistant.wire import JsonObject, RequestBody, View
from assistant.wire.service import SampleView

RoleWord = Literal["user", "agent", "editor", "owner", "admin"]


class Caller(View):
    """Who calls. kind: as ``Identity.kind``. sign_in: whether people can sign in, or must.

    sample: None where the data are a team's own.
    """

    name: str
    kind: Literal["local", "person", "key", "session"]
    roles: tuple[RoleWord, ...]
    sign_in: Literal["none", "optional", "required"] = "none"
    sample: SampleView | None = None


class SignIn(RequestBody):
    """What shows who somebody is: an ID token of the provider, or the secret of a link."""

    id_token: Annotated[str, Field(max_length=16_000)] = ""
    link: Annotated[str, Field(max_length=200)] = ""


class SignedIn(View):
    """Somebody has signed in. session: the key by which they are known from now on."""

    session: str
    name: str
    roles: tuple[RoleWord, ...]


class SignedOut(View):
    """How many sessions have ended."""

    ended: int


class PersonView(View):
    """Somebody who is signed in. id: by which what is theirs is found. latest: the last request."""

    id: str
    name: str
    roles: tuple[RoleWord, ...]
    groups: tuple[str, ...]
    began: datetime
    latest: datetime


class SignedInPeople(View):
    """Who is signed in."""

    people: tuple[PersonView, ...]


class KeyView(View):
    """A key without the key. front: whether it stands for many people, as a page does."""

    name: str
    roles: tuple[RoleWord, ...]
    groups: tuple[str, ...]
    front: bool
    made: datetime
    made_by: str
    ends: datetime | None
    last_used: datetime | None


class KeysView(View):
    """All keys."""

    keys: tuple[KeyView, ...]


class KeyTerm(RequestBody):
    """How long a key holds. days: 0: for ever."""

    days: Annotated[int, Field(ge=0, le=3650)] = 90


class NewKey(KeyTerm):
    """A key to make."""

    name: Annotated[str, Field(min_length=1, max_length=48)]
    roles: Annotated[tuple[RoleWord, ...], Field(min_length=1)]
    groups: tuple[Annotated[str, Field(min_length=1, max_length=100)], ...] = ()
    front: bool = False


class MadeKey(View):
    """A key: this is the only time that it can be read."""

    name: str
    key: str


class KeyRemoved(View):
    """A key that is none any more."""

    name: str


class LogEntryView(View):
    """One change. digest: of it and of the one before."""

    at: datetime
    by: str
    what: str
    target: str
    detail: JsonObject
    digest: str


class LogView(View):
    """Who changed what, oldest first."""

    entries: tuple[LogEntryView, ...]
