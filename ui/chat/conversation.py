"""The conversation of one browser tab: what the API's log says of it, as the page shows it."""

from dataclasses import dataclass, field
from threading import Lock
from typing import Final, Literal
from uuid import uuid4

from ui.api.client import Thumb
from ui.api.stream import AnswerPiece
from ui.api.turn import AnsweredTurn
from ui.api.types import ApiConversationView, ApiEntryView, ApiMovedView, ApiStandingView
from ui.errors import ApiError

Stage = Literal["asked", "running", "stopped", "failed", "done"]
SHOWN: Final = 16
"""Items that stand on the page at first, and that one click adds."""
_IN_PLACE_OF: Final = "-instead-of-"
"""Of a question's id, what stands before the number of the one that it replaces."""


@dataclass(slots=True, eq=False)
class Exchange:
    """One question and as much of its answer as has come.

    number: from 1, unique within the page. client_id: of the question. entry: its number in the
    log, 0 before that is known. before: the number of what was said before it. reader: the run of
    the page that follows the answer; an exchange ``running`` that has none is read on by the next.
    replaced: another question was asked in its place.
    """

    number: int
    question: str
    answer: str = ""
    stage: Stage = "asked"
    turn: AnsweredTurn | None = None
    error: ApiError | None = None
    rated: Thumb | None = None
    not_rated: ApiError | None = None
    client_id: str = ""
    entry: int = 0
    before: int = 0
    turn_id: str = ""
    reader: object | None = None
    replaced: bool = False


@dataclass(frozen=True, slots=True)
class WrittenMessage:
    """What people say to each other: who asks, and a person of the team, who is the author."""

    entry: ApiEntryView


@dataclass(frozen=True, slots=True)
class Passed:
    """The conversation was passed on. number: of the log's entry."""

    number: int
    moved: ApiMovedView


@dataclass(frozen=True, slots=True)
class Anew:
    """Another conversation begins here, as the one before is over. number: unique in the page."""

    number: int


Item = Exchange | WrittenMessage | Passed | Anew


