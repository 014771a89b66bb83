"""The command as a person types it: each once in a process of its own, its failures in this one."""

import ast
import json
import socket
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from assistant.commands.console import plain_write
from assistant.records.database import open_database
from tests.support.server import environment, free_port, in_process, process, routeback


@pytest.fixture
def env(tmp_path, cache_dir, endpoint):
    return environment(
        tmp_path / "data",
        cache_dir,
        OPENAI_BASE_URL=endpoint.url,
        ROUTEBACK_KNOWLEDGE__SAMPLE="false",
        ROUTEBACK_SERVER__PORT=str(free_port()),
    )


@pytest.mark.parametrize(
    "arguments", [["--help"], ["ask", "--help"], ["up", "--help"], ["knowledge", "add", "--help"]]
)
def test_help_teaches(arguments, env):
    done = (in_process if arguments[1:] else routeback)(*arguments, env=env)
    assert done.returncode == 0
    assert "Usage" in done.stdout


@pytest.mark.slow
def test_a_remote_endpoint_alone_is_enough(env, documents):
    added = routeback("knowledge", "add", str(documents), env=env)
    assert added.returncode == 0, added.stderr
    assert "7 passages added" in added.stdout
    asked = routeback("ask", "What is a token?", "--json", env=env)
    assert asked.returncode == 0, asked.stderr
    turn = json.loads(asked.stdout)
    assert turn["route"]["revision"] == "scripted"
    assert turn["outcome"] == "answered"
    assert turn["author"]["label"] == "Written by AI: base"
    assert turn["author"]["machine_generated"] is True
    assert "AI system" not in asked.stderr
    assert "scripted at http://127.0.0.1" in asked.stderr


@pytest.mark.slow
def test_commands_use_the_server_that_runs(env, documents, endpoint):
    with process("serve", env=env):
        added = routeback("knowledge", "add", str(documents), "--name", "docs", env=env)
        assert added.returncode == 0, added.stderr
        assert "docs" in routeback("knowledge", "list", env=env).stdout
        assert "served by http" in routeback("knowledge", "status", env=env).stdout
        asked = routeback("ask", "Wie setze ich mein Passwort zurück?", env=env)
        assert "[1]" in asked.stdout
        assert asked.stdout.rstrip().splitlines()[-1] == "Von einer KI geschrieben: base"
        for words in ("talking to an AI system", "mit einem KI-System"):
            assert asked.stderr.count(words) == 1
        assert "https://help.example.com/de/reset" in asked.stdout
        endpoint.status, endpoint.headers = 429, {"retry-after": "3"}
        quoted = routeback("ask", "What is a token?", "--json", env=env)
        assert quoted.returncode == 0, quoted.stderr
        turn = json.loads(quoted.stdout)
        assert (turn["mode"], turn["fell_back"][:4]) == ("quote", "base")
        endpoint.reset()
        endpoint.script = lambda _: "A token is a piece of text that a model reads. A long word."
        endpoint.cut_after = 14
        cut = routeback("ask", "What is a token?", env=env)
        assert cut.returncode == 2
        assert cut.stderr.count("Error:") == 1
        assert "Traceback" not in cut.stderr
        second = routeback("serve", env=env)
        assert second.returncode == 2
        assert "runs already" in second.stderr
    with sqlite3.connect(f"{env['ROUTEBACK_DATA_DIR']}/routeback.sqlite") as database:
        assert database.execute("select count(*) from turns").fetchone() == (2,)
    database.close()


@pytest.mark.parametrize(
    ("arguments", "more", "expected"),
    [
        (["ask", ""], {}, "The question is empty"),
        (["ask", "x" * 100_000], {}, "100,000 characters"),
        (["ask", "hi"], {"ROUTEBACK_SERVER__PORT": "none"}, "server.port"),
        (["serve"], {"ROUTEBACK_SERVER__HOST": "0.0.0.0"}, "server.api_keys"),
        (["up"], {"ROUTEBACK_SERVER__HOST": "0.0.0.0"}, "server.api_keys"),
        (["ask", "hi"], {"OPENAI_BASE_URL": "http://127.0.0.1:9/v1"}, "does not say which models"),
        (["knowledge", "add", "nowhere"], {}, "nowhere does not exist"),
        (["knowledge", "remove", "nothing"], {}, "Nothing was added as 'nothing'"),
        (["models", "pull", "gpt"], {}, "No weights are called 'gpt'"),
    ],
)
def test_a_failure_is_one_clear_message(arguments, more, expected, env):
    done = in_process(*arguments, env={**env, **more})
    assert done.returncode == 2
    assert [line.startswith("Error:") for line in done.stderr.splitlines()].count(True) == 1
    assert expected in done.stderr
    assert "Traceback" not in done.stderr


def test_an_answer_gives_the_terminal_no_orders(capsys):
    plain_write("a\x1b]8;;https://evil.example\x1b\\b\x1b[2J\r\x9b2Jc\x07\u202f–\n\td")
    assert capsys.readouterr().out == "a]8;;https://evil.example\\b[2J2Jc\u202f–\n\td"


@pytest.mark.slow
def test_a_taken_port_is_named(env):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", int(env["ROUTEBACK_SERVER__PORT"])))
        taken.listen()
        done = routeback("serve", env=env)
    assert done.returncode == 2
    assert f"Port {env['ROUTEBACK_SERVER__PORT']}" in done.stderr
    assert "ROUTEBACK_SERVER__PORT" in done.stderr


def test_a_database_that_cannot_be_written_is_named(env, tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "routeback.sqlite").mkdir()
    done = routeback("ask", "What is a token?", env=env)
    assert done.returncode == 2
    assert "cannot be used as the database" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_command_imports_what_it_uses(env):
    """A second of CPU each, which nobody who asks for a map should pay."""
    asked = (
        "import sys\nfrom assistant.cli import main\nsys.argv[1:] = {}\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "print(sorted({{name.split('.')[0] for name in sys.modules}}"
        " | {{name for name in sys.modules if name.startswith('assistant.tuning.')}}))"
    )
    open_database(Path(env["ROUTEBACK_DATA_DIR"]) / "routeback.sqlite").dispose()  # it is there
    for arguments in (["guard", "status"], ["guard", "map"], ["guard", "decisions"], ["--help"]):
        done = subprocess.run(
            [sys.executable, "-c", asked.format(arguments)],
            env=env, capture_output=True, text=True, check=True,
        )  # fmt: skip
        loaded = set(ast.literal_eval(done.stdout.splitlines()[-1]))
        heavy = {
            *("httpx", "openai", "alembic", "snowballstemmer", "fastapi", "langgraph", "dbos"),
            *("ragas", "scipy", "onnxruntime", "matplotlib", "assistant.tuning.job"),
        }
        assert not loaded & heavy, arguments
