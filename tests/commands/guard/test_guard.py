"""``routeback guard`` on a real database, without and with a server."""

import json
from hashlib import sha256
from pathlib import Path

import pytest
from sqlalchemy import insert, update
from typer import Typer
from typer.testing import CliRunner

from assistant.commands.arms import app as arms_app
from assistant.commands.guard.guard import app
from assistant.errors import GuardError, RoutebackError, UnknownName
from assistant.settings import (
    AnswerSettings,
    GuardSettings,
    KnowledgeSettings,
    ServerSettings,
    Settings,
)
from guardrails.rules.breaker import Breaker
from guardrails.store import sql_tables as t
from guardrails.store.entries import PairJob
from guardrails.store.store import Store
from guardrails.types import LONG_AGO
from tests.guardrails.conftest import START
from tests.support import overseen
from tests.support.server import free_port, in_thread


@pytest.fixture
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    data = tmp_path / "data"
    monkeypatch.setenv("ROUTEBACK_DATA_DIR", str(data))
    monkeypatch.setenv("ROUTEBACK_GUARD__METRICS", '["quality"]')
    monkeypatch.setenv("ROUTEBACK_GUARD__MIN_PAIRS", "20")
    monkeypatch.setenv("ROUTEBACK_GUARD__MIN_CONVERSATIONS", "0")
    monkeypatch.setenv("ROUTEBACK_GUARD__MIN_DAYS", "0")
    monkeypatch.setenv("ROUTEBACK_GUARD__CATASTROPHE", "0")
    monkeypatch.setenv("ROUTEBACK_GUARD__MARGINS", "{}")
    return data


@pytest.fixture
def decided(folder: Path):
    return overseen.feed(folder)


def run(*arguments: str, code: int = 0) -> str:
    return run_in(app, *arguments, code=code)


def run_in(app: Typer, *arguments: str, code: int = 0) -> str:
    result = CliRunner().invoke(app, list(arguments))
    assert result.exit_code == code, (result.output, result.exception)
    return result.stdout


def refused(*arguments: str) -> str:
    """Return the one message of a command that fails as expected."""
    return refused_by(app, *arguments)


def refused_by(app: Typer, *arguments: str) -> str:
    error = CliRunner().invoke(app, list(arguments)).exception
    assert isinstance(error, RoutebackError), error
    return f"{error.message} {error.hint}"


def test_before_anything_happened(folder):
    assert "No candidate is configured" in run("status")
    assert "No pair has been scored yet (no candidate)" in run("map")
    assert "Nothing has been decided yet" in run("decisions")
    assert json.loads(run("map", "--json"))["cells"] == []
    assert "Nothing has been decided yet" in refused("show", "abc")


def test_a_configured_candidate_is_listed_before_its_first_pair(folder, monkeypatch):
    arm = {"name": "tone", "base_url": "http://127.0.0.1:9/v1", "model": "m"}
    monkeypatch.setenv("ROUTEBACK_ARMS", json.dumps([arm]))
    assert "tone\n  no pair yet: unproven everywhere" in run("status")
    pinned = run("pin", "tone", "glossary/de", "serving", "--why", "try", "--by", "ada")
    assert "tone in glossary/de: shadow → serving" in pinned
    assert "There is tone." in refused("pin", "tune", "glossary/de", "serving", "--why", "try")


def test_status_says_it_in_words(decided, folder):
    told = run("status")
    assert "glossary/en: routed_back, routed back to base until" in told
    assert "support.billing/en: canary, answers 10% of the conversations" in told
    assert (
        "at most 5 % chance of a false route-back per candidate and segment in 4,000 scored "
        "pairs of its own, all guarded metrics, strengths, attempts and segments above together"
        in told
    )
    assert "worse by more than the tolerated 5 points answers readers with probability" in told
    assert "breaker: closed, 0 of the last 0 calls failed" in told
    assert "Pairs queued: 0 waiting, 0 done, 0 failed, 0 void." in told
    assert "0 of at most 2,000,000" in told
    assert "No alarm is raised" in told


