"""Refreshing: one process at a time, all or nothing, and nothing lost however it ends."""

import signal
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest

from assistant.background.refreshing import Refreshing
from assistant.errors import KnowledgeError, SourceBusy, SourceError, UnknownSource
from assistant.records.changes import ChangeLog
from assistant.records.sources import LEASE, SourceOptions
from assistant.sources.batch import Stopped
from assistant.sources.schedule import LONGEST
from guardrails import clock
from tests.support.server import ROUTEBACK, environment


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    where = tmp_path / "documents"
    where.mkdir()
    for number in range(6):
        (where / f"{number}.md").write_text(f"Text number {number}.")
    return where


@pytest.fixture
def docs(desk, folder):
    desk.add("docs", "folder", str(folder), "daily 02:00")
    desk.refresh("docs")
    return desk


def test_a_folder_is_as_it_is_now_and_untouched_where_nothing_changed(docs, folder):
    first = docs.get("docs")
    assert (first.outcome, first.added, first.changed) == ("done", 6, docs.time[0])
    generation = docs.refresher.library.generation()
    later = docs.later(hours=3)
    assert docs.refresh("docs").changes.kept == 6
    assert docs.refresher.library.generation() == generation
    again = docs.get("docs")
    assert (again.last, again.succeeded, again.changed) == (later, later, first.changed)
    (folder / "0.md").unlink()
    (folder / "new.md").write_text("New.")
    done = docs.refresh("docs")
    assert (done.changes.added, done.changes.kept, done.changes.removed) == (1, 5, 1)


def test_what_would_take_away_more_than_half_waits_for_a_person(docs, folder):
    for number in range(4):
        (folder / f"{number}.md").unlink()
    assert docs.refresh("docs").outcome == "held"
    held = docs.get("docs")
    assert (held.outcome, held.removed, held.kept, len(docs.texts("docs"))) == ("held", 4, 2, 6)
    assert docs.refresh("docs").outcome == "held", "it stays so by itself"
    (folder / "4.md").unlink()
    assert docs.refresh("docs", confirmed=True).outcome == "held", "more than was confirmed"
    assert docs.get("docs").removed == 5
    done = docs.refresh("docs", confirmed=True)
    assert (done.outcome, done.changes.removed) == ("done", 5)
    assert docs.texts("docs") == ["Text number 5."]
    (folder / "5.md").unlink()
    with pytest.raises(KnowledgeError, match="no file that Routeback can read"):
        docs.refresh("docs", confirmed=True)
    assert docs.texts("docs") == ["Text number 5."]


def test_the_half_is_what_is_said_no_more_and_not_what_is_read_another_way(docs, folder):
    for number in range(3):
        (folder / f"{number}.md").unlink()
    assert docs.refresh("docs").outcome == "done", "half is not more than half"
    (folder / "sub").mkdir()
    for path in folder.glob("*.md"):
        path.rename(folder / "sub" / path.name)
    assert docs.refresh("docs").changes.removed == 3, "they are there, elsewhere"
    docs.register.change("docs", SourceOptions(audience="staff"), None)
    assert docs.refresh("docs").outcome == "done"
    for path in (folder / "sub").glob("*.md"):
        path.write_text(f"We are being repaired {path.name}.")
    assert docs.refresh("docs").outcome == "held", "the same number of texts, and none of them"


def test_a_file_that_cannot_be_read_keeps_what_it_had(docs, folder):
    (folder / "0.md").rename(folder / "0.pdf")
    (folder / "1.md").write_bytes(b"\0\1\2" * 100)
    docs.refresh("docs")
    assert "cannot be read" in docs.notes("docs")
    assert "Text number 1." in docs.texts("docs")


def test_a_folder_that_is_away_is_an_error_and_tried_again_in_an_hour(docs, folder):
    folder.rename(folder.with_name("away"))
    with pytest.raises(SourceError, match="is no folder now"):
        docs.refresh("docs")
    failed = docs.get("docs")
    assert (failed.outcome, len(docs.texts("docs"))) == ("failed", 6)
    assert failed.next == docs.time[0] + timedelta(hours=1)
    assert "Is its disk there?" in failed.error
    folder.with_name("away").rename(folder)
    docs.refresh("docs")
    assert (docs.get("docs").error, docs.get("docs").next.hour) == ("", 2)


