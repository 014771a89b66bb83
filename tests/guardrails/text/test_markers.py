"""Citations at the beginning and end of a text, and broken ones."""

import pytest

from guardrails.text import markers


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("[1] NO", " NO"),
        ("[1, 2][^3] NO", " NO"),
        ("【1†source】NO", "NO"),
        ("NO [1]", "NO [1]"),
        ("[", ""),
        ("[1, ", ""),
        ("[1] [2", ""),
        ("[Settings]", "[Settings]"),
    ],
)
def test_what_comes_after_the_citations_that_a_text_begins_with(text: str, rest: str) -> None:
    assert markers.after(text) == rest


@pytest.mark.parametrize(
    ("text", "closes"),
    [
        ("So it is. [1]\n", True),
        ("So it is [1, 2]", True),
        ("So it is [1].", False),
        ("So it is", False),
        ("[1] So", False),
        ("", False),
    ],
)
def test_whether_a_citation_is_the_last_thing_said(text: str, *, closes: bool) -> None:
    assert markers.closes(text) is closes


@pytest.mark.parametrize(
    ("text", "broken"),
    [("It is [1", True), ("It is [1, ", True), ("It is [ ].", True), ("It is [1].", False)],
)
def test_an_empty_and_an_unfinished_citation_are_broken(text: str, *, broken: bool) -> None:
    assert markers.broken(text) is broken
