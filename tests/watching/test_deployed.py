"""``deploy/watching``: rules that fire and do not, a dashboard, and what both read is exported."""

import json
import logging
import os
import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from fastapi.testclient import TestClient

from assistant.access.callers import Callers
from assistant.api.server import create
from assistant.errors import ArmError
from assistant.turn.permissions import Writing
from guardrails import clock
from guardrails.types import Pin, Stage
from tests.watching.conftest import Watched, asked, paired
from tests.watching.scraped import Scrape

ROOT = Path(__file__).parents[2]
DEPLOYED = ROOT / "deploy" / "watching"
RULES = [
    rule
    for group in yaml.safe_load((DEPLOYED / "rules.yaml").read_text())["groups"]
    for rule in group["rules"]
]
DASHBOARD = json.loads((DEPLOYED / "dashboard.json").read_text())
PANELS = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]
NAME = re.compile(r"\b(?:routeback_\w+|process_\w+|up)\b")
OF_PROMETHEUS = {"up"}
ITS_LABELS = {"job", "instance", "le"}
VARIABLES = {"$__rate_interval": "5m", "$segment": ".*"}

Series = dict[str, str]
CASES: list[tuple[str, Series, Series, dict[str, str]]] = [
    (
        "RoutebackDown",
        {'up{job="routeback-api", instance="a"}': "1x5 0x55"},
        {'up{job="routeback-api", instance="a"}': "1x60", 'up{job="other"}': "0x60"},
        {"job": "routeback-api", "instance": "a"},
    ),
    (
        "RoutebackDatabaseUnreadable",
        {'routeback_database_readable{job="api"}': "0x60"},
        {'routeback_database_readable{job="api"}': "0x1 1x60"},
        {"job": "api"},
    ),
    (
        "RoutebackAnswersFail",
        {
            'routeback_answers_total{outcome="failed"}': "0+1x60",
            'routeback_answers_total{outcome="answered"}': "0+9x60",
        },
        {
            'routeback_answers_total{outcome="failed"}': "0+1x60",
            'routeback_answers_total{outcome="answered"}': "0+99x60",
        },
        {},
    ),
    (
        "RoutebackSlow",
        {
            'routeback_first_text_seconds_bucket{mode="write", le="15.0"}': "0+1x60",
            'routeback_first_text_seconds_bucket{mode="write", le="30.0"}': "0+2x60",
            'routeback_first_text_seconds_bucket{mode="write", le="+Inf"}': "0+2x60",
        },
        {
            'routeback_first_text_seconds_bucket{mode="write", le="4.0"}': "0+99x60",
            'routeback_first_text_seconds_bucket{mode="write", le="+Inf"}': "0+100x60",
        },
        {},
    ),
    (
        "RoutebackQueueLong",
        {
            'routeback_queue_length{instance="a", queue="engine"}': "4x60",
            'routeback_queue_length{instance="a", queue="door"}': "2x60",
        },
        {
            'routeback_queue_length{instance="a", queue="engine"}': "4x60",
            'routeback_queue_length{instance="b", queue="engine"}': "4x60",
        },
        {"instance": "a"},
    ),
    (
        "RoutebackUnchecked",
        {
            'routeback_check_seconds_count{outcome="unchecked"}': "0+2x60",
            'routeback_check_seconds_count{outcome="passed"}': "0+8x60",
        },
        {
            'routeback_check_seconds_count{outcome="unchecked"}': "0+1x60",
            'routeback_check_seconds_count{outcome="failed"}': "0+99x60",
        },
        {},
    ),
    (
        "RoutebackBreakerOpen",
        {'routeback_breaker_open{arm="tuned", instance="a"}': "1x60"},
        {'routeback_breaker_open{arm="tuned", instance="a"}': "0x60"},
        {"arm": "tuned"},
    ),
    (
        "RoutebackRoutedBack",
        {
            f'routeback_cell_stage{{arm="tuned", segment="support/en", stage="routed_back", '
            f'instance="{replica}"}}': "1x60"
            for replica in "ab"
        },
        {
            'routeback_cell_stage{arm="tuned", segment="support/en", stage="routed_back"}': "0x60",
            'routeback_cell_stage{arm="tuned", segment="support/en", stage="canary"}': "1x60",
        },
        {"arm": "tuned", "segment": "support/en"},
    ),
    (
        "RoutebackBlind",
        {'routeback_pairs_unscored_share{arm="tuned"}': "0.4x60"},
        {'routeback_pairs_unscored_share{arm="tuned"}': "0.3x60"},
        {"arm": "tuned"},
    ),
    (
        "RoutebackPairsStuck",
        {"routeback_pairs_waiting_oldest_seconds": "22000+60x60"},
        {"routeback_pairs_waiting_oldest_seconds": "0+60x60"},
        {},
    ),
    (
        "RoutebackAlarmRaised",
        {'routeback_alarms_raised{kind="blind"}': "1x60"},
        {'routeback_alarms_raised{kind="blind"}': "0x60"},
        {"kind": "blind"},
    ),
    (
        "RoutebackTicketsOverdue",
        {'routeback_tickets_overdue{target="first_reply"}': "2x60"},
        {'routeback_tickets_overdue{target="first_reply"}': "2x5 0x60"},
        {"target": "first_reply"},
    ),
    (
        "RoutebackMessagesStuck",
        {"routeback_outbox_waiting_oldest_seconds": "4000x60"},
        {"routeback_outbox_waiting_oldest_seconds": "50x60"},
        {},
    ),
    (
        "RoutebackMessagesLost",
        {"routeback_outbox_given_up": "1x60"},
        {"routeback_outbox_given_up": "0x60"},
        {},
    ),
    (
        "RoutebackNightLate",
        {"routeback_night_age_seconds": "93700+60x60"},
        {"routeback_night_age_seconds": "80000+60x60"},
        {},
    ),
    (
        "RoutebackNightRegression",
        {"routeback_night_exit_code": "1x60"},
        {"routeback_night_exit_code": "0x60"},
        {},
    ),
    (
        "RoutebackNightFailed",
        {"routeback_night_exit_code": "2x60"},
        {"routeback_night_exit_code": "1x60"},
        {},
    ),
    (
        "RoutebackBackgroundFails",
        {
            'routeback_log_lines_total{part="assistant.background.worker", level="error"}': (
                "0+0x10 1+1x50"
            )
        },
        {
            'routeback_log_lines_total{part="assistant.background.worker", level="error"}': (
                "0x10 1x50"
            ),
            'routeback_log_lines_total{part="other", level="error"}': "0+9x60",
        },
        {"part": "assistant.background.worker"},
    ),
]
"""Alert, series that make it fire within an hour, series that do not, labels of the alert."""


