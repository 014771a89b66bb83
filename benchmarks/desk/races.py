"""Seeded races for a conversation: the bot streams while people claim, reply, write, stop and wait.

Each race has its own conversation and several actors in threads, which draw what they do and when
from a seed. What a store acknowledged is noted by who did it, and held against the log afterwards:

- behind the entry by which somebody took a conversation over there is nothing of the bot until it
  is given back;
- what was acknowledged is there once, in its own conversation, and nothing else is;
- each question has one end, and an answer that was shown to its end is its pieces;
- a ticket and its conversation say the same.

``python -m benchmarks.desk.races FOLDER SEED COUNT`` runs races on a database and writes what was
acknowledged to ``FOLDER/acknowledged.jsonl`` line by line: so that it can be killed.
"""

import json
import os
import random
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from time import sleep
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Engine, select

from assistant.desk.states import Holder
from assistant.errors import DeskConflict
from assistant.records.database import RECORDS, open_database
from assistant.records.desk.desk import Desk
from assistant.records.desk.events import Worker
from assistant.records.desk.log import ENDS, LogEntry
from assistant.records.desk.tables import messages, threads, tickets
from assistant.records.desk.threads import Threads
from assistant.records.desk.tickets import Ticket
from assistant.records.turns import Records, Turn, turns
from guardrails import clock

ACKNOWLEDGED: Final = "acknowledged.jsonl"
_PIECES: Final = 4
_STEPS: Final = 8
_LONGEST_S: Final = 0.012
_OF_THE_BOT: Final = frozenset({"piece", "answer"})
AGENTS: Final = (Worker("agent-1", "Ada"), Worker("agent-2", "Bo"))


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """Something that the store said it has. kind: of the entry. sent: the client's id of it."""

    conversation: str
    kind: str
    sent: str


