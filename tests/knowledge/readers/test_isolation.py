"""Documents that ask for too much: refused by name, and the rest of the folder is read."""

import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from assistant.errors import LoadError
from assistant.knowledge.isolation import ReadingProcess
from assistant.knowledge.load import reading
from assistant.knowledge.readers.options import ReadingLimits, ReadingOptions
from tests.knowledge.readers import bombs

HERE = Path(__file__).parents[3]
LIMITS = ReadingLimits(seconds=5, megabytes=768)
LIMITED = "took longer than 5 s|took more than 768 MB|is nested too deeply|is too large"
"""How a file is refused that breaks a limit of the process, or of Python."""
OPTIONS = ReadingOptions()
ROUTEBACK = Path(sys.executable).with_name("routeback")

REFUSED = {
    # YAML and TOML
    "alias-316.md": "aliases are not read",
    "alias-in-tags.md": "aliases are not read",
    "merge-keys.md": "aliases are not read",
    "yaml-lists.md": "nested too deeply",
    "yaml-number.md": "malformed front matter",
    "yaml-python.md": "could not determine a constructor",
    "toml-deep.md": "nested too deeply",
    "toml-keys.md": LIMITED,
    # zip
    "lying.docx": "not a readable .docx",
    "overlapping.docx": "not a readable .docx",
    "many-parts.epub": "too large when it is unpacked",
    "zip-in-zip.docx": "not a readable .docx",
    "many-cells.ods": LIMITED,
    "repeated.ods": "not a readable workbook",
    # XML
    "deep.docx": "Excessive depth",
    "laughs.docx": "amplification|entities of its own",
    "laughs.tbx": "amplification|declares entities",
    "deep.tbx": "Excessive depth",
    # PDF
    "flate-twice.pdf": f"not a readable PDF|{LIMITED}",
    "pages.pdf": LIMITED,
    "page-itself.pdf": "it has no pages",
    "objects.pdf": "it has no pages",
    "arrays.pdf": "list of pages is damaged",
    # HTML, tables, JSON
    "deep.html": LIMITED,
    "cdata.html": LIMITED,
    "deep.json": "nested too deeply",
    "deep-objects.json": "nested too deeply",
    "number.json": "Exceeds the limit",
    "unclosed.csv": "never closed",
    # Markdown, reStructuredText
    "shortcodes.md": LIMITED,
    "quotes.rst": "longer than 2,000,000",
    "substitutions.rst": LIMITED,
}
"""Files that cannot be read, and what is said of them."""


def written(folder: Path, name: str) -> Path:
    content = bombs.BOMBS[name]()
    file = folder / name
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return file


@pytest.fixture(scope="module")
def process():
    with ReadingProcess(LIMITS) as process:
        yield process


@pytest.fixture(scope="module")
def patient():
    """A process whose time is that of a machine which is busy with others."""
    with ReadingProcess(replace(LIMITS, seconds=60)) as process:
        yield process


@pytest.fixture
def page(tmp_path):
    file = tmp_path / "page.md"
    file.write_text("# Pods\n\nA pod is a group of containers.\n")
    return file


@pytest.mark.slow
@pytest.mark.long
@pytest.mark.parametrize("name", REFUSED)
def test_a_bomb_is_refused_by_name_and_the_next_file_is_read(process, tmp_path, page, name):
    file = written(tmp_path, name)
    with pytest.raises(LoadError, match=REFUSED[name]) as caught:
        process.reading(file, OPTIONS, source=name)
    assert name in caught.value.message
    assert caught.value.source == name
    assert process.reading(page, OPTIONS, source="page.md").items == (
        reading(page, OPTIONS, source="page.md").items
    )


@pytest.mark.parametrize("name", sorted(bombs.BOMBS.keys() - REFUSED))
def test_what_asks_for_much_is_read_within_the_limits(patient, tmp_path, name):
    result = patient.reading(written(tmp_path, name), OPTIONS, source=name)
    assert bool(result.items) == bool(result.passages) == (name not in EMPTY)


EMPTY = {"comments.md", "laughs.ods"}


def test_entities_of_a_book_are_not_expanded(process, tmp_path):
    result = process.reading(written(tmp_path, "laughs.epub"), OPTIONS, source="laughs.epub")
    assert "haha" not in "".join(item.markdown for item in result.items)
    assert sum(len(item.markdown) for item in result.items) < 100


INSIDE = """
.. include:: {0}

.. csv-table:: a
   :file: {0}

.. raw:: html
   :file: {0}

Text.
"""


