"""``routeback guard calibrate`` from file to file."""

import json
from pathlib import Path

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from assistant.commands.guard.calibrate import calibrate
from assistant.errors import CalibrationError, SettingsError
from assistant.local.embedding_cache import EmbeddingCache
from guardrails.calibration.calibration import Calibration
from guardrails.scorers.overlap import TokenOverlap
from tests.guardrails.calibration.labels import row, some, write

app = typer.Typer()
app.command()(calibrate)


@pytest.fixture(autouse=True)
def _settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("ROUTEBACK_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("COLUMNS", "160")


def test_labels_in_map_out(tmp_path: Path) -> None:
    labels = write(tmp_path / "labels.jsonl", some(60, people=2))
    result = CliRunner().invoke(app, [str(labels)])
    assert result.exit_code == 0, result.output
    assert "token_overlap" in result.output
    assert "groundedness" in result.output
    assert "people, one another" in result.output
    stored = Calibration.load(tmp_path / "data" / "calibration.json")
    assert stored.curve(TokenOverlap()).labels == 60
    assert stored.version in result.output


def test_another_place_and_another_bar(tmp_path: Path) -> None:
    labels = write(tmp_path / "labels.jsonl", [row(n, (n % 4) / 3) for n in range(40)])
    out = tmp_path / "x" / "map.json"
    result = CliRunner().invoke(app, [str(labels), "--out", str(out), "--accept", "0.9"])
    assert result.exit_code == 0, result.output
    assert json.loads(out.read_text())["accept"] == 0.9
    assert not (tmp_path / "data" / "calibration.json").exists()


def test_labels_that_cannot_be_used_are_one_clear_error(tmp_path: Path) -> None:
    labels = write(tmp_path / "labels.jsonl", [*some(30), "{"])
    result = CliRunner().invoke(app, [str(labels)])
    assert isinstance(result.exception, CalibrationError)
    assert "line 31: not JSON" in result.exception.message
    assert not (tmp_path / "data" / "calibration.json").exists()


def test_a_judge_has_to_be_set(tmp_path: Path) -> None:
    labels = write(tmp_path / "labels.jsonl", some(30))
    result = CliRunner().invoke(app, [str(labels), "--judge"])
    assert isinstance(result.exception, SettingsError)
    assert "No judge is set" in result.exception.message


def test_each_text_is_embedded_once_and_unchanged(embedder) -> None:
    asked = []

    class Counting:
        revision = embedder.revision
        dimensions = embedder.dimensions

        def queries(self, texts):
            asked.extend(texts)
            return embedder.queries(texts)

        passages = queries

    remembering = EmbeddingCache(Counting())
    first = remembering.queries(["a", "b", "a"])
    again = remembering.queries(["b", "c"])
    assert asked == ["a", "b", "c"]
    assert np.allclose(first[1], again[0])
    assert np.allclose(first, embedder.queries(["a", "b", "a"]), atol=1e-4)
    assert remembering.passages([]).shape == (0, embedder.dimensions)
