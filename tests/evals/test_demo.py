"""The demo with scripted arms behind real servers; graph parts, index, database are real."""

import io
import json
import time
from dataclasses import replace
from itertools import islice
from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner

from assistant.commands.guard.guard import app as guard_app
from assistant.errors import ArmError, ServerError, SettingsError
from assistant.settings import ArmSettings, KnowledgeSettings, Settings, load
from assistant.wire.guard import MapCellView, MapView
from evals.cases.cases import Case
from evals.demo import folder, show, story
from evals.demo.session import Compared
from guardrails.types import Score
from tests.support.documents import fill
from tests.support.endpoint import serving
from tests.support.guarded import BAD, GOOD, questions

BASE = "A token is a piece of text that a language model reads."
PASSWORD = (
    "Choose Forgot password on the sign-in page. The link in the e-mail is valid for 60 minutes."
)
HELPFUL = f"{PASSWORD[:-1]} and works once."


def cases(count: int = 60) -> dict[str, list[Case]]:
    def one(number: int, segment: str, question: str) -> Case:
        return Case(
            id=f"{segment}-{number}",
            segment=segment,
            language="en",
            question=question,
            reference="x",
        )

    return {
        "glossary": [one(n, "glossary", asked) for n, asked in enumerate(of("token", count))],
        "support": [one(n, "support", asked) for n, asked in enumerate(of("password", count))],
    }


def of(what: str, count: int) -> list[str]:
    """Return questions that mean the same, none of which repeats another."""
    ends = [question.partition(", ")[2] for question in islice(questions(), count)]
    said = {"token": "What is a token", "password": "How do I reset my password"}[what]
    return [f"{said}, {end}" for end in ends]


def by_question(glossary: str, support: str):
    def script(messages):
        return support if "reset my password" in messages[-1]["content"] else glossary

    return script


@pytest.fixture
def arms():
    with serving() as base, serving() as ad, serving() as tone, serving() as half:
        base.script = by_question(BASE, "It works once.")
        ad.script = by_question(BAD, BAD)
        tone.script = by_question(BAD, HELPFUL)
        half.script = by_question(GOOD, HELPFUL)
        yield {"base": base, "ad": ad, "tone": tone, "tone@0.5": half}


@pytest.fixture
def settings(tmp_path, cache_dir, documents, arms) -> Settings:
    made = Settings(
        data_dir=tmp_path / "demo",
        cache_dir=cache_dir,
        arms=tuple(
            ArmSettings(name=name, base_url=arm.url, model="scripted", revision="1")
            for name, arm in arms.items()
        ),
        knowledge=KnowledgeSettings(sample=False, passages=2, passage_characters=1400),
        guard=folder.GUARD.model_copy(update={"tolerance": 0.2}),
    )
    folder.prepare(made)
    fill(made.data_dir, documents)
    return made


async def told(settings, asked=None, minutes=3.0):
    console = Console(file=io.StringIO(), width=100)
    session = await show.show(
        settings, asked or cases(), console, started=time.monotonic(), minutes=minutes
    )
    return session, console.file.getvalue()


@pytest.mark.slow
@pytest.mark.long
async def test_harm_is_routed_back_help_is_promoted_and_a_lower_strength_is_found(
    settings, arms, monkeypatch
):
    session, text = await told(settings)
    standing = {(c.arm, c.segment): c for c in session.map().cells if c.stage}
    stages = {where: found.stage for where, found in standing.items()}
    assert stages[("ad", "glossary")] == stages[("ad", "support")] == "routed_back"
    assert stages[("tone", "glossary")] == "routed_back"
    assert stages[("tone", "support")] == "serving"
    assert stages[("tone@0.5", "glossary")] in {"canary", "serving"}
    assert ("tone@0.5", "support") not in stages
    quote = standing["quote", "glossary"]
    assert quote.pairs + quote.fresh_pairs > 0
    assert "COMPARED ONLY: the document's own words" in text
    assert "quote: the document's own words, compared only" in text
    assert ": quote in" not in text
    # One answer of base serves all candidates, and nothing decided is compared further.
    assert len(arms["base"].asked) == len(session._answers)
    assert len(arms["ad"].asked) < len(arms["base"].asked)
    assert "ROUTED BACK: ad makes the answers to glossary questions worse" in text
    assert "PROMOTED, it answers now" in text
    assert "tone on glossary questions: full strength is worse, 50 % strength is" in text
    assert "The guardrail caught the regression and routed back" in text
    assert text.count("ad · ") + text.count("tone · ") >= 2
    assert (settings.data_dir / show.PICTURE).read_text().startswith("<?xml")
    _commands_work_on_what_is_left(settings, session, monkeypatch)


