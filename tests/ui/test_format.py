import pytest

from ui import format as formatted
from ui.turn import Source

ONE = Source(number=1, title='The "first" one', text="…")
TWO = Source(number=2, title="Costs $5", text="…")
SOURCES = formatted.by_number([ONE, TWO])


def test_markers_become_links_to_the_sources():
    shown = formatted.answer("So it is [1]. And [2], too.", "source-3", SOURCES)
    assert shown == (
        'So it is [1](#source-3-1 "The ”first” one"). And [2](#source-3-2 "Costs \\$5"), too.'
    )


def test_a_marker_with_two_numbers_becomes_two_links():
    shown = formatted.answer("So [1, 2].", "s", SOURCES)
    assert shown.count("](#s-") == 2


def test_a_marker_that_names_no_source_stays_text():
    assert formatted.answer("So [7].", "s", SOURCES) == r"So \[7\]."


@pytest.mark.parametrize("text", ["`a [1]`", "```\nx = a [1]\n```", "see [1](https://x.example)"])
def test_what_looks_like_a_marker_but_is_none(text: str):
    assert formatted.answer(text, "s", SOURCES) == text


def test_while_streaming_every_marker_is_a_link_and_a_begun_one_waits():
    assert formatted.answer("So [9] and [1", "s") == "So [9](#s-9) and"
    assert formatted.answer("So [", "s") == "So"
    assert formatted.answer("So [1", "s", SOURCES) == "So [1"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("from $5 to $10", r"from \$5 to \$10"),
        (r"already \$5", r"already \$5"),
        ("`$HOME` and $5", r"`$HOME` and \$5"),
        ("```sh\necho $HOME\n```\n$5", "```sh\necho $HOME\n```\n\\$5"),
        ("```sh\necho $HOME", "```sh\necho $HOME"),
        ("<b>x</b> 1 < 2", r"\<b>x\</b> 1 < 2"),
        ("![x](https://x.example/p.png)", r"\![x](https://x.example/p.png)"),
        (":red[loud]", r"\:red[loud]"),
        (":cat: at 10:30:15", ":\u2060cat: at 10:30:15"),
        ("https://x.example/a", "https://x.example/a"),
        ("**bold** and `code`", "**bold** and `code`"),
    ],
)
def test_safe_keeps_markdown_and_defuses_the_rest(text: str, shown: str):
    assert formatted.safe(text) == shown


def test_literal_shows_every_character():
    assert formatted.literal("*a* [b](c)\n\n# d $5") == r"\*a\* \[b\]\(c\) \# d \$5"


@pytest.mark.parametrize(
    ("url", "link"),
    [
        ("https://x.example/a/b/", "[x\\.example/a/b](https://x.example/a/b/)"),
        ("https://x.example/a(1) b", "[x\\.example/a\\(1\\) b](https://x.example/a%281%29%20b)"),
        ("javascript:alert(1)", ""),
        ("file:///etc/passwd", ""),
        ("https://[broken", ""),
        ("", ""),
        (None, ""),
    ],
)
def test_only_web_addresses_become_links(url: str | None, link: str):
    assert formatted.source_link(url) == link


def test_labels_and_durations():
    assert (
        formatted.source_label(Source(number=3, title="a *b*", text="")) == "**3**\u2002a \\*b\\*"
    )
    assert formatted.seconds(0.021, ".") == "0.02\u202fs"
    assert formatted.seconds(2.44, ",") == "2,4\u202fs"


def test_sentences_lose_their_markers():
    assert formatted.without_markers("It is so [1] [2].") == "It is so."
