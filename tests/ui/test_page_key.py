"""With which key the pages call the API that they were started beside."""

import httpx
import pytest
from pydantic import SecretStr

from assistant.access.callers import Callers
from assistant.access.identity import EVERY, Role
from assistant.settings import ServerSettings
from tests.support.places import Place
from tests.support.server import free_port, in_thread
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


@pytest.mark.slow
def test_a_page_that_is_a_process_of_its_own_is_known_by_the_key_of_the_settings(
    place: Place, endpoint
):
    server = ServerSettings(host="0.0.0.0", port=free_port(), page_key=SecretStr("of-the-page"))
    settings = place.settings(endpoint).model_copy(update={"server": server})
    with in_thread(settings) as running:
        me = f"{running.url}/v1/me"
        assert httpx.get(me).status_code == 401
        assert httpx.get(me, headers=bearer("of-another")).status_code == 401
        told = httpx.get(me, headers=bearer("of-the-page") | {"Routeback-Session": "v" * 24})
        assert told.json()["roles"] == ["user"]
