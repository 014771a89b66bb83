import time

import pytest

from assistant.errors import LoadError
from assistant.knowledge.documents import Document
from assistant.knowledge.readers import rst
from assistant.knowledge.readers.options import Note, ReadingOptions


def read(text: str) -> tuple[Document, list[str]]:
    found = list(rst.read(text.encode(), "a.rst", ReadingOptions()))
    [document] = [one for one in found if isinstance(one, Document)]
    return document, [str(one) for one in found if isinstance(one, Note)]


def told(text: str) -> str:
    return read(text)[0].markdown


def test_sections_lists_and_tables():
    text = (
        "Guide\n=====\n\nFirst\n-----\n\n- one\n- two\n\n"
        "+----+----+\n| A  | B  |\n+====+====+\n| 1  | 2  |\n+----+----+\n\n"
        ".. list-table::\n   :header-rows: 1\n\n   * - Land\n     - Rate\n   * - DE\n     - 28\n"
    )
    document, notes = read(text)
    assert document.title == "Guide"
    assert "# Guide" in document.markdown
    assert "## First" in document.markdown
    assert "| A | B |\n| --- | --- |\n| 1 | 2 |" in document.markdown
    assert "| Land | Rate |\n| --- | --- |\n| DE | 28 |" in document.markdown
    assert notes == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("See :ref:`the page <target>` here.", "See the page here."),
        ("A :term:`Pod` runs.", "A Pod runs."),
        ("Read :doc:`that <a/b>`.", "Read that."),
        ("Press :guilabel:`&Save` now.", "Press Save now."),
        ("Choose :menuselection:`File --> Open`.", "Choose File → Open."),
        ("Call :py:meth:`~a.b.run` now.", "Call `run` now."),
        ("An :unheard:`odd role` stays.", "An odd role stays."),
        ("`odd`:unheard: stays.", "odd stays."),
        ("Version |version| of |nothing|.", "Version version of nothing."),
        ("To `Nowhere`_ and lost_.", "To Nowhere and lost."),
        ("|name| is here.\n\n.. |name| replace:: Routeback", "Routeback is here."),
        ("Write ``a b``.", "Write `a b`."),
        ("Noted [1]_ here.\n\n.. [1] Below.", "Noted [1] here.\n\n[1] Below."),
    ],
)
def test_roles_and_references_keep_their_words(text, words):
    assert told(text).strip() == words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (".. note:: Mind this.", "**Note:** Mind this."),
        (".. admonition:: Own\n\n   Mind it.", "**Own:** Mind it."),
        (".. versionadded:: 2.1\n   It can.", "New in version 2.1: It can."),
        (".. deprecated:: 3.0\n\n   Do not.", "Deprecated since version 3.0: Do not."),
        (".. tab:: Linux\n\n   Use apt.", "**Linux**\n\nUse apt."),
        (".. dropdown:: More\n   :open:\n\n   Words.", "**More**\n\nWords."),
        (".. seealso:: That.", "See also: That."),
        (".. unheard-of::\n\n   Its words.", "Its words."),
        (".. only:: html\n\n   Its words.", "Its words."),
    ],
)
def test_directives_keep_their_words(text, words):
    assert told(f"Before.\n\n{text}").strip() == f"Before.\n\n{words}"


def test_code_keeps_its_lines_whatever_its_options():
    options = "   :caption: a.py\n   :emphasize-lines: 1\n"
    text = f".. code-block:: python\n{options}\n   def f():\n       return 1"
    assert "```\ndef f():\n    return 1\n```" in told(text)


def test_terms_and_options_are_defined():
    text = (
        ".. glossary::\n   :sorted:\n\n   Pod\n   Pods\n      A group.\n\n"
        "   Node : n\n      A machine.\n\n"
        ".. option:: --verbose, -v\n\n   Says more."
    )
    words = told(text)
    for part in ("Pod, Pods", "A group.", "Node", "A machine.", "--verbose, -v", "Says more."):
        assert part in words


def test_what_is_no_text_is_none():
    text = (
        ":orphan:\n:date: 2026-03-04\n\n.. _label:\n\nGuide\n=====\n\n.. comment HIDDEN\n\n"
        ".. toctree::\n   :maxdepth: 2\n\n   LISTED\n\n.. index:: INDEXED\n\nWords."
    )
    document, notes = read(text)
    assert document.markdown.split() == ["#", "Guide", "Words."]
    assert document.date == "2026-03-04"
    assert notes == []


def test_what_is_elsewhere_is_not_read_and_is_said(tmp_path):
    (tmp_path / "secret.txt").write_text("SECRET")
    text = (
        f"Words.\n\n.. include:: {tmp_path}/secret.txt\n\n.. raw:: html\n\n   <b>RAW</b>\n\n"
        f".. csv-table::\n   :file: {tmp_path}/secret.txt\n\n.. automodule:: a.b\n   :members:\n"
    )
    document, notes = read(text)
    assert "SECRET" not in document.markdown
    assert "RAW" not in document.markdown
    assert any("automodule a.b" in note for note in notes)
    assert any("include" in note for note in notes)


def test_what_is_malformed_stays_as_it_stands_and_is_said():
    document, notes = read("Words.\n\n.. list-table::\n   :odd: 1\n\n   * - Kept\n")
    assert "Kept" in document.markdown
    assert "System Message" not in document.markdown
    assert [note for note in notes if "line 3" in note]
    assert "Unclosed" in told("Unclosed *emphasis here.")


def test_docutils_says_nothing_on_the_terminal(capfd):
    read("Odd\n==\n\n:nope:`x` `y`_ |z|\n\n.. nope::\n   :a: b\n")
    assert capfd.readouterr() == ("", "")


def test_a_file_without_end_is_refused_and_a_long_one_takes_seconds():
    with pytest.raises(LoadError, match="longer than"):
        read("words " * 400_000)
    start = time.monotonic()
    read("\n\n".join(f"Line {i} with :ref:`role <x>` and |sub|." for i in range(2000)))
    assert time.monotonic() - start < 30


@pytest.mark.parametrize(
    ("condition", "shown"),
    [("html", True), ("html and not draft", True), ("not latex", True), ("internal", False)],
)
def test_what_only_some_readers_get_is_left_out_and_told(condition, shown):
    text = f"Title\n=====\n\nFor all.\n\n.. only:: {condition}\n\n   For some.\n"
    *notes, page = rst.read(text.encode(), "a.rst", ReadingOptions(language="en"))
    assert ("For some." in page.markdown) is shown
    assert [note.where for note in notes] == ([] if shown else [f"only {condition}"])
