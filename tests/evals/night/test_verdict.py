"""From what a night kept to its verdict, cause, gates and report: no model is asked."""

import json
from html.parser import HTMLParser
from xml.etree import ElementTree as ET

import pytest

from assistant.wire.night_result import NightResult
from assistant.wire.nights import TrendView
from evals.commands.evals_text import result_lines
from evals.report.report import junit, page, summary, write
from tests.evals import made

NO_TREND = TrendView(nights=(), points=())


@pytest.fixture(scope="module")
def value():
    return made.ability(7)


@pytest.fixture(scope="module")
def frozen(value):
    return made.freeze(made.night(value, {}))


def test_a_first_night_passes_nothing(value):
    tonight = made.night(value, {})
    found = made.judged(tonight, {})
    assert found.exit_code == 2
    assert "first night" in found.words
    root = ET.fromstring(junit(made.told(tonight, found, {})).encode())
    assert root.attrib["errors"] == "1"


def test_an_unchanged_night_passes_and_names_nothing(value, frozen):
    found = made.judged(made.night(value, frozen), frozen)
    assert found.exit_code == 0
    assert found.causes == ()
    assert not found.freeze_promotions


def test_a_worse_candidate_is_named_and_fails(value, frozen):
    worse = made.lower(value, 0.3, arm="support-tone", segment="glossary")
    found = made.judged(made.night(worse, frozen, again=value), frozen)
    assert found.exit_code == 1
    assert found.causes == ("candidate support-tone",)
    assert not found.freeze_promotions
    assert {arm for a in found.attributions.values() for arm in a.action.down} == {"support-tone"}


def test_a_harsh_judge_is_named_and_freezes_promotions(value, frozen):
    def harsh(case: str, arm: str, metric: str) -> float:
        return value(case, arm, metric) - 0.2 * (metric == made.JUDGED)

    found = made.judged(made.night(harsh, frozen), frozen)
    assert found.causes == ("judge",)
    assert found.freeze_promotions
    assert found.exit_code == 0  # as tonight's judge sees both nights, nothing got worse
    assert all(not one.action.down for one in found.attributions.values())


def test_a_harsh_judge_does_not_hide_a_worse_candidate(value, frozen):
    worse = made.lower(value, 0.3, arm="support-tone")

    def harsh(source):
        return lambda case, arm, metric: source(case, arm, metric) + 0.2 * (metric == made.JUDGED)

    tonight = made.night(harsh(worse), frozen, again=harsh(value))
    found = made.judged(tonight, frozen)
    assert set(found.causes) == {"judge", "candidate support-tone"}
    assert found.exit_code == 1
    steps = made.told(tonight, found, frozen).todo
    assert any("support-tone got worse" in step for step in steps)


def test_other_passages_are_retrieval(value, frozen):
    fewer = made.lower(value, 0.3)
    tonight = made.night(fewer, frozen, again=value, reanswered=value, passage="q")
    found = made.judged(tonight, frozen)
    assert found.causes == ("retrieval",)
    assert found.exit_code == 1


def test_a_judge_that_fails_is_no_pass(value, frozen):
    tonight = made.without(made.night(value, frozen), made.JUDGED, "the judge cannot be reached")
    found = made.judged(tonight, frozen)
    assert found.exit_code == 2
    assert "Could not measure" in found.words
    unscored = made.told(tonight, found, frozen).unscored
    assert len(unscored) == 2 * len(tonight.cases)


def test_what_the_judge_had_no_time_for_is_a_smaller_sample_and_no_failure(value, frozen):
    tonight = made.night(value, frozen)
    few = set(list(tonight.cases)[:6])
    kept = [k for k in tonight.scores if k.metric != made.JUDGED or k.case in few]
    tonight = made.replace(tonight, scores=kept)
    found = made.judged(tonight, frozen)
    assert found.exit_code == 0
    assert tonight.unjudged == 2 * (len(tonight.cases) - len(few))
    assert made.JUDGED not in {gate.gate.metric for gates in found.gates.values() for gate in gates}


class Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.outside: list[str] = []
        self.text = ""

    def handle_starttag(self, tag, attrs):
        for name, value in attrs:
            if name in {"src", "href"} and value and not value.startswith("#"):
                self.outside.append(value)

    def handle_data(self, data):
        self.text += data


def test_the_report_needs_nothing_else_and_shows_both_answers(value, frozen, tmp_path):
    worse = made.lower(value, 0.3, arm="support-tone", segment="glossary")
    evil = "<script>alert(1)</script> Bananas."
    tonight = made.night(worse, frozen, again=value, answers={"support-tone": evil})
    result = made.told(tonight, made.judged(tonight, frozen), frozen)
    paths = write(tmp_path / "report", result, NO_TREND)
    html = paths["html"].read_text()
    parsed = Page()
    parsed.feed(html)
    assert parsed.outside == []
    assert "<script" not in html
    assert evil in parsed.text
    assert made.SENTENCES[0] in parsed.text
    assert "candidate support-tone" in parsed.text
    assert json.loads(paths["json"].read_text())["exit_code"] == 1
    assert page(result, NO_TREND) == html
    root = ET.fromstring(paths["junit"].read_text().encode())
    assert root.attrib["failures"] == str(len(root.findall(".//failure"))) != "0"
    assert "candidate support-tone" in paths["markdown"].read_text()


def test_a_summary_is_one_table_whatever_people_ask(value, frozen):
    worse = made.lower(value, 0.3, arm="support-tone")
    tonight = made.night(worse, frozen, again=value)
    result = made.told(tonight, made.judged(tonight, frozen), frozen)
    odd = result.worst[0].model_copy(update={"question": "a | b\n<b>c</b>"})
    result = result.model_copy(update={"worst": (odd,)})
    row = next(line for line in summary(result).splitlines() if "a \\| b" in line)
    assert "&lt;b>c" in row


def test_what_was_taken_over_is_said(value, frozen):
    tonight = made.night(value, frozen, again=value)
    result = made.told(tonight, made.judged(tonight, frozen), frozen)
    counts = result.counts.model_copy(update={"taken_over": 6})
    result = result.model_copy(update={"counts": counts})
    assert "6 scores are from earlier nights" in page(result, NO_TREND)
    assert "6 scores taken over" in summary(result)
    assert "6 scores taken over" in " ".join(result_lines(result))


def test_what_a_night_found_is_read_from_the_store_as_it_was(value, frozen, tmp_path):
    worse = made.lower(value, 0.3, arm="support-tone")
    tonight = made.night(worse, frozen, again=value)
    result = made.told(tonight, made.judged(tonight, frozen), frozen)
    stored = json.loads(write(tmp_path, result, NO_TREND)["json"].read_text())
    assert NightResult.model_validate(stored) == result
    # Only of a frozen answer it is told which scorer scored it then.
    sides = [stored["worst"][0][name]["scores"][made.JUDGED] for name in ("before", "after")]
    assert [set(score) for score in sides] == [{"value", "reason", "scorer"}, {"value", "reason"}]


@pytest.mark.parametrize("lacking", [(), ("trust", "worst", "mix", "versus", "todo", "alarms")])
def test_an_older_night_can_still_be_shown(value, frozen, lacking):
    tonight = made.night(value, frozen, again=value)
    stored = made.told(tonight, made.judged(tonight, frozen), frozen).model_dump(mode="json")
    del stored["counts"]["taken_over"]
    for name in lacking:
        del stored[name]
    older = NightResult.model_validate({**stored, "of_a_later_version": 1})
    assert "from earlier nights" not in page(older, NO_TREND)
    assert "0 scores taken over" in summary(older)
    assert "0 scores taken over" in " ".join(result_lines(older))


def test_a_night_that_found_nothing_is_no_pass():
    assert NightResult().exit_code == 2
    assert "Could not measure" in page(NightResult(), NO_TREND)
