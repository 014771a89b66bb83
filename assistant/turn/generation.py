"""What nodes do with an arm: let it speak through the gate, and tell the guardrail about it."""

import asyncio
from collections.abc import Callable
from contextlib import aclosing
from typing import Any

from langgraph.config import get_stream_writer

from assistant.knowledge.search import Passage
from assistant.turn import prompts
from assistant.turn.answer import quotations
from assistant.turn.answer.leads import Leads
from assistant.turn.answer.speech import Ending, likely_tokens, sentences
from assistant.turn.state import Context, Spoken, State
from guardrails import clock
from guardrails.guard import BASE, QUOTE
from guardrails.pairs import PairQuestion, named
from guardrails.rules.costs import CUT, Cost
from guardrails.text.reading import repeats


async def speak(state: State, context: Context, name: str, spoken: Spoken, within_s: float) -> None:
    """Let an arm answer, see ``_speak``, within a time that does not count a queue of ours.

    Raises:
        ArmError: the arm did not answer.
        TimeoutError: it took longer.
    """
    queues = context.arms[name].queues
    async with asyncio.timeout(None if queues else within_s) as deadline:

        def begins() -> None:
            deadline.reschedule(asyncio.get_running_loop().time() + within_s)

        await _speak(state, context, name, spoken, begins)


async def _speak(
    state: State, context: Context, name: str, spoken: Spoken, begins: Callable[[], None]
) -> None:
    """Let an arm answer, sentence by sentence, each shown as soon as it has passed.

    What was shown is never taken back. So a candidate's answer is held until all of it has passed,
    and it is stopped at the first sentence that does not. Of base's, those that pass are shown as
    they come, and those that could not be checked are shown and said to be unchecked. As long as
    all that was said is the question again, or claims nothing, it waits: it may be all that comes.

    Raises:
        ArmError: the arm did not answer.
    """
    briefing, candidate = state["asked"], name != BASE
    whole = clock = ""
    lead = Leads()
    says = False
    parts = sentences(context.arms[name], briefing, context.limits, context.gate, begins=begins)
    async with aclosing(parts):
        async for part in parts:
            if isinstance(part, Ending):
                spoken.usage, spoken.cut = part.usage, part.cut
                spoken.cost = part.cost(context.deadline_s / 2 if candidate else context.deadline_s)
                continue
            whole += part
            judged = lead.judged(part)
            if judged is None:
                continue
            verdict = await context.gate.sentence(
                judged, briefing.passages, briefing.question, briefing.language
            )
            if verdict.outcome == "failed":
                spoken.withheld = (*spoken.withheld, verdict.reason)
            elif verdict.outcome == "unchecked":
                spoken.unchecked = spoken.unchecked or verdict.reason
            if candidate and verdict.outcome != "passed":
                return
            if verdict.outcome == "failed":
                lead.failed()
                continue
            text = lead.passed(part)
            spoken.text += text
            clock += text
            says = says or verdict.claims
            again = repeats(spoken.text, briefing.question, briefing.language)
            if candidate or not (text and says) or again:
                continue
            spoken.shown = True
            get_stream_writer()({"delta": clock})
            clock = ""
    spoken.text, spoken.whole = spoken.text.strip(), whole.strip()


def why_not(spoken: Spoken) -> str:
    """Return why a candidate's answer is not shown, or nothing."""
    if spoken.unchecked:
        return spoken.unchecked
    if spoken.withheld:
        return f"a sentence did not pass: {spoken.withheld[-1]}"
    return silence(spoken)


def silence(spoken: Spoken) -> str:
    """Return why nothing was said, or nothing if something was."""
    if spoken.whole:
        return ""
    return CUT if spoken.cut else "it found no answer in the passages"


def segment_of(state: State) -> str:
    """Return the segment with its language, as the guardrail names it."""
    return f"{state['segment']}/{language_of(state)}"


def question_of(state: State, context: Context) -> PairQuestion:
    """Return the question as the guardrail sees it; what it would cost, if no arm spoke to the end.

    Where an entry could be quoted, the quotation is there whoever answered; what was said before an
    arm gave way to the quotation was said by base.
    """
    briefing, spoken, choice = state["asked"], state.get("spoken"), state["choice"]
    answers: dict[str, str] = {}
    costs: dict[str, Cost] = {}
    chosen = state.get("route")
    if chosen and (lost := state.get("lost")) is not None:
        costs[chosen.arm] = lost
    if spoken and spoken.whole is not None:
        speaker = BASE if state["speaker"] == QUOTE else state["speaker"]
        answers[speaker], tokens = spoken.whole, spoken.usage.tokens
        if spoken.cost is not None:
            costs[speaker] = spoken.cost
    else:
        tokens = likely_tokens(briefing, context.limits)
    if choice.mode == "quote":
        quotes = quotations.quotations(choice.passages)
        answers[QUOTE] = quotations.told(quotes, briefing.language)
    return PairQuestion(
        turn_id=context.turn_id,
        question=briefing.question,
        language=briefing.language,
        segment=segment_of(state),
        passages=briefing.passages,
        answers=answers,
        costs=costs,
        conversation=named(context.conversation_id),
        answerable=None,  # nobody knows; the passages say how likely they answer
        prompt=prompts.PROMPT_HASH,
        index_generation=str(state.get("generation", 0)),
        tokens=tokens,
        at=clock.now(),
    )


def quoted(number: int, passage: Passage) -> dict[str, Any]:
    """Return a passage as a turn keeps it."""
    chunk = passage.chunk
    return {
        "number": number,
        "id": passage.id,
        "title": chunk.title,
        "text": chunk.text,
        "url": chunk.url,
        "source": chunk.source,
        "language": chunk.language,
        "kind": chunk.kind.value,
        "key": chunk.key,
        "date": chunk.date,
        "place": chunk.place,
    }


def language_of(state: State) -> str:
    """Return the language of a question that is searched for: English or German."""
    language = state["language"]
    assert language is not None  # noqa: S101  (the graph sends None to `reply`)
    return language
