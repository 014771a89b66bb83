"""What is stale in the knowledge, and what contradicts itself: each with its evidence. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final, Literal

from dateutil.relativedelta import relativedelta

from assistant.knowledge.documents import Chunk
from assistant.knowledge.library import Contradiction
from assistant.records.sources import KnowledgeSource, SourcePage

HealthKind = Literal[
    "contradiction", "held", "overdue", "failing", "gone", "superseded", "unfetched", "old"
]
"""contradiction: texts of one name say different things, and no date says which counts;
held: a refresh waits for a person; overdue: a source is not refreshed though its time has come;
failing: its last refresh failed; gone: a page is said not to exist; superseded: there is a newer
text of the same name; unfetched: a page could not be fetched the last time; old: a text's own date
lies far back."""
KINDS: Final[tuple[HealthKind, ...]] = (
    *("contradiction", "held", "overdue", "failing", "gone", "superseded", "unfetched", "old"),
)
LATE: Final = timedelta(hours=1)
"""How long after its time a source may be refreshed."""


@dataclass(frozen=True, slots=True)
class Exhibit:
    """What a finding rests on: a text, with where it is. date: ISO 8601 or empty."""

    root: str
    source: str
    date: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class HealthFinding:
    """One thing that somebody should look at.

    what: the name of the entry, page or source. where: the source that it belongs to. why: a
    sentence. since: ISO 8601, a day or a moment; empty: it is not known. evidence: texts.
    """

    kind: HealthKind
    what: str
    where: str
    why: str
    since: str = ""
    evidence: tuple[Exhibit, ...] = ()


def findings(
    stock: Iterable[Chunk],
    contradictions: Iterable[Contradiction],
    sources: Mapping[str, tuple[KnowledgeSource, Sequence[SourcePage]]],
    now: datetime,
    stale_months: int,
) -> list[HealthFinding]:
    """Return all findings, by kind in the order of ``KINDS``, the oldest first.

    sources: each with what is known of its pages, by name. stale_months: after which a text is old.
    """
    found: list[HealthFinding] = []
    for source, pages in sources.values():
        found += _of_source(source, now)
        found += _of_pages(source, pages)
    for clash in contradictions:
        found += _of_clash(clash)
    found += _old(stock, now, stale_months)
    return sorted(found, key=lambda one: (KINDS.index(one.kind), one.since, one.where, one.what))


def _of_source(source: KnowledgeSource, now: datetime) -> Iterator[HealthFinding]:
    name = source.name
    if source.outcome == "held":
        why = f"A refresh would remove {source.removed} passages, and was not applied."
        yield HealthFinding("held", name, name, why, _moment(source.last))
    if source.outcome == "failed":
        why = source.error or "Its last refresh failed."
        yield HealthFinding("failing", name, name, why, _moment(source.succeeded or source.made))
    due = source.next
    if due is not None and now - due > LATE and not source.running(now):
        last = f"last on {source.succeeded:%Y-%m-%d}" if source.succeeded else "never before"
        why = f"It was due and has not been refreshed ({last})."
        yield HealthFinding("overdue", name, name, why, _moment(due))


def _of_pages(source: KnowledgeSource, pages: Iterable[SourcePage]) -> Iterator[HealthFinding]:
    for page in pages:
        seen = f"; it was last there on {page.seen:%Y-%m-%d}" if page.seen else ""
        exhibit = (Exhibit(source.name, page.page, url=page.page),)
        if page.gone is not None:
            why = f"The page is not there any more: {page.why}{seen}."
            yield HealthFinding("gone", page.page, source.name, why, _moment(page.gone), exhibit)
        elif page.failing is not None:
            why = f"The page could not be fetched: {page.why.rstrip('.')}{seen}."
            yield HealthFinding(
                "unfetched", page.page, source.name, why, _moment(page.failing), exhibit
            )


def _of_clash(clash: Contradiction) -> Iterator[HealthFinding]:
    """Yield the older texts of a name where dates say which those are; else the contradiction."""
    newest, *older = clash.versions
    exhibits = tuple(Exhibit(v.root, v.source, v.date) for v in clash.versions)
    dated = all(version.date for version in clash.versions)
    if not dated or older[0].date == newest.date:
        why = f"{len(clash.versions)} texts of this name differ, and no date says which counts."
        where = ", ".join(dict.fromkeys(version.root for version in clash.versions))
        yield HealthFinding("contradiction", clash.name, where, why, evidence=exhibits)
        return
    for version in older:
        why = f"{newest.source} has a newer text of this name, of {newest.date}."
        evidence = (Exhibit(version.root, version.source, version.date), exhibits[0])
        yield HealthFinding("superseded", clash.name, version.root, why, newest.date, evidence)


def _old(stock: Iterable[Chunk], now: datetime, months: int) -> Iterator[HealthFinding]:
    """Yield the pages and entries whose own date lies too far back."""
    limit = now.astimezone(UTC).date() - relativedelta(months=months)
    texts: dict[tuple[str, str, str], Chunk] = {}
    for chunk in stock:
        if chunk.date and (day := _day(chunk.date)) is not None and day < limit:
            key = chunk.root, chunk.source, chunk.title if chunk.kind.curated else ""
            first = texts.setdefault(key, chunk)
            if chunk.number < first.number:
                texts[key] = chunk
    for chunk in texts.values():
        why = f"Its date, {chunk.date}, is more than {months} months ago."
        evidence = (Exhibit(chunk.root, chunk.source, chunk.date, chunk.url),)
        what = chunk.title if chunk.kind.curated else chunk.title_path[0]
        yield HealthFinding("old", what, chunk.root, why, chunk.date, evidence)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        return None


def _moment(at: datetime | None) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds") if at else ""