@pytest.fixture(scope="module")
def promtool() -> str:
    found = shutil.which("promtool")
    if found is None:
        assert os.environ.get("REQUIRE_PROMTOOL") != "1", "promtool is not installed"
        pytest.skip("promtool is not installed: .ci/promtool")
    return found


def run(*command: object) -> str:
    done = subprocess.run(
        list(map(str, command)), capture_output=True, text=True, timeout=100, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_rules_and_configuration_are_sound(promtool):
    assert f"{len(RULES)} rules found" in run(
        promtool, "check", "rules", "--lint=all", "--lint-fatal", DEPLOYED / "rules.yaml"
    )
    run(promtool, "check", "config", DEPLOYED / "prometheus.yaml")


def given(rules: list[dict[str, Any]], folder: Path, cases: list[Any]) -> list[str]:
    """Write rules and their test to a folder; return what promtool is called with."""
    (folder / "rules.yaml").write_text(yaml.safe_dump({"groups": [{"name": "x", "rules": rules}]}))
    words = {rule["alert"]: rule for rule in rules}
    tests = []
    for alert, fires, quiet, labels in cases:
        rule = words[alert]
        summary = rule["annotations"]["summary"]
        for name, value in labels.items():
            summary = summary.replace(f"{{{{ $labels.{name} }}}}", value)
        told = {
            "exp_labels": {**labels, **rule["labels"]},
            "exp_annotations": {"summary": summary},
        }
        for series, expected in ((fires, [told]), (quiet, [])):
            tests.append(
                {
                    "interval": "1m",
                    "input_series": [{"series": n, "values": v} for n, v in series.items()],
                    "alert_rule_test": [
                        {"eval_time": "45m", "alertname": alert, "exp_alerts": expected}
                    ],
                }
            )
    whole = {"rule_files": ["rules.yaml"], "evaluation_interval": "1m", "tests": tests}
    (folder / "test.yaml").write_text(yaml.safe_dump(whole))
    return ["test", "rules", str(folder / "test.yaml")]


def test_each_alert_fires_when_it_should_and_only_then(promtool, tmp_path):
    assert [case[0] for case in CASES] == [rule["alert"] for rule in RULES]
    run(promtool, *given(RULES, tmp_path, CASES))


def test_an_alert_that_says_nothing_is_caught(promtool, tmp_path):
    deaf = [{**rule, "expr": rule["expr"].replace("== 0", "== 7")} for rule in RULES]
    with pytest.raises(AssertionError, match="RoutebackDown"):
        run(promtool, *given(deaf, tmp_path, CASES[:1]))


def test_each_alert_says_how_bad_it_is_and_what_happened():
    page = (ROOT / "docs" / "watching.md").read_text()
    for rule in RULES:
        assert rule["labels"]["severity"] in {"critical", "warning", "info"}
        assert rule["annotations"]["summary"].endswith((".", "?"))
        assert f"`{rule['alert']}`" in page


def expressions() -> dict[str, str]:
    """Return every query of the dashboard and the rules, by where it is."""
    found = {rule["alert"]: rule["expr"] for rule in RULES}
    for panel in PANELS:
        for target in panel["targets"]:
            expr = target["expr"]
            for variable, value in VARIABLES.items():
                expr = expr.replace(variable, value)
            found[f"{panel['title']} {target['refId']}"] = expr
    return found


def test_every_query_of_the_dashboard_can_be_asked(promtool, tmp_path):
    rules = [
        {"record": f"check:{number}", "expr": expr}
        for number, expr in enumerate(expressions().values())
    ]
    path = tmp_path / "rules.yaml"
    path.write_text(yaml.safe_dump({"groups": [{"name": "x", "rules": rules}]}))
    run(promtool, "check", "rules", path)


def test_the_dashboard_is_one_that_grafana_lays_out():
    assert DASHBOARD["uid"] == "routeback"
    ids = [panel["id"] for panel in DASHBOARD["panels"]]
    assert len(ids) == len(set(ids))
    places: set[tuple[int, int]] = set()
    for panel in DASHBOARD["panels"]:
        grid = panel["gridPos"]
        assert grid["x"] + grid["w"] <= 24
        mine = {
            (x, y)
            for x in range(grid["x"], grid["x"] + grid["w"])
            for y in range(grid["y"], grid["y"] + grid["h"])
        }
        assert not mine & places, panel["title"]
        places |= mine
    source = {"type": "prometheus", "uid": "${datasource}"}
    for panel in PANELS:
        assert panel["datasource"] == source
        assert all(target["datasource"] == source for target in panel["targets"])
        assert panel["fieldConfig"]["defaults"]["unit"]


@pytest.fixture
async def scrape(watched: Watched) -> Scrape:
    """What a real app exports after turns, a pair, a change of stage and failures."""
    async with watched.opened() as assistant:
        turn = await asked(assistant, "What is a token?")
        assert await paired(assistant, turn) == "done"
        assistant.guard.monitor.pin(
            "tuned", "glossary/en", Stage.CANARY, Pin("Ana", "to see"), clock.now()
        )
        for _ in range(assistant.guard.policy.breaker_failures):
            assistant.guard.failed("tuned", "HTTP 500", clock.now())
        watched.base.status = 500
        with pytest.raises(ArmError):
            await asked(replace(assistant, writing=Writing("never")), "What is a pod?")
        with assistant.watch.telling("127.0.0.1", None):
            logging.getLogger("assistant.background.worker").error("trying again")
        client = TestClient(create(assistant, Callers("owner")), "http://localhost")
        reply = client.get("/metrics", headers={"Authorization": "Bearer owner"})
        assert reply.status_code == 200
        return Scrape(reply.text)


async def test_all_that_dashboard_and_rules_read_is_exported_with_its_labels(scrape):
    known = scrape.exported | OF_PROMETHEUS
    labels = ITS_LABELS | {
        label for family in scrape.families.values() for s in family.samples for label in s.labels
    }
    read: set[str] = set()
    for where, expr in expressions().items():
        names = set(NAME.findall(expr))
        assert names, where
        assert names <= known, (where, names - known)
        read |= names
        used = set(re.findall(r'(\w+)\s*(?:=~|!~|!=|=)\s*"', expr))
        for group in re.findall(r"\bby \(([^)]*)\)", expr):
            used |= {label.strip() for label in group.split(",")}
        assert used <= labels, (where, used - labels)
    ours = {name for name in scrape.families if name.startswith("routeback_")}
    unread = {name for name in ours if not any(one.startswith(name) for one in read)}
    assert unread == set(), "a number that nobody looks at"


async def test_each_metric_is_described_and_each_that_is_described_is_exported(scrape):
    page = (ROOT / "docs" / "watching.md").read_text()
    described = set(re.findall(r"^\| `(routeback_\w+)`", page, re.MULTILINE))
    exported = {
        f"{name}_total" if family.type == "counter" else name
        for name, family in scrape.families.items()
        if name.startswith("routeback_")
    }
    assert described == exported
    others = {name for name in scrape.families if not name.startswith("routeback_")}
    assert all(name.startswith("process_") for name in others)
    assert "`process_*`" in page
