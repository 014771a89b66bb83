"""Zammad's articles from what was said here, and what they say in plain text. Pure."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from bs4 import BeautifulSoup

from assistant.records.bridge.story import SaidLine
from assistant.records.desk.tickets import Ticket

_MARK: Final = re.compile(r"Routeback #\d+ \[([0-9a-f-]{36})\]")
_TITLE: Final = 150
_BLOCKS: Final = ("p", "div", "li", "tr", "blockquote", "pre", "h1", "h2", "h3", "h4")
_TYPES: Final = {"asker": "web", "bot": "note", "team": "web", "note": "note"}


@dataclass(frozen=True, slots=True)
class ArticleThere:
    """An article as Zammad tells it. files: names of its attachments."""

    id: int
    sender: str
    internal: bool
    subject: str
    body: str
    html: bool
    created_by_id: int
    origin_by_id: int | None
    files: tuple[str, ...] = ()

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> "ArticleThere":
        """Read one of Zammad's reply.

        Raises:
            KeyError, TypeError, ValueError: it is none.
        """
        files = told.get("attachments") or ()
        origin = told.get("origin_by_id")
        return cls(
            id=int(told["id"]),
            sender=str(told["sender"]),
            internal=bool(told["internal"]),
            subject=str(told.get("subject") or ""),
            body=str(told.get("body") or ""),
            html="html" in str(told.get("content_type") or ""),
            created_by_id=int(told["created_by_id"]),
            origin_by_id=int(origin) if origin else None,
            files=tuple(str(file.get("filename", "")) for file in files),
        )

    @property
    def author(self) -> int:
        """Id of who wrote it."""
        return self.origin_by_id or self.created_by_id

    @property
    def text(self) -> str:
        """What it says: without markup and without the message that it answers."""
        said = plain(self.body) if self.html else self.body.strip()
        if self.files:
            said = f"{said}\n\n[{', '.join(self.files)}]".strip()
        return said or "…"


def mark(ticket: Ticket, name: str) -> str:
    """Return the subject by which an article is known again. name: id of an entry or ticket."""
    return f"Routeback #{ticket.number} [{name}]"


def marked(article: ArticleThere, me: int) -> str | None:
    """Return the id that an article of ours is marked with; None: it is not ours.

    me: id of the user as whom we write: others may have taken a subject over.
    """
    found = _MARK.fullmatch(article.subject.strip())
    return found[1] if found and article.created_by_id == me else None


def title_mark(ticket: Ticket) -> str:
    """Return what stands in the title of a ticket, and in no other's."""
    return f"[Routeback #{ticket.number} {ticket.id[:13]}]"


def title(ticket: Ticket) -> str:
    """Return the title of a ticket there."""
    about = " ".join((ticket.subject or ticket.message).split())
    return f"{about[:_TITLE]} {title_mark(ticket)}".strip()


def opening(ticket: Ticket) -> dict[str, Any]:
    """Return the first article: for the team, why somebody is asked for."""
    facts = {
        "reason": ticket.reason,
        "language": ticket.language,
        "segment": ticket.segment,
        "priority": ticket.priority,
        "contact": ticket.contact,
    }
    lines = [f"{name}: {value}" for name, value in facts.items() if value]
    return {
        "subject": mark(ticket, ticket.id),
        "body": "\n".join((f"Routeback #{ticket.number}", *lines)),
        "content_type": "text/plain",
        "type": "note",
        "sender": "Agent",
        "internal": True,
    }


def article(ticket: Ticket, line: SaidLine, there: int, customer: int | None) -> dict[str, Any]:
    """Return the article for something that was said. customer: id of who asked, there."""
    said = {
        "ticket_id": there,
        "subject": mark(ticket, line.entry.id),
        "body": f"{line.label}\n\n{line.text}" if line.label else line.text,
        "content_type": "text/plain",
        "type": _TYPES[line.speaker],
        "sender": "Customer" if line.speaker == "asker" else "Agent",
        "internal": line.speaker == "note",
    }
    if line.speaker == "asker" and customer:
        said["origin_by_id"] = customer
    return said


def arrived(articles: Sequence[ArticleThere], me: int) -> dict[str, int]:
    """Return the articles that are ours, by the id that each is marked with."""
    found = {marked(one, me): one.id for one in reversed(articles)}
    return {name: there for name, there in found.items() if name is not None}


def plain(html: str) -> str:
    """Return what HTML says, line by line; what a mail program quotes is left out."""
    soup = BeautifulSoup(html, "html.parser")
    for quoted in soup.find_all("blockquote", type="cite"):
        quoted.decompose()
    for hidden in soup.find_all(["script", "style", "head"]):
        hidden.decompose()
    for broken in soup.find_all("br"):
        broken.replace_with("\n")
    for block in soup.find_all(_BLOCKS):
        block.append("\n")
    lines = (" ".join(line.split()) for line in soup.get_text().splitlines())
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
