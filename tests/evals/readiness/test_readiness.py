"""Each item fails without its grounds, and passes once that is there."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from assistant.app import open_knowledge
from assistant.knowledge.documents import Entry, Kind
from assistant.progress import Watcher
from assistant.records.database import open_database
from assistant.records.desk.agents import Attendance
from assistant.records.desk.events import Worker
from assistant.records.nights import NightRecord
from assistant.sample import world
from assistant.settings import Settings
from assistant.wire.labels import PeopleView, RoundsView, RoundView
from assistant.wire.night_result import (
    ComparisonView,
    MeanView,
    MissingKind,
    NightCoverage,
    NightResult,
    TrustView,
)
from evals.readiness import items, report
from evals.readiness.grounds import AuditSeen, CandidateSeen, Grounds, gathered
from evals.readiness.topics import TopicHint, areas, found
from evals.readiness.verdict import ReadinessReport
from guardrails.clock import CLOCK
from guardrails.store.outbox import OutboxMessage, Recipient
from guardrails.store.rounds import Agreement
from guardrails.store.store import Store
from tests.support.databases import WANTED
from tests.support.server import environment, free_port, in_process, in_thread

pytestmark = pytest.mark.skipif(WANTED != "sqlite", reason="opens folders of its own")
NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
SECRET = "whsec_" + "c2VjcmV0" * 5
FAMILIES = {"guard": {"families": ["facts"]}}


def settings_in(folder: Path, cache_dir: Path, **more: Any) -> Settings:
    values = {"data_dir": folder, "cache_dir": cache_dir, "database_url": None}
    return Settings(**values, **more)


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory, cache_dir: Path) -> Grounds:
    """What there is of a new installation."""
    folder = tmp_path_factory.mktemp("fresh") / "data"
    return gathered(settings_in(folder, cache_dir), Watcher())


def outcomes(grounds: Grounds) -> dict[str, str]:
    return {item.name: item.outcome for item in items.items(grounds)}


def outcome(grounds: Grounds, name: str) -> str:
    (item,) = [item for item in items.items(grounds) if item.name == name]
    assert item.grounds, "nothing is said without grounds"
    assert bool(item.todo) is (item.outcome == "fail")
    return item.outcome


def with_settings(grounds: Grounds, **more: Any) -> Grounds:
    old = grounds.settings
    return replace(grounds, settings=settings_in(old.data_dir, old.cache_dir, **more))


def test_a_new_installation_is_not_ready(fresh: Grounds):
    assert outcomes(fresh) == {
        "owners": "fail",
        "targets": "fail",
        "coverage": "fail",
        "detectable": "fail",
        "certificate": "fail",
        "agreement": "fail",
        "base_quality": "fail",
        "audits": "not applicable",
        "budgets": "fail",
        "hours": "fail",
        "agents": "fail",
        "notification": "fail",
        "notice": "pass",
        "retention": "pass",
        "redaction": "pass",
        "annex_iii": "fail",
    }
    for item in items.items(fresh):
        outcome(fresh, item.name)


@pytest.mark.slow
def test_the_sample_world_has_nights_and_is_not_ready(tmp_path: Path, cache_dir: Path):
    folder = tmp_path / "sample"
    sample = world.unpacked(folder)
    settings = world.settings_of(settings_in(folder, cache_dir), folder, "http://127.0.0.1:1/v1")
    before = CLOCK.wall
    CLOCK.follow(sample.wall)
    try:
        grounds = gathered(settings, Watcher())
    finally:
        CLOCK.follow(before)
    assert grounds.night is not None
    assert {one.name for one in grounds.candidates} == {"marketing-copy", "support-tone"}
    told = outcomes(grounds)
    assert told["coverage"] == "pass"
    assert {told[name] for name in ("detectable", "base_quality", "audits", "owners")} == {"fail"}
    (quality,) = [item for item in items.items(grounds) if item.name == "base_quality"]
    assert any(line.startswith("glossary/en: 0.13 of 5") for line in quality.grounds)


def test_owners_are_of_the_nearest_segment_above(fresh: Grounds):
    all_but_one = with_settings(fresh, readiness={"owners": {"support": "ada", "glossari": "x"}})
    assert outcome(all_but_one, "owners") == "fail"
    owned = {"support": "ada", "support.billing": "grace", "glossary": "ada"}
    named = with_settings(fresh, readiness={"owners": owned})
    assert outcome(named, "owners") == "pass"
    (item,) = [item for item in items.items(named) if item.name == "owners"]
    assert "support.billing: grace" in item.grounds


def test_targets_of_all_or_of_each(fresh: Grounds):
    one = {"metric": "durable_resolution", "at_least": 0.6}
    some = with_settings(fresh, desk={"targets": [{**one, "segment": "support"}]})
    assert outcome(some, "targets") == "fail"
    assert outcome(with_settings(fresh, desk={"targets": [one]}), "targets") == "pass"


def night_of(grounds: Grounds, **more: Any) -> Grounds:
    """Return the grounds with a night that found all to be well."""
    places = [(segment, code) for segment in grounds.segments for code in ("en", "de")]
    cells = [
        MeanView(
            arm="base", metric="facts", segment=segment, language=code, n=20, unscored=0,
            mean=0.9, low=0.8, high=0.95,
        )
        for segment, code in places
    ]  # fmt: skip
    compared = [
        ComparisonView(
            segment=segment, language=code, metric="facts", verdict="no change", mean=0.0,
            low=-0.1, high=0.1, level=0.95, detectable=0.08, left=0.9, right=0.9, n=20,
            unscored=0.0, words="",
        )
        for segment, code in places
    ]  # fmt: skip
    covered = NightCoverage(
        covered=0.95, covered_low=0.9, covered_high=0.98, questions=100, cases=200
    )
    result = NightResult(
        exit_code=0, words="All gates passed.", headline="facts", cells=tuple(cells),
        since={"base": tuple(compared)}, coverage=covered,
    ).model_copy(update=more)  # fmt: skip
    at = grounds.at - timedelta(hours=9)
    plain = result.model_dump(mode="json")
    done = NightRecord("n", at, at, "nightly", "done", "", {}, plain, 0, result.words)
    return replace(grounds, night=done)


NIGHTLY = ("coverage", "detectable", "base_quality")


def test_a_night_is_evidence_for_a_week(fresh: Grounds):
    good = night_of(fresh)
    assert [outcome(good, name) for name in NIGHTLY] == ["pass"] * 3
    assert good.night is not None
    old = replace(good, at=good.night.at + timedelta(days=8))
    assert [outcome(old, name) for name in NIGHTLY] == ["fail"] * 3


def test_a_night_that_did_not_look_or_found_little_is_none(fresh: Grounds):
    kind = MissingKind(
        turns=("t",), segment="support.billing", language="de", share=0.3, questions=30, cases=0
    )
    few = NightCoverage(covered=0.7, questions=100, cases=9, missing=(kind,))
    unknown = NightCoverage(reason="no questions yet")
    for coverage in (None, unknown, NightCoverage(), few):
        assert outcome(night_of(fresh, coverage=coverage), "coverage") == "fail"
    assert outcome(night_of(fresh, since={}), "detectable") == "fail"
    assert outcome(night_of(fresh, exit_code=1), "base_quality") == "fail"


@pytest.mark.parametrize(
    ("values", "name"), [({"n": 4}, "base_quality"), ({"mean": 0.5}, "base_quality"),
                         ({"mean": None}, "base_quality")],
)  # fmt: skip
def test_one_bad_place_fails_and_people_alone_are_left_out(fresh, values, name):
    good = night_of(fresh)
    assert good.result is not None
    cells = [
        cell.model_copy(update=values) if cell.segment == "support.privacy" else cell
        for cell in good.result.cells
    ]
    bad = night_of(fresh, cells=tuple(cells))
    assert outcome(bad, name) == "fail"
    alone = with_settings(bad, desk={"people_only": ["support.privacy"]})
    assert outcome(alone, name) == "pass"


def test_a_difference_that_would_not_be_seen_fails(fresh: Grounds):
    good = night_of(fresh)
    assert outcome(with_settings(good, readiness={"detectable": 0.05}), "detectable") == "fail"


def test_a_certificate_is_one_of_the_present_measure_without_holes(fresh: Grounds):
    assert set(fresh.refusals) == {"en", "de"}
    whole = replace(fresh, refusals={"en": "", "de": ""})
    assert outcome(whole, "certificate") == "pass"
    assert outcome(replace(whole, certificate=None), "certificate") == "fail"
    assert outcome(with_settings(whole, guard={"families": []}), "certificate") == "fail"
    assert outcome(replace(whole, refusals={"en": "", "de": "a hole"}), "certificate") == "fail"


def test_the_shipped_certificate_is_of_the_present_measure(fresh: Grounds):
    """Its holes are told, and no other version; else none of this would be worth anything."""
    for why in fresh.refusals.values():
        assert "does not notice" in why
        assert "another" not in why.partition("notice")[0]


def labelled(count: int, *, current: bool = True) -> RoundsView:
    people = PeopleView(labels=count, pairs=200, mean=0.0, lower=-0.1, upper=0.1, kind="better")
    one = RoundView(
        round=1, arm="tuned", segment="a/en", kind="better", at=NOW, current=current,
        people=people, by=(), metrics=(), contradicts=False, underrated=(),
        agreement=Agreement(0, None, None),
    )  # fmt: skip
    return RoundsView(rounds=(one,), contradictions=())


def test_people_have_looked_and_do_not_contradict(fresh: Grounds):
    assert outcome(replace(fresh, rounds=labelled(40)), "agreement") == "pass"
    assert outcome(replace(fresh, rounds=labelled(10)), "agreement") == "fail"
    assert outcome(replace(fresh, rounds=labelled(40, current=False)), "agreement") == "fail"


@pytest.mark.parametrize(("kappa", "expected"), [(0.6, "pass"), (0.2, "fail"), (None, "fail")])
def test_a_judge_agrees_with_people(fresh: Grounds, kappa: float | None, expected: str):
    judge = {"base_url": "http://127.0.0.1:1/v1", "model": "j"}
    seen = with_settings(replace(fresh, rounds=labelled(40)), judge=judge)
    assert outcome(night_of(seen), "agreement") == "fail", "nobody compared it"
    trust = TrustView(
        metric="faithfulness", kappa=kappa, low=None if kappa is None else kappa - 0.1,
        high=None, labelled=50, unscored=0, bias=None, reason="too few",
    )  # fmt: skip
    assert outcome(night_of(seen, trust=(trust,)), "agreement") == expected


CARD = {"data": {"sha256": "d" * 64}, "adapter": {"sha256": "a" * 64}}
TUNED = CandidateSeen("tuned", "r1", "a" * 64, CARD)
AUDIT = AuditSeen("audits/x/report.json", "go", "d" * 64, {"support": "go", "glossary": "no"})


@pytest.mark.parametrize(
    ("candidate", "audit", "expected"),
    [
        (TUNED, AUDIT, "pass"),
        (TUNED, None, "fail"),
        (TUNED, replace(AUDIT, data="e" * 64), "fail"),
        (TUNED, replace(AUDIT, verdict="no-go"), "fail"),
        (TUNED, replace(AUDIT, verdict="go for segments"), "pass"),
        (replace(TUNED, sha256="b" * 64), AUDIT, "fail"),
        (replace(TUNED, card={}), AUDIT, "fail"),
        (replace(TUNED, risen=("support.billing/en",)), AUDIT, "pass"),
        (replace(TUNED, risen=("glossary/en",)), AUDIT, "fail"),
    ],
)
def test_an_audit_is_of_what_this_adapter_was_trained_on(fresh, candidate, audit, expected):
    seen = replace(fresh, candidates=(candidate,), audits=(audit,) if audit else ())
    assert outcome(seen, "audits") == expected


def test_an_audit_that_the_owner_states_is_of_a_revision(tmp_path: Path, cache_dir: Path):
    path = tmp_path / "report.json"
    told = {"verdict": "go", "data": {"sha256": "d" * 64}, "segments": []}
    path.write_text(json.dumps(told))
    arm = {"name": "tuned", "base_url": "http://127.0.0.1:1/v1", "model": "t", "revision": "r1"}

    def of(revision: str, report: Path) -> str:
        stated = {"audits": {"tuned": {"report": report, "revision": revision}}}
        folder = tmp_path / "data"
        settings = settings_in(folder, cache_dir, arms=[arm], readiness=stated)
        return outcome(gathered(settings, Watcher()), "audits")

    assert of("r1", path) == "pass"
    assert of("r0", path) == "fail"
    path.write_text("[]")
    assert of("r1", path) == "fail"


def test_budgets_are_those_that_somebody_wrote(fresh: Grounds):
    guard = {"false_alarms": 0.05, "false_promotions": 0.02, "tolerance": 0.05}
    assert outcome(with_settings(fresh, guard=guard), "budgets") == "fail"
    guard["pair_tokens_per_day"] = 1000
    assert outcome(with_settings(fresh, guard=guard), "budgets") == "pass"


def test_hours_are_those_that_somebody_wrote(fresh: Grounds):
    assert outcome(with_settings(fresh, desk={"hours": "Mon-Fri 09:00-17:00"}), "hours") == "pass"


def test_who_has_been_at_the_desk_and_what_has_arrived_is_evidence(tmp_path: Path, cache_dir: Path):
    slack = {"slack": {"url": "http://127.0.0.1:1/hook"}}
    settings = settings_in(tmp_path, cache_dir, desk={"notify": ["slack"]}, alarms=slack)
    grounds = gathered(settings, Watcher())
    assert (outcome(grounds, "agents"), outcome(grounds, "notification")) == ("fail", "fail")
    database = open_database(tmp_path / "routeback.sqlite")
    Attendance(database).come(Worker("key:ada", "Ada"))
    message = OutboxMessage("ticket.opened", {}, NOW, "m1")
    with Store(database).transaction() as ledger:
        ledger.outbox.put(message)
        ledger.outbox.take_up(message.id, [Recipient("slack")], NOW)
        delivery = ledger.outbox.due("slack", NOW)
        assert delivery is not None
        claimed = ledger.outbox.claim(delivery, NOW + timedelta(minutes=1))
        assert claimed is not None
        ledger.outbox.delivered(claimed, NOW)
    database.dispose()
    grounds = gathered(settings, Watcher())
    assert grounds.agents == ("Ada",)
    assert (outcome(grounds, "agents"), outcome(grounds, "notification")) == ("pass", "pass")


def test_a_channel_that_is_named_and_not_set_up_fails(fresh: Grounds):
    named = replace(fresh, delivered={"email": NOW})
    assert outcome(with_settings(named, desk={"notify": ["email"]}), "notification") == "fail"


def test_other_programs_must_tell_people_too(fresh: Grounds):
    others = replace(fresh, programs=2)
    assert outcome(others, "notice") == "fail"
    said = {"notice": "above the box of the help page"}
    assert outcome(with_settings(others, readiness=said), "notice") == "pass"


def test_for_ever_is_no_period(fresh: Grounds):
    assert outcome(with_settings(fresh, retention={"tickets": 0}), "retention") == "fail"


def test_what_redaction_left_fails(fresh: Grounds):
    assert outcome(replace(fresh, left=("iban",)), "redaction") == "fail"


LOAN = "How is my creditworthiness judged?"
DOCUMENTS = [
    Entry(
        kind=Kind.FAQ, key="loan", language="en", name=LOAN, source="loans.jsonl",
        text="We decide on a loan by your credit score and your income.",
    ),
    Entry(
        kind=Kind.FAQ, key="pass", language="en", name="How do I reset my password?",
        source="help.jsonl", text="Choose Forgot password on the sign-in page.",
    ),
]  # fmt: skip


@contextmanager
def indexed(settings: Settings) -> Iterator[None]:
    with open_knowledge(settings, Watcher()) as knowledge:
        knowledge.library.add("docs", DOCUMENTS, lambda *_: None)
    yield


def test_documents_on_high_risk_topics_are_for_people(tmp_path: Path, cache_dir: Path):
    plain = {"knowledge": {"sample": False}}
    settings = settings_in(tmp_path, cache_dir, **plain)
    with indexed(settings):
        grounds = gathered(settings, Watcher())
    assert grounds.topics is not None
    assert {(hint.area, hint.title) for hint in grounds.topics} == {("essential services", LOAN)}
    assert outcome(grounds, "annex_iii") == "fail"
    alone = {"people_only": [grounds.topics[0].segment]}
    assert outcome(with_settings(grounds, desk=alone, **plain), "annex_iii") == "pass"


@pytest.mark.slow
def test_a_server_that_runs_is_asked_for_its_documents(tmp_path: Path, cache_dir: Path, endpoint):
    settings = settings_in(
        tmp_path,
        cache_dir,
        knowledge={"sample": False},
        openai_base_url=endpoint.url,
        openai_model="scripted",
        server={"port": free_port()},
    )
    with indexed(settings), in_thread(settings):
        grounds = gathered(settings, Watcher())
    assert grounds.topics is not None
    assert {hint.title for hint in grounds.topics} == {LOAN}


def test_the_sample_knowledge_has_none_of_them(tmp_path: Path, cache_dir: Path):
    settings = settings_in(tmp_path, cache_dir)
    with open_knowledge(settings, Watcher()):
        pass  # indexes the sample
    grounds = gathered(settings, Watcher())
    assert grounds.topics == ()
    assert outcome(grounds, "annex_iii") == "pass"


@pytest.mark.parametrize(
    ("area", "title", "text"),
    [
        ("employment", "Bewerbung einreichen", ""),
        ("employment", "", "Bewerber erfahren nach der Personalauswahl ihr Gehalt."),
        ("education", "Grading of exams", ""),
        ("migration and asylum", "Asylantrag stellen", ""),
        ("law enforcement", "What the police may ask", ""),
    ],
)
def test_words_name_an_area_in_both_languages(area: str, title: str, text: str):
    (one,) = [a for a in areas() if a.name == area]
    assert found(one, title, text)


@pytest.mark.parametrize(
    ("title", "text"),
    [
        ("Can I pay by credit card?", "Yes, and by invoice."),
        ("Overfitting", "A model that is graded on what it has seen."),
        ("", "A court may ask."),
    ],
)
def test_one_word_in_a_text_is_not_enough(title: str, text: str):
    assert not any(found(area, title, text) for area in areas())


def test_a_report_shows_titles_of_documents_as_text(fresh: Grounds, tmp_path: Path):
    hint = TopicHint("employment", "<script>alert(1)</script> **[x](y)**", "a", ("b",), "other")
    made = ReadinessReport(NOW, "0", items.items(replace(fresh, topics=(hint,))))
    for name in ("r.html", "r.md", "r.json"):
        report.write(made, tmp_path / name)
    page = (tmp_path / "r.html").read_text("utf-8")
    assert "<script>" not in page
    assert "12 of 16 items fail" in page
    plain = (tmp_path / "r.md").read_text("utf-8")
    assert "<script>" not in plain
    assert "[x](y)" not in plain
    values = json.loads((tmp_path / "r.json").read_text("utf-8"))
    assert (values["format"], values["ready"], len(values["items"])) == (1, False, 16)


def test_the_command_says_it_by_its_exit_code(tmp_path: Path, cache_dir: Path):
    env = environment(tmp_path / "data", cache_dir)
    done = in_process("readiness", "--json", "--out", str(tmp_path / "r.html"), env=env)
    assert done.returncode == 1, done.stderr
    assert json.loads(done.stdout)["ready"] is False
    assert (tmp_path / "r.html").is_file()
    done = in_process("readiness", "--out", "r.pdf", env=env)
    assert done.returncode == 2
    assert ".html, .md, .json" in done.stderr
