"""Agreement against brute force, the isotonic map by its properties, files that are refused."""

import json
import math
from itertools import product
from pathlib import Path

import numpy as np
import pytest

from guardrails.calibration.calibration import Calibration, Curve, UnusableCalibration, fit
from guardrails.calibration.comparison import agreement, people
from guardrails.calibration.labels import LabelsError, check_enough, read_labels
from guardrails.scorers.overlap import TokenOverlap
from guardrails.statistics import agreement as stats
from guardrails.statistics.isotonic import isotonic
from guardrails.types import Sample, Text, Unscored
from tests.guardrails.calibration.labels import row, some, write


@pytest.fixture
def random() -> np.random.Generator:
    return np.random.default_rng(7)


def tied(random: np.random.Generator, n: int = 60) -> tuple[np.ndarray, np.ndarray]:
    scores = random.integers(0, 6, n) / 5
    return scores, random.random(n) < 0.2 + 0.6 * scores


def test_auc_is_the_share_of_ordered_pairs(random) -> None:
    for _ in range(20):
        scores, accepted = tied(random)
        pairs = [(a > b) + 0.5 * (a == b) for a, b in product(scores[accepted], scores[~accepted])]
        assert stats.auc(scores, accepted) == pytest.approx(np.mean(pairs))
        assert stats.auc(-scores, accepted) == pytest.approx(1 - np.mean(pairs))
    assert math.isnan(stats.auc(scores, np.ones(len(scores), bool)))
    assert math.isnan(stats.auc(np.array([]), np.array([], bool)))
    assert math.isnan(stats.auc(np.array([0.1, np.nan, 0.3]), np.array([True, False, True])))


def test_spearman_depends_on_order_alone(random) -> None:
    left = random.random(50)
    assert stats.spearman(left, np.exp(9 * left)) == pytest.approx(1)
    assert stats.spearman(left, -(left**3)) == pytest.approx(-1)
    assert math.isnan(stats.spearman(left, np.ones(50)))
    assert math.isnan(stats.spearman(left[:1], left[:1]))
    assert math.isnan(stats.spearman(np.array([0.1, np.nan, 0.3]), np.array([1.0, 2.0, 3.0])))


def test_spearman_with_ties_is_the_correlation_of_mean_ranks(random) -> None:
    def ranks(values):
        return [np.mean([(a > b) + 0.5 * (a == b) for b in values]) for a in values]

    for _ in range(20):
        left, right = random.integers(0, 4, 30), random.integers(0, 4, 30)
        wanted = np.corrcoef(ranks(left), ranks(right))[0, 1]
        assert stats.spearman(left, right) == pytest.approx(wanted)


def test_the_map_is_the_largest_mean_below_the_smallest_above(random, monkeypatch) -> None:
    monkeypatch.setattr("guardrails.statistics.isotonic.PRIOR", 0.0)
    for _ in range(30):
        scores, accepted = tied(random, 40)
        xs, ps = isotonic(scores, accepted)
        values = np.unique(scores)
        for at, value in enumerate(values):
            wanted = max(
                min(accepted[(scores >= low) & (scores <= high)].mean() for high in values[at:])
                for low in values[: at + 1]
            )
            block = int(np.abs(ps - np.clip(wanted, 1 / 42, 41 / 42)).argmin())
            assert ps[block] == pytest.approx(np.clip(wanted, 1 / 42, 41 / 42))
            lower = xs[block - 1] if block else -np.inf
            upper = xs[block + 1] if block + 1 < len(xs) else np.inf
            assert lower < value < upper


def test_the_best_threshold_is_the_best_of_all(random) -> None:
    for _ in range(20):
        scores, accepted = tied(random)
        found = stats.kappa(scores >= stats.best_threshold(scores, accepted), accepted)
        assert found == pytest.approx(
            max(
                k
                for cut in np.linspace(-0.1, 1.1, 49)
                if math.isfinite(k := stats.kappa(scores >= cut, accepted))
            )
        )


def test_a_held_out_threshold_shows_nothing_where_there_is_nothing(random) -> None:
    found = []
    for _ in range(40):
        scores, accepted = random.random(60), random.random(60) < 0.5
        found.append(stats.kappa(stats.held_out(scores, accepted), accepted))
    assert abs(np.mean(found)) < 0.1


