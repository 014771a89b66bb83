from datetime import UTC, datetime, timedelta

from assistant.knowledge.documents import Chunk, Kind
from assistant.knowledge.library import Contradiction, Version
from assistant.records.sources import KnowledgeSource, SourcePage
from assistant.sources.health import KINDS, findings

NOW = datetime(2026, 11, 29, 12, 0, tzinfo=UTC)


def chunk(source: str, date: str, title: str = "Title", kind=Kind.PAGE, number: int = 1) -> Chunk:
    names = (title,) if kind.curated else ()
    return Chunk(
        "docs", source, (title, "Part"), "Text.", "en", kind, "public", date=date, names=names,
        number=0 if kind.curated else number,
    )  # fmt: skip


def found(stock=(), clashes=(), sources=(), months: int = 18):
    known = {source.name: (source, pages) for source, pages in sources}
    return findings(stock, clashes, known, NOW, months)


def test_nothing_is_found_where_nothing_is_wrong():
    fresh = KnowledgeSource("a", "web", "https://a.example/", schedule="hourly", outcome="done",
                            succeeded=NOW, next=NOW + timedelta(hours=1))  # fmt: skip
    pages = [SourcePage("https://a.example/", seen=NOW)]
    assert found([chunk("a.md", ""), chunk("b.md", "2026-11-01")], (), [(fresh, pages)]) == []


def test_a_text_is_old_from_the_day_after_so_many_months():
    stock = [
        chunk("edge.md", "2025-05-29"),
        chunk("old.md", "2025-05-28", "Old", number=2),
        chunk("old.md", "2025-05-28", "Old", number=1),
        chunk("rows.csv", "2020-01-01", "Pod", Kind.GLOSSARY),
        chunk("rows.csv", "2020-01-01", "Node", Kind.GLOSSARY),
        chunk("odd.md", "last year"),
    ]
    old = found(stock)
    assert [(one.kind, one.since) for one in old] == [("old", "2020-01-01")] * 2 + [
        ("old", "2025-05-28")
    ]
    assert old[-1].what == "Old"
    assert old[-1].evidence[0].source == "old.md"
    assert found(stock, months=1200) == []


def version(source: str, date: str, text: str) -> Version:
    return Version("docs", source, date, text)


def test_dates_that_say_which_text_counts_make_the_others_superseded():
    dated = Contradiction(
        "Pod",
        "en",
        (
            version("c", "2026-03-01", "3"),
            version("b", "2026-01-01", "2"),
            version("a", "2025", "1"),
        ),
    )
    undated = Contradiction("Node", "en", (version("b", "2026", "x"), version("a", "", "y")))
    same = Contradiction("Host", "en", (version("b", "2026", "x"), version("a", "2026", "y")))
    result = found((), [dated, undated, same])
    assert [(one.kind, one.what) for one in result] == [
        *(("contradiction", "Host"), ("contradiction", "Node")),
        *(("superseded", "Pod"), ("superseded", "Pod")),
    ]
    assert {exhibit.source for exhibit in result[0].evidence} == {"a", "b"}
    assert "c has a newer text of this name, of 2026-03-01" in result[2].why


def test_sources_and_pages_that_are_not_as_they_should_be():
    base = {"kind": "web", "address": "https://a.example/", "made": NOW - timedelta(days=9)}
    late = KnowledgeSource("late", next=NOW - timedelta(hours=2), outcome="done", **base)
    soon = KnowledgeSource("soon", next=NOW - timedelta(minutes=5), outcome="done", **base)
    busy = KnowledgeSource("busy", next=NOW - timedelta(days=1), claim="x", claimed=NOW, **base)
    failed = KnowledgeSource(
        "failed", outcome="failed", error="It is away.", succeeded=NOW - timedelta(days=3), **base
    )
    held = KnowledgeSource("held", outcome="held", removed=7, last=NOW, **base)
    pages = [
        SourcePage("https://a.example/1", seen=NOW - timedelta(days=2), gone=NOW, why="HTTP 404"),
        SourcePage("https://a.example/2", failing=NOW - timedelta(days=1), why="HTTP 500"),
        SourcePage("https://a.example/3", seen=NOW),
    ]
    result = found((), (), [(late, pages), (soon, []), (busy, []), (failed, []), (held, [])])
    assert [(one.kind, one.where) for one in result] == [
        ("held", "held"),
        ("overdue", "late"),
        ("failing", "failed"),
        ("gone", "late"),
        ("unfetched", "late"),
    ]
    assert "7 passages" in result[0].why
    assert result[2].since == "2026-11-26T12:00:00+00:00"
    assert "HTTP 404; it was last there on 2026-11-27" in result[3].why
    assert result[3].evidence[0].url == "https://a.example/1"
    assert [*dict.fromkeys(one.kind for one in result)] == [
        kind for kind in KINDS if kind in {one.kind for one in result}
    ]
