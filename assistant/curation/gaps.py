"""The gaps: questions that were left open, put together where they are the same."""

import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from sqlalchemy import Engine

from assistant.curation.clusters import AskedText, grouped, likest
from assistant.errors import UnknownEntry
from assistant.local.embeddings import TextEmbedder
from assistant.records.gaps import GapEvent, GapStore, OpenQuestion
from guardrails.arrays import Vectors

Standing = Literal["open", "dismissed", "drafted", "closed", "open again"]
DAYS: Final = 30
_AT_ONCE: Final = 200
"""Questions that are looked at at a time, so that those that are alike come together."""
_PATIENCE_S: Final = 0.15
"""How long somebody waits for that; the rest is looked at beside: ``assistant.background.looking``.
"""
_EMBEDDED: Final = 4


@dataclass(frozen=True, slots=True)
class Gap:
    """What several people asked and nobody was told.

    question: the one that stands for all. askers: distinct owners of conversations. open again: it
    was asked since an entry closed it, and found nothing. event: what became of it, if anything.
    """

    id: str
    question: OpenQuestion
    languages: tuple[str, ...]
    askers: int
    questions: int
    signs: tuple[str, ...]
    last: datetime
    standing: Standing
    event: GapEvent | None = None
    vector: Vectors | None = None


@dataclass(frozen=True, slots=True)
class GapList:
    """The gaps, those of most askers first. waiting: questions that were not looked at yet."""

    gaps: tuple[Gap, ...]
    waiting: int


class GapFinder:
    """Finds gaps. What belongs together is decided once for each question, and kept. Blocking."""

    def __init__(self, engine: Engine, embedder: TextEmbedder) -> None:
        self._store = GapStore(engine)
        self._embedder = embedder
        self._looking = threading.Lock()

    @property
    def store(self) -> GapStore:
        """Where they are kept."""
        return self._store

    def embed(self, question: str) -> Vectors:
        """Return the vector of a question, shape (dimensions,)."""
        vector: Vectors = self._embedder.queries([question])[0]
        return vector

    def all(self, days: int = DAYS, most: int = _AT_ONCE) -> GapList:
        """Return the gaps of the last days.

        most: questions to look at that nobody has yet; it ends after some tenths of a second.
        """
        questions = self._store.open_questions(days)
        members, waiting = self._looked(questions, most, _PATIENCE_S)
        events = self._store.latest()
        groups: dict[str, list[OpenQuestion]] = defaultdict(list)
        for one in questions:
            if one.turn_id in members:
                groups[members[one.turn_id][0]].append(one)
        vectors = {turn_id: vector for turn_id, (_, vector) in members.items()}
        gaps = [_gap(id_, group, events.get(id_), vectors) for id_, group in groups.items()]
        gaps.sort(key=lambda gap: (-gap.askers, -gap.questions, -gap.last.timestamp(), gap.id))
        return GapList(tuple(gaps), waiting)

    def look(self, days: int = DAYS, most: int = _AT_ONCE) -> int:
        """Look at questions that nobody has looked at yet, the newest; return how many are left."""
        return self._looked(self._store.open_questions(days), most, float("inf"))[1]

    def find(self, gap: str, days: int = DAYS) -> tuple[Gap, list[OpenQuestion]]:
        """Return a gap and its questions, the newest first.

        Raises:
            UnknownEntry: there is none of that id in these days.
        """
        found = next((one for one in self.all(days).gaps if one.id == gap), None)
        if found is None:
            raise UnknownEntry(
                f"There is no gap {gap!r} in the last {days} days.",
                hint="Its questions may have been erased, or are older.",
            )
        return found, self.questions(gap, days)

    def questions(self, gap: str, days: int = DAYS) -> list[OpenQuestion]:
        """Return the questions of a gap, the newest first."""
        mine = set(self._store.turns_of(gap))
        signed = [one for one in self._store.open_questions(days) if one.turn_id in mine]
        return sorted(signed, key=lambda one: (one.at, one.turn_id), reverse=True)

    def near(self, gap: Gap, gaps: Iterable[Gap], most: int = 5) -> list[tuple[Gap, float]]:
        """Return other gaps that may ask the same, the nearest first, with their cosines."""
        if gap.vector is None:
            return []
        others = [one for one in gaps if one.id != gap.id and one.vector is not None]
        pairs = [(one, float(gap.vector @ one.vector)) for one in others if one.vector is not None]
        pairs = [pair for pair in pairs if pair[1] >= _NEAR]
        return sorted(pairs, key=lambda pair: (-pair[1], pair[0].id))[:most]

    def merge(self, gap: str, into: str) -> int:
        """Put the questions of a gap into another, as a person decided; return how many."""
        return self._store.move(gap, into)

    def _looked(
        self, questions: Sequence[OpenQuestion], most: int, patience_s: float
    ) -> tuple[dict[str, tuple[str, Vectors]], int]:
        """Give the newest questions that have no gap one, at least a few.

        Return gap and vector of each that has one then, and how many have none.
        """
        names = [one.turn_id for one in questions]
        members = self._store.members(names)
        if all(name in members for name in names) or not most:
            return members, sum(name not in members for name in names)
        with self._looking:
            members = self._store.members(names)  # another may have looked meanwhile
            new = [one for one in questions if one.turn_id not in members]
            vectors = self._embedded(new[-most:], patience_s)
            asked = [_asked(one, vectors[one.turn_id]) for one in new if one.turn_id in vectors]
            known: dict[str, list[AskedText]] = defaultdict(list)
            for one in questions:
                if one.turn_id in members:
                    gap, vector = members[one.turn_id]
                    known[gap].append(_asked(one, vector))
            self._store.assign(grouped(asked, known), vectors)
            members |= self._store.members(vectors)
        return members, len(new) - len(vectors)

    def _embedded(self, new: Sequence[OpenQuestion], patience_s: float) -> dict[str, Vectors]:
        """Return the vectors of the newest, as many as there is time for."""
        vectors: dict[str, Vectors] = {}
        ends = time.monotonic() + patience_s
        for end in range(len(new), 0, -_EMBEDDED):
            batch = new[max(0, end - _EMBEDDED) : end]
            rows = self._embedder.queries([one.text for one in batch])
            vectors |= {one.turn_id: row for one, row in zip(batch, rows, strict=True)}
            if time.monotonic() >= ends:
                break
        return vectors


_NEAR: Final = 0.86


def _asked(one: OpenQuestion, vector: Vectors) -> AskedText:
    return AskedText(one.turn_id, one.text, one.language, vector)


def _gap(
    id_: str,
    questions: Sequence[OpenQuestion],
    event: GapEvent | None,
    vectors: dict[str, Vectors],
) -> Gap:
    members = [_asked(one, vectors[one.turn_id]) for one in questions]
    first = likest(members)
    own = next(one for one in questions if one.turn_id == first.id)
    languages = Counter(one.language for one in questions)
    return Gap(
        id=id_,
        question=own,
        languages=tuple(sorted(languages, key=lambda code: (-languages[code], code))),
        askers=len({one.asker for one in questions}),
        questions=len(questions),
        signs=tuple(sorted({one.sign for one in questions})),
        last=max(one.at for one in questions),
        standing=_standing(questions, event),
        event=event,
        vector=first.vector,
    )


def _standing(questions: Sequence[OpenQuestion], event: GapEvent | None) -> Standing:
    if event is None or event.state == "opened":
        return "open"
    if event.state == "closed" and any(one.at > event.at for one in questions):
        return "open again"
    return event.state