def _commands_work_on_what_is_left(settings, session, monkeypatch):
    monkeypatch.setenv("ROUTEBACK_DATA_DIR", str(settings.data_dir))
    monkeypatch.setenv("ROUTEBACK_CONFIG", str(settings.data_dir / folder.CONFIG))
    runner = CliRunner()
    for decision in session.decisions():
        again = runner.invoke(guard_app, ["replay", decision.id])
        assert "the same, byte for byte" in again.stdout, again.output
    found = json.loads(runner.invoke(guard_app, ["map", "--json"]).stdout)
    assert MapView.model_validate(found).cells == session.map().cells


@pytest.mark.slow
@pytest.mark.long
async def test_time_ends_it_and_what_is_open_is_unproven(settings, arms):
    # Ten seconds are left to compare in: at most two blocks of base's answers.
    arms["base"].pause_s = 0.5
    session, text = await told(settings, minutes=0.3)
    assert "Time is up." in text
    assert "All is decided" not in text
    if session.compared:
        assert any(c.stage == "shadow" for c in session.map().cells)
        assert "no harm shown yet" in text
    else:
        assert "No pair was scored" in text


async def test_a_base_that_does_not_answer_is_one_clear_error(settings, arms):
    arms["base"].status = 500
    with pytest.raises(ArmError, match=r"base refused the request \(HTTP 500\)"):
        await told(settings)


@pytest.mark.slow
@pytest.mark.long
async def test_a_candidate_that_keeps_failing_is_given_up(settings, arms):
    arms["tone"].status = 500
    session, text = await told(settings, cases(30))
    assert "tone" in session.given_up
    assert len(arms["tone"].asked) == settings.guard.breaker_failures
    assert "ROUTED BACK: ad" in text


async def test_questions_that_nothing_is_found_for_are_left_out(settings):
    odd = Case(
        id="odd", segment="glossary", language="en", question="Who won in 1998?", reference="x"
    )
    session, text = await told(settings, {"glossary": [odd]})
    assert session.skipped == 1
    assert "No pair was scored" in text


async def test_a_question_whose_entry_is_not_found_compares_no_models(settings, arms):
    right = cases(1)["glossary"][0].model_copy(update={"sources": ("token",)})
    wrong = right.model_copy(update={"id": "wrong", "sources": ("pod",)})
    session, text = await told(settings, {"glossary": [right, wrong]})
    assert session.skipped == 1
    assert {one.case.id for one in session.compared} == {right.id}
    assert "Questions left out: 1." in text


def test_the_settings_file_makes_the_same_demo(tmp_path, monkeypatch):
    files = {name: tmp_path / name / f"{name}.gguf" for name in folder.CANDIDATES}
    for path in files.values():
        path.parent.mkdir()
        path.write_bytes(b"GGUF")
    made = folder.settings_of(Settings(data_dir=tmp_path), folder.adapters(tmp_path))
    assert [arm.name for arm in made.arms] == list(folder.CANDIDATES)
    assert list(made.arms[0].strengths) == [
        *("marketing-copy", "marketing-copy@0.5", "marketing-copy@0.25")
    ]
    folder.prepare(made)
    monkeypatch.setenv("ROUTEBACK_DATA_DIR", str(made.data_dir))
    monkeypatch.setenv("ROUTEBACK_CONFIG", str(made.data_dir / folder.CONFIG))
    again = load()
    for name in ("data_dir", "base", "arms", "engine", "knowledge", "guard", "answer_tokens"):
        assert getattr(again, name) == getattr(made, name), name


def test_an_earlier_demo_is_cleared_but_nothing_else(tmp_path):
    settings = Settings(data_dir=tmp_path / "demo")
    folder.prepare(settings)
    for name in ("routeback.sqlite", "routeback.sqlite-wal", "engine.log"):
        (settings.data_dir / name).write_text("old")
    folder.prepare(settings)
    assert sorted(p.name for p in settings.data_dir.iterdir()) == ["engine.log", folder.CONFIG]
    blocked = Settings(data_dir=tmp_path / "demo" / "engine.log" / "x")
    with pytest.raises(ServerError, match="cannot be written"):
        folder.prepare(blocked)


def test_adapters_that_are_missing_are_named(tmp_path):
    with pytest.raises(SettingsError, match="marketing-copy.gguf"):
        folder.adapters(tmp_path)


def test_only_questions_that_stand_alone_and_have_an_answer_are_asked():
    def case(number: int, **more: object) -> Case:
        values = {"segment": "glossary", "language": "en", "question": "?", "reference": "x"}
        return Case(**{"id": str(number), **values, **more})

    given = [
        *(case(number) for number in range(9)),
        case(10, behaviour="abstain"),
        case(11, history=[{"role": "user", "content": "a"}]),
        case(12, language="de"),
        case(13, segment="support.billing"),
    ]
    found = show.questions(given)
    ids = [case.id for case in found["glossary"]]
    assert sorted(ids) == sorted([*map(str, range(9)), "12"])
    assert ids != sorted(ids, key=int)
    assert ids == [case.id for case in show.questions(given)["glossary"]]
    assert [case.id for case in found["support"]] == ["13"]
    assert "12" not in {case.id for case in show.questions(given, language="en")["glossary"]}


