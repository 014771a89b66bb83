"""What the image promises and no linter sees: nothing is written but to the volumes, by nobody."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.support.server import ROUTEBACK, free_port

USER = "10001"
CONFINED = """
set -e
mount --make-rprivate /
for volume in "$VOLUMES"/*; do mount --bind "$volume" "$volume"; done
mount -o remount,ro,bind /
exec setpriv --reuid {user} --regid {user} --clear-groups --no-new-privs \
  --bounding-set -all,+dac_read_search --inh-caps -all,+dac_read_search \
  --ambient-caps +dac_read_search "$@"
"""
"""As a container with a read-only root. The capability lets it read this machine's Python."""
PAGE = [sys.executable, "-m", "ui", "--server.address", "127.0.0.1", "--server.port"]


def can_confine() -> bool:
    """Whether this machine lets us make a mount namespace."""
    if sys.platform != "linux" or os.getuid() != 0:
        return False
    return (
        subprocess.run(["unshare", "-m", "true"], check=False, capture_output=True).returncode == 0
    )


pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not can_confine(), reason="needs root and a mount namespace"),
]


@pytest.fixture
def volumes(tmp_path: Path) -> Path:
    """A folder with the volumes of a container, which belong to its user."""
    tmp_path.chmod(0o755)
    for name in ("data", "cache", "tmp"):
        (tmp_path / "volumes" / name).mkdir(parents=True)
        os.chown(tmp_path / "volumes" / name, int(USER), int(USER))
    return tmp_path / "volumes"


@contextmanager
def confined(volumes: Path, *command: str, **more: str) -> Iterator[subprocess.Popen[str]]:
    env = {
        "PATH": os.environ["PATH"],
        "VOLUMES": str(volumes),
        "HOME": str(volumes / "data"),
        "TMPDIR": str(volumes / "tmp"),
        "ROUTEBACK_DATA_DIR": str(volumes / "data"),
        "ROUTEBACK_CACHE_DIR": str(volumes / "cache"),
        "ROUTEBACK_OFFLINE": "1",
        **more,
    }
    script = CONFINED.format(user=USER)
    child = subprocess.Popen(
        ["unshare", "-m", "bash", "-c", script, "confined", *command],
        cwd="/",
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield child
    finally:
        child.terminate()
        try:
            child.communicate(timeout=30)
        except subprocess.TimeoutExpired:
            child.kill()
            child.communicate()


def answering(child: subprocess.Popen[str], url: str) -> None:
    """Wait until an address answers with success."""
    for _ in range(1200):
        assert child.poll() is None, child.stdout and child.stdout.read()
        try:
            if httpx.get(url, timeout=5).is_success:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    raise AssertionError(url)


def test_the_root_is_read_only_and_the_user_nobody(volumes):
    tried = "id -u; touch /new || echo refused; touch $TMPDIR/new && echo written"
    with confined(volumes, "bash", "-c", tried) as child:
        told, _ = child.communicate(timeout=30)
    assert told.split("\n")[0] == USER
    assert "refused" in told
    assert "written" in told
    assert not Path("/new").exists()


def test_the_api_starts_answers_and_ends_when_it_is_told(volumes):
    port = free_port()
    more = {"ROUTEBACK_SERVER__PORT": str(port), "ROUTEBACK_EVALS__SCHEDULE": "off"}
    with confined(volumes, str(ROUTEBACK), "serve", **more) as child:
        answering(child, f"http://127.0.0.1:{port}/readyz")
        body = {
            "model": "routeback",
            "messages": [{"role": "user", "content": "What is negative transfer?"}],
        }
        url = f"http://127.0.0.1:{port}/v1/chat/completions"
        reply = httpx.post(url, json=body, timeout=60).raise_for_status().json()
        assert "[1]" in reply["choices"][0]["message"]["content"]
        child.terminate()
        told, _ = child.communicate(timeout=30)
        assert child.returncode == 0, told
    assert {path.stat().st_uid for path in (volumes / "data").rglob("*")} == {int(USER)}


def test_the_page_starts(volumes):
    port = str(free_port())
    with confined(volumes, *PAGE, port) as child:
        answering(child, f"http://127.0.0.1:{port}/_stcore/health")
