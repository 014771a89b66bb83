"""Full-text search over tickets, and over everything of one person. Blocking; from a thread."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    FromClause,
    Select,
    column,
    func,
    select,
    table,
)
from sqlalchemy.dialects.postgresql import TSVECTOR

from assistant.desk.wanted import Wanted
from assistant.records.conversations import conversations
from assistant.records.desk.tables import messages, tickets
from assistant.records.desk.tickets import Ticket, ticket_of
from assistant.records.queue.listing import BY_HAND, of_person
from assistant.records.queue.tables import findable
from assistant.records.turns import turns
from assistant.wire.queue import FoundKind, PartView, SearchHit

_LOOKED_AT: Final = 300
"""Places that are put together: the best of them all."""
_OF_TICKETS: Final = "said : ({query})"


@dataclass(frozen=True, slots=True)
class _Place:
    """A place where something was found."""

    kind: FoundKind
    ref: str
    conversation_id: str
    ticket_id: str | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Finder:
    """Finds what was said."""

    engine: Engine

    def find(self, typed: str, limit: int, person_of: Ticket | None = None) -> list[SearchHit]:
        """Return the tickets in which all of the words stand in one place, the best first.

        typed: as somebody typed it; nothing in it is wrong. person_of: everything of the person of
        a ticket instead, their questions and the answers as well.
        """
        wanted = Wanted.of(typed)
        if wanted.nothing:
            return []
        with self.engine.connect() as connection:
            places = _places(connection, wanted, person_of)
            if wanted.number is not None:
                places = [*_numbered(connection, wanted.number, person_of), *places]
            return _told(connection, wanted, places, limit)


def _places(connection: Connection, wanted: Wanted, person_of: Ticket | None) -> list[_Place]:
    """Return the best places, by the words alone; how common each is counts."""
    c = findable.c
    if connection.dialect.name == "sqlite":
        asked = wanted.fts5 if person_of else _OF_TICKETS.format(query=wanted.fts5)
        index = table("search_index", column("rowid"), column("rank"), column("search_index"))
        source: FromClause = findable.join(index, c.number == index.c.rowid)
        found: ColumnElement[bool] = index.c.search_index.op("MATCH")(asked)
        rank: ColumnElement[Any] = index.c.rank
        newest: ColumnElement[Any] = index.c.rowid
    else:
        words, asked_for = column("words", TSVECTOR), func.to_tsquery("simple", wanted.tsquery)
        source, found = findable, words.bool_op("@@")(asked_for)
        rank, newest = -func.ts_rank(words, asked_for), c.number
    query = select(c.kind, c.ref, c.conversation_id, c.ticket_id, c.at, rank.label("rank"))
    query = query.select_from(source).where(found).limit(_LOOKED_AT)
    if person_of is None:
        rows = connection.execute(query.where(c.ticket_id.is_not(None)).order_by("rank"))
        return [_Place(*row[:5]) for row in rows]
    # What all others said is passed over unranked: of the person's, the newest are ranked.
    mine = query.where(c.conversation_id.in_(_conversations(person_of)))
    ranked = sorted(connection.execute(mine.order_by(newest.desc())), key=lambda row: row.rank)
    return [_Place(*row[:5]) for row in ranked]


def _conversations(person_of: Ticket) -> Select[tuple[str]]:
    """Return the conversations of the person of a ticket."""
    owned = select(conversations.c.id).where(conversations.c.owner == person_of.owner)
    if not person_of.owner or person_of.owner.startswith(BY_HAND):
        owned = select(conversations.c.id).where(conversations.c.id == person_of.conversation_id)
    return owned


def _numbered(connection: Connection, number: int, person_of: Ticket | None) -> list[_Place]:
    """Return the ticket that is called by a number."""
    c = tickets.c
    query = select(c.id, c.conversation_id, c.created_at).where(c.number == number)
    if person_of is not None:
        query = query.where(of_person(person_of))
    rows = connection.execute(query)
    return [_Place("ticket", row[0], row[1], row[0], row[2]) for row in rows]


def _told(
    connection: Connection, wanted: Wanted, places: Sequence[_Place], limit: int
) -> list[SearchHit]:
    """Return what is told: of each ticket, or conversation with the assistant, its best place."""
    grouped: dict[str, list[_Place]] = {}
    for place in places:
        grouped.setdefault(place.ticket_id or place.conversation_id, []).append(place)
    best = [group[0] for group in list(grouped.values())[:limit]]
    texts = _texts(connection, best)
    of = select(tickets).where(tickets.c.id.in_([p.ticket_id for p in best if p.ticket_id]))
    named = {row["id"]: ticket_of(row) for row in connection.execute(of).mappings()}
    hits = []
    for place in best:
        ticket = named.get(place.ticket_id or "")
        group = grouped[place.ticket_id or place.conversation_id]
        excerpt = wanted.excerpt(texts.get((place.kind, place.ref), ""))
        hits.append(
            SearchHit(
                kind=place.kind,
                ticket=ticket.number if ticket else None,
                ticket_id=place.ticket_id,
                status=ticket.status.value if ticket else None,
                subject=ticket.subject if ticket else "",
                conversation_id=place.conversation_id,
                at=place.at,
                excerpt=tuple(PartView(text=part.text, hit=part.hit) for part in excerpt),
                more=len({place.ref for place in group}) - 1,
            )
        )
    return hits


def _texts(connection: Connection, places: Iterable[_Place]) -> dict[tuple[str, str], str]:
    """Return what stands in places."""
    refs: dict[str, list[str]] = {"ticket": [], "message": [], "turn": []}
    for place in places:
        refs[place.kind].append(place.ref)
    t, m, n = tickets.c, messages.c, turns.c
    queries = {
        "ticket": select(t.id, t.subject, t.message, t.contact).where(t.id.in_(refs["ticket"])),
        "message": select(m.id, m.text).where(m.id.in_(refs["message"])),
        "turn": select(n.id, n.question, n.answer).where(n.id.in_(refs["turn"])),
    }
    return {
        (kind, row[0]): " – ".join(filter(None, map(str, row[1:])))
        for kind, query in queries.items()
        if refs[kind]
        for row in connection.execute(query)
    }
