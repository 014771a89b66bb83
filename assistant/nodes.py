"""The steps of one turn. Each takes the state and returns what it adds to it."""

import asyncio
import time
from dataclasses import asdict, replace
from datetime import UTC, datetime
from functools import wraps
from typing import Any, Protocol

from langgraph.config import get_stream_writer
from langgraph.runtime import Runtime

from assistant import citations, followup, prompts
from assistant.arms.arm import Usage
from assistant.errors import ArmError
from assistant.knowledge.evidence import NEAR, enough
from assistant.knowledge.search import focus
from assistant.language import language_of_question
from assistant.messages import Message
from assistant.records import Outcome, Turn
from assistant.segments import SMALLTALK, UNKNOWN, is_talk
from assistant.speaking import language_of, question_of, quoted, segment_of, speak, why_not
from assistant.speech import Asked
from assistant.state import Context, Spoken, State
from guardrails.guard import BASE
from guardrails.sql_rows import stored
from guardrails.store import Ledger

Update = dict[str, Any]


class Node(Protocol):
    """One step of a turn."""

    __name__: str

    async def __call__(self, state: State, runtime: Runtime[Context]) -> Update:
        """Return what the step adds to the state."""
        ...


_REWRITE_TOKENS = 80


def timed(node: Node) -> Node:
    """Add how long the node took, in seconds, under its name."""

    @wraps(node)
    async def run(state: State, runtime: Runtime[Context]) -> Update:
        started = time.perf_counter()
        update = await node(state, runtime)
        took = round(time.perf_counter() - started, 4)
        return {**update, "timings_s": {**state.get("timings_s", {}), node.__name__: took}}

    return run


@timed
async def triage(state: State, runtime: Runtime[Context]) -> Update:
    """Find language and segment; make a follow-up stand alone."""
    context = runtime.context
    question = state["question"]
    language = language_of_question(question, fallback=state["interface"])
    if language is None:
        return {"language": None, "segment": UNKNOWN, "standalone": question}
    vector = await asyncio.to_thread(context.search.embed, question)
    segment = context.segmenter.segment(question, vector)
    standalone = question
    history = state["messages"][-followup.RECENT :]
    if history and not is_talk(segment) and followup.needs_context(question, language):
        standalone = await _standalone(question, history, language, context)
        vector = await asyncio.to_thread(context.search.embed, standalone)
        segment = context.segmenter.segment(standalone, vector)
    return {"language": language, "segment": segment, "standalone": standalone, "vector": vector}


async def _standalone(
    question: str, history: list[Message], language: str, context: Context
) -> str:
    messages = prompts.rewrite_messages(question, history, language)
    try:
        pieces = context.rewriter.stream(messages, max_tokens=_REWRITE_TOKENS)
        rewrite = "".join([piece.text async for piece in pieces]).strip().strip('"„“”')
    except ArmError:
        rewrite = ""
    if followup.sound_rewrite(rewrite, question, history, language):
        return rewrite
    return followup.joined(question, history)


@timed
async def retrieve(state: State, runtime: Runtime[Context]) -> Update:
    """Search the documents and weigh whether they can carry an answer."""
    context = runtime.context
    question, language = state["standalone"], language_of(state)
    found = await asyncio.to_thread(
        context.search.find, question, language, context.passages, state["vector"]
    )
    passages = focus(found)
    return {
        "passages": passages,
        "evidence": enough(question, language, found),
        "asked": Asked.of(question, language, passages),
    }


@timed
async def route(state: State, runtime: Runtime[Context]) -> Update:
    """Choose the arm that answers."""
    context = runtime.context
    chosen = await asyncio.to_thread(
        context.guard.route, segment_of(state), context.conversation_id, datetime.now(UTC)
    )
    return {"route": chosen, "speaker": chosen.arm}


@timed
async def generate(state: State, runtime: Runtime[Context]) -> Update:
    """Let the arm answer from the passages; a sentence is shown when it has passed."""
    context, spoken = runtime.context, Spoken()
    if state["speaker"] == BASE:
        await speak(state, context, BASE, spoken)
        return {"spoken": spoken, "fell_back": ""}
    failure = ""
    try:
        async with asyncio.timeout(context.deadline_s / 2):
            await speak(state, context, state["speaker"], spoken)
    except TimeoutError:
        failure = "it took too long"
    except ArmError as error:
        if error.arm == BASE:  # the queue that both share is full
            raise
        failure = error.message
    return {"spoken": spoken, "fell_back": failure or why_not(spoken), "failure": failure}


