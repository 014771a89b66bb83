"""Whose turn it is to make the next generation on a Qdrant server: one process's at a time.

An alias says it: ``NAME-turn-000006-free``, or ``NAME-turn-000006-HOLDER-BEAT`` where a process
makes what follows generation 6. The server renames an alias only if it is there, and does a list of
alias changes in one step, in order, up to the first that fails; in a cluster, by consensus. So of
two processes that rename one alias one is refused, and the swap begins with renaming it, too: who
has lost the turn cannot swap. Whoever holds it renames it all the time; where it stays the same for
long, its holder is dead and another one takes it. No clock is compared with that of another
machine.
"""

import contextlib
import itertools
import logging
import re
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final
from uuid import uuid4

from qdrant_client import models

from assistant.errors import KnowledgeError
from assistant.knowledge.index.generations import DELETED_S, Generations
from assistant.knowledge.index.speaking import FAILURES, missing, passing_or_late, taken
from assistant.retries import ALIAS
from guardrails.failures import told

log = logging.getLogger(__name__)

_LOOK_EVERY_S: Final = 0.3
_AGREED_S: Final = 30.0
"""How long the nodes of a cluster may take to tell the same of an alias."""


@dataclass(frozen=True, slots=True)
class Patience:
    """Times, in seconds.

    beat_s: between two signs of life. dead_s: without one, the next takes the turn. grace_s: how
    long what served before is left alone.
    """

    beat_s: float = 10.0
    dead_s: float = 60.0
    grace_s: float = 60.0


@dataclass(frozen=True, slots=True)
class Mark:
    """What the alias says. after: the generation that serves. holder: empty: nobody's turn."""

    after: int
    holder: str = ""
    beat: int = 0


def lost() -> KnowledgeError:
    """Return what is said to who was taken for dead."""
    return KnowledgeError(
        "Another process has changed the index meanwhile; nothing of this change was kept.",
        hint="Run it again.",
    )


class IndexTurns:
    """Hands out the turn to one process after the other. ``generations``: what there is."""

    def __init__(self, generations: Generations, patience: Patience) -> None:
        self.generations = generations
        self.patience = patience
        self.me = uuid4().hex[:12]
        self.beats = itertools.count()
        self._home = f"{generations.name}-turn"
        self._pattern = re.compile(
            rf"{re.escape(self._home)}-(\d{{6,}})-(?:free|([0-9a-f]{{12}})-(\d+))"
        )

    def take(self) -> "IndexTurn":
        """Wait for the turn.

        Raises:
            KnowledgeError: the aliases contradict each other.
        """
        seen: Mark | None = None
        since = time.monotonic()
        while True:
            mark = self.mark()
            if mark != seen:
                seen, since = mark, time.monotonic()
            dead = time.monotonic() - since >= self.patience.dead_s
            if mark is None:
                self._begin(again=dead)
                continue
            mine = Mark(mark.after, self.me, next(self.beats))
            if (dead or mark.holder in {"", self.me}) and self.move(mark, mine):
                return self._agreed(IndexTurn(self, mine))
            time.sleep(_LOOK_EVERY_S)

    def mark(self) -> Mark | None:
        """Return whose turn it is; None: nothing was ever added."""
        aliases = self.generations.client.get_aliases().aliases
        found = (self._pattern.fullmatch(a.alias_name) for a in aliases)
        marks = [Mark(int(f[1]), f[2] or "", int(f[3] or 0)) for f in found if f]
        return max(marks, key=lambda mark: mark.after, default=None)

    def move(self, old: Mark, new: Mark, *more: models.CreateAliasOperation) -> bool:
        """Put one mark in the place of another, and do more in the same step.

        Return whether the old one was there. Where no answer came, it is asked again; then the old
        one may be gone because it was done at first.
        """
        names = {"old_alias_name": self._alias(old), "new_alias_name": self._alias(new)}
        rename = models.RenameAliasOperation(rename_alias=models.RenameAlias(**names))
        unanswered = False

        def once() -> bool:
            nonlocal unanswered
            try:
                self.generations.client.update_collection_aliases([rename, *more])
            except FAILURES as error:
                if missing(error):
                    return unanswered and self.mark() == new
                unanswered = True
                raise
            return True

        return ALIAS.call(once, passing_or_late)

    def _begin(self, *, again: bool) -> None:
        """Make the first mark; one process can make its collection, and only that one makes it."""
        client, name = self.generations.client, self.generations.name
        if any(one.name == name for one in client.get_collections().collections):
            raise KnowledgeError(
                f"The Qdrant server has a collection {name}, which Routeback did not make.",
                hint="Set knowledge.collection to a name that nothing else uses.",
            )
        if again:  # who made it ended before the mark
            client.delete_collection(self._home, timeout=DELETED_S)
        try:
            client.create_collection(self._home, vectors_config={})
        except FAILURES as error:
            if taken(error):
                time.sleep(_LOOK_EVERY_S)
                return
            raise
        first = self._alias(Mark(self.generations.number(self.generations.serving())))
        named = models.CreateAlias(collection_name=self._home, alias_name=first)
        client.update_collection_aliases([models.CreateAliasOperation(create_alias=named)])

    def _agreed(self, turn: "IndexTurn") -> "IndexTurn":
        """Wait until the generation that was made last is seen to serve: nodes may lag behind."""
        try:
            self._await(turn.after)
        except BaseException:
            turn.release()
            raise
        return turn

    def _await(self, number: int) -> None:
        end = time.monotonic() + _AGREED_S
        while self.generations.number(self.generations.serving()) != number:
            if time.monotonic() > end:
                raise KnowledgeError(
                    f"The alias {self.generations.name} does not name generation {number}, which "
                    "was made last.",
                    hint=f"Let it name that one again; or, to go on from the one that it names, "
                    f"delete the collection {self._home}.",
                )
            time.sleep(_LOOK_EVERY_S)

    def _alias(self, mark: Mark) -> str:
        who = f"{mark.holder}-{mark.beat}" if mark.holder else "free"
        return f"{self._home}-{mark.after:06d}-{who}"