def test_intervals_cover(random) -> None:
    covered = 0
    for _ in range(100):
        sample = random.normal(size=40)
        low, high = stats.interval(lambda index, s=sample: float(s[index].mean()), 40)
        covered += low <= 0 <= high
    assert covered >= 84  # P(Binomial(100, .93) < 84) < .002; the percentile method is a bit short


def test_people_who_agree_and_people_who_do_not() -> None:
    rows = [[1.0, 1.0, 1.0], [0.0, 0.0, 0.0]] * 10
    assert stats.between_people(rows, 0.5) == (20, 1.0, 1.0)
    count, kappa, _ = stats.between_people([[1.0, 0.0]] * 10, 0.5)
    assert (count, kappa) == (10, -1.0)
    assert stats.between_people([[1.0]] * 10, 0.5)[0] == 0


def test_the_map_never_falls_and_is_never_certain(random) -> None:
    for n in (20, 200):
        scores, accepted = tied(random, n)
        xs, ps = isotonic(scores, accepted)
        assert (np.diff(xs) > 0).all()
        assert (np.diff(ps) >= 0).all()
        assert ps.min() >= 1 / (n + 2)
        assert ps.max() <= 1 - 1 / (n + 2)


def test_the_map_against_brute_force() -> None:
    scores = np.array([0.1, 0.2, 0.3, 0.4, 0.5, 0.6])
    accepted = np.array([0, 1, 0, 0, 1, 1], bool)
    # Blocks: {0}, {1, 0, 0}, {1, 1}; each drawn to the share 1/2 by two pseudo-labels.
    xs, ps = isotonic(scores, accepted)
    assert xs == pytest.approx([0.1, 0.3, 0.55])
    assert ps == pytest.approx([1 / 3, 2 / 5, 3 / 4])


def test_the_map_finds_a_known_curve(random) -> None:
    scores = random.random(4000)
    xs, ps = isotonic(scores, random.random(4000) < scores**2)
    grid = np.linspace(0.1, 0.9, 9)
    assert np.interp(grid, xs, ps) == pytest.approx(grid**2, abs=0.07)


async def scored(rows) -> list:
    return [await TokenOverlap().score(one.sample) for one in rows]


async def test_a_calibration_survives_its_file(tmp_path: Path) -> None:
    rows = read_labels(write(tmp_path / "l.jsonl", some(60)))
    fitted = fit([TokenOverlap()], rows, [await scored(rows)], accept=0.5, date="2026-11-24")
    path = tmp_path / "deep" / "c.json"
    fitted.save(path)
    loaded = Calibration.load(path)
    assert loaded == fitted
    assert loaded.version == fitted.version
    assert loaded.languages == {"de": 20, "en": 40}
    curve = loaded.curve(TokenOverlap())
    assert 0 < curve(0.0) <= curve(0.5) <= curve(1.0) < 1
    assert curve(1.0) > 0.8


class Newer(TokenOverlap):
    version = "2"  # type: ignore[misc]


async def test_a_map_of_another_version_is_refused(tmp_path: Path) -> None:
    rows = read_labels(write(tmp_path / "l.jsonl", some(60)))
    fitted = fit([TokenOverlap()], rows, [await scored(rows)], accept=0.5, date="2026-11-24")
    with pytest.raises(UnusableCalibration, match="calibrated as version 1 and is now 2"):
        fitted.curve(Newer())
    other = Newer()
    other.name = "other"
    with pytest.raises(UnusableCalibration, match="other was not calibrated"):
        fitted.curve(other)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda c: c["curves"][0]["accepted"].__setitem__(0, 0.99), "was changed"),
        (lambda c: c.update(labels=1), "was changed"),
        (lambda c: c.update(format=0), "another format"),
        (lambda c: c.pop("curves"), "is not a calibration"),
        (lambda c: c.update(extra=1), "is not a calibration"),
    ],
)
def test_files_that_are_refused(tmp_path: Path, change, said: str) -> None:
    curve = Curve("s", "1", (0.0, 1.0), (0.2, 0.8), 30)
    path = tmp_path / "c.json"
    Calibration((curve,), "2026-11-24", 30, {"en": 30}, 0.5).save(path)
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))
    with pytest.raises(UnusableCalibration, match=said):
        Calibration.load(path)


