"""What of a conversation belongs to one of its tickets, as another desk is to have it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from sqlalchemy import Engine

from assistant.records.bridge.telling import ORIGIN
from assistant.records.desk.log import LogEntry
from assistant.records.desk.threads import Threads
from assistant.records.desk.tickets import Ticket
from assistant.records.turns import Records
from assistant.sending.bridge_settings import ZAMMAD
from assistant.wire.author import authored

Speaker = Literal["asker", "bot", "team", "note"]
_ENDS: Final = frozenset({"close", "return"})
_SPEAKERS: Final[Mapping[str, Speaker]] = {
    "question": "asker",
    "user": "asker",
    "answer": "bot",
    "cut": "bot",
    "team": "team",
    "note": "note",
}


@dataclass(frozen=True, slots=True)
class SaidLine:
    """Something that was said. label: who wrote it, in a line for people; empty: who asked."""

    entry: LogEntry
    speaker: Speaker
    text: str
    label: str = ""


def belonging(log: Sequence[LogEntry], ticket_id: str) -> list[LogEntry]:
    """Return the entries of a ticket: from the end of the one before it to its own end.

    So each entry belongs to one ticket at most; what is said to the bot after a ticket's end
    belongs to the next one.
    """
    mine = [entry.number for entry in log if entry.kind == "moved" and entry.ticket_id == ticket_id]
    if not mine:
        return []
    ends = [entry for entry in log if entry.kind == "moved" and entry.detail.get("move") in _ENDS]
    before = [end.number for end in ends if end.ticket_id != ticket_id and end.number < min(mine)]
    own = [end.number for end in ends if end.ticket_id == ticket_id]
    first, last = max(before, default=0), max(own, default=log[-1].number)
    return [entry for entry in log if first < entry.number <= last]


def story(engine: Engine, ticket: Ticket, *, notes: bool) -> list[SaidLine]:
    """Return what was said of a ticket, in its order; what came from Zammad is left out.

    notes: also what the team wrote for itself.
    """
    records = Records(engine)
    log = Threads(engine).entries(ticket.conversation_id, notes=True)
    pieces: dict[str, str] = {}
    for entry in log:
        if entry.kind == "piece" and entry.turn_id:
            pieces[entry.turn_id] = pieces.get(entry.turn_id, "") + entry.text
    lines = []
    for entry in belonging(log, ticket.id):
        speaker = _SPEAKERS.get(entry.kind)
        origin = entry.detail.get(ORIGIN, {})
        if speaker is None or origin.get("source") == ZAMMAD or (speaker == "note" and not notes):
            continue
        text, label = entry.text, ""
        if speaker == "bot":
            turn = records.find(entry.turn_id or "")
            text = pieces.get(entry.turn_id or "", "")
            if turn is not None:
                text, label = (turn.answer if entry.kind == "answer" else text), turn.author.label
        elif speaker != "asker":
            kind: Literal["draft", "person"] = "draft" if entry.detail.get("drafted") else "person"
            quoting = bool(entry.detail.get("quoted"))
            label = authored(kind, entry.name, ticket.language, quoting=quoting).label
        if text.strip():
            lines.append(SaidLine(entry, speaker, text, label))
    return lines
