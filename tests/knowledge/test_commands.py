"""`routeback knowledge`, as a process with files."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from urllib.parse import unquote

import pytest

from assistant.knowledge.index.edge import EdgeIndex
from assistant.local.embeddings import E5
from assistant.running import Running, announce

HERE = Path(__file__).parents[2]


@dataclass(frozen=True)
class Result:
    code: int
    out: str
    err: str


Send = Callable[[dict], int]


@pytest.fixture(scope="module")
def fork_server() -> Iterator[Send]:
    command = [sys.executable, "-m", "tests.knowledge.fork_server"]
    with subprocess.Popen(
        command, cwd=HERE, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout.readline() == "ready\n"

        def send(order: dict) -> int:
            server.stdin.write(json.dumps(order) + "\n")
            server.stdin.flush()
            return int(server.stdout.readline())

        yield send
        server.stdin.close()


class Shell:
    """Runs commands on one data folder."""

    def __init__(self, send: Send, folder: Path, work: Path) -> None:
        self._send = send
        self._work = work
        self.data = folder / "data"
        self.env = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "ROUTEBACK_DATA_DIR": str(self.data),
            "ROUTEBACK_CACHE_DIR": str(folder / "cache"),
            "ROUTEBACK_KNOWLEDGE__SAMPLE": "false",
        }

    def __call__(self, *argv: str) -> Result:
        out, err = self._work / "stdout", self._work / "stderr"
        order = {
            "argv": ["knowledge", *argv],
            "env": self.env,
            "cwd": str(self._work),
            "out": str(out),
            "err": str(err),
        }
        return Result(self._send(order), out.read_text(), err.read_text())

    def ok(self, *argv: str) -> str:
        result = self(*argv)
        assert result.code == 0, result.err
        return result.out

    def error(self, *argv: str) -> str:
        """Run a command that has to fail with one message."""
        result = self(*argv)
        assert result.code == 2, result
        assert result.out == ""
        assert result.err.startswith("Error: ")
        assert result.err.count("Error: ") == 1
        assert "Traceback" not in result.err
        return result.err

    def held(self) -> dict[str, str]:
        """Return everything that is indexed, read from the folder itself."""
        index = EdgeIndex(self.data / "index", E5.dimensions)
        try:
            return {chunk.text: chunk.source for _, chunk in index.chunks()}
        finally:
            index.close()


@pytest.fixture
def shell(fork_server: Send, quick_path: Path, tmp_path: Path) -> Shell:
    return Shell(fork_server, quick_path, tmp_path)


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    folder = tmp_path / "docs"
    (folder / "guides").mkdir(parents=True)
    (folder / "guides" / "keys.md").write_text("# Keys\n\nA key opens a lock in a door.\n")
    (folder / "schloss.txt").write_text("Ein Schloss hält die Tür geschlossen, bis jemand kommt.")
    (folder / "glossary.csv").write_text(
        "term;definition;language\nHinge;It carries the door.;en\nAngel;Sie trägt die Tür.;de\n"
    )
    return folder


@pytest.mark.slow
@pytest.mark.long
def test_the_life_of_a_root(shell, docs):
    added = shell.ok("add", str(docs))
    assert added.strip() == f"{docs}: 4 passages added, 0 kept, 0 removed."
    assert shell.held() == {
        "A key opens a lock in a door.": "guides/keys.md",
        "Ein Schloss hält die Tür geschlossen, bis jemand kommt.": "schloss.txt",
        "It carries the door.": "glossary.csv",
        "Sie trägt die Tür.": "glossary.csv",
    }
    status = shell.ok("status")
    assert "4 passages in 1 roots, generation 1." in status
    assert f"Index: {shell.data / 'index'}\n" in status
    assert "no server runs" in status

    assert "0 passages added, 4 kept, 0 removed" in shell.ok("add", str(docs))
    assert "generation 1." in shell.ok("status")
    (docs / "schloss.txt").unlink()
    (docs / "guides" / "keys.md").write_text("# Keys\n\nA key opens a chest.\n")
    assert "1 passages added, 2 kept, 2 removed" in shell.ok("add", str(docs))

    assert f"{docs}: 3 passages removed." in shell.ok("remove", str(docs))
    assert "0 passages in 0 roots, generation 3." in shell.ok("status")


@pytest.mark.slow
@pytest.mark.long
def test_search_shows_what_an_answer_would_be_given(shell, docs):
    (docs / "tags.txt").write_text("Write [bold] or :key: and nothing else happens to the words.")
    shell.ok("add", str(docs), "--name", "house")
    [first, *_] = json.loads(shell.ok("search", "What is a hinge?", "--json"))
    assert first["matched"]
    assert first["chunk"]["text"] == "It carries the door."
    assert first["chunk"]["root"] == "house"
    shown = shell.ok("search", "Wozu ist ein Schloss da?", "--limit", "1")
    assert "[1] schloss" in shown
    assert "Ein Schloss hält die Tür geschlossen" in shown
    assert "(schloss.txt, similarity 0." in shown
    assert "[2]" not in shown
    assert "Write [bold] or :key: and" in shell.ok("search", "What about the words?")


def test_searching_nothing_finds_nothing(shell):
    assert shell.ok("search", "What is a hinge?").strip() == ""
    assert json.loads(shell.ok("search", "What is a hinge?", "--json")) == []


@pytest.mark.slow
@pytest.mark.long
def test_a_long_name_is_listed_as_it_must_be_typed(shell, docs):
    name = "[old]notes/" + "very-" * 30 + "long"
    assert f"{name}: 4 passages added" in shell.ok("add", str(docs), "--name", name)
    listed = shell.ok("list")
    column = (line.split("│")[1].strip() for line in listed.splitlines() if "│" in line)
    assert "".join(column) == name
    assert "de, en" in listed
    assert f"{name}: 4 passages removed" in shell.ok("remove", name)


K8S = [
    {
        "id": "k8s-pod-en",
        "src": "k8s",
        "key": "pod",
        "lang": "en",
        "term": "Pod",
        "aka": ["workload unit"],
        "tags": ["core-object"],
        "short": "The smallest object.",
        "definition": "A Pod represents a set of running containers on your cluster.",
        "more": "",
    },
    {
        "id": "k8s-node-de",
        "src": "k8s",
        "key": "node",
        "lang": "de",
        "term": "Node",
        "aka": [],
        "tags": [],
        "short": "",
        "definition": "Ein Node ist eine Arbeitsmaschine in Kubernetes.",
        "more": "",
    },
]


def test_other_columns_are_mapped(shell, tmp_path):
    file = tmp_path / "k8s_glossary.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in K8S))
    shell.ok("add", str(file), "--map", "term=term, definition=definition,aliases=aka")
    for question in ("What is a Pod?", "What is a workload unit?"):
        [passage, *_] = json.loads(shell.ok("search", question, "--json"))
        assert passage["matched"]
        assert passage["chunk"]["text"] == K8S[0]["definition"]
        assert passage["chunk"]["key"] == "pod"
        assert passage["chunk"]["names"] == ["Pod", "workload unit"]
        assert passage["chunk"]["language"] == "en"


@pytest.fixture
def filled(shell: Shell, docs: Path) -> Shell:
    shell.ok("add", str(docs), "--name", "house")
    return shell


BAD = {
    "gone.md": None,
    "scan.pdf": b"%PDF-1.4 nothing",
    "photo.txt": b"\x89PNG\0\0",
    "slides.pptx": b"x",
    "empty.md": b"",
    "broken.jsonl": b'{"term": "a", "definition": "b"}\n{"term":\n',
    "columns.jsonl": b'{"thing": "Pod", "blurb": "A group"}\n',
    "matter.md": b"---\na: b: c\n---\nText",
}


@pytest.mark.slow
@pytest.mark.long
def test_what_cannot_be_read_is_one_message_and_changes_nothing(filled, tmp_path):
    before = filled.held()
    for name, content in BAD.items():
        if content is not None:
            (tmp_path / name).write_bytes(content)
        assert name in filled.error("add", str(tmp_path / name), "--name", "house")
    assert filled.held() == before
    assert len(before) == 4


def test_the_message_names_the_line_and_the_way_to_map_columns(shell, tmp_path):
    (tmp_path / "columns.jsonl").write_bytes(BAD["columns.jsonl"])
    said = shell.error("add", str(tmp_path / "columns.jsonl"))
    assert "columns.jsonl:1 has neither term and definition nor question and answer" in said
    assert "it has thing, blurb." in said
    assert "--map term=" in said


@pytest.mark.parametrize(
    ("mapping", "said"),
    [
        ("word=term", "--map names word, which is not a column Routeback knows."),
        ("term", "--map has 'term', which is not NAME=COLUMN."),
        ("term=", "--map has 'term', which is not NAME=COLUMN."),
        ("term=wort", "glossary.csv has no column wort, which --map gives for term"),
    ],
)
def test_a_wrong_mapping_is_one_message(shell, docs, mapping, said):
    assert said in shell.error("add", str(docs / "glossary.csv"), "--map", mapping)


def test_an_empty_folder_and_a_link_to_itself_are_one_message(shell, tmp_path):
    (tmp_path / "empty").mkdir()
    assert "no file that Routeback can read" in shell.error("add", str(tmp_path / "empty"))
    (tmp_path / "loop.md").symlink_to(tmp_path / "loop.md")
    assert "loop.md cannot be read" in shell.error("add", str(tmp_path / "loop.md"))


@pytest.mark.slow
@pytest.mark.long
def test_all_files_that_cannot_be_read_are_told_at_once(filled, docs):
    for name in ("photo.txt", "scan.pdf"):
        (docs / name).write_bytes(BAD[name])
    (docs / "guides" / "keys.md").write_text("# Keys\n\nChanged.\n")
    before = filled.held()
    said = filled.error("add", str(docs), "--name", "house")
    assert "2 files cannot be read, nothing was changed:" in said
    assert "\n  - photo.txt is binary" in said
    assert "\n  - scan.pdf is not a readable PDF" in said
    assert "--skip-unreadable" in said
    assert filled.held() == before


@pytest.mark.slow
@pytest.mark.long
def test_unreadable_files_can_be_skipped_and_keep_what_they_had(filled, docs):
    (docs / "glossary.csv").write_bytes(b"\0\0")
    (docs / "guides" / "keys.md").write_text("# Keys\n\nChanged.\n")
    result = filled("add", str(docs), "--name", "house", "--skip-unreadable")
    assert result.code == 0
    assert "Skipped: glossary.csv is binary" in result.err
    assert "1 passages added, 3 kept, 1 removed" in result.out
    assert "Changed." in filled.held()
    assert "It carries the door." in filled.held()


def test_skipping_everything_is_an_error(shell, tmp_path):
    (tmp_path / "photo.txt").write_bytes(BAD["photo.txt"])
    said = shell.error("add", str(tmp_path / "photo.txt"), "--skip-unreadable")
    assert "photo.txt is binary" in said


def test_removing_what_was_not_added_lists_what_was(filled):
    said = filled.error("remove", "flat")
    assert "Nothing was added as 'flat'." in said
    assert "There is: house." in said
    assert len(filled.held()) == 4


@pytest.mark.slow
@pytest.mark.long
def test_an_index_of_another_process_and_a_damaged_one_are_one_message(filled, docs):
    index = EdgeIndex(filled.data / "index", E5.dimensions)
    for argv in (["status"], ["add", str(docs)], ["search", "hinge"], ["remove", "house"]):
        assert "Another Routeback process owns" in filled.error(*argv)
    index.close()
    assert "4 passages" in filled.ok("status")
    (filled.data / "index" / "CURRENT").write_text("?")
    assert "CURRENT is damaged" in filled.error("status")


@contextmanager
def api(data: Path) -> Iterator[list[str]]:
    """A server that is announced in the data folder; yields the paths it was asked for."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.answer({"generation": 7, "roots": []})

        def do_DELETE(self) -> None:
            asked.append(self.path)
            self.answer({"added": 0, "kept": 0, "removed": 3})

        def answer(self, value: dict) -> None:
            body = json.dumps(value).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        data.mkdir(parents=True, exist_ok=True)
        announce(data, Running(f"http://127.0.0.1:{server.server_port}", os.getpid(), "key"))
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield asked
        server.shutdown()
        thread.join()


