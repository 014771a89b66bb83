"""What the numbers are made of: plain rows, as the store has them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NamedTuple

End = Literal[
    "answered", "asked", "abstained", "replied", "handed_off", "left", "taken_over", "failed"
]
"""How a question ended: the outcome of its turn, or ``failed`` where there was no answer."""


class Asking(NamedTuple):
    """Something that was said to the bot, and how it ended.

    person: whose conversation it is; empty where that is nobody or a machine that asks for many.
    thread: the conversation and those that it continues, under one name. at: when the answer ended.
    own, whole: of the words as they were said, and of the question as it was searched for, which
    has what a follow-up leans on; each stands for the same words; empty once they were erased.
    entry: what was found first for it; empty: nothing. talk: a greeting, thanks or a farewell.
    for_person: nothing but the wish for a person. foreign: in a language that is not spoken. shown:
    something of an answer was. waited_s: from question to end, of those that were left. ratings:
    when it was rated, and whether down, oldest first.
    """

    id: str
    person: str
    thread: str
    at: datetime
    own: str
    whole: str
    language: str
    segment: str
    end: End
    arm: str = ""
    entry: str = ""
    talk: bool = False
    for_person: bool = False
    foreign: bool = False
    shown: bool = True
    waited_s: float = 0.0
    ratings: tuple[tuple[datetime, bool], ...] = ()

    @property
    def leans(self) -> bool:
        """Whether it says something only together with what was said before."""
        return self.own != self.whole

    def rated_down(self, before: datetime) -> bool:
        """Return whether its last rating before a moment was down."""
        known = [down for at, down in self.ratings if at < before]
        return bool(known) and known[-1]

    def asks_again(self, before: "Asking") -> bool:
        """Return whether it asks what an earlier question of the same person asked.

        It has the same words, or finds the entry first from which the earlier one was answered. A
        follow-up in the thread of the earlier one is compared by its own words alone: what it leans
        on would make it like all in its thread.
        """
        if self.leans and self.thread == before.thread:
            return self.own in {before.own, before.whole}
        answered = before.end == "answered" and before.entry != ""
        return self.whole == before.whole or (answered and self.entry == before.entry)


@dataclass(frozen=True, slots=True)
class Handover:
    """A ticket, as the numbers need it.

    by_hand: somebody of the team opened it. replied_at: when a person answered first. rating: 1 to
    5. rateable: it was solved, so that it could be rated. gone: it ended without anybody's work:
    merged, withdrawn or timed out.
    """

    id: str
    person: str
    thread: str
    at: datetime
    segment: str = ""
    by_hand: bool = False
    replied_at: datetime | None = None
    solved_at: datetime | None = None
    reopened: int = 0
    rating: int | None = None
    rateable: bool = False
    gone: bool = False
