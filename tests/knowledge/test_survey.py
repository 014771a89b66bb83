"""Which files below a folder are read, and what is said of the others."""

from pathlib import Path

import pytest

from assistant.errors import LoadError
from assistant.knowledge.load import look

TEXT = "A key opens a lock."


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "page.md").write_text(TEXT)
    return tmp_path


def write(path: Path, text: str = TEXT) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def left_out(folder: Path) -> dict[str, str]:
    survey = look(folder)
    assert [str(file.relative_to(folder)) for file in survey.files] == ["page.md"]
    return {note.source: note.what for note in survey.left_out}


@pytest.mark.parametrize(
    ("path", "seen", "what"),
    [
        ("node_modules/x/readme.md", "node_modules", "a folder of programs or builds"),
        (".git/config.md", ".git", "a hidden folder"),
        ("_site/page.html", "_site", "a folder of programs or builds"),
        (".draft.md", ".draft.md", "a hidden file"),
        ("~$report.docx", "~$report.docx", "a temporary file of an office program"),
        ("picture.png", "picture.png", "a .png file, which is not read"),
        ("old.doc", "old.doc", "a .doc file: Word's older format; save it as .docx"),
        ("LICENSE", "LICENSE", "a file without a suffix"),
    ],
)
def test_what_is_no_document_is_left_out_with_its_reason(folder, path, seen, what):
    write(folder / path)
    assert left_out(folder) == {seen: what}


def test_an_empty_file_is_left_out(folder):
    write(folder / "empty.md", "")
    assert left_out(folder) == {"empty.md": "an empty file"}


def test_a_folder_called_build_is_one_only_beside_what_builds(folder):
    write(folder / "build" / "page.md")
    assert len(look(folder).files) == 2
    write(folder / "package.json", "{}")
    assert "build" in {note.source for note in look(folder).left_out}


def test_gitignore_is_honoured_in_every_folder_and_can_be_taken_back(folder):
    write(folder / ".gitignore", "*.txt\n/private/\n!keep.txt\n")
    write(folder / "notes.txt")
    write(folder / "private" / "a.md")
    write(folder / "deep" / ".gitignore", "local.md\n")
    write(folder / "deep" / "local.md")
    write(folder / "keep.txt")
    survey = look(folder)
    assert [file.name for file in survey.files] == ["keep.txt", "page.md"]
    told = {n.source: n.what for n in survey.left_out if not n.source.endswith(".gitignore")}
    assert told == dict.fromkeys(
        ("deep/local.md", "notes.txt", "private"), "what .gitignore leaves out"
    )


def test_links_that_lead_out_are_not_followed(folder, tmp_path_factory):
    outside = tmp_path_factory.mktemp("outside")
    write(outside / "secret.md")
    (folder / "out").symlink_to(outside, target_is_directory=True)
    (folder / "out.md").symlink_to(outside / "secret.md")
    (folder / "again.md").symlink_to(folder / "page.md")
    assert left_out(folder) == {
        "out": "a link that leads out of the folder",
        "out.md": "a link that leads out of the folder",
        "again.md": "a link to what is in the folder anyway",
    }


def test_a_single_old_file_is_refused_with_what_to_do(tmp_path):
    write(tmp_path / "old.doc")
    with pytest.raises(LoadError, match=r"suffix \.doc") as caught:
        look(tmp_path / "old.doc")
    assert "save it as .docx" in caught.value.hint
