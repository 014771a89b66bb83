"""Who may call a server with its settings: the user of this machine, keys, and people."""

import asyncio
from datetime import timedelta

from sqlalchemy import Engine

from assistant.access.callers import Callers
from assistant.access.identity import Role
from assistant.access.keys import Keys
from assistant.access.oidc import IdTokens, Provider
from assistant.access.sessions import Sessions
from assistant.settings import Settings, SignInSettings


def callers_of(settings: Settings, database: Engine, owner_key: str, page_key: str) -> Callers:
    """Return who may call a server with these settings."""
    server, limits = settings.server, settings.limits
    longest = timedelta(hours=limits.session_hours)
    return Callers(
        owner_key,
        server.keys,
        Keys(database),
        open=server.loopback and not server.keys and settings.sign_in.issuer is None,
        page_key=page_key,
        sessions=Sessions(database, timedelta(minutes=limits.session_minutes), longest),
        id_tokens=_id_tokens(settings.sign_in, longest),
        public=server.widget_keys,
    )


def _id_tokens(sign_in: SignInSettings, longest: timedelta) -> IdTokens | None:
    if sign_in.issuer is None:
        return None
    return IdTokens(
        Provider(
            sign_in.issuer,
            sign_in.client_id,
            frozenset(map(Role, sign_in.everyone)),
            {group: frozenset(map(Role, roles)) for group, roles in sign_in.roles.items()},
            sign_in.name_claim,
            sign_in.groups_claim,
            longest,
            sign_in.required,
        )
    )


async def admin_link(settings: Settings, callers: Callers) -> str:
    """Return the secret of an administrator's link, where other people come and nobody is one."""
    if settings.server.loopback or callers.keys is None or callers.sessions is None:
        return ""
    roles = {role for key in await asyncio.to_thread(callers.keys.all) for role in key.roles}
    roles = roles.union(*(map(Role, names) for names in settings.sign_in.roles.values()))
    return "" if Role.ADMIN in roles else await asyncio.to_thread(callers.sessions.offer_admin)
