import json
import re

import pytest
from typer.testing import CliRunner

from assistant import cli, sample
from assistant.errors import CaseError, EvalsError
from assistant.local.embedding_cache import EmbeddingCache
from assistant.local.tokens import token_states
from evals.attack import page, table
from evals.attack.material import Repaired, Weighed, material, recorded
from evals.attack.weighing import Weighing
from evals.cases.cases import Case, load
from evals.commands.attack import _bases
from guardrails.attack.attack import makeable
from guardrails.attack.catalogue import BY_NAME, CHANGES
from guardrails.attack.result import AttackCell, AttackExample, Result, StreamOutcome
from guardrails.attack.streams import FEWEST
from guardrails.types import Text


@pytest.fixture(scope="module")
def shipped(gate):
    cases, knowledge = load(), sample.knowledge()
    with Weighing(knowledge, sample.embedder(), token_states()) as weigh:
        return material(cases, knowledge, gate, recorded(cases), "shipped", weigh)


@pytest.mark.slow
@pytest.mark.long
def test_every_shipped_case_has_the_passage_that_answers_first_and_a_neighbour_last(shipped):
    alone = [case for case in load() if not case.history]
    assert [case.id for case in shipped.cases] == [case.id for case in alone]
    for case in shipped.cases:
        assert len(case.passages) >= 2
        assert case.passages[-1] not in case.passages[:-1]
        assert (case.reference != "") == case.answerable
    by_id = {case.id: case for case in shipped.cases}
    assert by_id["everyday-de-001"].passages[0].curated, "it asks for the entry by name"
    assert by_id["everyday-de-001"].translations[0].language == "en"
    assert not by_id["support-de-002"].passages[0].curated


RARE = {"wrong-number", "yes-no", "yes-no-over-none"}
"""What can be made in fewer cases than are needed, of those in which an arm would be asked."""


@pytest.mark.slow
@pytest.mark.long
@pytest.mark.parametrize("language", ["en", "de"])
def test_the_shipped_cases_measure_nearly_every_harm_in_both_languages(shipped, language):
    own = [case for case in shipped.cases if case.language == language]
    for change in CHANGES:
        count = sum(makeable(shipped, change, case, "references") for case in own)
        assert count >= (20 if change.name in RARE else FEWEST), f"{change.name}: {count}"


def test_only_what_an_arm_would_be_asked_makes_a_pair(shipped):
    left_out = [case for case in shipped.cases if case.answerable and not case.asked]
    assert 0 < len(left_out) < len(shipped.cases) / 2
    for case in left_out:
        assert not any(makeable(shipped, one, case, "references") for one in BY_NAME.values())


def test_what_the_base_answered_is_there_for_both_languages(shipped):
    assert len(shipped.recorded) == 120
    for language in ("en", "de"):
        own = [c for c in shipped.cases if c.id in shipped.recorded and c.language == language]
        assert sum(c.answerable for c in own) == 45


def test_an_answer_to_a_case_that_was_changed_does_not_count():
    cases = load()
    held = recorded(cases)
    changed = [case.model_copy(update={"question": f"{case.question}?"}) for case in cases]
    assert held
    assert recorded(changed) == {}


def test_wrong_citations_are_repaired_as_they_are_for_a_reader(gate):
    passages = (Text("Bananas grow in warm countries.", "en"), Text("A token is a word.", "en"))
    repair = Repaired(gate)
    told = "".join(repair("A token is a word [1].", "what is a token", passages, "en"))
    assert "[2]" in told
    assert "[1]" not in told
    assert repair("", "what", passages, "en") == ()


def test_a_source_that_is_not_there_is_said(gate):
    case = Case(
        id="x", segment="s", language="en", question="q", reference="r", sources=("nowhere",)
    )
    with pytest.raises(CaseError, match="'nowhere'"):
        material([case], sample.knowledge(), gate, {}, "", lambda *_: Weighed((0.0,), asked=False))


def test_a_text_is_embedded_once():
    asked = []

    class Counting:
        revision, dimensions = "1", 2

        def passages(self, texts):
            import numpy as np

            asked.extend(texts)
            return np.array([[len(text), 1.0] for text in texts], np.float32)

        queries = passages

    held = EmbeddingCache(Counting())
    first, again = held.passages(["a", "bb", "a"]), held.passages(["bb"])
    assert asked == ["a", "bb"]
    assert first[:, 0].tolist() == [1.0, 2.0, 1.0]
    assert again.shape == (1, 2)


RESULT = Result(
    cells=(
        AttackCell(
            "half-facts",
            "references",
            "*",
            30,
            shown=20,
            auc={"fast": 0.6},
            mean={"fast": -0.02},
            outcomes={1.0: StreamOutcome(0, 0, 20, None, 200.0), 0.3: StreamOutcome(0, 20, 0)},
            examples=(AttackExample("c-1", "Why <b>?", "Because.", "", -0.1, shown=False),),
        ),
        AttackCell(
            "yes-no", "references", "*", 3, why_not="it can be made in 3 cases", auc={"fast": None}
        ),
        AttackCell("cut", "references", "*", 0, repaired=30, auc={"fast": None}),
    ),
    versions={"scorers": {"fast": "1"}, "gate": "g", "cases": "c", "attack": "a"},
    metrics=("fast",),
    languages=("*",),
    seed=0,
    whole={"references": (29, 30)},
)


