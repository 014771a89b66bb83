"""The server of the API's tests, under the name that these have for it."""

import pytest

from assistant.running import Running


@pytest.fixture
def server(api: Running) -> Running:
    return api
