"""The transfer map as a picture."""

import struct
from xml.etree import ElementTree as ET

import pytest

from assistant.errors import GuardError
from assistant.guarding.map_picture import columns, draw, save, texts
from assistant.wire.guard import MapCellView, MapView


def cell(arm="tone", segment="glossary/en", verdict="worse", stage="routed_back", **more):
    values = {"mean": -0.4, "lower": -0.6, "upper": -0.2, "pairs": 24, "pin": None}
    known = {"metric": "fast", "unscored": 0, "evidence": 1.0, "threshold": 100.0}
    named = {"arm": arm, "segment": segment, "verdict": verdict, "stage": stage}
    return MapCellView.model_validate(known | named | values | more)


def found(*cells, candidates=("tone",)):
    return MapView(candidates=candidates, cells=cells, false_route_backs_per_month=0.07)


def shown(drawn: bytes) -> list[str]:
    root = ET.fromstring(drawn)
    return ["".join(e.itertext()).strip() for e in root.iter("{http://www.w3.org/2000/svg}text")]


@pytest.mark.parametrize("kind", ["svg", "png"])
def test_the_same_map_gives_the_same_bytes(kind):
    one = found(cell(), cell(segment="support/en", verdict="equal", stage="canary", mean=0.01))
    assert draw(one, kind) == draw(one, kind)
    other = found(cell(mean=-0.1), cell(segment="support/en"))
    assert draw(one, kind) != draw(other, kind)


def test_a_cell_says_verdict_interval_pairs_and_stage():
    words = shown(draw(found(cell()), "svg"))
    for text in ("worse", "−0.40  [−0.60, −0.20]", "24 pairs · routed back", "glossary/en", "tone"):
        assert text in words
    assert "False route-backs a month to expect, over all: at most 0.07." in words


def test_what_is_shown_and_what_is_not_look_different():
    harmless = draw(found(cell(verdict="equal", stage="shadow", mean=0.0)), "svg").decode()
    unproven = draw(found(cell(verdict="unproven", stage="shadow", mean=0.0)), "svg").decode()
    assert "shown harmless" in harmless
    assert "no harm shown yet" in unproven
    assert "no harm shown yet" not in harmless
    # The legend has one hatched box; an unproven cell is another one.
    assert unproven.count("fill: url(#") == harmless.count("fill: url(#") + 1


def test_what_was_not_tried_is_not_coloured():
    two = found(cell(), cell("ad", "support/en"), candidates=("tone", "ad"))
    assert shown(draw(two, "svg")).count("not tried") == 2


def test_an_empty_map_says_so():
    assert "No pair has been scored yet: unproven everywhere, so base answers." in shown(
        draw(found(candidates=()), "svg")
    )


def test_segments_above_come_last_and_only_with_pairs():
    cells = [
        cell(segment="support/en", stage=None),
        cell(segment="*", stage=None, pairs=0),
        cell(segment="support.billing/en"),
        cell(segment="glossary/en"),
    ]
    assert columns(cells) == ["glossary/en", "support.billing/en", "support/en"]


def test_a_pin_and_a_cell_without_pairs_in_words():
    assert texts(cell(pin={"by": "ada", "why": "x"}))[-1] == "pinned by ada"
    assert texts(cell(pairs=0, mean=None, stage="shadow")) == [
        *("unproven", "no pair yet", "in shadow")
    ]


def test_strengths_stand_below_their_candidate_and_long_names_keep_their_ends():
    long = "a-very-long-candidate-name-of-2026"
    names = ("tone@0.25", f"{long}@0.5", "tone", "tone@0.5", long)
    words = shown(draw(found(cell(), candidates=names), "svg"))
    ours = [word for word in words if word.startswith("tone")]
    assert ours == ["tone", "tone@0.5", "tone@0.25"]
    assert any(word.endswith("@0.5") and "…" in word for word in words)


def test_a_name_with_markup_in_it_is_text():
    assert "<b>$x^2$&" in shown(draw(found(cell(arm="<b>$x^2$&"), candidates=["<b>$x^2$&"]), "svg"))


def test_files_are_written_by_their_ending(tmp_path):
    save(found(cell()), tmp_path / "map.png")
    header = (tmp_path / "map.png").read_bytes()[:24]
    assert header[:8] == b"\x89PNG\r\n\x1a\n"
    assert min(struct.unpack(">II", header[16:24])) > 300
    with pytest.raises(GuardError, match="not a name of a picture"):
        save(found(), tmp_path / "map.jpg")
    with pytest.raises(GuardError, match="cannot be written"):
        save(found(), tmp_path / "none" / "map.svg")