@pytest.mark.parametrize("text", ["", "[]", "null", "{", "\ufeff"])
def test_what_is_no_calibration(tmp_path: Path, text: str) -> None:
    path = tmp_path / "c.json"
    path.write_text(text)
    with pytest.raises(UnusableCalibration, match="is not a calibration"):
        Calibration.load(path)
    with pytest.raises(UnusableCalibration, match="cannot be read"):
        Calibration.load(tmp_path / "none.json")


async def test_agreement_per_language_beside_people(tmp_path: Path) -> None:
    rows = read_labels(write(tmp_path / "l.jsonl", some(90, people=3)))
    results = await scored(rows)
    results[1] = Unscored("down")
    found = agreement(TokenOverlap(), rows, results, 0.5)
    assert [(one.language, one.scored, one.unscored) for one in found] == [
        ("all", 89, 1),
        ("de", 30, 0),
        ("en", 59, 1),
    ]
    whole = found[0]
    assert whole.auc > 0.9
    assert whole.auc_interval[0] <= whole.auc <= whole.auc_interval[1]
    assert whole.kappa > 0.5
    assert whole.brier < whole.brier_of_share
    german, english = found[1:]
    assert math.isnan(german.auc)  # only refused answers
    assert math.isnan(english.kappa)
    between = people(rows, 0.5)
    assert [one.language for one in between] == ["all", "de", "en"]
    assert 0 < between[0].kappa < 1


async def test_a_scorer_that_failed_gets_no_map(tmp_path: Path) -> None:
    rows = read_labels(write(tmp_path / "l.jsonl", some(60)))
    down = [Unscored("down")] * len(rows)
    fitted = fit([TokenOverlap()], rows, [down], accept=0.5, date="2026-11-24")
    assert fitted.curves == ()
    assert agreement(TokenOverlap(), rows, down, 0.5)[0].unscored == 60


def test_a_whole_row(tmp_path: Path) -> None:
    passage = {"text": "t", "title": "T", "language": "de", "curated": True}
    given = row(1, [1.0, 0.5], passages=["p", passage], reference="r", answerable=True)
    [one] = read_labels(write(tmp_path / "l.jsonl", ["", given, " "]))
    assert one.labels == (1.0, 0.5)
    assert one.mean == 0.75
    assert one.sample == Sample(
        "What is 1?",
        "en",
        (Text("p", "en"), Text("t", "de", "T", curated=True)),
        given["answer"],
        reference="r",
        answerable=True,
    )


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{", "not JSON"),
        ("[]", "the line"),
        (row(1, 1.0) | {"label": 2}, "label"),
        (row(1, 1.0) | {"label": []}, "label"),
        (row(1, 1.0) | {"label": "1"}, "label"),
        (row(1, 1.0) | {"label": True}, "label"),
        (row(1, 1.0) | {"label": float("nan")}, "label"),
        (row(1, 1.0) | {"answer": " "}, "answer"),
        (row(1, 1.0) | {"language": "English"}, "language"),
        (row(1, 1.0) | {"lable": 1}, "lable"),
        (row(1, 1.0) | {"passages": "p"}, "passages"),
        ({"question": "q"}, "language: Field required"),
    ],
)
def test_a_malformed_line_is_named(tmp_path: Path, line, said: str) -> None:
    path = write(tmp_path / "l.jsonl", [row(0, 1.0), line])
    with pytest.raises(LabelsError, match=r"l\.jsonl, line 2: ") as caught:
        read_labels(path)
    assert said in str(caught.value)


def test_labels_from_which_nothing_can_be_learned(tmp_path: Path) -> None:
    few = read_labels(write(tmp_path / "few.jsonl", some(19)))
    with pytest.raises(LabelsError, match="at least 20 are needed"):
        check_enough(few, 0.5, tmp_path / "few.jsonl")
    same = read_labels(write(tmp_path / "same.jsonl", [row(n, 1.0) for n in range(40)]))
    with pytest.raises(LabelsError, match="40 accepted answers and 0 refused ones .lines 1"):
        check_enough(same, 0.5, tmp_path / "same.jsonl")


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(LabelsError, match="cannot be read"):
        read_labels(tmp_path / "none.jsonl")
    (tmp_path / "latin.jsonl").write_bytes('{"question": "ü"}'.encode("latin-1"))
    with pytest.raises(LabelsError, match="not UTF-8"):
        read_labels(tmp_path / "latin.jsonl")