def test_the_page_stands_alone_and_shows_the_worst_examples(tmp_path):
    paths = page.write(RESULT, tmp_path)
    html = paths["html"].read_text()
    assert "Why &lt;b&gt;?" in html
    assert "does not notice half-missing answers" in html
    assert "not measured: it can be made in 3 cases" in html
    assert not re.search(r"(?:src|href)=", html)
    values = json.loads(paths["json"].read_text())
    assert values["exit_code"] == 1
    assert values["cells"][0]["outcomes"]["1"]["promoted"] == 20


def test_the_table_says_what_serves():
    from rich.console import Console

    console = Console(width=160, record=True, file=None, quiet=False)
    with console.capture() as shown:
        console.print(table.table(RESULT, "references"))
        for line in table.lines(RESULT):
            console.print(line)
    told = shown.get()
    assert "SERVES 200" in told
    assert "not measured" in told
    assert "repaired" in told
    assert "29 of 30" in told


def test_bases_are_known_and_a_quick_attack_takes_one():
    assert _bases(None, quick=True) == ("references",)
    assert _bases(None, quick=False) == ("references", "copied", "recorded")
    assert _bases(["recorded", "copied"], quick=False) == ("copied", "recorded")
    with pytest.raises(EvalsError, match="expected one of references"):
        _bases(["copies"], quick=False)
    with pytest.raises(EvalsError, match="one base"):
        _bases(["recorded", "copied"], quick=True)


def test_the_command_is_there_and_teaches():
    cli.add_commands()
    told = CliRunner().invoke(cli.app, ["guard", "attack", "--help"], env={"COLUMNS": "120"})
    assert told.exit_code == 0
    for words in ("Attack the measure", "--quick", "Exit code", "not measured"):
        assert words in told.output


@pytest.fixture
def few(tmp_path, monkeypatch):
    """Thirty cases of one entry, and settings by which token overlap alone is the measure."""
    lines = [
        {
            "id": f"c-{number}",
            "segment": "glossary",
            "language": "en",
            "question": "What is negative transfer?",
            "reference": "Knowledge from a source task makes a model worse on the target task.",
            "facts": ["worse"],
            "sources": ["negative-transfer"],
        }
        for number in range(30)
    ]
    path = tmp_path / "cases.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    monkeypatch.setenv("ROUTEBACK_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("ROUTEBACK_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("ROUTEBACK_GUARD__METRICS", '["token_overlap"]')
    return path


@pytest.mark.slow
@pytest.mark.long
def test_token_overlap_alone_makes_the_command_exit_with_1(few, tmp_path):
    cli.add_commands()
    out = tmp_path / "out"
    given = ["guard", "attack", "--quick", "--cases", str(few), "--out", str(out)]
    ended = CliRunner().invoke(cli.app, given)
    assert ended.exit_code == 1, ended.output
    assert "word salad" in ended.output
    assert (out / "attack.html").is_file()
    values = json.loads((out / "attack.json").read_text())
    assert values["metrics"] == ["token_overlap"]
    assert not (tmp_path / "data" / "routeback.sqlite").exists(), "a quick one is for a look"


@pytest.mark.slow
@pytest.mark.long
def test_a_full_attack_is_stored_as_the_certificate(few, tmp_path):
    from assistant.records.database import open_database
    from guardrails.attack.shipped import shipped
    from guardrails.rules.policy import FAMILIES
    from guardrails.store.store import Store

    cli.add_commands()
    file = tmp_path / "certificate.json"
    given = ["guard", "attack", "--base", "references", "--cases", str(few)]
    given += ["--certificate", str(file), "--out", str(tmp_path / "out")]
    ended = CliRunner().invoke(cli.app, given)
    assert ended.exit_code == 1, ended.output
    database = open_database(tmp_path / "data" / "routeback.sqlite")
    try:
        with Store(database).reading() as ledger:
            held = ledger.certificate()
    finally:
        database.dispose()
    assert held == shipped(file)
    assert held.scorers == {"token_overlap": "1"}
    assert held.holes("en", FAMILIES)


def test_the_certificate_that_comes_along_is_of_the_default_measure(shipped, checker):
    """If this fails: ``make certificate``."""
    from assistant.guarding.build import gate
    from assistant.settings import Settings
    from guardrails.attack.certificate import versions
    from guardrails.attack.shipped import shipped as along
    from guardrails.scorers.fast import Fast
    from guardrails.scorers.relevance import Relevance

    held, embedder = along(), sample.embedder()
    scorers = [Fast(embedder, checker=checker), Relevance(embedder)]
    policy = Settings().guard.policy
    now = versions(scorers, gate(Settings(), embedder, checker), shipped, policy)
    assert held is not None
    assert {name: getattr(held, name) for name in now} == now
    assert held.languages == {"en", "de"}
