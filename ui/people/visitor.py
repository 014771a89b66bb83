"""Who visits the page: signed in, by a link, or nobody who is known."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from secrets import token_urlsafe
from typing import Final, Literal

import streamlit as st

from ui import moments
from ui.api.client import Client
from ui.api.people import PeopleClient
from ui.api.types import ApiSampleView
from ui.errors import ApiError
from ui.kept import secret_of

_LINK: Final = "admin"
"""Of the address, what holds the secret of an administrator's link."""
_SESSION, _SECRET, _REFUSED, _ERROR = "visitor-key", "visitor", "visitor-refused", "visitor-error"
_LAST: Final = "visitor-last"
_READERS: Final = frozenset({"owner", "editor", "agent"})


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who visits. name: empty if nobody has signed in. sign_in: whether people can, or must.

    error: why signing in failed, if it did. sample: that the data are one. client: the API as this
    visitor sees it.
    """

    client: Client
    name: str = ""
    roles: frozenset[str] = frozenset()
    sign_in: Literal["none", "optional", "required"] = "none"
    error: ApiError | None = None
    sample: ApiSampleView | None = None

    @property
    def outside(self) -> bool:
        """Whether they have to sign in first."""
        return self.sign_in == "required" and not self.name

    @property
    def sees_quality(self) -> bool:
        """Whether the quality page is for them."""
        return self.has(_READERS)

    def has(self, roles: Iterable[str]) -> bool:
        """Return whether one of some roles is theirs."""
        return not self.roles.isdisjoint(roles)


def current() -> Visitor:
    """Return who visits; signs in who has just come from the provider or by a link."""
    state = st.session_state
    secret = state.setdefault(_SECRET, secret_of(st.context.cookies) or token_urlsafe(32))
    address = st.context.ip_address
    page = Client.from_environment(secret, address if isinstance(address, str) else None)
    _begin(page)
    client = replace(page, key=state[_SESSION]) if _SESSION in state else page
    try:
        caller = PeopleClient(client).me()
    except ApiError as error:
        if error.cause == "key" and state.pop(_SESSION, None):  # it has ended
            return current()
        # Each page says by itself what is wrong, and goes on showing what it has.
        last: Visitor = state.get(_LAST, Visitor(client, roles=_READERS))
        return replace(last, client=client, error=state.get(_ERROR))
    name = caller.name if caller.kind == "person" else ""
    sample = caller.sample
    moments.keep(sample.now if sample else None)
    guest = Visitor(
        client, name, frozenset(caller.roles), caller.sign_in, state.get(_ERROR), sample
    )
    state[_LAST] = guest
    return guest


def sign_in() -> None:
    """Send the visitor to the provider."""
    st.session_state.pop(_ERROR, None)
    st.login()


def sign_out(visitor: Visitor) -> None:
    """End the visitor's session, here and at the page."""
    state = st.session_state
    try:
        PeopleClient(visitor.client).sign_out()
    except ApiError as error:
        state[_ERROR] = error
    state.pop(_SESSION, None)
    state.pop("conversation", None)  # it is theirs
    if _token():
        st.logout()


def _begin(page: Client) -> None:
    """Begin a session for who shows something that has not been looked at yet."""
    state = st.session_state
    link, token = st.query_params.pop(_LINK, ""), _token()
    if _SESSION in state and not link:
        return
    shown = link or token
    if not shown or state.get(_REFUSED) == shown:
        return
    try:
        shows = {"link": link} if link else {"id_token": token}
        state[_SESSION] = PeopleClient(page).sign_in(**shows).session
        state.pop(_ERROR, None)
    except ApiError as error:
        state[_ERROR] = error
    state[_REFUSED] = shown  # neither a link nor a token is good for more than one session


def _token() -> str:
    """Return the visitor's ID token, as the provider made it; empty if there is none."""
    token = st.user.get("is_logged_in") and st.user.tokens.to_dict().get("id")
    return token if isinstance(token, str) else ""