def test_one_of_many_gets_it_and_the_others_are_told(docs):
    gate, inside = threading.Event(), threading.Event()
    real = docs.refresher.reader.__class__.read

    def slow(self, *arguments):
        inside.set()
        assert gate.wait(20)
        return real(self, *arguments)

    with pytest.MonkeyPatch.context() as patch, ThreadPoolExecutor(8) as pool:
        patch.setattr(docs.refresher.reader.__class__, "read", slow)
        first = pool.submit(docs.refresh, "docs")
        assert inside.wait(20)
        for one in [pool.submit(docs.refresh, "docs") for _ in range(6)]:
            with pytest.raises(SourceBusy):
                one.result(20)
        for act in (
            lambda: docs.register.remove("docs"),
            lambda: docs.register.change("docs", None, "hourly"),
        ):
            with pytest.raises(SourceBusy):
                act()
        assert docs.get("docs").running(docs.time[0])
        gate.set()
        assert first.result(20).outcome == "done"
    assert not docs.get("docs").running(docs.time[0])


def test_two_at_the_same_moment_do_not_both_get_it(docs):
    barrier = threading.Barrier(2)

    def claimed(_: int) -> bool:
        barrier.wait(10)
        try:
            docs.store.claim("docs", docs.time[0])
        except SourceBusy:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        for _ in range(20):
            assert sorted(pool.map(claimed, range(2))) == [False, True]
            docs.later(seconds=LEASE.total_seconds() + 1)


def test_a_claim_that_nobody_renews_ends_and_its_holder_changes_nothing_more(docs):
    mine = docs.store.claim("docs", docs.time[0])
    now = docs.later(seconds=60)
    assert docs.store.renew(mine, now)
    docs.later(seconds=60)
    assert docs.store.due(docs.time[0], LONGEST) == [], "it is renewed"
    docs.later(seconds=60)
    assert docs.store.due(docs.time[0], LONGEST) == ["docs"], "it is due until it has ended"
    theirs = docs.store.claim("docs", docs.time[0])
    assert not docs.store.renew(mine, docs.time[0])
    assert not docs.store.finish(mine, [], outcome="failed", error="late")
    assert docs.get("docs").claim == theirs.claim
    assert docs.get("docs").error == ""


def test_who_is_told_to_end_changes_nothing_and_it_is_gone_on_with(docs, folder):
    (folder / "new.md").write_text("New.")

    def end(what: str, *_: int) -> None:
        docs.refresher.stop.set()

    with pytest.raises(Stopped):
        docs.refresher.refresh("docs", end)
    assert len(docs.texts("docs")) == 6
    assert docs.store.due(docs.time[0], LONGEST) == ["docs"]
    docs.refresher.close()
    docs.refresher.stop.clear()
    assert docs.refresh("docs").changes.added == 1


async def test_missed_times_are_made_up_for_once(docs, folder):
    refreshing = Refreshing(docs.refresher, ChangeLog(docs.store._engine))
    assert await refreshing.look() == []
    docs.later(days=10)
    (folder / "new.md").write_text("New.")
    assert await refreshing.look() == ["docs"]
    assert await refreshing.look() == []
    due = docs.get("docs").next
    assert docs.time[0] < due <= docs.time[0] + timedelta(days=1)
    [noted] = refreshing.changes.newest(5)
    assert (noted.by, noted.what, noted.detail["added"]) == ("schedule", "source refreshed", 1)


async def test_a_time_that_a_wrong_clock_set_is_not_waited_for(docs):
    docs.later(days=4000)
    docs.refresh("docs")
    docs.later(days=-4000)
    refreshing = Refreshing(docs.refresher, ChangeLog(docs.store._engine))
    assert await refreshing.look() == ["docs"]
    assert docs.get("docs").next < docs.time[0] + timedelta(days=2)


