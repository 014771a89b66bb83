"""Who calls, signing in and out, and for administrators: people and keys."""

import asyncio
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Query, Request

from assistant.access.callers import Callers
from assistant.access.identity import Role
from assistant.access.keys import ApiKey, Keys
from assistant.access.sessions import Sessions
from assistant.api.entry.auth import caller
from assistant.api.entry.body import JsonRoute
from assistant.api.entry.door import Limits
from assistant.api.status import sampled
from assistant.assistant import Assistant
from assistant.errors import AccessError, NotSignedIn
from assistant.records.changes import What
from assistant.wire.access import (
    Caller,
    KeyRemoved,
    KeysView,
    KeyTerm,
    KeyView,
    LogEntryView,
    LogView,
    MadeKey,
    NewKey,
    PersonView,
    RoleWord,
    SignedIn,
    SignedInPeople,
    SignedOut,
    SignIn,
)
from guardrails import clock

router = APIRouter(prefix="/v1", route_class=JsonRoute)


@router.get("/me")
async def me(request: Request) -> Caller:
    """Return who calls, and what they may do."""
    identity, id_tokens = caller(request), _callers(request).id_tokens
    required = id_tokens is not None and id_tokens.provider.required
    return Caller(
        name=identity.name,
        kind=identity.kind,
        roles=_words(identity.roles),
        sign_in="required" if required else "optional" if id_tokens else "none",
        sample=sampled(request),
    )


@router.post("/sessions", status_code=201)
async def sign_in(request: Request, shown: SignIn) -> SignedIn:
    """Begin a session of somebody who shows who they are."""
    sessions, id_tokens = _sessions(request), _callers(request).id_tokens
    if shown.link:
        session, person = await asyncio.to_thread(sessions.redeem, shown.link)
        await _note(request, "administrator by link", person.name)
    elif shown.id_token and id_tokens is not None:
        limits: Limits = request.app.state.limits
        async with limits.sign_ins.enter(caller(request).counted_as):
            person, signed = await asyncio.to_thread(id_tokens.person, shown.id_token)
        session = await asyncio.to_thread(sessions.begin, person, signed)
    elif shown.id_token:
        raise AccessError("Nobody can sign in here.", hint="Set sign_in.issuer.")
    else:
        raise NotSignedIn("Nothing shows who signs in.", hint="Send id_token or link.")
    return SignedIn(session=session, name=person.name, roles=_words(person.roles))


@router.delete("/sessions")
async def sign_out(request: Request) -> SignedOut:
    """End the session that calls."""
    text = request.headers.get("authorization", "").partition(" ")[2]
    return SignedOut(ended=await asyncio.to_thread(_sessions(request).end, text))


@router.get("/people")
async def people(request: Request) -> SignedInPeople:
    """List who is signed in."""
    sessions = await asyncio.to_thread(_sessions(request).all)
    return SignedInPeople(
        people=tuple(
            PersonView(
                id=session.person.id,
                name=session.person.name,
                roles=_words(session.person.roles),
                groups=tuple(sorted(session.person.groups)),
                began=session.began,
                latest=session.latest,
            )
            for session in sessions
        )
    )


@router.delete("/people/{person:path}")
async def throw_out(request: Request, person: str) -> SignedOut:
    """End all sessions of somebody; they may sign in again if their provider lets them."""
    ended = await asyncio.to_thread(_sessions(request).end_all, person)
    await _note(request, "sessions ended", person, {"ended": ended})
    return SignedOut(ended=ended)


@router.get("/keys")
async def keys(request: Request) -> KeysView:
    """List the keys; none can be read again."""
    return KeysView(keys=tuple(map(_view, await asyncio.to_thread(_keys(request).all))))


@router.post("/keys", status_code=201)
async def add(request: Request, new: NewKey) -> MadeKey:
    """Make a key; this is the only time that it can be read."""
    roles = [Role(role) for role in new.roles]
    made = (new.name, roles, caller(request).name, _end(new), new.groups)
    key = await asyncio.to_thread(_keys(request).add, *made, front=new.front)
    return MadeKey(name=new.name, key=key)


@router.post("/keys/{name}/rotate", status_code=201)
async def rotate(request: Request, name: str, term: KeyTerm) -> MadeKey:
    """Put a new key in place of one; the old one ends at once."""
    key = await asyncio.to_thread(_keys(request).rotate, name, caller(request).name, _end(term))
    return MadeKey(name=name, key=key)


@router.delete("/keys/{name}")
async def remove(request: Request, name: str) -> KeyRemoved:
    """Take a key away; it ends at once."""
    await asyncio.to_thread(_keys(request).remove, name, caller(request).name)
    return KeyRemoved(name=name)


def _words(roles: Iterable[Role]) -> tuple[RoleWord, ...]:
    return tuple(sorted(role.value for role in roles))


def _view(key: ApiKey) -> KeyView:
    return KeyView(
        name=key.name,
        roles=_words(key.roles),
        groups=tuple(sorted(key.groups)),
        front=key.front,
        made=key.made,
        made_by=key.made_by,
        ends=key.ends,
        last_used=key.last_used,
    )


def _end(term: KeyTerm) -> datetime | None:
    return clock.now() + timedelta(days=term.days) if term.days else None


@router.get("/log")
async def log(request: Request, count: Annotated[int, Query(ge=1, le=1000)] = 100) -> LogView:
    """Return the newest entries of the log of changes."""
    assistant: Assistant = request.app.state.assistant
    entries = await asyncio.to_thread(assistant.log.newest, count)
    return LogView(entries=tuple(map(LogEntryView.model_validate, entries)))


async def _note(
    request: Request, what: What, target: str, detail: Mapping[str, int] | None = None
) -> None:
    assistant: Assistant = request.app.state.assistant
    await asyncio.to_thread(assistant.log.note, caller(request).name, what, target, detail)


def _callers(request: Request) -> Callers:
    callers: Callers = request.app.state.callers
    return callers


def _sessions(request: Request) -> Sessions:
    sessions = _callers(request).sessions
    if sessions is None:
        raise AccessError("Nobody can sign in here.")
    return sessions


def _keys(request: Request) -> Keys:
    keys = _callers(request).keys
    if keys is None:
        raise AccessError("There are no keys here.")
    return keys
