"""Git folders: real repositories, some of them made to do harm."""

import os
import subprocess
from pathlib import Path
from threading import Event

import pytest

from assistant.errors import SourceError
from assistant.sources import git
from assistant.sources.batch import Stopped
from assistant.sources.web.reach import Reach

ENV = {
    **os.environ,
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    **{f"GIT_{who}_NAME": "Test" for who in ("AUTHOR", "COMMITTER")},
    **{f"GIT_{who}_EMAIL": "test@example.com" for who in ("AUTHOR", "COMMITTER")},
}


def run(where: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["git", *arguments], cwd=where, env=ENV, check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


def commit(where: Path, **files: str) -> None:
    for name, text in files.items():
        path = where / name.replace("__", "/").replace("_md", ".md")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    run(where, "add", "-A")
    run(where, "commit", "-qm", "change")


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    where = tmp_path / "repo"
    where.mkdir()
    run(where, "init", "-q", "-b", "main")
    commit(where, keys_md="Keys hang here.", docs__locks_md="Locks are oiled.")
    return where


def test_a_branch_and_a_folder_of_it_are_read(desk, repo):
    run(repo, "checkout", "-qb", "next")
    commit(repo, docs__doors_md="Doors are shut.")
    run(repo, "checkout", "-q", "main")
    desk.add("main", "git", str(repo))
    desk.add("part", "git", str(repo), branch="next", folder="docs")
    desk.refresh("main")
    desk.refresh("part")
    assert desk.sources("main") == {"keys.md", "docs/locks.md"}
    assert desk.sources("part") == {"locks.md", "doors.md"}
    cache = desk.refresher.reader.settings.cache_dir / "sources"
    assert list(cache.iterdir()) == [], "no copy stays"


def test_it_is_read_again_only_after_a_commit(desk, repo, settings):
    desk.add("docs", "git", str(repo))
    desk.refresh("docs")
    told: list[str] = []
    again = desk.refresher.refresh("docs", lambda what, *_: told.append(what))
    assert (again.changes.kept, told) == (2, ["asking"])
    commit(repo, more_md="More.")
    assert desk.refresh("docs").changes.added == 1
    # What it had is looked at, too.
    desk.refresher.library.remove("docs")
    assert desk.refresh("docs").changes.added == 3


def test_links_in_a_repository_lead_nowhere(desk, repo, tmp_path):
    secret = tmp_path / "secret"
    secret.mkdir()
    (secret / "secret.md").write_text("The secret.")
    (repo / "out.md").symlink_to(secret / "secret.md")
    (repo / "folder").symlink_to(secret)
    (repo / "up").symlink_to("..")
    (repo / "docs" / "in.md").symlink_to("../keys.md")
    commit(repo)
    desk.add("docs", "git", str(repo))
    desk.refresh("docs")
    assert desk.texts("docs") == ["Keys hang here.", "Locks are oiled."]
    desk.add("linked", "git", str(repo), folder="folder")
    with pytest.raises(SourceError, match="has no folder 'folder'"):
        desk.refresh("linked")


def test_nothing_of_a_repository_is_run(desk, repo, tmp_path):
    mark = tmp_path / "ran"
    for hook in ("post-checkout", "post-merge", "reference-transaction"):
        path = repo / ".git" / "hooks" / hook
        path.write_text(f"#!/bin/sh\ntouch {mark}\n")
        path.chmod(0o755)
    (repo / ".gitattributes").write_text("*.md filter=evil\n")
    run(repo, "config", "filter.evil.smudge", f"touch {mark}")
    run(repo, "config", "core.fsmonitor", f"touch {mark}")
    (repo / ".gitmodules").write_text(
        f'[submodule "x"]\n\tpath = x\n\turl = ext::sh -c "touch {mark}"\n'
    )
    commit(repo, lfs_md="version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n")
    mark.unlink(missing_ok=True)
    home = tmp_path / "home"
    home.mkdir()
    (home / ".gitconfig").write_text(f'[filter "evil"]\n\tsmudge = touch {mark}\n')
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", str(home))
        desk.add("docs", "git", str(repo))
        desk.refresh("docs")
    assert not mark.exists()
    assert desk.texts("docs") == ["Keys hang here.", "Locks are oiled."]
    assert desk.notes("docs")["a file that is kept elsewhere (LFS)"] == "lfs.md"


@pytest.mark.parametrize(
    "address",
    [
        "ext::sh -c touch% /tmp/x",
        "git://ext::sh",
        "git://example.com/x.git",
        "http://example.com/x.git",
        "file:///etc",
        "fd::17",
        "--upload-pack=touch",
        "-oProxyCommand=touch",
        "ssh://-oProxyCommand=touch/x",
        "ssh://$(touch)/x",
        "ssh://a;b/x",
        "ssh://a`b`/x",
        "git@-oProxyCommand=x:path",
        "ssh://-l@host/x y",
        "https://user:word@example.com/x.git",
        "https://token@example.com/x.git",
        "https://example.com/x.git?a=b",
        "https://example.com/$(touch)",
        "https://example.com",
        "relative/path",
        "",
        "https://example.com/x\nurl = ext::sh",
    ],
)
def test_an_address_that_could_do_more_than_be_read_is_refused(desk, address):
    with pytest.raises(SourceError):
        desk.add("x", "git", address)
    assert desk.store.all() == []


def test_addresses_that_are_read():
    def address(text: str) -> str:
        return git.repository(text, ()).address

    assert address("https://Example.com:8443/a/b.git") == "https://example.com:8443/a/b.git"
    assert address("git@example.com:a/b.git") == "ssh://git@example.com/a/b.git"
    assert address("ssh://git@example.com:2222/a") == "ssh://git@example.com:2222/a"


@pytest.mark.parametrize(
    ("branch", "folder"),
    [
        ("-x", ""),
        ("a..b", ""),
        ("a b", ""),
        ("a\nb", ""),
        ("x.lock", ""),
        ("--upload-pack=x", ""),
        ("", ".."),
        ("", "a/../../b"),
        ("", "/etc"),
        ("", ".git"),
        ("", "a/.GIT/hooks"),
    ],
)
def test_branches_and_folders_that_lead_elsewhere_are_refused(desk, repo, branch, folder):
    with pytest.raises(SourceError):
        desk.add("x", "git", str(repo), branch=branch, folder=folder)


def test_a_host_inside_of_the_network_is_not_asked():
    limits = git.GitLimits(10, 5)
    for address in ("https://127.0.0.1:1/x", "ssh://git@10.0.0.1/x", "https://metadata.example/x"):
        where = git.repository(address, ())
        reach = Reach(
            (), lambda host, _: {"metadata.example": ["169.254.169.254"]}.get(host, [host])
        )
        with pytest.raises(SourceError, match="private network|no web site"):
            git.newest(where, "", reach, limits, Event())


def test_git_is_bound_to_the_address_that_was_looked_at(monkeypatch):
    """DNS rebinding: git does not look the name up again."""
    settings: dict[str, str] = {}
    answers = [["93.184.216.34"], ["10.0.0.1"]]
    reach = Reach((), lambda *_: answers.pop(0))
    assert git._bound(git.repository("https://a.example/x", ()), reach, settings) == {}
    assert settings == {"http.curloptResolve": "a.example:443:93.184.216.34"}
    reach = Reach((), lambda *_: ["93.184.216.34"])
    bound = git._bound(git.repository("ssh://git@a.example/x", ()), reach, {})["GIT_SSH_COMMAND"]
    assert "HostName=93.184.216.34 -o HostKeyAlias=a.example" in bound


def test_a_repository_over_https_is_asked_at_the_address_alone(tmp_path):
    """A name that nobody can look up is reached by the address that was given for it."""
    import socket
    import threading

    came: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

        def answer() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.settimeout(5)
                came.append(connection.recv(5))

        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        where = git.repository(f"https://nowhere.invalid:{port}/x.git", ())
        reach = Reach(["nowhere.invalid"], lambda *_: ["127.0.0.1"])
        with pytest.raises(SourceError, match="git ended with 128"):
            git.newest(where, "", reach, git.GitLimits(10, 20), Event())
        thread.join(10)
    assert [piece[:1] for piece in came] == [b"\x16"], "a TLS greeting came to the address"


def test_too_large_a_repository_is_given_up(desk, repo, settings):
    (repo / "big.txt").write_bytes(os.urandom(3 << 20))
    commit(repo)
    small = settings.sources.model_copy(update={"megabytes": 1})
    object.__setattr__(settings, "sources", small)
    desk.add("docs", "git", str(repo))
    with pytest.raises(SourceError, match="more than 1 MB"):
        desk.refresh("docs")


def test_a_branch_that_is_not_there_loses_nothing(desk, repo):
    run(repo, "branch", "old")
    desk.add("docs", "git", str(repo), branch="old")
    desk.refresh("docs")
    run(repo, "branch", "-D", "old")
    with pytest.raises(SourceError, match="has no branch old"):
        desk.refresh("docs")
    assert len(desk.texts("docs")) == 2


def test_it_ends_when_it_is_told_to(repo, tmp_path):
    stop = Event()
    stop.set()
    where = git.repository(str(repo), (Path("/"),))
    with pytest.raises(Stopped):
        git.newest(where, "", Reach(), git.GitLimits(10, 10), stop)
