"""Cases from questions, tables and documents: redacted, distinct, accepted by a person."""

import json

import pytest
from typer.testing import CliRunner

from assistant.errors import CaseError
from assistant.records.database import open_database
from assistant.records.questions import mix
from assistant.records.turns import Records, Turn
from evals.cases.cases import Case, load
from evals.cases.drafts import Draft, accepted, distinct, from_csv, from_turns, stratified
from evals.commands.evals_import import app
from tests.evals.nights import write_cases
from tests.guardrails.judge.endpoint import judging
from tests.support.server import environment, routeback


def turn(question: str, segment: str = "support.billing", outcome: str = "answered") -> Turn:
    return Turn(
        conversation_id="c", question=question, standalone=question, language="en",
        segment=segment, outcome=outcome, answer="Within 14 days. [1]", prompt_hash="p",
        index_generation="1", sources=[{"key": "refund", "source": "faq.jsonl"}],
    )  # fmt: skip


@pytest.fixture
def records(tmp_path):
    engine = open_database(tmp_path / "data" / "routeback.sqlite")
    kept = Records(engine)
    for question, segment in (
        ("Can I get a refund? Write to me at jane@example.com", "support.billing"),
        ("Could I get a refund please?", "support.billing"),
        ("What is a pod?", "glossary"),
        ("thank you", "smalltalk.thanks"),
    ):
        kept.add(turn(question, segment))
    yield engine
    engine.dispose()


def test_questions_are_redacted_and_carry_what_was_answered(records):
    drafts = from_turns(records, 30)
    refund = next(d for d in drafts if "jane" in d.question or "[e-mail]" in d.question)
    assert "[e-mail]" in refund.question
    assert "jane@example.com" not in refund.question
    assert refund.values["reference"] == "Within 14 days."
    assert refund.case().behaviour == "answer"
    assert mix(records, 30)["support.billing", "en"] == 2


def test_what_a_case_asks_already_is_left_out(records, embedder):
    known = [Case(id="x", segment="glossary", language="en", question="what is a POD?",
                  reference="It is small.")]  # fmt: skip
    found = distinct(from_turns(records, 30), known, embedder, 10)
    assert all("pod" not in draft.question for draft in found)
    assert 1 <= len([d for d in found if "refund" in d.question]) <= 2


def test_kinds_take_turns():
    drafts = [
        Draft({"segment": segment, "language": "en", "question": str(n)}, "")
        for n, segment in enumerate(["a", "a", "a", "b"])
    ]
    assert [d.question for d in stratified(drafts, 3)] == ["0", "3", "1"]


def test_a_table_becomes_drafts_and_says_what_it_lacks(tmp_path):
    path = tmp_path / "cases.csv"
    path.write_text(
        "question;reference;segment;language;facts\n"
        "Can I get a refund?;Yes, within 14 days.;support.billing;en;14 days;\n"
    )
    (draft,) = from_csv(path)
    assert draft.case().facts == ("14 days",)
    path.write_text("question,answer\nx,y\n")
    with pytest.raises(CaseError, match="no column reference, segment, language"):
        from_csv(path)
    bad = draft.changed(language="fr")
    with pytest.raises(CaseError, match="no case yet"):
        bad.case()


def test_a_case_is_written_once(tmp_path):
    case = Case(id="x", segment="glossary", language="en", question="q", reference="r")
    path = tmp_path / "cases" / "own.jsonl"
    accepted(path, case)
    with pytest.raises(CaseError, match="has a case 'x' already"):
        accepted(path, case)
    assert load(path) == (case,)


def test_only_what_a_person_accepts_is_kept(tmp_path, monkeypatch):
    path = tmp_path / "in.csv"
    rows = [
        "question,reference,segment,language",
        "How do I close my workspace for good?,Under Settings.,support.account,en",
        "Wie viele Ereignisse sind im Tarif enthalten?,100.000.,support.billing,de",
        "Which colour has the logo on the invoice?,,support.billing,en",
    ]
    path.write_text("\n".join(rows) + "\n")
    monkeypatch.setenv("ROUTEBACK_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("ROUTEBACK_EVALS__CASES", str(write_cases(tmp_path / "few.jsonl")))
    into = tmp_path / "own.jsonl"
    edited = "support.billing\nde\nWie viele Ereignisse?\nanswer\n100.000.\n\n"
    said = f"s\ne\n{edited}\na\na\nq"
    done = CliRunner().invoke(app, ["table", str(path), "--into", str(into)], input=said + "\n")
    assert done.exit_code == 0, done.output
    (case,) = load(into)
    assert case.question == "Wie viele Ereignisse?"
    assert "no case yet" in done.output  # an answer without a reference is not taken


def wrote(body: dict) -> str:
    schema = body["response_format"]["json_schema"]["schema"]
    told = {
        "entities": {"entities": ["pod"]},
        "mapping": {"mapping": {"Customer": ["pod"], "Newcomer": ["pod"]}},
        "query": {"query": "What is the smallest unit?", "answer": "A pod is the smallest unit."},
    }
    return json.dumps(next(told[name] for name in told if name in schema["properties"]))


@pytest.mark.slow
@pytest.mark.long
def test_a_model_writes_drafts_about_documents(tmp_path, cache_dir):
    """In a process of its own, as RAGAS changes event loops for good."""
    text = "A pod is the smallest unit that Kubernetes runs. It holds one or more containers. " * 2
    row = {"key": "pod", "term": "Pod", "aliases": [], "definition": text, "language": "en"}
    pages = tmp_path / "terms.jsonl"
    pages.write_text(json.dumps(row) + "\n")
    into = tmp_path / "own.jsonl"
    with judging() as endpoint:
        endpoint.reply = wrote
        named = ["--base-url", endpoint.url, "--model", "scripted", "--count", "1"]
        command = ["evals", "import", "documents", str(pages), "--into", str(into), *named]
        few = str(write_cases(tmp_path / "few.jsonl"))  # of the shipped ones each is embedded
        env = environment(tmp_path / "data", cache_dir, ROUTEBACK_EVALS__CASES=few)
        done = routeback(*command, env=env, given="a\n")
        endpoint.reply = lambda _: "no JSON"
        failed = routeback(*command, env=env)
    assert done.returncode == 0, done.stdout + done.stderr
    (case,) = load(into)
    assert case.question == "What is the smallest unit?"
    assert case.reference == "A pod is the smallest unit."
    assert case.sources == ("pod",)
    assert failed.returncode == 2
    assert "wrote no cases" in failed.stderr