@dataclass(slots=True)
class Conversation:
    """What was asked and answered, and who holds the conversation.

    id: what the server calls it; empty before the first question. number: of the last entry of its
    log that is shown. standing: None before anything was read. Two runs of a page may hear the same
    for a moment; by the numbers each entry counts once. rated: how a request for a person was rated
    here, from 1 to 5. troubles: why the last try of something failed, by what it was. shown: how
    many of the last items stand on the page.
    """

    id: str = ""
    items: list[Item] = field(default_factory=list)
    number: int = 0
    asked: int = 0
    standing: ApiStandingView | None = None
    rated: int | None = None
    shown: int = SHOWN
    troubles: dict[str, ApiError] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock, repr=False)

    @property
    def earlier(self) -> int:
        """How many items do not stand on the page."""
        return max(0, len(self.items) - self.shown)

    def show_earlier(self) -> None:
        """Let more of what was said before stand on the page."""
        self.shown += SHOWN

    @property
    def exchanges(self) -> list[Exchange]:
        """The questions to the assistant."""
        return [item for item in self.items if isinstance(item, Exchange)]

    @property
    def holder(self) -> str:
        """Who holds it: ``bot``, ``waiting``, ``person``, ``solved`` or ``closed``."""
        return self.standing.holder if self.standing else "bot"

    @property
    def awaited(self) -> bool:
        """Whether a person is to answer next."""
        return self.holder in {"waiting", "person"}

    @property
    def last_question(self) -> str:
        """The last question, or nothing if none was asked."""
        return self.exchanges[-1].question if self.exchanges else ""

    def ask(self, question: str, instead_of: Exchange | None = None) -> None:
        """Add a question; the page will get its answer.

        instead_of: one that it replaces; of one that the server never had, nothing is left.
        """
        self.asked += 1
        name = uuid4().hex
        if instead_of is not None and instead_of.entry:
            instead_of.replaced = True
            name += f"{_IN_PLACE_OF}{instead_of.entry}"
        elif instead_of is not None and instead_of in self.items:
            self.items.remove(instead_of)
        self.items.append(Exchange(self.asked, question, client_id=name, before=self.number))

    def ask_again(self, exchange: Exchange) -> None:
        """Put a question whose answer broke off once more, in its place."""
        self.ask(exchange.question, exchange)

    def messages(self, until: Exchange) -> list[dict[str, str]]:
        """Return what was said before an exchange, and its question, for the API.

        A server that knows the conversation needs the question alone; one that has lost its
        memory takes the rest.
        """
        turns = []
        for exchange in self.exchanges[: self.exchanges.index(until)]:
            if exchange.stage == "done" and not exchange.replaced and exchange.answer:
                turns.append({"role": "user", "content": exchange.question})
                turns.append({"role": "assistant", "content": exchange.answer})
        return [*turns, {"role": "user", "content": until.question}]

    def hear(self, exchange: Exchange, piece: AnswerPiece) -> None:
        """Add a piece to an answer, unless it is known already."""
        with self._lock:
            if piece.number > self.number or not piece.number:
                exchange.answer += piece
                self.number = max(self.number, piece.number)

    def end(self, exchange: Exchange, turn: AnsweredTurn) -> None:
        """Note how an answer ended."""
        with self._lock:
            _ended(exchange, turn)
            self.standing = turn.standing or self.standing

    def see(self, view: ApiConversationView) -> bool:
        """Take up what the log says; return whether that changes what is shown."""
        with self._lock:
            before = (self.number, self.standing)
            for entry in view.entries:
                self._take(entry)
            self.standing = view.standing
            if view.conversation_id != self.id:  # it goes on there
                self._move(view.conversation_id)
            return before != (self.number, self.standing)

    def move(self, conversation_id: str) -> None:
        """Go on in another conversation, which begins here; the one before is over."""
        with self._lock:
            self._move(conversation_id)

    def _move(self, conversation_id: str) -> None:
        pending = [i for i in self.items if isinstance(i, Exchange) and i.stage == "running"]
        place = self.items.index(pending[0]) if pending else len(self.items)
        if self.id and place:
            self.asked += 1
            self.items.insert(place, Anew(self.asked))
        self.id, self.number, self.rated = conversation_id, 0, None
        for exchange in self.exchanges:
            exchange.before = exchange.entry = 0

    def _take(self, entry: ApiEntryView) -> None:
        mine = self._of_client(entry.client_id)
        if mine is not None and entry.kind == "question":
            mine.entry, mine.turn_id = entry.number, entry.turn_id or ""
        if entry.number <= self.number:
            return
        self.number = entry.number
        match entry.kind:
            case "question" if mine is None:
                self._asked_elsewhere(entry)
            case "piece" | "answer" | "cut" | "failed":
                self._answered(entry)
            case "user":
                self._said(entry, mine)
            case "team":
                self.items.append(WrittenMessage(entry))
            case "moved" if entry.moved is not None:
                self.items.append(Passed(entry.number, entry.moved))

    def _asked_elsewhere(self, entry: ApiEntryView) -> None:
        self.asked += 1
        exchange = Exchange(
            self.asked,
            entry.text,
            stage="running",
            client_id=entry.client_id or "",
            entry=entry.number,
            before=entry.number,
            turn_id=entry.turn_id or "",
        )
        old = (entry.client_id or "").partition(_IN_PLACE_OF)[2]
        for other in self.exchanges:
            other.replaced |= bool(old) and str(other.entry) == old
        self.items.append(exchange)

    def _answered(self, entry: ApiEntryView) -> None:
        of_turn = [one for one in self.exchanges if one.turn_id and one.turn_id == entry.turn_id]
        for exchange in of_turn:
            if entry.kind == "piece":
                exchange.answer += entry.text
            elif entry.kind == "failed":
                exchange.stage = "failed"
                exchange.error = exchange.error or ApiError("refused", detail=entry.text)
            else:
                exchange.answer = entry.text or exchange.answer
                _ended(exchange, _turn_of(entry))

    def _said(self, entry: ApiEntryView, mine: Exchange | None) -> None:
        """Show what was said to a person; a question that went there is none to the assistant."""
        if mine is not None:
            self.items[self.items.index(mine)] = WrittenMessage(entry)
        elif not (entry.detail.get("opens") and self._is_shown(entry.text)):
            self.items.append(WrittenMessage(entry))

    def _is_shown(self, text: str) -> bool:
        return any(exchange.question == text for exchange in self.exchanges)

    def _of_client(self, client_id: str | None) -> Exchange | None:
        if not client_id:
            return None
        return next((one for one in self.exchanges if one.client_id == client_id), None)


def _turn_of(entry: ApiEntryView) -> AnsweredTurn | None:
    if entry.turn is None:
        return None
    return AnsweredTurn.model_validate(entry.turn.model_dump())


def _ended(exchange: Exchange, turn: AnsweredTurn | None) -> None:
    """Note the end of an answer; of one that was left, its text alone is kept."""
    whole = turn is not None and turn.outcome != "left"
    exchange.stage = "done" if whole else "stopped"
    exchange.turn = turn if whole else None
    exchange.turn_id = turn.turn_id if turn else exchange.turn_id
