"""``routeback tune`` as it is typed."""

import json
import sys
from hashlib import sha256
from importlib.metadata import entry_points
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from assistant.cli import ADDED
from assistant.commands.tune import tune
from assistant.errors import TrainingDataError, TuningError, WeightsError
from tests.tuning.conftest import ROWS, write_rows
from tests.tuning.tiny import write_model

app = typer.Typer()
app.command()(tune)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return write_rows(tmp_path / "train.jsonl", ROWS)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ROUTEBACK_DATA_DIR", str(tmp_path / "home"))
    monkeypatch.setenv("ROUTEBACK_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("ROUTEBACK_OFFLINE", "1")
    return tmp_path / "home"


def typed(*words: object):
    return CliRunner().invoke(app, [str(word) for word in words])


def test_the_command_is_one_of_routeback():
    assert [point.load() for point in entry_points(group=ADDED) if point.name == "tune"] == [tune]


def test_without_torch_it_says_how_to_get_it(data, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    base = write_model(tmp_path / "m.gguf", "qwen2")
    error = typed(data, "--name", "x", "--base", base).exception
    assert isinstance(error, TuningError)
    assert "torch, which is not installed" in error.message
    assert "uv run --extra tune routeback tune" in error.hint


@pytest.mark.parametrize(
    ("words", "kind", "said"),
    [
        (("--name", "../x"), TuningError, r"--name is '\.\./x'"),
        (("--name", "x", "--ladder", "0.5,2"), TuningError, r"--ladder is '0\.5,2'"),
        (("--name", "x", "--ladder", "half"), TuningError, "--ladder is 'half'"),
        (("--name", "x", "--dtype", "int8"), TuningError, "--dtype is 'int8'"),
        (("--name", "x", "--replay", "1"), TuningError, "replay is 1, expected 0 to 0.9"),
        (("--name", "x", "--base", "no.gguf"), TuningError, r"There is no file no\.gguf"),
        (("--name", "x", "--base", "nobody"), WeightsError, "No weights are called 'nobody'"),
    ],
)
def test_what_cannot_be_meant_is_refused(data, tmp_path, words, kind, said):
    base = write_model(tmp_path / "m.gguf", "qwen2")
    given = words if "--base" in words else (*words, "--base", base)
    with pytest.raises(kind, match=said):
        raise typed(data, *given).exception


def test_a_file_with_bad_lines_trains_nothing(tmp_path, home):
    path = tmp_path / "bad.jsonl"
    path.write_text('{"question": "q"}\n')
    base = write_model(tmp_path / "m.gguf", "qwen2")
    error = typed(path, "--name", "x", "--base", base).exception
    assert isinstance(error, TrainingDataError)
    assert not (home / "adapters" / "x").exists()


@pytest.mark.tune
@pytest.mark.timeout(300)
@pytest.mark.filterwarnings("default")
def test_it_makes_an_adapter_and_says_how_to_use_it(torch, data, tmp_path, home):
    base = write_model(tmp_path / "m.gguf", "qwen2")
    digest = sha256(data.read_bytes()).hexdigest()
    report = home / "audits" / f"train-{digest[:12]}" / "report.json"
    report.parent.mkdir(parents=True)
    report.write_text(json.dumps({"verdict": "no-go", "data": {"sha256": digest}}))
    done = typed(data, "--name", "x", "--base", base, "--steps", 1, "--ladder", "0.5")
    assert done.exit_code == 0, done.output
    adapter = home / "adapters" / "x" / "x.gguf"
    assert f'adapter = "{adapter}"' in done.output
    assert f"x={adapter.parent / 'peft'} x@0.5={adapter.parent / 'peft@0.5'}" in done.output
    card = json.loads((adapter.parent / "card.json").read_text())
    assert (card["verdict"], card["audit"]) == ("no-go", "report.json")
    assert card["base"]["sha256"] == sha256(base.read_bytes()).hexdigest()