class IndexTurn:
    """The turn of this process, until it is released or lost."""

    def __init__(self, turns: IndexTurns, mark: Mark) -> None:
        self._turns = turns
        self._mark = mark
        self._moving = threading.Lock()
        self._over = threading.Event()
        self._lost = False
        self._beating = threading.Thread(target=self._beat, name="qdrant-turn", daemon=True)
        self._beating.start()

    @property
    def after(self) -> int:
        """The number of the generation that serves."""
        return self._mark.after

    def check(self) -> None:
        """Raise ``KnowledgeError`` if this process was taken for dead."""
        if self._lost:
            raise lost()

    def held(self) -> bool:
        """Return whether it is this process's turn beyond doubt; False: the server does not say.

        Raises:
            KnowledgeError: the turn was lost.
        """
        try:
            self._move(0)
        except FAILURES:
            return False
        return True

    def swap(self, collection: str) -> None:
        """Let a collection serve as the next generation.

        Raises:
            KnowledgeError: the turn was lost, and the one before serves on.
        """
        name = self._turns.generations.name
        create = models.CreateAlias(collection_name=collection, alias_name=name)
        self._move(1, models.CreateAliasOperation(create_alias=create))

    def release(self) -> None:
        """Let the next one have it. If that cannot be said, the next one sees it after a while."""
        self._over.set()
        self._beating.join()
        with contextlib.suppress(KnowledgeError), self._noting(), self._moving:
            if not self._lost:
                self._turns.move(self._mark, Mark(self.after))

    def _move(self, step: int, *more: models.CreateAliasOperation) -> None:
        with self._moving:
            self.check()
            mark = Mark(self.after + step, self._turns.me, next(self._turns.beats))
            if not self._turns.move(self._mark, mark, *more):
                self._lost = True
                raise lost()
            self._mark = mark

    def _beat(self) -> None:
        while not self._over.wait(self._turns.patience.beat_s) and not self._lost:
            with contextlib.suppress(KnowledgeError), self._noting():
                self._move(0)

    @contextlib.contextmanager
    def _noting(self) -> Iterator[None]:
        try:
            yield
        except FAILURES as error:
            log.warning("the Qdrant server was not told whose turn it is: %s", told(error))
