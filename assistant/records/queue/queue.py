"""The queue of tickets: all that the team works it with, on one database."""

from dataclasses import dataclass
from typing import Self

from sqlalchemy import Engine

from assistant.records.desk.agents import Attendance
from assistant.records.desk.events import Worker
from assistant.records.queue.attachments import Attachments
from assistant.records.queue.canned import Canned
from assistant.records.queue.listing import Listing
from assistant.records.queue.looking import Lookers
from assistant.records.queue.news import News
from assistant.records.queue.presence import Presence
from assistant.records.queue.saved import Views
from assistant.records.queue.search import Finder


@dataclass(frozen=True, slots=True)
class Queue:
    """Lists, search, files, kept texts, and who is there. Blocking; call it from a thread."""

    engine: Engine
    attendance: Attendance
    presence: Presence
    attachments: Attachments
    canned: Canned
    finder: Finder
    lookers: Lookers

    @classmethod
    def of(cls, engine: Engine, link: str = "") -> Self:
        """Return the queue of a database. link: the address of the chat page."""
        return cls(
            engine,
            Attendance(engine),
            Presence(engine),
            Attachments(engine),
            Canned(engine, link),
            Finder(engine),
            Lookers(engine),
        )

    def listing(self, viewer: str) -> Listing:
        """Return the lists that somebody of the team sees. viewer: their id."""
        return Listing(self.engine, viewer)

    def views(self, by: Worker) -> Views:
        """Return the views of somebody of the team."""
        return Views(self.engine, by)

    def news(self, agent: str) -> News:
        """Return what somebody of the team is told. agent: their id."""
        return News(self.engine, agent)
