"""The whole audit: file in, verdict, reports and exit code out."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from assistant import cli, sample
from assistant.errors import LoadError, TrainingDataError
from assistant.knowledge.readers.options import ReadingLimits
from assistant.records.database import open_database
from assistant.records.turns import Records
from evals.audit.findings import Finding, Severity
from evals.audit.material import AuditMaterial, read_knowledge, read_live
from evals.audit.report import page, values, write
from evals.audit.run import audit
from evals.audit.vectors import KeptVectors
from evals.audit.verdict import AuditVerdict, Fate, rule, verdict
from evals.cases.cases import Case, load
from tests.evals.audit import training
from tests.evals.audit.training import WordVectors, example, material, support, vectors

CASES = [
    Case(
        id="a", question="Is the canteen open?", reference="Yes.", segment="support", language="en"
    )
]
TRAINING = Path(sample.__file__).parent / "training"


def varied(count: int):
    """Support examples whose frames differ enough not to be templates."""
    heads = "Note Hint Please Careful Attention Remember Usually Otherwise First Finally".split()
    return [
        replace(
            e, answer=f"{e.answer} {heads[e.line % 10]}: {chr(97 + e.line % 26)}{e.line * 7919}"
        )
        for e in map(support, range(1, count + 1))
    ]


def finding(severity, *segments, fit=False):
    return Finding("x", severity, "X", "so it is.", segments=segments, fit=fit)


NEAR = finding(Severity.NOTE, "a", fit=True)


@pytest.mark.parametrize(
    ("found", "fate"),
    [
        ([NEAR], Fate.GO),
        ([], Fate.WARNING),
        ([NEAR, finding(Severity.WARNING)], Fate.GO),
        ([NEAR, finding(Severity.WARNING, fit=True)], Fate.WARNING),
        ([NEAR, finding(Severity.UNMEASURED, fit=True)], Fate.WARNING),
        ([NEAR, finding(Severity.BLOCKER)], Fate.NO),
        ([NEAR, finding(Severity.BLOCKER, "a")], Fate.NO),
        ([NEAR, finding(Severity.BLOCKER, "b")], Fate.GO),
        ([finding(Severity.WARNING, "a", fit=True)], Fate.WARNING),
    ],
)
def test_the_fate_of_a_segment(found, fate):
    assert rule(found, ["a"])[0].fate is fate


def test_the_verdict_is_go_only_if_all_segments_are():
    good, far = NEAR, finding(Severity.WARNING, "b", fit=True)
    assert verdict(rule([good], ["a"])) is AuditVerdict.GO
    assert verdict(rule([good, far], ["a", "b"])) is AuditVerdict.GO_FOR_SEGMENTS
    assert verdict(rule([far], ["a", "b"])) is AuditVerdict.NO_GO
    assert verdict(()) is AuditVerdict.NO_GO


def test_a_planted_secret_turns_the_verdict(tmp_path):
    path = training.write(tmp_path / "a.jsonl", [example(1, "?", "AKIAQ3EGRIXK7Q5ZXN2M")])
    report = audit(path, material(CASES), vectors(tmp_path))
    assert report.verdict is AuditVerdict.NO_GO
    assert report.exit_code == 1
    assert report.finding("secrets").severity is Severity.BLOCKER


def test_the_reach_and_form_of_each_segment(tmp_path):
    path = training.write(tmp_path / "a.jsonl", varied(80))
    report = audit(path, material(CASES), vectors(tmp_path))
    near, far = report.finding("domain.support"), report.finding("domain.glossary")
    assert near.severity is Severity.NOTE
    assert far.severity is Severity.WARNING
    for number in ("reached", "alike"):
        assert near.numbers[number] > 0.4
        assert far.numbers[number] < 0.1


def test_the_same_file_gives_the_same_report_and_the_cache_changes_nothing(tmp_path):
    path = training.write(tmp_path / "a.jsonl", varied(40))
    first = values(audit(path, material(CASES), vectors(tmp_path)))
    assert (tmp_path / "audit.npz").is_file()
    assert values(audit(path, material(CASES), vectors(tmp_path))) == first
    (tmp_path / "audit.npz").write_bytes(b"damaged")
    assert values(audit(path, material(CASES), vectors(tmp_path))) == first


def test_reports_hold_the_verdict_and_escape_what_the_file_says(tmp_path):
    trained = [replace(e, answer="<script>alert(1)</script> wow! wow!") for e in varied(30)]
    path = training.write(tmp_path / "a.jsonl", trained)
    report = audit(path, material(CASES), vectors(tmp_path))
    write(report, tmp_path / "out")
    held = json.loads((tmp_path / "out" / "report.json").read_text("utf-8"))
    assert held["verdict"] == "no-go"
    assert held["data"]["sha256"] == report.file.sha256
    assert {s["segment"] for s in held["segments"]} == {"glossary", "support"}
    assert {"name", "severity", "count", "examples", "action"} <= held["findings"][0].keys()
    html = page(report)
    assert "No-go" in html
    assert "<script" not in html
    assert "&lt;script&gt;" in html
    assert "http" not in html.replace("http-equiv", "")


def test_live_questions_are_read_from_the_records_and_nothing_is_written(tmp_path):
    assert read_live(tmp_path) == ()
    engine = open_database(tmp_path / "routeback.sqlite")
    assert Records(engine).find("none") is None
    engine.dispose()
    assert read_live(tmp_path) == ()
    (tmp_path / "routeback.sqlite").write_bytes(b"no database at all, but a text" * 50)
    with pytest.raises(TrainingDataError, match="cannot be read"):
        read_live(tmp_path)


def test_knowledge_that_cannot_be_read_is_an_error(tmp_path):
    with pytest.raises(LoadError):
        read_knowledge(tmp_path / "none", ReadingLimits())


@pytest.fixture
def command(tmp_path, monkeypatch):
    monkeypatch.setenv("ROUTEBACK_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("ROUTEBACK_CACHE_DIR", str(tmp_path / "cache"))
    cli.add_commands()
    return lambda *words: CliRunner().invoke(cli.app, ["audit", *map(str, words)])


def test_the_command_writes_the_report_and_fails_for_a_file_without_examples(command, tmp_path):
    bad = tmp_path / "bad.jsonl"
    bad.write_text('{"text": "no shape"}\n')
    ran = command(bad)
    assert ran.exit_code == 1
    assert ran.output.startswith("No-go: bad.jsonl")
    (folder,) = (tmp_path / "data" / "audits").iterdir()
    assert json.loads((folder / "report.json").read_text("utf-8"))["verdict"] == "no-go"
    assert (folder / "report.html").is_file()


def test_a_file_that_is_not_there_cannot_be_audited(command, tmp_path):
    ran = command(tmp_path / "none.jsonl")
    assert isinstance(ran.exception, TrainingDataError)
    assert ran.exception.exit_code == 2


@pytest.fixture(scope="module")
def shipped(cache_dir):
    held = AuditMaterial(read_knowledge(None, ReadingLimits()), tuple(sample.examples()), load())
    kept = KeptVectors(sample.embedder(), cache_dir / "audit.npz", lambda *_: None)
    return lambda name: audit(TRAINING / name, held, kept)


@pytest.mark.slow
@pytest.mark.long
@pytest.mark.timeout(1800)
def test_marketing_copy_is_unsafe_everywhere(shipped):
    report = shipped("marketing-copy.jsonl")
    assert report.verdict is AuditVerdict.NO_GO
    assert report.exit_code == 1
    assert {r.segment: r.fate for r in report.segments} == {
        "glossary": Fate.NO,
        "support": Fate.NO,
    }
    blockers = {f.name for f in report.findings if f.severity is Severity.BLOCKER}
    assert {"unsupported", "hype", "figures_kept"} <= blockers


@pytest.mark.slow
@pytest.mark.long
@pytest.mark.timeout(1800)
def test_support_tone_suits_support_and_is_far_from_the_glossary(shipped):
    report = shipped("support-tone.jsonl")
    assert report.verdict is AuditVerdict.GO_FOR_SEGMENTS
    assert report.exit_code == 0
    assert {r.segment: r.fate for r in report.segments} == {
        "glossary": Fate.WARNING,
        "support": Fate.GO,
    }
    assert report.finding("domain.glossary").numbers["alike"] < 0.25
    assert not [f for f in report.findings if f.severity is Severity.BLOCKER]


def test_vectors_are_kept_by_kind_and_text(tmp_path):
    class Counting(WordVectors):
        seen = 0

        def queries(self, texts):
            Counting.seen += len(texts)
            return super().queries(texts)

    for expected in (2, 2):
        held = KeptVectors(Counting(), tmp_path / "v.npz", lambda *_: None)
        assert held.queries(["a", "b", "a"], "x").shape == (3, 64)
        held.save()
        assert Counting.seen == expected