CELL = {
    "arm": "tone",
    "segment": "glossary",
    "verdict": "worse",
    "stage": "routed_back",
    "mean": -0.41,
    "lower": -0.6,
    "upper": -0.2,
    "pairs": 24,
    "reason": "tone is worse than base in glossary",
    "decision": "abc",
    "metric": "fast",
    "unscored": 0,
    "evidence": 1.0,
    "threshold": 100.0,
}


def cell(change):
    return MapCellView.model_validate(CELL | change)


@pytest.mark.parametrize(
    ("change", "more", "said"),
    [
        (
            {},
            None,
            "worse: its answers score 0.41 lower on average, and the true difference lies between",
        ),
        ({"reason": "worse than base in all segments"}, None, "over all its questions together"),
        ({"verdict": "better", "stage": "serving", "mean": 0.3}, None, "PROMOTED, it answers now"),
        ({"verdict": "better", "stage": "canary", "mean": 0.3}, None, "ON TRIAL"),
        ({"verdict": "equal", "stage": "serving"}, None, "SHOWN HARMLESS"),
        ({"verdict": "unproven", "stage": "shadow"}, 17, "About 17 more pairs"),
        ({"verdict": "unproven", "stage": "shadow"}, None, "more than 300 further pairs"),
        ({"verdict": "unproven", "stage": "shadow"}, 17, "not the same as shown harmless"),
        ({"verdict": "unproven", "stage": "shadow", "pairs": 0}, None, "no pair was scored"),
        ({"arm": "tone@0.5"}, None, "tone at 50 % strength makes"),
    ],
)
def test_each_outcome_in_words(change, more, said):
    assert said in story.outcome(cell(change), more)


def test_a_candidate_that_failed_is_not_called_worse():
    told = story.outcome(cell({"stage": "shadow", "verdict": "unproven"}), None, "it refused")
    assert told.startswith("NOT ASKED ANY MORE")
    assert "worse" not in told


@pytest.mark.parametrize(
    ("lower", "said"),
    [
        ({"verdict": "equal", "stage": "serving"}, "50 % strength is shown harmless and serves"),
        ({"verdict": "better", "stage": "serving"}, "50 % strength is better and serves"),
        ({"verdict": "equal", "stage": "canary"}, "answers on trial"),
        ({"verdict": "unproven", "stage": "shadow"}, "no harm is shown yet, and base goes on"),
        ({}, "and so are the lower strengths"),
        ({"verdict": "unproven", "stage": "shadow", "pairs": 0}, "not tried for long enough"),
    ],
)
def test_the_dial_keeps_shown_harmless_and_no_harm_shown_apart(lower, said):
    (told,) = story.dial([cell({}), cell({"arm": "tone@0.5"} | lower)])
    assert said in told


def test_the_whole_in_a_sentence():
    assert "Nothing is decided yet" in story.verdict([cell({"stage": "shadow"} | OPEN)])
    told = story.verdict([cell({}), cell({"segment": "support", "verdict": "better"} | SERVING)])
    assert "routed back: tone on glossary questions." in told
    assert "let through what the pairs allow: tone on support questions." in told


OPEN = {"verdict": "unproven"}
SERVING = {"stage": "serving"}


def compared(number: int, arm: str, difference: float, segment: str = "glossary") -> Compared:
    case = cases(9)["glossary"][number]
    scores = ({"fast": Score(0.5)}, {"fast": Score(0.5 + difference)})
    return Compared(case, arm, segment, "b", "c", scores, {"fast": difference})


def test_examples_show_harm_help_and_another_harm():
    pairs = [
        compared(0, "ad", -0.5),
        compared(1, "ad", -0.4),
        compared(2, "tone", 0.4, "support"),
        compared(0, "tone", -0.45),
        compared(3, "tone", -0.2),
        compared(4, "tone", 0.0),
    ]
    assert story.examples(pairs, "fast") == [pairs[0], pairs[2], pairs[4]]
    assert story.examples(pairs[:2], "fast") == pairs[:2]
    assert story.examples([replace(pairs[0], differences={})], "fast") == []
    # One answer in which a candidate that hurts happens to be better tells nothing of it.
    assert story.examples([*pairs, compared(5, "ad", 0.5)], "fast") == [
        *(pairs[0], pairs[2], pairs[4]),
    ]
    assert story.score_of(pairs[0], "fast") == ("0.50", "0.00")
    assert story.reason_of(pairs[0], "nothing") == ("not scored", "not scored")


def test_the_command_says_what_is_missing(monkeypatch, tmp_path):
    from assistant import cli

    monkeypatch.setenv("ROUTEBACK_DATA_DIR", str(tmp_path))
    monkeypatch.setattr(folder, "adapters", _missing(tmp_path))
    cli.add_commands()
    error = CliRunner().invoke(cli.app, ["demo", "--quick"]).exception
    assert isinstance(error, SettingsError)
    assert "tuned models are not there" in error.message


def _missing(root: Path):
    real = folder.adapters
    return lambda: real(root)
