"""``routeback models`` as a person runs it, without a network."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from assistant.commands.models import with_model
from assistant.errors import SettingsError
from assistant.local.catalogue import CATALOGUE, QWEN_SMALL, SMOLLM
from tests.local.weights.gguf_files import write_model
from tests.local.weights.hub import Hub


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    """A folder whose name is longer than a terminal is wide and looks like markup."""
    return tmp_path / ("a-folder-with-a-long-name-" * 4) / "[bold]cache"


def models(cache: Path, *words: str, offline: str = "1") -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).with_name("routeback")), "models", *words]
    environment = {**os.environ, "ROUTEBACK_CACHE_DIR": str(cache), "ROUTEBACK_OFFLINE": offline}
    environment["ROUTEBACK_DATA_DIR"] = str(cache.parent / "data")
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stdout + done.stderr
    return done


def test_list(cache: Path) -> None:
    done = models(cache, "list")
    assert done.returncode == 0
    assert done.stderr == ""
    rows = {line.split()[1]: line for line in done.stdout.splitlines() if line.startswith("│")}
    assert set(rows) == {weights.name for weights in CATALOGUE}
    assert "yes" in rows[SMOLLM.name]
    assert "no" in rows[QWEN_SMALL.name]
    assert "491 MB" in rows[QWEN_SMALL.name]
    assert f"Folder: {cache / 'models'}\n" in done.stdout
    assert not cache.exists()


def test_pull_what_is_installed(cache: Path, smollm: Path) -> None:
    done = models(cache, "pull", SMOLLM.name)
    assert done.returncode == 0
    assert done.stdout == f"{SMOLLM.name}: {smollm}\n"


def test_pull_offline(cache: Path) -> None:
    done = models(cache, "pull", QWEN_SMALL.name)
    assert done.returncode == 2
    assert done.stdout == ""
    assert "is not here and cannot be fetched: ROUTEBACK_OFFLINE is set." in done.stderr
    assert str(cache / "models" / QWEN_SMALL.filename) in done.stderr
    assert not cache.exists()


def test_verify_tells_right_from_damaged(cache: Path) -> None:
    path = cache / "models" / QWEN_SMALL.filename
    path.parent.mkdir(parents=True)
    path.write_bytes(b"not weights")
    done = models(cache, "verify")
    assert done.returncode == 2
    assert done.stdout == f"{SMOLLM.name}: right\n"
    assert f"{QWEN_SMALL.name}: {path} is damaged: its SHA-256 is" in done.stderr
    assert f"routeback models pull {QWEN_SMALL.name}" in done.stderr


def test_verify_what_is_not_here(cache: Path) -> None:
    done = models(cache, "verify", QWEN_SMALL.name)
    assert done.returncode == 2
    assert "is not on this machine" in done.stderr


def test_verify_of_good_weights(cache: Path) -> None:
    done = models(cache, "verify", SMOLLM.name)
    assert done.returncode == 0
    assert done.stdout == f"{SMOLLM.name}: right\n"


def test_a_file_is_added_pinned_listed_and_removed(cache: Path, tmp_path: Path) -> None:
    file = write_model(tmp_path / "My Model.gguf", general_license="mit")
    done = models(cache, "add", str(file))
    assert done.returncode == 0
    added, pinned, licence, then = done.stdout.splitlines()
    assert added.startswith(f"my-model: {cache / 'models'}/my-model-")
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    assert pinned.startswith(f"SHA-256 {digest}. Nobody had stated it: it is pinned")
    assert licence.startswith("Licence: mit.")
    assert then == "See how it answers: routeback models try my-model"
    assert "is here already, and is right" in models(cache, "add", str(file)).stdout
    assert "my-model" in models(cache, "list").stdout
    assert "my-model: right" in models(cache, "verify", "my-model").stdout
    write_model(file, seed=1)
    changed = models(cache, "add", str(file), "--name", "my-model")
    assert changed.returncode == 2
    assert "my-model is pinned to the file with SHA-256" in changed.stderr
    assert "models remove my-model" in changed.stderr
    assert (
        models(cache, "remove", "my-model").stdout == f"my-model is removed (SHA-256 {digest}).\n"
    )
    assert "my-model" not in models(cache, "list").stdout


def test_a_repository_is_fetched_from_the_hub_that_is_set(
    cache: Path, tmp_path: Path, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.content = write_model(tmp_path / "m.gguf").read_bytes()
    digest = hashlib.sha256(hub.content).hexdigest()
    large = {"size": len(hub.content), "sha256": digest}
    hub.listing = {"sha": "c" * 40, "siblings": [{"rfilename": "m.gguf", "lfs": large}]}
    monkeypatch.setenv("HF_ENDPOINT", hub.url)
    done = models(cache, "add", "maker/model", "--name", "mine", offline="0")
    assert done.returncode == 0, done.stderr
    assert f"SHA-256 {digest}, as it was stated before it came; pinned." in done.stdout
    assert hub.paths == [f"/maker/model/resolve/{'c' * 40}/m.gguf"]
    assert "mine: right" in models(cache, "verify", "mine").stdout


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ("./nowhere.gguf", "There is no file ./nowhere.gguf."),
        ("nowhere", "neither a file here nor a place at a hub"),
        ("maker/model", "maker/model cannot be fetched: ROUTEBACK_OFFLINE is set."),
        ("https://elsewhere.example/a/b/c.gguf", "elsewhere.example is not the hub that is asked"),
    ],
)
def test_what_cannot_be_added_is_explained(cache: Path, what: str, said: str) -> None:
    done = models(cache, "add", what)
    assert done.returncode == 2
    assert said in done.stderr


def test_use_writes_one_line_and_says_the_way_back(cache: Path, tmp_path: Path) -> None:
    before = "# ours\n[server]\nport = 9000 # kept\n"
    (tmp_path / "routeback.toml").write_text(before)
    done = models(cache, "use", SMOLLM.name)
    assert done.returncode == 0
    assert f"Base is {SMOLLM.name} from the next start on" in done.stdout
    assert "Back: routeback models use qwen2.5-coder-1.5b-instruct" in done.stdout
    text = (tmp_path / "routeback.toml").read_text()
    assert text == f'{before}\n[engine]\nmodel = "{SMOLLM.name}"\n'
    assert "(base)" in models(cache, "list").stdout
    refused = models(cache, "remove", SMOLLM.name)
    assert "is the base that is set" in refused.stderr


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", '[engine]\nmodel = "x"\n'),
        ('[engine]\nmodel = "old" # why\nslots = 2\n', '[engine]\nmodel = "x"\nslots = 2\n'),
        ("[engine]\nslots = 2\n[server]\nport = 1\n",
         '[engine]\nmodel = "x"\nslots = 2\n[server]\nport = 1\n'),
        ('[judge]\nmodel = "j"\nbase_url = "u"\n',
         '[judge]\nmodel = "j"\nbase_url = "u"\n\n[engine]\nmodel = "x"\n'),
    ],
)  # fmt: skip
def test_all_else_in_the_settings_file_stays(before: str, after: str) -> None:
    assert with_model(before, "x") == after


@pytest.mark.parametrize(
    "text",
    [
        'engine = { model = "old" }\n',
        'engine.model = "old"\n',
        '[engine]\nslots = 1\nx = """\nmodel = 1\n"""\n',
        "[engine\n",
    ],
)
def test_a_file_that_cannot_be_changed_line_by_line_is_left_alone(text: str) -> None:
    with pytest.raises(SettingsError, match="cannot change") as error:
        with_model(text, "x")
    assert 'model = "x"' in error.value.hint


def test_unknown_name(cache: Path) -> None:
    done = models(cache, "pull", "gpt-9")
    assert done.returncode == 2
    assert "No weights are called 'gpt-9'." in done.stderr
    assert SMOLLM.name in done.stderr