@timed
async def check(state: State, runtime: Runtime[Context]) -> Update:
    """Check the answer as a whole, and which passages carry which sentence."""
    context = runtime.context
    spoken, language = state["spoken"], language_of(state)
    sample = question_of(state, context).sample(spoken.text)
    checked, scores = await context.gate.answer(sample)
    candidate = state["speaker"] != BASE
    if candidate and checked.outcome != "passed":
        return {"scores": scores, "fell_back": f"the answer did not pass: {checked.reason}"}
    if not spoken.text or checked.outcome == "failed":
        if not spoken.shown:
            text = prompts.apology("unsure", state["question"], language)
            return {"scores": scores, **_say(text, "abstained")}
        return {"scores": scores, "sentences": (), **_retracted(spoken.text, language)}
    sentences = await asyncio.to_thread(
        citations.check, spoken.text, state["asked"].sources, language, context.support
    )
    if sentences and not any(sentence.carried for sentence in sentences):
        if candidate:
            return {"scores": scores, "fell_back": "no passage carries the answer"}
        return {"scores": scores, "sentences": sentences, **_retracted(spoken.text, language)}
    if not spoken.shown:
        get_stream_writer()({"delta": spoken.text})
    unchecked = spoken.unchecked or (checked.reason if checked.outcome == "unchecked" else "")
    return {
        "answer": spoken.text,
        "scores": scores,
        "spoken": replace(spoken, unchecked=unchecked),
        "sentences": sentences,
        "outcome": "answered",
    }


@timed
async def fall_back(state: State, runtime: Runtime[Context]) -> Update:
    """Let base answer the same question from the same passages; the reader sees that alone."""
    context = runtime.context
    if state["spoken"].shown:
        get_stream_writer()({"restart": state["fell_back"]})
    spoken = Spoken()
    try:
        async with asyncio.timeout(context.deadline_s / 2):
            await speak(state, context, BASE, spoken)
    except TimeoutError:
        late = prompts.apology("late", state["question"], language_of(state))
        told = f"\n\n{late}" if spoken.shown else late
        return {"speaker": BASE, **_say(told, "abstained"), "answer": spoken.text + told}
    except ArmError:  # no turn to record; that the candidate failed is recorded all the same
        failure = state.get("failure", "")
        await asyncio.to_thread(context.guard.failed, state["speaker"], failure, datetime.now(UTC))
        raise
    return {"spoken": spoken, "speaker": BASE}


async def abstain(state: State) -> Update:
    """Say that the documents hold no answer, what was looked for, and offer a person."""
    passages = state["passages"] if state["evidence"] >= NEAR else []
    text = prompts.abstention(state["question"], passages, language_of(state))
    return _say(text, "abstained")


async def reply(state: State) -> Update:
    """Answer a greeting, thanks, or a language that Routeback does not speak."""
    language = state["language"]
    if language is None:
        return _say(prompts.SAYINGS[state["interface"]]["language"], "replied")
    return _say(prompts.SAYINGS[language][SMALLTALK[state["segment"]]], "replied")


async def hand_off(state: State) -> Update:
    """Offer a person to somebody who asked for one."""
    return _say(prompts.SAYINGS[language_of(state)]["person"], "handed_off")


async def record(state: State, runtime: Runtime[Context]) -> Update:
    """Store the turn and remember what was said."""
    context = runtime.context
    chosen, speaker = state.get("route"), state.get("speaker", "")
    spoken = state.get("spoken")
    turn = Turn(
        id=context.turn_id,
        conversation_id=context.conversation_id,
        question=state["question"],
        standalone=state["standalone"],
        language=state["language"] or "unknown",
        segment=state["segment"],
        outcome=state["outcome"],
        answer=state["answer"],
        arm=speaker or None,
        arm_revision=context.arms[speaker].revision if speaker else None,
        reason=chosen.reason if chosen else None,
        evidence=state.get("evidence"),
        prompt_hash=prompts.PROMPT_HASH,
        index_generation=context.index_generation,
        sources=[quoted(number, p) for number, p in enumerate(state.get("passages", []), 1)],
        sentences=[asdict(sentence) for sentence in state.get("sentences", ())],
        usage=asdict(spoken.usage if spoken else Usage()),
        timings_s=state.get("timings_s", {}),
        checked=not (spoken and spoken.unchecked),
        fell_back=state.get("fell_back") or None,
        scores={name: stored(result) for name, result in state.get("scores", {}).items()},
    )

    def judge(ledger: Ledger) -> None:
        if chosen and chosen.arm != BASE:
            context.guard.called(ledger, chosen.arm, state.get("failure", ""), turn.created_at)
        if spoken:
            context.guard.answered(ledger, question_of(state, context))

    await asyncio.to_thread(context.records.add, turn, judge)
    said: list[Message] = [
        {"role": "user", "content": state["question"]},
        {"role": "assistant", "content": state["answer"]},
    ]
    return {"messages": said, "turn": turn}


def _say(text: str, outcome: Outcome) -> Update:
    get_stream_writer()({"delta": text})
    return {"answer": text, "outcome": outcome, "sentences": ()}


def _retracted(answer: str, language: str) -> Update:
    """Take back an answer of which nothing is in the passages; it has been shown already."""
    say = prompts.SAYINGS[language]
    addition = f"\n\n{say['retract']} {say['offer']}"
    get_stream_writer()({"delta": addition})
    return {"answer": answer + addition, "outcome": "abstained"}