def test_status_shows_queue_cost_breaker_blindness_and_alarms(folder):
    with overseen.database(folder) as engine:
        store = Store(engine)
        stream = overseen.Stream(overseen.Monitor(store, overseen.POLICY))
        stream.feed("glossary/en", None, until=60)
        with store.transaction() as ledger:
            now = overseen.now()
            ledger.add_jobs(
                PairJob(f"{n}:tuned", str(n), "tuned", "glossary/en", at, 700, {})
                for n, at in enumerate([now, now, LONG_AGO.replace(year=2000)])
            )
            ledger.finish("0:tuned", "failed", "gone")
            ledger.put_breaker("tuned", Breaker(("x", "x", ""), now, 1))
    found = json.loads(run("status", "--json"))
    assert found["queue"] == {"waiting": 2, "done": 0, "failed": 1, "void": 0}
    assert found["pair_tokens"]["last_24_hours"] == 1400
    quote, tuned = found["candidates"]
    assert (quote["arm"], quote["segments"]) == ("quote", [])
    assert tuned["configured"] is False
    assert (tuned["breaker"]["state"], tuned["breaker"]["failures"]) == ("open", 2)
    assert tuned["unscored"] == {"share": 1.0, "pairs": 50, "window": 50, "blind": True}
    assert found["alarms"][0]["kind"] == "blind"
    told = run("status")
    assert "tuned (no longer configured)" in told
    assert "sight: BLIND: 100% of the last 50 pairs" in told
    assert "ALARM (blind, since 2026-01-01" in told
    assert "breaker: open since" in told


def test_the_map_has_every_cell_and_the_ones_above(decided, folder):
    cells = {cell["segment"]: cell for cell in json.loads(run("map", "--json"))["cells"]}
    assert set(cells) == {"glossary/en", "support.billing/en", "support/en", "*"}
    assert cells["glossary/en"]["verdict"] == "worse"
    assert cells["glossary/en"]["shown_from"] == decided[0].id
    assert cells["support.billing/en"]["stage"] == "canary"
    assert cells["*"]["stage"] is None
    told = run("map")
    assert "worse" in told
    assert "routed_back" in told


def test_decisions_are_listed_and_filtered(decided, folder):
    found = json.loads(run("decisions", "--json"))["decisions"]
    assert [one["id"] for one in found] == [d.id for d in reversed(decided)]
    assert decided[0].id in run("decisions", "--segment", "glossary/en")
    only = json.loads(run("decisions", "--segment", "glossary/en", "--json"))["decisions"]
    assert [one["id"] for one in only] == [decided[0].id]
    assert len(json.loads(run("decisions", "--count", "1", "--json"))["decisions"]) == 1
    assert "There is base, quote, tuned." in refused("decisions", "--candidate", "nobody")


def test_a_decision_is_shown_as_a_person_reads_it(decided, folder):
    back = decided[0]
    told = run("show", back.id[:8])
    first, last = back.inputs["span"][1:]
    assert f"Decision {back.id}, 2026-01-01 " in told
    assert "by guard" in told
    assert "tuned in glossary/en: shadow → routed_back (cause: candidate)" in told
    assert f"Pairs: number {first} to {last} of glossary/en." in told
    assert "tolerance 0.05, min_pairs 20" in told
    plain = json.loads(run("show", back.id, "--json"))
    assert plain["sha256"] == sha256(back.record()).hexdigest()
    assert plain["reason"] == back.reason


def test_replay_gives_the_same_bytes(decided, folder):
    for decision in decided:
        told = run("replay", decision.id)
        assert "the same, byte for byte" in told
        assert sha256(decision.record()).hexdigest() in told
        result = CliRunner().invoke(app, ["replay", decision.id, "--bytes"])
        assert result.stdout_bytes == decision.record()
        assert json.loads(run("replay", decision.id, "--json"))["same"] is True


@pytest.mark.parametrize(
    ("value", "said"),
    [(0.0, "summary[0].mean: recorded -0."), (1.0, "nothing would be decided")],
)
def test_replay_of_a_tampered_pair_says_what_differs(decided, folder, value, said):
    overseen.tamper(folder, 3, value)
    told = run("replay", decided[0].id, code=1)
    assert "NOT the same" in told
    assert said in told
    assert json.loads(run("replay", decided[0].id, "--json", code=1))["same"] is False
    assert "the same, byte for byte" in run("replay", decided[1].id)


def test_replay_without_the_pairs_decides_nothing(decided, folder):
    with overseen.database(folder) as engine, engine.begin() as connection:
        connection.execute(t.counted.delete())
    assert "nothing would be decided" in run("replay", decided[0].id, code=1)


@pytest.mark.parametrize("way", ["edited", "rubbish"])
def test_replay_of_a_tampered_record_is_not_the_same(decided, folder, way):
    record = decided[0].record().replace(b'"by":"guard"', b'"by":"someone"')
    with overseen.database(folder) as engine, engine.begin() as connection:
        changed = record if way == "edited" else b'{"at": 1}'
        where = t.decisions.c.id == decided[0].id
        connection.execute(update(t.decisions).where(where).values(record=changed))
    told = run("replay", decided[0].id, code=1)
    assert "not the one that" in told