async def test_one_that_fails_does_not_keep_the_others_waiting(docs, folder, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    (other / "a.md").write_text("Other.")
    docs.add("other", "folder", str(other), "hourly")
    folder.rename(folder.with_name("away"))
    docs.later(days=2)
    refreshing = Refreshing(docs.refresher, ChangeLog(docs.store._engine))
    assert set(await refreshing.look()) == {"docs", "other"}
    assert docs.texts("other") == ["Other."]
    assert docs.get("docs").outcome == "failed"


def test_names_and_folders_that_cannot_be(docs, tmp_path, settings):
    for name in ("", " ", "a/b", "a\\b", "a\nb", "a\0", "..", "x" * 101, "a\u202eb"):
        with pytest.raises(SourceError):
            docs.add(name, "folder", str(tmp_path))
    with pytest.raises(SourceError, match="There is a source called 'docs' already|is the name of"):
        docs.add("docs", "folder", str(tmp_path))
    docs.refresher.library.add("rows", [], lambda *_: None, keep=["x"])
    with pytest.raises(SourceError, match="is no folder"):
        docs.add("x", "folder", str(tmp_path / "nowhere"))
    with pytest.raises(UnknownSource):
        docs.refresh("nowhere")
    for options in ({"depth": 21}, {"pages": 0}, {"pages": 50_001}, {"language": "no language"}):
        with pytest.raises(SourceError):
            docs.add("x", "web", "https://example.com/", **options)


def test_a_folder_over_the_api_is_one_that_the_settings_name(docs, tmp_path, settings):
    allowed, other = tmp_path / "allowed", tmp_path / "other"
    for path in (allowed / "inner", other):
        path.mkdir(parents=True)
    (allowed / "out").symlink_to(other)

    def add(name: str, path: Path | str, kind="folder") -> None:
        docs.register.add(name, kind, str(path), SourceOptions(), "off", here=False)

    with pytest.raises(SourceError, match="not in a folder that sources may be in"):
        add("a", allowed)
    named = settings.sources.model_copy(update={"folders": (allowed,)})
    object.__setattr__(settings, "sources", named)
    add("a", allowed)
    add("b", allowed / "inner")
    for bad in (other, allowed / "..", allowed / "out", f"{allowed}/inner/../../other", "/etc"):
        for kind in ("folder", "git"):
            with pytest.raises(SourceError):
                add("c", bad, kind)


def run(settings, *arguments: str) -> "subprocess.Popen[bytes]":
    env = environment(
        settings.data_dir,
        settings.cache_dir,
        ROUTEBACK_KNOWLEDGE__SAMPLE="false",
        ROUTEBACK_SOURCES__PRIVATE_HOSTS='["127.0.0.1"]',
        ROUTEBACK_SOURCES__DELAY_S="0",
    )
    command = [str(ROUTEBACK), "knowledge", "sources", *arguments]
    return subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


@pytest.mark.slow
@pytest.mark.long
@pytest.mark.timeout(170)
@pytest.mark.parametrize("after_s", [None, 0.15, 0.4])
def test_a_kill_in_the_middle_loses_nothing_and_doubles_nothing(make, settings, site, after_s):
    """None: while a page is fetched; else so long after the last page: reading, or writing."""
    count = 40
    reached, goes_on = threading.Event(), threading.Event()
    for number in range(count):
        site.page(f"/{number}", f"Old text {number}.", headers={"ETag": f'"{number}"'})
    site.sitemap("/sitemap.xml", *(f"/{number}" for number in range(count)))
    desk = make()
    desk.add("help", "web", f"{site.url}/sitemap.xml")
    desk.refresh("help")
    before = desk.texts("help")
    desk.index.close()
    for number in range(0, count, 3):
        site.page(f"/{number}", f"New text {number}.", headers={"ETag": f'"new {number}"'})

    def hold() -> None:
        reached.set()
        assert after_s is not None or goes_on.wait(60)

    at = 20 if after_s is None else count - 1
    site.pages[f"/{at}"].before = hold
    child = run(settings, "refresh", "help")
    assert reached.wait(60)
    time.sleep(after_s or 0)
    child.send_signal(signal.SIGKILL)
    child.wait(10)
    goes_on.set()
    desk = make()
    desk.time[0] = clock.now()
    new = {f"New text {n}." if n % 3 == 0 else f"Old text {n}." for n in range(count)}
    assert set(desk.texts("help")) in (set(before), new), "the one or the other, whole"
    assert len(desk.texts("help")) == count
    if desk.get("help").claim:
        with pytest.raises(SourceBusy):
            desk.refresh("help")
        desk.later(seconds=LEASE.total_seconds() + 1)
        assert desk.store.due(desk.time[0], LONGEST) == ["help"], "it is gone on with by itself"
    desk.refresh("help")
    assert desk.texts("help") == sorted(new)
    assert desk.refresh("help").changes.kept == count