def test_a_running_server_is_told_the_name_whatever_is_in_it(shell):
    name = "/home/me/C# 50% done?/notes"
    with api(shell.data) as asked:
        assert f"{name}: 3 passages removed." in shell.ok("remove", name)
        assert "generation 7." in shell.ok("status")
    assert [unquote(path) for path in asked] == [f"/v1/knowledge/roots/{name}"]
    assert "no server runs" in shell.ok("status")


def test_the_installed_command_reports_an_error(tmp_path):
    command = [Path(sys.executable).with_name("routeback"), "knowledge", "add", "gone.md"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "Error: gone.md does not exist.\n"


@pytest.fixture
def mixed(tmp_path: Path) -> Path:
    """A folder as people have it: pages of two years, a redirect, a picture, an odd audience."""
    folder = tmp_path / "mixed"
    folder.mkdir()
    (folder / "new.md").write_text("---\ntitle: Returns\ndate: 2026-01-15\n---\nWithin 30 days.\n")
    (folder / "old.md").write_text("---\ntitle: Returns\ndate: 2023-02-01\n---\nWithin 14 days.\n")
    (folder / "moved.md").write_text("---\ntitle: x\nredirect_to: /new\n---\n")
    (folder / "odd.md").write_text("---\ntitle: Hours\naudience: ITPro\n---\nWe open at nine.\n")
    (folder / "plan.png").write_bytes(b"\x89PNG")
    return folder


def test_adding_says_what_was_taken_and_left_out_and_why(shell, mixed):
    said = shell("add", str(mixed))
    assert said.code == 0
    assert [line for line in said.err.splitlines() if not line.endswith("…")] == [
        "Read: 3 pages from 3 files (.md 3).",
        "Left out:",
        "  1 × a .png file, which is not read (plan.png)",
        "  1 × a redirect (moved.md: /new)",
        "Look at:",
        "  1 × an audience that the settings do not name, so it hides nothing (odd.md: ITPro)",
    ]
    assert "3 passages added" in said.out


def test_an_audience_that_the_settings_name_is_one(shell, mixed):
    shell.env["ROUTEBACK_KNOWLEDGE__AUDIENCES"] = '["itpro"]'
    assert "Look at" not in shell("add", str(mixed)).err
    assert "We open at nine." not in shell.ok("search", "When do you open?")
    shell.env["ROUTEBACK_KNOWLEDGE__AUDIENCE"] = "itpro"
    assert "We open at nine." in shell.ok("search", "When do you open?")


def test_a_dry_run_shows_what_would_become_of_each_file_and_changes_nothing(shell, mixed):
    (mixed / "photo.txt").write_bytes(BAD["photo.txt"])
    said = shell.ok("add", str(mixed), "--dry-run")
    assert "new.md: 1 page in 1 passages\n" in said
    assert "moved.md: left out: a redirect (/new)\n" in said
    assert "plan.png: left out: a .png file, which is not read\n" in said
    assert "photo.txt: cannot be read: photo.txt is binary, not text." in said
    assert said.endswith("Nothing was changed.\n")
    assert shell.held() == {}


def test_a_source_is_shown_as_a_model_gets_it(shell, mixed):
    (mixed / "long.md").write_text("# Long\n\n## B\n\nFirst.\n\n## A\n\nSecond.\n")
    shell.ok("add", str(mixed), "--name", "mixed")
    assert shell.ok("show", "long.md") == (
        "[1] Long › B\nFirst.\n(long.md, en)\n\n[2] Long › A\nSecond.\n(long.md, en)\n\n"
    )
    assert "(new.md, 2026-01-15, en)" in shell.ok("show", "new.md")
    assert json.loads(shell.ok("show", "mixed", "--json"))[0]["text"] == "First."
    said = shell.error("show", "longer.md")
    assert "No source is called 'longer.md'." in said
    assert "There is: long.md" in said


@pytest.mark.slow
@pytest.mark.long
def test_status_lists_names_under_which_different_things_are_said(shell, mixed):
    shell.ok("add", str(mixed))
    assert "Names under which different things are said: 1.\n  Returns: new.md (2026-01-15), " in (
        shell.ok("status")
    )
    (mixed / "old.md").unlink()
    shell.ok("add", str(mixed))
    assert "different things" not in shell.ok("status")


def test_a_language_is_named_as_people_do(shell, docs):
    shell.ok("add", str(docs / "schloss.txt"), "--language", "German")
    assert "│ de" in shell.ok("list").replace("┃", "│")
    assert "--language 'klingon' is no language." in shell.error(
        "add", str(docs), "--language", "klingon"
    )


def test_a_name_that_cannot_be_shown_is_written_with_a_sign_for_it(shell, tmp_path):
    folder = tmp_path / "old"
    folder.mkdir()
    latin = Path(os.fsdecode(os.fsencode(folder) + b"/l\xe4nge.md"))
    latin.write_text("The bridge is nine metres long.\n")
    (folder / "two\nlines.md").write_text("The bridge is two metres wide.\n")
    assert "2 passages added" in shell.ok("add", str(folder))
    assert set(shell.held().values()) == {"l?nge.md", "two?lines.md"}
