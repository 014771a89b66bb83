"""The conversation of one browser tab, as the page remembers it between reruns."""

from collections.abc import Generator
from dataclasses import dataclass, field
from typing import Literal

from ui.api.client import Client, Event, Language, Thumb
from ui.api.turn import AnsweredTurn
from ui.errors import ApiError

Stage = Literal["asked", "running", "stopped", "failed", "done"]


@dataclass(slots=True)
class Exchange:
    """One question and as much of its answer as has come.

    number: from 1, unique within the conversation. A rerun finds an exchange ``running`` only
    if the run that streamed it was cut short; it then counts as ``stopped``.
    """

    number: int
    question: str
    answer: str = ""
    stage: Stage = "asked"
    turn: AnsweredTurn | None = None
    error: ApiError | None = None
    rated: Thumb | None = None
    not_rated: ApiError | None = None


@dataclass(slots=True)
class Conversation:
    """What was asked and answered.

    tickets: the number of each, by the form that opened it. not_opened: why the last try of a
    form failed. id: what the server calls it; empty before its first answer.
    """

    id: str = ""
    exchanges: list[Exchange] = field(default_factory=list)
    tickets: dict[str, str] = field(default_factory=dict)
    not_opened: dict[str, ApiError] = field(default_factory=dict)
    asked: int = 0

    @property
    def last_question(self) -> str:
        """The last question, or nothing if none was asked."""
        return self.exchanges[-1].question if self.exchanges else ""

    def ask(self, question: str) -> None:
        """Add a question; the page will get its answer."""
        self.asked += 1
        self.exchanges.append(Exchange(self.asked, question))

    def ask_again(self, exchange: Exchange) -> None:
        """Put a question whose answer broke off once more, in place of the broken one."""
        self.exchanges.remove(exchange)
        self.ask(exchange.question)

    def messages(self, until: Exchange) -> list[dict[str, str]]:
        """Return what was said before an exchange, and its question, for the API.

        A server that knows the conversation needs the question alone; one that has lost its
        memory takes the rest.
        """
        turns = []
        for exchange in self.exchanges[: self.exchanges.index(until)]:
            if exchange.stage == "done":
                turns.append({"role": "user", "content": exchange.question})
                turns.append({"role": "assistant", "content": exchange.answer})
        return [*turns, {"role": "user", "content": until.question}]


def answered(
    client: Client, conversation: Conversation, exchange: Exchange, language: Language
) -> Generator[Event]:
    """Yield the answer to an exchange; one that the server has ended begins anew.

    Raises:
        ApiError: there is no answer, or it breaks off.
    """
    messages = conversation.messages(exchange)
    try:
        events = client.answer(messages, conversation_id=conversation.id, interface=language)
        for event in events:
            if isinstance(event, AnsweredTurn):
                conversation.id = event.conversation_id
            yield event
    except ApiError as error:
        if error.cause != "ended" or not conversation.id:
            raise
        conversation.id = ""
        yield from answered(client, conversation, exchange, language)