@dataclass
class Race:
    """One conversation and who races for it. note: is told what was acknowledged, at once."""

    engine: Engine
    seed: int
    note: Callable[[Acknowledged], None]
    owner: str = "person:race"
    conversation: str = ""
    _failed: list[BaseException] = field(default_factory=list)

    def run(self) -> None:
        """Let all actors race until each has done its part.

        Raises:
            BaseException: what an actor did not expect.
        """
        records = Records(self.engine)
        self.conversation = records.begin(f"{self.owner}-{self.seed}")
        Threads(self.engine).take(self.conversation, self._id("first"), "What is a token?")
        self._answered(records, self._id("first"))
        acts = (self._bot, self._asker, self._agent(0), self._agent(1), self._time)
        actors = [
            threading.Thread(target=self._act, args=(act, _chance(f"{self.seed} {number}")))
            for number, act in enumerate(acts)
        ]
        for actor in actors:
            actor.start()
        for actor in actors:
            actor.join()
        if self._failed:
            raise self._failed[0]

    def _act(self, act: Callable[[random.Random], None], chance: random.Random) -> None:
        try:
            act(chance)
        except Exception as error:
            self._failed.append(error)

    def _id(self, name: str) -> str:
        return str(UUID(int=_chance(f"{self.seed} {name}").getrandbits(128)))

    def _answered(self, records: Records, turn_id: str) -> None:
        turn = _turn(self.conversation, turn_id, "", "answered")
        records.add(turn)

    def _bot(self, chance: random.Random) -> None:
        """Answer several questions piece by piece, and be stopped now and then."""
        records, log = Records(self.engine), Threads(self.engine)
        for number in range(3):
            turn_id, said = self._id(f"turn {number}"), ""
            sent = self._id(f"question {number}")
            taken = log.take(self.conversation, turn_id, f"question {number}", client_id=sent)
            self.note(Acknowledged(taken.entry.conversation_id, taken.entry.kind, sent))
            if not taken.for_the_bot:
                _pause(chance)
                continue
            where, stops = taken.entry.conversation_id, chance.random() < 0.2
            try:
                for piece in range(_PIECES):
                    _pause(chance)
                    log.say(where, turn_id, f"piece {piece} of {number}. ")
                    said += f"piece {piece} of {number}. "
                    if stops and piece == 1:
                        break
                if stops:
                    records.add(_turn(where, turn_id, said, "left"), shown=False)
                else:
                    records.add(_turn(where, turn_id, said, "answered"))
            except DeskConflict:
                records.add(_turn(where, turn_id, said, "taken_over"), shown=False)

    def _asker(self, chance: random.Random) -> None:
        """Ask for a person, write to them, send twice, and now and then go back to the bot."""
        desk, log = Desk(self.engine), Threads(self.engine)
        _pause(chance)
        sent = self._id("asks for a person")
        ticket = Ticket(self.conversation, "en", "I want a person", owner=self.owner)
        with suppress(DeskConflict):
            desk.open(ticket, client_id=sent)
            desk.open(ticket, client_id=sent)
            self.note(Acknowledged(self.conversation, "asked", sent))
        for number in range(3):
            _pause(chance)
            sent = self._id(f"writes {number}")
            for _ in range(chance.choice((1, 2))):
                turn_id = self._id(f"writes turn {number}")
                taken = log.take(self.conversation, turn_id, f"writes {number}", client_id=sent)
            self.note(Acknowledged(taken.entry.conversation_id, taken.entry.kind, sent))
            if taken.for_the_bot:
                self._cut(taken.entry)
        if chance.random() < 0.1:
            name = log.thread(self.conversation).ticket_id
            with suppress(DeskConflict):
                if name:
                    desk.give_back(name, None)

    def _cut(self, asked: LogEntry) -> None:
        turn = _turn(asked.conversation_id, str(asked.turn_id), "", "left")
        Records(self.engine).add(turn, shown=False)

    def _agent(self, who: int) -> Callable[[random.Random], None]:
        worker = AGENTS[who]

        def act(chance: random.Random) -> None:
            """Claim, reply, take over, note, solve, give back: whatever the state lets."""
            desk, log = Desk(self.engine), Threads(self.engine)
            for number in range(_STEPS):
                _pause(chance)
                _pause(chance)
                name = log.own(self.conversation).ticket_id
                if name is None:
                    continue
                sent = self._id(f"{who} replies {number}")
                with suppress(DeskConflict):
                    doing = chance.choice(("claim", "reply", "reply", "note", "solve", "return"))
                    if doing == "claim":
                        desk.claim(name, worker, take_over=chance.random() < 0.5)
                    elif doing == "reply":
                        desk.reply(name, f"{who} replies {number}", worker, client_id=sent)
                        desk.reply(name, f"{who} replies {number}", worker, client_id=sent)
                        self.note(Acknowledged(self.conversation, "team", sent))
                    elif doing == "note":
                        desk.note(name, "for the team", worker)
                    elif doing == "solve":
                        desk.solve(name, worker)
                    elif number == _STEPS - 1:
                        desk.give_back(name, worker)

        return act

    def _time(self, chance: random.Random) -> None:
        """Close what is solved, as if days had gone by, and what the bot has held for long."""
        log, late = Threads(self.engine), clock.now() + timedelta(days=9)
        for _ in range(_STEPS):
            _pause(chance)
            _pause(chance)
            if chance.random() < 0.5:
                log.over(Holder.SOLVED, "solved", late, self.conversation)
            elif chance.random() < 0.1:
                log.over(Holder.BOT, "timed_out", late, self.conversation)


def _chance(seed: str) -> random.Random:
    return random.Random(seed)  # noqa: S311  (a race is to be run again)


def _pause(chance: random.Random) -> None:
    sleep(chance.random() * _LONGEST_S)


def _turn(conversation: str, turn_id: str, answer: str, outcome: Any) -> Turn:
    return Turn(
        conversation_id=conversation,
        question="q",
        standalone="q",
        language="en",
        segment="other",
        outcome=outcome,
        answer=answer,
        prompt_hash="",
        index_generation="0",
        id=turn_id,
    )


def recovered(engine: Engine) -> int:
    """End the answers that a kill cut short, as a server does at its start."""
    records, count = Records(engine), 0
    for asked in records.threads.unended():
        said = records.threads.pieces(str(asked.turn_id))
        records.add(_turn(asked.conversation_id, str(asked.turn_id), said, "left"), shown=False)
        count += 1
    return count


def faults(engine: Engine, acknowledged: Sequence[Acknowledged]) -> list[str]:
    """Return what does not hold in a database, in words; nothing if all holds."""
    return [
        *_said_by_the_bot(engine),
        *_kept(engine, acknowledged),
        *_ended(engine),
        *_at_one(engine),
    ]


def _logs(engine: Engine) -> Iterator[tuple[str, list[LogEntry]]]:
    log = Threads(engine)
    with engine.connect() as connection:
        names = list(connection.scalars(select(messages.c.conversation_id).distinct()))
    for name in names:
        yield name, log.entries(name, notes=True)


