import os
from pathlib import Path

import pytest
from pydantic import SecretStr

from assistant.commands.serve import page_key
from assistant.running import Running, announce
from assistant.settings import ServerSettings, Settings
from tests.ui.support.stub import Stub
from ui.api.client import Client
from ui.api.guard import GuardClient
from ui.errors import ApiError


def settings(folder: Path, keys: str = "") -> Settings:
    return Settings(data_dir=folder, server=ServerSettings(api_keys=SecretStr(keys)))


def test_without_configured_keys_the_page_gets_the_owners_and_is_let_in(stub: Stub, tmp_path: Path):
    stub.key = "owner"
    with pytest.raises(ApiError, match="key"):
        GuardClient(Client(stub.url)).look()
    announce(tmp_path, Running(stub.url, os.getpid(), "owner"))
    key = page_key(settings(tmp_path))
    assert GuardClient(Client(stub.url, key)).look().map.candidates == []


def test_on_a_network_nobody_has_signed_in_and_the_page_is_a_users(stub: Stub, tmp_path: Path):
    announce(tmp_path, Running(stub.url, os.getpid(), "owner"))
    assert page_key(settings(tmp_path, "first,second")) == "owner"
    server = ServerSettings(host="0.0.0.0", api_keys=SecretStr("first,second"))
    assert page_key(Settings(data_dir=tmp_path, server=server)) == "first"


def test_without_a_server_there_is_no_key(tmp_path: Path):
    assert not page_key(settings(tmp_path))
