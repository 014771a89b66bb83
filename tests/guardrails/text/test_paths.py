import pytest

from guardrails.text.paths import carried_paths, paths
from guardrails.types import Text

HELD = Text("Open **Settings → Security**, choose Audit log and press Export.", "en", "Audit log")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Open **Settings → Security**.", [("Settings", "Security")]),
        ("Under Settings → Audit log you see it.", [("Settings", "Audit")]),
        ("Under Settings > Audit Log you see it.", [("Settings", "Audit")]),
        ("Read about TCP/IP and and/or.", []),
    ],
)
def test_what_names_a_path(text, found):
    assert list(paths(text)) == found


@pytest.mark.parametrize(
    ("path", "stands"),
    [
        (("Settings", "Security"), True),
        (("Settings", "Audit log", "Export"), True),
        (("Security", "Settings"), False),
        (("Settings", "Billing"), False),
        (("Settings", "→"), True),
    ],
)
def test_a_path_stands_where_its_parts_follow_each_other(path, stands):
    assert carried_paths([path], [HELD]) == float(stands)


@pytest.mark.timeout(10)
@pytest.mark.parametrize("text", ["A" * 2000, "A " * 1000, "A-" * 1000, "A → " * 500])
def test_no_text_makes_the_search_go_back_and_forth(text):
    held = Text("A " * 500 + "B", "en")
    assert carried_paths([*paths(text), ("A",) * 40 + ("C",)], [held]) == 0.0