def _said_by_the_bot(engine: Engine) -> Iterator[str]:
    for name, log in _logs(engine):
        holder, claimed, asked = Holder.BOT, 0, dict[str | None, int]()
        for entry in log:
            what = f"{name}: the bot said {entry.kind} #{entry.number}"
            if entry.kind == "moved":
                holder = Holder(entry.detail["to"])
                claimed = entry.number if entry.detail["move"] == "claim" else claimed
            elif entry.kind == "question":
                asked[entry.turn_id] = entry.number
            elif entry.kind in _OF_THE_BOT and holder not in {Holder.BOT, Holder.SOLVED}:
                yield f"{what} while {holder} held it"
            elif entry.kind in _OF_THE_BOT and asked.get(entry.turn_id, claimed) < claimed:
                yield f"{what} to what was asked before somebody took it over in #{claimed}"


def _kept(engine: Engine, acknowledged: Sequence[Acknowledged]) -> Iterator[str]:
    query = select(messages.c.conversation_id, messages.c.kind, messages.c.client_id)
    with engine.connect() as connection:
        rows = connection.execute(query.where(messages.c.client_id.is_not(None))).all()
        owner = dict(
            connection.execute(select(threads.c.conversation_id, threads.c.continues)).all()
        )
    count = Counter(row.client_id for row in rows)
    at = {row.client_id: (row.conversation_id, row.kind) for row in rows}
    for client_id, times in count.items():
        if times != 1:
            yield f"{client_id} is there {times} times"
    for one in acknowledged:
        if one.sent not in at:
            yield f"{one.kind} {one.sent} was acknowledged and is not there"
            continue
        where, kind = at[one.sent]
        if where != one.conversation and owner.get(where) != one.conversation:
            yield f"{one.sent} is in another conversation"
        if one.kind not in {"asked", kind}:
            yield f"{one.sent} was a {one.kind} and is a {kind}"


def _ended(engine: Engine) -> Iterator[str]:
    with engine.connect() as connection:
        answers = dict(connection.execute(select(turns.c.id, turns.c.answer)).all())
    for name, log in _logs(engine):
        ends = Counter(entry.turn_id for entry in log if entry.kind in ENDS)
        asked = [entry.turn_id for entry in log if entry.kind == "question"]
        for turn_id in asked:
            if ends[turn_id] != 1:
                yield f"{name}: {turn_id} has ended {ends[turn_id]} times"
            if turn_id not in answers:
                yield f"{name}: {turn_id} is no turn"
            pieces = [e.text for e in log if e.kind == "piece" and e.turn_id == turn_id]
            if pieces and "".join(pieces) != answers.get(turn_id):
                yield f"{name}: what was said of {turn_id} is not what is kept of it"
        numbers = [entry.number for entry in log]
        if numbers != sorted(set(numbers)):
            yield f"{name}: the log is out of order"


def _at_one(engine: Engine) -> Iterator[str]:
    with engine.connect() as connection:
        held = connection.execute(
            select(
                threads.c.conversation_id,
                threads.c.holder,
                tickets.c.status,
                tickets.c.cause,
                tickets.c.merged_into,
            ).join(tickets, tickets.c.id == threads.c.ticket_id)
        ).all()
    for name, holder, status, cause, _ in held:
        back = holder in {"bot", "closed"} and status == "closed"
        if holder != status and not back:
            yield f"{name}: held by {holder}, and its ticket is {status} ({cause})"


def main(folder: Path, seed: int, count: int) -> None:
    """Run races on the database of a folder, one after the other."""
    engine = open_database(folder / RECORDS)
    with (folder / ACKNOWLEDGED).open("a", encoding="utf-8") as out:
        lock = threading.Lock()

        def note(one: Acknowledged) -> None:
            with lock:
                out.write(json.dumps([one.conversation, one.kind, one.sent]) + "\n")
                out.flush()
                os.fsync(out.fileno())

        for number in range(count):
            Race(engine, seed * 10_000 + number, note).run()
    engine.dispose()


def read(folder: Path) -> list[Acknowledged]:
    """Return what was acknowledged until the process ended; a line that was cut is none."""
    path, lines = folder / ACKNOWLEDGED, []
    for line in path.read_text("utf-8").splitlines() if path.exists() else ():
        with suppress(ValueError):
            lines.append(Acknowledged(*json.loads(line)))
    return lines


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