def test_pins_are_recorded_with_who_and_why(decided, folder, monkeypatch):
    monkeypatch.setenv("LOGNAME", "grace")
    pinned = run("pin", "tuned", "glossary/en", "serving", "--why", "launch week")
    assert "by grace" in pinned
    assert "Why: pinned: launch week." in pinned
    assert "pinned by grace: launch week" in run("status")
    newest = json.loads(run("decisions", "--json"))["decisions"][0]
    assert (newest["by"], newest["after"], newest["cause"]) == ("grace", "serving", "person")
    assert "the same, byte for byte" in run("replay", newest["id"])
    freed = json.loads(
        run("unpin", "tuned", "glossary/en", "--by", "ada", "--why", "over", "--json")
    )
    assert (freed["by"], freed["reason"], freed["after"]) == ("ada", "unpinned: over", "shadow")
    assert "Nothing is pinned." in refused("unpin", "tuned", "glossary/en", "--why", "again")


def test_a_pin_needs_a_reason(decided, folder):
    arguments = ["pin", "tuned", "glossary/en", "serving"]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 2
    assert "--why" in result.stderr
    assert "Say why" in refused(*arguments, "--why", " ")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["show", "ffff"], ["There is no decision 'ffff'", "The newest are"]),
        (["replay", "ffff"], ["There is no decision 'ffff'"]),
        (["pin", "tuned", "glossary/en", "on", "--why", "x"], ["no stage 'on'", "canary, rout"]),
        (["pin", "none", "glossary/en", "canary", "--why", "x"], ["no candidate 'none'", "tuned"]),
        (["pin", "tuned", "cooking/en", "canary", "--why", "x"], ["'cooking/en'", "glossary/de"]),
        (["pin", "tuned", "support/en", "canary", "--why", "x"], ["above other", "support.bill"]),
        (["pin", "tuned", "*", "canary", "--why", "x"], ["* is above other segments"]),
        (["unpin", "tuned", "support.billing/en", "--why", "x"], ["tuned is not pinned in"]),
    ],
)
def test_what_does_not_exist_is_one_clear_error(decided, folder, arguments, said):
    message = refused(*arguments)
    for part in said:
        assert part in message


def test_ids_that_begin_alike_are_named(decided, folder):
    with overseen.database(folder) as engine, engine.begin() as connection:
        twin = {"id": decided[0].id[:6] + "zzzzzz", "arm": "tuned", "segment": "glossary/en"}
        connection.execute(insert(t.decisions).values(twin | {"at": START, "record": b"{}"}))
    message = refused("show", decided[0].id[:6])
    assert "Several decisions begin with" in message
    assert decided[0].id in message
    assert twin["id"] in message
    assert f"Decision {decided[0].id}" in run("show", decided[0].id)


def test_the_map_is_drawn_into_a_file(decided, folder, tmp_path):
    path = tmp_path / "map.svg"
    assert "glossary/en" in run("map", "--picture", str(path))
    assert "routed back" in path.read_text()
    assert "not a name of a picture" in refused("map", "--picture", str(tmp_path / "map.gif"))


def write(*arguments: str) -> str:
    return run_in(arms_app, "write", *arguments)


def test_who_might_write_is_suggested_and_confirmed_without_a_server(folder):
    overseen.feed_quote(folder, "glossary/en", -0.25)
    overseen.feed_quote(folder, "glossary/de", 0.2)
    told = run("map")
    assert "quote: the document's own words, compared only" in told
    assert "base writes better than the document in glossary/en (+0.2" in told
    assert "let it write with 'routeback arms write base glossary/en'." in told
    assert "glossary/de (" not in told
    status = run("status")
    assert "No candidate is configured" in status
    assert "let it write with 'routeback arms write base glossary/en'." in status
    assert "glossary/de: compared with base, and shown not to be worse" in status
    assert "breaker" not in status
    assert "base is not let write in glossary/de: it is shown to be worse" in refused_by(
        arms_app, "write", "base", "glossary/de", "--by", "ada"
    )
    given = write("base", "glossary/en", "--by", "ada", "--why", "read them")
    assert "base in glossary/en: quoted → writing (cause: person)" in given
    assert "quality: +0." in given
    told = run("status")
    assert "base writes in glossary/en where an entry could be quoted: ada let it on" in told
    assert "(read them)" in told
    newest = json.loads(run("decisions", "--candidate", "base", "--json"))["decisions"][0]
    assert "the same, byte for byte" in run("replay", newest["id"])
    assert "quoted → writing, by ada" in run("decisions")
    assert "taken back: over" in write("base", "glossary/en", "--off", "--why", "over")
    given = write("base", "glossary/de", "--force", "--why", "a test", "--by", "ada")
    assert "without evidence, as it is shown to be worse" in given
    assert "ada let it without evidence" in run("status")


