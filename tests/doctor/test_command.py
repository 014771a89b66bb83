"""``routeback doctor`` as people and machines read it."""

import json

import pytest

from tests.support.server import environment, free_port, in_process


@pytest.fixture
def env(tmp_path, cache_dir, endpoint) -> dict[str, str]:
    return environment(
        tmp_path / "data",
        cache_dir,
        OPENAI_BASE_URL=endpoint.url,
        ROUTEBACK_SERVER__PORT=str(free_port()),
        ROUTEBACK_SERVER__UI_PORT=str(free_port()),
    )


def test_people_read_a_table_and_machines_json(env, endpoint):
    endpoint.status = 500
    done = in_process("doctor", env=env)
    assert done.returncode == 1
    assert "→" in done.stdout
    assert "1 failed" in done.stdout
    done = in_process("doctor", "--json", env=env)
    assert done.returncode == 1
    values = json.loads(done.stdout)
    assert (values["format"], values["status"]) == (1, "failed")
    assert [one["name"] for one in values["checks"] if one["status"] == "failed"] == ["base"]
    assert set(values["checks"][0]) == {"name", "status", "got", "expected", "todo", "seconds"}


def test_settings_that_cannot_be_read_are_another_exit_code(env):
    env["ROUTEBACK_SERVER__PORT"] = "none"
    done = in_process("doctor", env=env)
    assert done.returncode == 2
    assert "server.port" in done.stderr
    done = in_process("doctor", "--json", env=env)
    assert done.returncode == 2
    (check,) = json.loads(done.stdout)["checks"]
    assert (check["name"], check["status"]) == ("settings", "failed")
    assert "server.port" in check["got"]


def test_a_test_mail_goes_to_an_address(env):
    done = in_process("doctor", "--send-to", "nobody", env=env)
    assert done.returncode == 2
    assert "no e-mail address" in done.stderr
