"""The bridge to the fake while everything goes wrong, with senders that are killed by signal 9.

The fake stands on loopback in this process. Both sides write, answer, note, close and open by a
seed; a process of its own sends and is killed at random, while half of what changes something
fails: refused, no answer, done without an answer, done later. In the end both sides must have each
message once, in order by author, in its own thread.

``python -m tests.bridge.killed FOLDER SEED KILLS`` does that and says what was done and what does
not hold. ``python -m tests.bridge.killed FOLDER send URL`` is the sender.
"""

import asyncio
import logging
import random
import subprocess
import sys
import time
from collections import Counter
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from pydantic import SecretStr
from sqlalchemy import Engine, select, update

from assistant.bridge.bridge import Bridge, told_by
from assistant.errors import DeskConflict
from assistant.records.bridge.tables import bridge_tickets
from assistant.records.conversations import Conversations
from assistant.records.database import RECORDS, open_database
from assistant.records.desk.desk import Desk
from assistant.records.desk.events import Worker, no_targets, nothing_told
from assistant.records.desk.threads import Threads
from assistant.records.desk.tickets import Ticket
from assistant.sending.bridge_settings import BridgeSettings, ZammadSettings
from assistant.sending.dispatcher import Dispatcher
from guardrails.store.sql_tables import deliveries
from guardrails.store.store import Store
from tests.support.listening import listening
from tests.support.zammad import BOT, LATE_S, TOKEN, FakeZammad, faulty

ADA = Worker("key:ada", "Ada")
WHAT = ("write", "write", "reply", "there", "there", "note", "close", "open")
SETTLE_S = 2.0
LONGEST_S = 120.0


def bridge(engine: Engine, url: str) -> Bridge:
    """Return a bridge that waits two seconds for what may still arrive."""
    there = {"url": url, "token": SecretStr(TOKEN), "customer": "nobody@example.com"}
    zammad = ZammadSettings(**there, settle_s=SETTLE_S)
    settings = BridgeSettings(zammad=zammad, notes=True)
    notices = told_by(settings, nothing_told)
    desk = Desk(engine, targets=no_targets, notices=notices(""))
    return Bridge.of(settings, desk, Threads(engine, notices=notices("")), notices)


def send(folder: Path, url: str) -> None:
    """Send until killed."""
    engine = open_database(folder / RECORDS)
    named = bridge(engine, url).channels
    asyncio.run(Dispatcher(Store(engine), (), every_s=0.02, named=named).run())