def test_a_decision_says_what_readers_were_promised_by_it(decided):
    told = run("show", decided[0].id)
    assert "Promised to readers: one that is worse by more than the tolerated 5 points" in told
    assert "rule 2" in told


def test_it_is_told_by_the_server_that_runs(decided, folder, cache_dir, endpoint):
    settings = Settings(
        cache_dir=cache_dir,
        openai_base_url=endpoint.url,
        openai_model="scripted",
        answers=AnswerSettings(quote="first"),
        knowledge=KnowledgeSettings(sample=False),
        guard=GuardSettings(
            metrics=("fast",),
            min_pairs=20,
            min_conversations=0,
            min_days=0,
            catastrophe=0,
            margins={},
        ),
        server=ServerSettings(port=free_port()),
    )
    here = {name: run(name, "--json") for name in ("map", "decisions")}
    with in_thread(settings):
        assert {name: run(name, "--json") for name in here} == here
        assert "glossary/en: routed_back" in run("status")
        assert "the same, byte for byte" in run("replay", decided[0].id[:8])
        result = CliRunner().invoke(app, ["replay", decided[0].id, "--bytes"])
        assert result.stdout_bytes == decided[0].record()
        assert "Decision" in run("show", decided[0].id)
        run("pin", "tuned", "glossary/en", "serving", "--why", "launch", "--by", "ada")
        assert "pinned by ada: launch" in run("status")
        run("unpin", "tuned", "glossary/en", "--why", "over", "--by", "ada")
        error = CliRunner().invoke(app, ["show", "ffff/../x"]).exception
        assert isinstance(error, GuardError)
        error = CliRunner().invoke(app, ["show", "ffff"]).exception
        assert isinstance(error, UnknownName)
        assert "The newest are" in error.message
        overseen.feed_quote(folder, "glossary/en", -0.25)
        # What was compared by other versions than the server's says nothing here.
        assert "writes better" not in run("map")
        assert "there are 0 of 20 distinct questions" in refused_by(
            arms_app, "write", "base", "glossary/en"
        )
        told = write("base", "glossary/en", "--by", "ada", "--force", "--why", "a test")
        assert "quoted → writing" in told
        assert "ada let it without evidence" in run("status")
        assert "taken back" in write("base", "glossary/en", "--off")
    assert "pinned: launch" in run("decisions")


def test_a_simulation_ends_in_a_route_back_with_the_same_bytes(folder, tmp_path, monkeypatch):
    told = run("simulate", "--drop", "0.18", "--kind", "tied")
    assert "shadow → routed_back: simulated is worse than base in support.billing/en" in told
    assert "the same, byte for byte" in told
    assert "log(1/a) / KL_inf = " in told
    kept = tmp_path / "kept"
    again = run("simulate", "--drop", "0.18", "--kind", "tied", "--keep", str(kept))
    assert told.split("The record:")[1].split("\n")[1] in again
    monkeypatch.setenv("ROUTEBACK_DATA_DIR", str(kept))
    (cell,) = [c for c in json.loads(run("map", "--json"))["cells"] if c["stage"]]
    assert (cell["arm"], cell["verdict"]) == ("simulated", "worse")
    assert "the same, byte for byte" in run("replay", cell["decision"])
    assert "has a database already" in refused("simulate", "--keep", str(kept))
    assert not folder.exists()


def test_a_simulation_that_is_good_first_climbs_and_falls(folder, monkeypatch):
    monkeypatch.setenv("ROUTEBACK_GUARD__TOLERANCE", "0.1")
    arguments = ["--drop", "0.1", "--kind", "tied", "--after", "150"]
    told = run("simulate", *arguments)
    moves = [line.split(": ")[1] for line in told.splitlines() if " → " in line]
    assert moves == ["shadow → canary", "canary → serving", "serving → routed_back"]
    assert "pairs since the drop" in told


def test_a_simulation_without_a_drop_ends_without_a_route_back(folder):
    assert "Not routed back in 40 pairs." in run("simulate", "--drop", "0", "--pairs", "40")


def test_a_simulation_that_cannot_be_is_refused(folder):
    assert "tied scores lies in [-0.23, 0]" in refused(
        "simulate", "--drop", "0.5", "--kind", "tied"
    )
