from pathlib import Path

import pytest

from assistant.errors import SourceError
from assistant.records.sources import SourceOptions
from assistant.sources.uploads import UploadFolder, checked

BAD = [
    *("", " ", ".", "..", "../a.md", "a/b.md", "a\\b.md", "/etc/passwd", "..\\a.md", ".hidden.md"),
    *("a\nb.md", "a\r.md", "a\0.md", "a\x1b[31m.md", "a\u202e.md", "a.md ", " a.md", "~a.md"),
    *("a.exe", "a", "md", "con:a.md", "a*.md", "é" * 150 + ".md", "a\udcff.md", "a.md\n"),
]


@pytest.mark.parametrize("name", BAD)
def test_names_that_are_none_are_refused_and_nothing_is_written(tmp_path: Path, name):
    folder = UploadFolder(tmp_path / "uploads" / "x")
    with pytest.raises(SourceError):
        folder.put(name, b"text")
    assert [p for p in tmp_path.rglob("*") if p.is_file()] == []


def test_names_that_people_give_are_taken():
    for name in ("Handbuch für Kassen.pdf", "a.b.c.md", "FAQ (2026).XLSX", "日本.txt"):
        assert checked(name) == name


def test_a_file_is_replaced_as_a_whole_and_is_for_this_user_alone(tmp_path: Path):
    folder = UploadFolder(tmp_path / "uploads" / "x")
    folder.put("a.md", b"one")
    folder.put("a.md", b"two")
    [file] = folder.files()
    assert (file.name, file.size) == ("a.md", 3)
    path = folder.folder / "a.md"
    assert path.read_bytes() == b"two"
    assert path.stat().st_mode & 0o077 == 0
    assert [one.name for one in folder.folder.iterdir()] == ["a.md"]
    with pytest.raises(SourceError, match="is empty"):
        folder.put("b.md", b"")
    with pytest.raises(SourceError, match="No file is called"):
        folder.take_out("../../x")
    folder.remove()
    assert not folder.folder.exists()


def test_a_link_that_lies_there_is_replaced_and_not_followed(tmp_path: Path):
    folder = UploadFolder(tmp_path / "uploads" / "x")
    folder.make()
    outside = tmp_path / "outside.md"
    outside.write_text("mine")
    (folder.folder / "a.md").symlink_to(outside)
    folder.put("a.md", b"new")
    assert outside.read_text() == "mine"


def test_uploads_are_read_and_taken_out_again_without_being_asked_about(desk, settings):
    source = desk.register.uploads("Files", SourceOptions(audience="staff"))
    folder = UploadFolder.of(settings.data_dir, source.id)
    assert desk.refresh("Files").changes.added == 0
    folder.put("a.md", b"Keys hang here.")
    folder.put("b.md", b"Locks are oiled.")
    assert desk.refresh("Files").changes.added == 2
    assert {c.audience for _, c in desk.index.chunks()} == {"staff"}
    folder.take_out("a.md")
    folder.take_out("b.md")
    assert desk.refresh("Files").changes.removed == 2
    assert desk.texts("Files") == []
    folder.put("c.md", b"More.")
    desk.refresh("Files")
    assert desk.register.remove("Files").removed == 1
    assert not folder.folder.exists()
    with pytest.raises(SourceError, match="Uploads have no schedule"):
        desk.add("x", "upload", "", "hourly")