@pytest.mark.parametrize(
    ("name", "refused", "make"),
    [
        ("a.docx", True, lambda e: bombs.word(bombs.paragraph("Text. &e;"), e("w:document"))),
        ("a.tbx", True, lambda e: f'<?xml version="1.0"?>{e("martif")}<martif>&e;</martif>'),
        ("a.epub", False, lambda e: bombs.book({"a.xhtml": f"{e('html')}<html><body>Text. &e;"})),
        ("a.html", False, lambda e: f"{e('html')}<html><body>Text. &e;</body></html>"),
        (
            "a.rst",
            False,
            lambda e: INSIDE.format(e("").split('"')[1]),
        ),
    ],
)
def test_another_file_of_the_machine_is_not_read(process, tmp_path, name, refused, make):
    secret = tmp_path / "secret.txt"
    secret.write_text("the secret of the house")
    content = make(lambda root: bombs.outside(root, str(secret)))
    file = tmp_path / name
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    if refused:
        with pytest.raises(LoadError, match=name) as caught:
            process.reading(file, OPTIONS, source=name)
        assert "secret of" not in str(caught.value)
    else:
        texts = [item.markdown for item in process.reading(file, OPTIONS, source=name).items]
        assert texts
        assert not [text for text in texts if "secret of" in text]


def test_what_is_read_elsewhere_is_what_is_read_here(process, tmp_path):
    for name in ("spans.html", "wide.csv", "selectors.html"):
        file = written(tmp_path, name)
        there, here = (read(file, OPTIONS, source=name) for read in (process.reading, reading))
        assert (there.items, there.notes) == (here.items, here.notes)
        assert there.passages > 0


@pytest.mark.slow
@pytest.mark.long
def test_one_process_reads_many_files_and_a_limit_begins_anew_with_each(tmp_path, page):
    with ReadingProcess(ReadingLimits(seconds=4, megabytes=768)) as process:
        started = time.monotonic()
        read = 0
        while time.monotonic() - started < 6:
            process.reading(page, OPTIONS, source="page.md")
            read += 1
        worker = process.pid
    assert read > 100
    with pytest.raises(ProcessLookupError):
        os.kill(worker, 0)


@pytest.mark.parametrize("number", [signal.SIGSEGV, signal.SIGKILL, signal.SIGBUS])
def test_a_process_that_a_file_ends_is_replaced(tmp_path, page, number):
    """What no reader should do: die. The one that is killed here reads a file for ever."""
    file = written(tmp_path, "shortcodes.md")
    with ReadingProcess(ReadingLimits(seconds=60)) as process:
        process.reading(page, OPTIONS, source="page.md")
        worker = process.pid
        killer = threading.Timer(1, os.kill, (worker, number))
        killer.start()
        with pytest.raises(LoadError, match="shortcodes.md cannot be read: the process"):
            process.reading(file, OPTIONS, source="shortcodes.md")
        assert process.reading(page, OPTIONS, source="page.md").items


def test_an_entry_that_is_a_book_is_refused(process, tmp_path):
    file = tmp_path / "faq.csv"
    file.write_text(f'question,answer\nWhat is a pod?,"{"word " * 30_000}"\n')
    with pytest.raises(LoadError, match="faq.csv is too large to be read: it has an entry"):
        process.reading(file, OPTIONS, source="faq.csv")


FOLDER = """
import resource, subprocess, sys
command = [*sys.argv[1:], "--dry-run"]
done = subprocess.run(command, capture_output=True, text=True)
print(done.stdout + done.stderr)
print("largest:", resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024)
sys.exit(done.returncode)
"""


@pytest.mark.slow
@pytest.mark.long
def test_a_folder_with_bombs_is_told_file_by_file_within_the_memory(tmp_path, page):
    """Through the command: no process that it starts is larger than the limit and itself."""
    folder = tmp_path / "help"
    folder.mkdir()
    page.rename(folder / "page.md")
    names = ("alias-316.md", "flate-twice.pdf", "many-cells.ods", "substitutions.rst")
    for name in names:
        written(folder, name)
    limits = {"ROUTEBACK_KNOWLEDGE__READING_SECONDS": "30"}
    limits["ROUTEBACK_KNOWLEDGE__READING_MEGABYTES"] = "512"
    done = subprocess.run(
        [sys.executable, "-c", FOLDER, str(ROUTEBACK), "knowledge", "add", str(folder)],
        capture_output=True,
        text=True,
        cwd=HERE,
        env={**os.environ, **limits, "ROUTEBACK_DATA_DIR": str(tmp_path / "data")},
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "page.md: 1 page in 1 passages" in done.stdout
    for name in names:
        assert f"{name}: cannot be read: {name}" in done.stdout
    assert "1 page from 1 files" in done.stdout
    assert int(done.stdout.rpartition("largest:")[2]) < 512 + 100
