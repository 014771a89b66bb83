"""An identity provider in a process of its own, that vouches for whoever is chosen."""

import json
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import httpx

from tests.support.server import free_port
from tests.ui.test_browser import wait_for


@contextmanager
def vouching(names: Iterable[str]) -> Iterator[str]:
    """Run one until the block ends; each is in a group of their own, ``group-NAME``."""
    port = free_port()
    people = [
        json.dumps({"sub": name, "name": name.title(), "groups": [f"group-{name}"]})
        for name in names
    ]
    claims = [part for person in people for part in ("--user-claims", person)]
    child = subprocess.Popen(
        [sys.executable, "-m", "oidc_provider_mock", "--port", str(port), *claims],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    url = f"http://127.0.0.1:{port}"
    try:
        wait_for(lambda: _vouches(url))
        yield url
    finally:
        child.terminate()
        child.wait(15)


def _vouches(url: str) -> bool:
    try:
        return httpx.get(f"{url}/.well-known/openid-configuration", trust_env=False).is_success
    except httpx.HTTPError:
        return False
