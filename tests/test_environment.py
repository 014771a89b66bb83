"""What is set before anything is loaded."""

import gc
import subprocess
import sys

import pytest

from assistant.environment import prepare, settle


@pytest.mark.parametrize(
    ("given", "bypassed"),
    [
        ({}, None),
        ({"HTTPS_PROXY": "http://proxy:3128"}, "127.0.0.1,localhost,::1"),
        ({"http_proxy": "http://proxy:3128"}, "127.0.0.1,localhost,::1"),
        ({"HTTP_PROXY": "http://proxy:3128", "NO_PROXY": "example.com"}, "example.com"),
        ({"HTTP_PROXY": ""}, None),
    ],
)
def test_a_proxy_is_not_asked_for_what_is_on_this_machine(given, bypassed):
    environ = dict(given)
    prepare(environ)
    assert environ.get("NO_PROXY") == bypassed


def test_what_somebody_has_said_stays():
    environ = {"HTTP_PROXY": "http://proxy:3128", "no_proxy": "example.com", "OMP_WAIT_POLICY": "X"}
    prepare(environ)
    assert "NO_PROXY" not in environ
    assert environ["OMP_WAIT_POLICY"] == "X"


def test_nothing_that_reads_it_once_is_loaded_before():
    """Else numpy's threads spin beside every question: half of what an answer cost."""
    code = "import sys, assistant.__main__; print({'numpy', 'assistant.cli'} & sys.modules.keys())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_what_is_loaded_is_left_out_of_collections():
    before = gc.get_freeze_count()
    try:
        settle()
        assert gc.get_freeze_count() > before + 10_000
        assert len(gc.get_objects()) < 10_000
    finally:
        gc.unfreeze()
