"""Who holds a conversation, and how it passes from one to another.

``bot → waiting → person → bot | solved → closed``. The state is a row of ours, never what a model
said. Whoever wants to say something in a conversation reads it in the transaction that writes what
is said (``assistant.records.desk.threads``).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Literal

from assistant.errors import DeskConflict


class Holder(StrEnum):
    """Who speaks next to the person who asks."""

    BOT = "bot"
    WAITING = "waiting"
    """Somebody is asked for; the bot is silent."""
    PERSON = "person"
    SOLVED = "solved"
    CLOSED = "closed"
    """Over for good: what is said later begins a new conversation."""


Move = Literal["ask", "claim", "release", "return", "solve", "reopen", "close"]
"""What passes a conversation on. ask: for a person. return: to the bot, by either side."""

_MOVES: Final[Mapping[Move, Mapping[Holder, Holder]]] = {
    "ask": {Holder.BOT: Holder.WAITING},
    "claim": {
        Holder.BOT: Holder.PERSON,
        Holder.WAITING: Holder.PERSON,
        Holder.PERSON: Holder.PERSON,
        Holder.SOLVED: Holder.PERSON,
    },
    "release": {Holder.PERSON: Holder.WAITING},
    "return": {Holder.WAITING: Holder.BOT, Holder.PERSON: Holder.BOT},
    "solve": {Holder.WAITING: Holder.SOLVED, Holder.PERSON: Holder.SOLVED},
    "reopen": {Holder.SOLVED: Holder.WAITING},
    "close": {
        Holder.BOT: Holder.CLOSED,
        Holder.WAITING: Holder.CLOSED,
        Holder.PERSON: Holder.CLOSED,
        Holder.SOLVED: Holder.CLOSED,
    },
}

Reason = Literal[
    "asked",
    "missing_knowledge",
    "people_only",
    "low_evidence",
    "rated_down",
    "policy",
    "failure",
    "language",
    "by_hand",
    "again",
]
"""Why a conversation was handed over. by_hand: somebody of the team opened the ticket. again: it is
about what was closed before. policy: the provider or a rule withheld the answer."""

Cause = Literal["solved", "returned", "withdrawn", "merged", "timed_out", "duplicate", "no_answer"]
"""Why a ticket ended. returned: by a person to the bot; withdrawn: by who asked."""

OPEN: Final = frozenset({Holder.WAITING, Holder.PERSON})
"""Somebody of the team has something to do."""


def moved(holder: Holder, move: Move) -> Holder:
    """Return who holds a conversation after a move.

    Raises:
        DeskConflict: the move cannot be made from there; says what can.
    """
    after = _MOVES[move].get(holder)
    if after is None:
        can = sorted(name for name, moves in _MOVES.items() if holder in moves)
        raise DeskConflict(
            f"A conversation that is {holder.value!r} does not take {move!r}.",
            hint=f"It takes: {', '.join(can) or 'nothing any more'}.",
        )
    return after


UNLIKELY: Final = 0.2
"""Evidence below which nothing was found that would answer; above, there was something."""


@dataclass(frozen=True, slots=True)
class LastAnswer:
    """What somebody was told before they asked for a person.

    outcome: of the turn. evidence: of it, in [0, 1]. withheld: by the model's provider. foreign:
    the question was in a language that is not spoken. rated_down: they said so. failed: there was
    no answer at all.
    """

    outcome: str = ""
    evidence: float | None = None
    withheld: bool = False
    foreign: bool = False
    rated_down: bool = False
    failed: bool = False


def reason_of(last: LastAnswer) -> Reason:
    """Return why somebody asks for a person, by what they were told last."""
    if last.failed:
        return "failure"
    if last.rated_down:
        return "rated_down"
    if last.withheld:
        return "policy"
    if last.foreign:
        return "language"
    if last.outcome == "abstained":
        something = last.evidence is not None and last.evidence >= UNLIKELY
        return "low_evidence" if something else "missing_knowledge"
    return "asked"