class Run:
    """One run in a folder."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.folder, self.chance = folder, random.Random(seed)
        self.fake = FakeZammad(fault=faulty(random.Random(f"luck {seed}"), 0.5))
        self.engine = open_database(folder / RECORDS)
        self.said: dict[str, list[str]] = {}
        self.url = ""

    def run(self, kills: int) -> list[str]:
        """Let it all happen; return what does not hold."""
        with listening(self.fake) as self.url:
            self.bridge = bridge(self.engine, self.url)
            self.tickets = [self._asked(number) for number in range(3)]
            for kill in range(kills):
                child = self._sender()
                before, begun = len(self.fake.requests), time.monotonic()
                most = before + 8 + self.chance.randrange(12)
                while len(self.fake.requests) < most and time.monotonic() < begun + 20:
                    self._step(kill)
                child.kill()
                child.wait()
                self._free()
            self.fake.fault = lambda _method, _path: ""
            child = self._sender()
            try:
                self._rest()
            finally:
                child.kill()
                child.wait()
        return [fault for ticket in self.tickets for fault in self._faults(ticket)]

    def _sender(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "tests.bridge.killed", str(self.folder), "send", self.url]
        return subprocess.Popen(command, stderr=subprocess.DEVNULL)

    def _asked(self, number: int) -> Ticket:
        conversation = Conversations(self.engine).begin(f"key:{number}")
        ticket = self.bridge.incoming.desk.open(Ticket(conversation, "en", f"ask {number}"))
        self.said[ticket.id] = [f"user ask {number}"]
        return ticket

    def _step(self, kill: int) -> None:
        ticket, doing = self.chance.choice(self.tickets), self.chance.choice(WHAT)
        text = f"{ticket.number}-{len(self.said[ticket.id])}-{kill}"
        there, desk = self._there(ticket), self.bridge.incoming.desk
        said = self.said[ticket.id]
        if doing == "write":
            self.bridge.incoming.threads.take(ticket.conversation_id, text, text)
            said.append(f"user {text}")
        elif doing == "reply":
            with suppress(DeskConflict):
                desk.reply(ticket.id, text, ADA)
                said.append(f"ada {text}")
        elif there and doing in {"there", "note"}:
            self.fake.write(there, text, internal=doing == "note")
            said.append(f"{'note' if doing == 'note' else 'emma'} {text}")
        elif there and doing in {"close", "open"}:
            self.fake.set_state(there, "closed" if doing == "close" else "open")
        self._bells()
        time.sleep(0.1 + self.chance.random() * 0.2)
        self.fake.settle(LATE_S)
        self._free()

    def _bells(self) -> None:
        bells, self.fake.bells = self.fake.bells, []
        bells += [bell for bell in bells if self.chance.random() < 0.5]
        self.chance.shuffle(bells)
        assert self.bridge.zammad is not None
        for bell in bells:
            if self.chance.random() < 0.8:
                self.bridge.zammad.ring(bell)

    def _free(self) -> None:
        """Let the time go by that a retry, or a claim of who was killed, takes."""
        now = datetime.now(UTC)
        c = deliveries.c
        with Store(self.engine).transaction() as ledger:
            change = update(deliveries).where(c.next_try > now)
            ledger.connection.execute(change.values(next_try=now))

    def _rest(self) -> None:
        """Ring for all and wait until nothing is left to send."""
        end = time.monotonic() + LONGEST_S
        for _ in range(3):
            for ticket in self.tickets:
                if there := self._there(ticket):
                    assert self.bridge.zammad is not None
                    self.bridge.zammad.ring(there)
            while self._waits():
                assert time.monotonic() < end, "it does not come to rest"
                time.sleep(SETTLE_S / 2)
                self.fake.settle(LATE_S)
                self._free()

    def _waits(self) -> bool:
        from guardrails.store.sql_tables import outbox

        with self.engine.connect() as connection:
            left = select(deliveries.c.number).where(deliveries.c.next_try.is_not(None))
            new = select(outbox.c.number).where(outbox.c.taken_up.is_(None))
            return any(connection.scalar(query.limit(1)) for query in (left, new))

    def _there(self, ticket: Ticket) -> int | None:
        c = bridge_tickets.c
        with self.engine.connect() as connection:
            return connection.scalar(select(c.there).where(c.ticket_id == ticket.id))

    def _faults(self, ticket: Ticket) -> list[str]:
        wanted = self.said[ticket.id]
        log = self.bridge.incoming.threads.entries(ticket.conversation_id, notes=True)
        names = {"user": "user", "note": "note"}
        here = [
            f"{names.get(e.kind, 'ada' if e.by == ADA.id else 'emma')} {e.text}"
            for e in log
            if e.kind in {"user", "team", "note"}
        ]
        there = []
        for article in self.fake.said(self._there(ticket) or 0)[1:]:
            text = article["body"].split("\n\n")[-1]
            mine = "user" if article["sender"] == "Customer" else "ada"
            theirs = "note" if article["internal"] else "emma"
            author = mine if article["created_by_id"] == BOT else theirs
            there.append(f"{author} {text}")
        faults = []
        for where, found in (("here", here), ("there", there)):
            for author in ("user", "ada", "emma", "note"):
                is_ = [text for text in found if text.startswith(f"{author} ")]
                should = [text for text in wanted if text.startswith(f"{author} ")]
                if is_ != should:
                    faults.append(f"#{ticket.number} {where}, {author}: {is_} is not {should}")
        if len(self.fake.tickets) != len(self.tickets):
            faults.append(f"{len(self.fake.tickets)} tickets there")
        return faults


def main(folder: Path, seed: int, kills: int) -> int:
    """Run once; print what was done; return how much does not hold."""
    logging.disable(logging.ERROR)  # the server's, of answers that it cuts
    folder.mkdir(parents=True, exist_ok=True)
    run = Run(folder, seed)
    faults = run.run(kills)
    failed = Counter(fault for *_, fault in run.fake.requests if fault)
    said = sum(map(len, run.said.values()))
    line = (
        f"seed {seed}: {kills} kills, {said} messages, {len(run.fake.requests)} requests, of which "
        f"failed {dict(sorted(failed.items()))}; {len(faults)} faults"
    )
    sys.stdout.write("\n  ".join((line, *faults)) + "\n")
    return len(faults)


if __name__ == "__main__":
    if sys.argv[2] == "send":
        send(Path(sys.argv[1]), sys.argv[3])
    else:
        sys.exit(bool(main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))))
