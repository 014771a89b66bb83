"""Reads a ticket's conversation for its summary. Blocking; call it from a thread."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from assistant.assistant import Assistant
from assistant.conversation import Message
from assistant.desk.summary import BotExchange, Remark
from assistant.records.desk.log import LogEntry
from assistant.records.desk.tickets import Ticket
from assistant.records.turns import Turn
from assistant.segments import is_talk

_LONGEST_TALK: Final = 200


@dataclass(frozen=True, slots=True)
class Account:
    """A ticket's conversation. said: by whom what, oldest first. number: of its last entry."""

    said: tuple[BotExchange | Remark, ...]
    number: int = 0
    _answers: Mapping[int, str] = field(default_factory=dict)

    def before(self, number: int) -> list[Message]:
        """Return what was said before an entry, as a conversation with an assistant."""
        messages: list[Message] = []
        for one in self.said:
            if one.number >= number or one.talk:
                continue
            if isinstance(one, Remark):
                role = "assistant" if one.by == "team" else "user"
                messages.append({"role": role, "content": one.text})
            else:
                messages.append({"role": "user", "content": one.question})
                messages.append({"role": "assistant", "content": self._answers[one.number]})
        return messages


def account_of(assistant: Assistant, ticket: Ticket) -> Account:
    """Return what was said in the conversation of a ticket, notes of the team left out."""
    records = assistant.records
    log = records.threads.entries(ticket.conversation_id, notes=True)
    turns = {turn.id: turn for turn in records.conversation(ticket.conversation_id)}
    ended = {entry.turn_id for entry in log if entry.kind in {"answer", "failed"}}
    asked = {entry.turn_id: entry for entry in log if entry.kind == "question"}
    said: list[BotExchange | Remark] = []
    answers: dict[int, str] = {}
    # Of before there was a log.
    unlogged = [turn for name, turn in turns.items() if name not in asked]
    for place, turn in enumerate(unlogged, start=-len(unlogged)):
        said.append(_exchange(assistant, place, turn))
        answers[place] = turn.answer
    for turn_id, entry in asked.items():
        turn_now = turns.get(str(turn_id))
        answers[entry.number] = turn_now.answer if turn_now else ""
        if turn_now:
            said.append(_exchange(assistant, entry.number, turn_now))
        else:
            outcome = "failed" if turn_id in ended else ""
            said.append(BotExchange(entry.number, entry.text, outcome))
    said += _remarks(assistant, log)
    if not any(isinstance(one, Remark) and one.text == ticket.message for one in said):
        said.append(Remark(0, "user", ticket.message, _is_talk(assistant, ticket.message)))
    said.sort(key=lambda one: one.number)
    return Account(tuple(said), log[-1].number if log else 0, answers)


def _remarks(assistant: Assistant, log: Sequence[LogEntry]) -> list[Remark]:
    remarks = []
    for entry in log:
        if entry.kind == "user":
            talk = _is_talk(assistant, entry.text)
            remarks.append(Remark(entry.number, "user", entry.text, talk))
        elif entry.kind == "team":
            remarks.append(Remark(entry.number, "team", entry.text))
        elif entry.kind == "note" and "merged" in entry.detail:
            talk = _is_talk(assistant, entry.text)
            remarks.append(Remark(entry.number, "merged", entry.text, talk))
    return remarks


def _is_talk(assistant: Assistant, text: str) -> bool:
    """Whether a text is thanks or a greeting, or only says that a person is wanted."""
    if not text.strip() or len(text) > _LONGEST_TALK:
        return not text.strip()
    vector = assistant.knowledge.search.embed(text)
    return is_talk(assistant.segmenter.segment(text, vector))


def _exchange(assistant: Assistant, number: int, turn: Turn) -> BotExchange:
    told = turn.selection
    ratings = assistant.records.ratings(turn.id)
    given = told.get("given", 0) or len(turn.sources)
    score = turn.scores.get(assistant.gate.scorers.name)
    missing = score is not None and score.get("value") is None
    return BotExchange(
        number=number,
        question=turn.standalone or turn.question,
        outcome=turn.outcome,
        mode=turn.mode or "",
        arm=turn.arm or "",
        talk=is_talk(turn.segment),
        sources=_titles(turn.sources[:given]),
        choices=_titles(told.get("choices", ())),
        rated_down=bool(ratings) and ratings[-1][0] == "down",
        evidence=turn.evidence,
        not_carried=tuple(s["text"] for s in turn.sentences if not s["carried"]),
        checked=turn.checked,
        unscored=(score["reason"] or turn.standalone,) if score and missing else (),
        fell_back=turn.fell_back or "",
        finish=told.get("finish", "stop"),
        left_open=tuple(told.get("left_open", ())),
    )


def _titles(named: Sequence[Mapping[str, str]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one["title"] for one in named))
