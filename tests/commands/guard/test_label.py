"""``routeback guard label`` and ``labels`` over a real database, with and without a server."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from assistant.commands.guard.guard import app
from assistant.settings import (
    AnswerSettings,
    GuardSettings,
    KnowledgeSettings,
    ServerSettings,
    Settings,
)
from guardrails.store.store import Store
from tests.commands.guard.test_guard import refused, run
from tests.support import labelled, overseen
from tests.support.server import free_port, in_thread

HERE = ("tuned", "glossary/en", "--by", "ada")


@pytest.fixture
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    data = tmp_path / "data"
    monkeypatch.setenv("ROUTEBACK_DATA_DIR", str(data))
    monkeypatch.setenv("ROUTEBACK_GUARD__METRICS", '["quality"]')
    monkeypatch.setenv("ROUTEBACK_GUARD__MIN_PAIRS", "20")
    return data


@pytest.fixture
def compared(folder: Path) -> None:
    with overseen.database(folder) as engine:
        labelled.compare(Store(engine), [0.0] * 60)


def press(keys: str, *arguments: str) -> str:
    """Return what is said when these keys are pressed, one after the other."""
    result = CliRunner().invoke(app, ["label", *arguments], input="\n".join(keys) + "\n")
    assert result.exit_code == 0, (result.output, result.exception)
    return result.stdout


def test_before_anything_happened(folder):
    assert "Nobody has labelled a pair yet" in run("labels")
    assert "No pair of a candidate has been scored yet" in refused("label", "--by", "ada")


def test_pairs_are_labelled_key_by_key(compared):
    told = press("abxtsq", *HERE)
    assert told.count("[A]") == 5
    assert "Question (glossary/en): What is " in told
    assert "From: Entry " in told
    assert "There is no such key here" in told
    assert "4 of 60 pairs are labelled" in told
    assert "You labelled 4." in told
    (one,) = json.loads(run("labels", "--json"))["rounds"]
    assert one["people"]["labels"] == 4
    assert one["by"] == [{"by": "ada", "labels": 4}]
    said = run("labels")
    assert "Round 1, " in said
    assert "tuned in glossary/en, which is better; 4 of 60 pairs labelled" in said
    assert "quality: +0.000, off by " in said
    assert "by: ada 4; no pair was labelled by two people" in said


def test_the_last_label_is_taken_back(compared):
    told = press("uauuq", *HERE)
    assert told.count("Nothing to undo.") == 2
    assert "Once more" in told
    assert "You labelled 1." in told
    told = press("auts", *HERE)
    assert "You labelled 3." not in told, "what is said anew is no other label"
    assert json.loads(run("labels", "--json"))["rounds"][0]["people"]["labels"] == 3


def test_what_steers_a_terminal_is_not_printed(folder):
    with overseen.database(folder) as engine:
        labelled.compare(Store(engine), [0.0] * 60, arm="t\x1b[2J")
    assert "\x1b" not in press("q", "t\x1b[2J", "glossary/en", "--by", "ada")


def test_which_are_right_is_asked_too(compared):
    told = press("2nq", *HERE, "--kind", "right")
    assert "a or b alone, 2 = both" in told
    assert "which is right; 2 of 60 pairs labelled" in run("labels")


def test_a_new_round_needs_new_pairs(compared):
    press("aq", *HERE)
    assert "would ask the same again" in refused("label", *HERE, "--new")


def test_who_is_contradicted_is_told(folder, compared):
    with overseen.database(folder) as engine:
        labelled.people_say(Store(engine), lambda _: -1, 40)
    told = run("labels")
    assert "people CONTRADICT it" in told
    assert "Nobody rises in en: people contradict the measure" in told


def test_it_is_told_by_the_server_that_runs(compared, folder, cache_dir, endpoint):
    settings = Settings(
        cache_dir=cache_dir,
        openai_base_url=endpoint.url,
        openai_model="scripted",
        answers=AnswerSettings(quote="first"),
        knowledge=KnowledgeSettings(sample=False),
        guard=GuardSettings(metrics=("fast",), min_pairs=20),
        server=ServerSettings(port=free_port()),
    )
    offer = json.loads(run("label", *HERE, "--json"))
    with in_thread(settings):
        assert json.loads(run("label", *HERE, "--json")) == offer
        assert "2 of 60 pairs are labelled" in press("atq", *HERE)
        assert json.loads(run("labels", "--json"))["rounds"][0]["people"]["labels"] == 2
        assert "no kind of label 'best'" in refused("label", *HERE, "--kind", "best")


def test_a_candidate_that_a_metric_underrates_is_told_and_moves_nothing(folder):
    with overseen.database(folder) as engine:
        store = Store(engine)
        labelled.compare(store, [-0.2, 0.05, -0.2] * 20)
        labelled.people_say(store, lambda _: 1, 40)
    told = run("labels")
    assert "quality: -0.117, off by -1.1" in told
    assert "; people say better" in told
    assert "Nobody rises" not in told
    (one,) = json.loads(run("labels", "--json"))["rounds"]
    assert (one["underrated"], one["contradicts"]) == (["quality"], False)
