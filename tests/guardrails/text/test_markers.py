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


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("See [2] and [Source 3], or 【1†policy】.", "See ‹2› and ‹Source 3›, or ‹1†policy›."),
        ("As in [[1]] and [^2]; (Passage 4).", "As in ‹1› and ‹2›; ‹Passage 4›."),
        ("A link [1](https://example.com) and `list[1]`.", None),
        ("Text.\n\n```js\nlist[1]\n```\n", None),
        ("An option (2) and a [word].", None),
    ],
)
def test_numbers_of_a_document_are_made_no_citations(text, shown):
    defused = markers.defused(text)
    assert defused == (text if shown is None else shown)
    assert markers.defused(defused) == defused
