"""With which key the pages call the API that they were started beside."""

import pytest

from assistant.access.callers import Callers
from assistant.access.identity import EVERY, Role
from tests.ui.support.stub import Stub
from ui.api.client import Client
from ui.api.guard import GuardClient
from ui.errors import ApiError


def bearer(key: str) -> dict[str, str]:
    return {"authorization": f"Bearer {key}"}


def test_the_page_is_let_in_by_its_key_alone(stub: Stub):
    stub.key = "owner"
    with pytest.raises(ApiError, match="key"):
        GuardClient(Client(stub.url)).look()
    assert GuardClient(Client(stub.url, "owner")).look().map.candidates == []


def test_on_loopback_who_reaches_the_page_is_the_user_of_this_machine():
    page = Callers("owner", ("first",), page_key="owner").identify(bearer("owner"))
    assert (page.kind, page.roles) == ("local", EVERY)


def test_on_a_network_nobody_has_signed_in_and_the_page_is_a_users():
    page = Callers("owner", ("first", "second"), page_key="page").identify(bearer("page"))
    assert (page.kind, page.roles, page.front) == ("key", {Role.USER}, True)
