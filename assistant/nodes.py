"""The steps of one turn. Each takes the state and returns what it adds to it."""

import asyncio
import time
from dataclasses import asdict
from functools import wraps
from typing import Any, Protocol

from langgraph.config import get_stream_writer
from langgraph.runtime import Runtime

from assistant import citations, followup, prompts
from assistant.arms import Usage
from assistant.errors import ArmError
from assistant.knowledge.evidence import NEAR, enough
from assistant.knowledge.search import Passage, focus
from assistant.language import language_of_question
from assistant.messages import Message
from assistant.records import Outcome, Turn
from assistant.segments import SMALLTALK, UNKNOWN, is_talk
from assistant.state import Context, State
from assistant.support import Source
from guardrails.router import route as choose_route

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
        pieces = context.arms["base"].stream(messages, max_tokens=_REWRITE_TOKENS)
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
    question, language = state["standalone"], _language(state)
    found = await asyncio.to_thread(
        context.search.find, question, language, context.passages, state["vector"]
    )
    return {"passages": focus(found), "evidence": enough(question, language, found)}


@timed
async def route(state: State, runtime: Runtime[Context]) -> Update:
    """Choose the arm that answers."""
    chosen = choose_route(
        "base",
        (),  # no candidate has evidence yet
        segment=f"{state['segment']}/{_language(state)}",
        conversation_id=runtime.context.conversation_id,
    )
    return {"route": chosen}


@timed
async def generate(state: State, runtime: Runtime[Context]) -> Update:
    """Answer from the passages, streamed with completed citations."""
    context = runtime.context
    language = _language(state)
    messages = prompts.answer_messages(
        state["standalone"], state["passages"], language, context.passage_characters
    )
    arm = context.arms[state["route"].arm]
    write = get_stream_writer()
    stream = citations.CitationStream(sources(state), language, context.support)
    usage = Usage()
    unsaid = ""
    answering = False
    async for piece in arm.stream(messages, max_tokens=context.answer_tokens):
        usage = piece.usage or usage
        unsaid += piece.text
        if answering or not prompts.may_be_no_answer(unsaid):
            answering = True
            if shown := stream.feed(unsaid):
                write({"delta": shown})
            unsaid = ""
            if stream.looping:
                break
    if answering and (rest := stream.close()):
        write({"delta": rest})
    return {"answer": stream.text.strip(), "usage": usage}


@timed
async def check(state: State, runtime: Runtime[Context]) -> Update:
    """Say of each sentence whether the passages that it cites carry it."""
    sentences = await asyncio.to_thread(
        citations.check,
        state["answer"],
        sources(state),
        _language(state),
        runtime.context.support,
    )
    if sentences and not any(sentence.carried for sentence in sentences):
        return {"sentences": sentences, **_retracted(state["answer"], _language(state))}
    return {"sentences": sentences, "outcome": "answered"}


async def abstain(state: State) -> Update:
    """Say that the documents hold no answer, what was looked for, and offer a person."""
    passages = state["passages"] if state["evidence"] >= NEAR else []
    text = prompts.abstention(state["question"], passages, _language(state))
    return _say(text, "abstained")


async def reply(state: State) -> Update:
    """Answer a greeting, thanks, or a language that Routeback does not speak."""
    language = state["language"]
    if language is None:
        return _say(prompts.SAYINGS[state["interface"]]["language"], "replied")
    return _say(prompts.SAYINGS[language][SMALLTALK[state["segment"]]], "replied")


async def hand_off(state: State) -> Update:
    """Offer a person to somebody who asked for one."""
    return _say(prompts.SAYINGS[_language(state)]["person"], "handed_off")


async def record(state: State, runtime: Runtime[Context]) -> Update:
    """Store the turn and remember what was said."""
    context = runtime.context
    chosen = state.get("route")
    arm = context.arms[chosen.arm] if chosen else None
    turn = Turn(
        id=context.turn_id,
        conversation_id=context.conversation_id,
        question=state["question"],
        standalone=state["standalone"],
        language=state["language"] or "unknown",
        segment=state["segment"],
        outcome=state["outcome"],
        answer=state["answer"],
        arm=chosen.arm if chosen else None,
        arm_revision=arm.revision if arm else None,
        reason=chosen.reason if chosen else None,
        evidence=state.get("evidence"),
        prompt_hash=prompts.PROMPT_HASH,
        index_generation=context.index_generation,
        sources=[_quoted(number, p) for number, p in enumerate(state.get("passages", []), 1)],
        sentences=[asdict(sentence) for sentence in state.get("sentences", ())],
        usage=asdict(state.get("usage", Usage())),
        timings_s=state.get("timings_s", {}),
    )
    await asyncio.to_thread(context.records.add, turn)
    said: list[Message] = [
        {"role": "user", "content": state["question"]},
        {"role": "assistant", "content": state["answer"]},
    ]
    return {"messages": said, "turn": turn}


def sources(state: State) -> list[Source]:
    """Return the passages as the answer may cite them."""
    return [
        Source(number, p.chunk.searchable, p.chunk.language, state["standalone"])
        for number, p in enumerate(state["passages"], start=1)
    ]


def _quoted(number: int, passage: Passage) -> Update:
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
    }


def _say(text: str, outcome: Outcome) -> Update:
    get_stream_writer()({"delta": text})
    return {"answer": text, "outcome": outcome, "sentences": ()}


def _retracted(answer: str, language: str) -> Update:
    """Take back an answer of which nothing is in the passages; it has been shown already."""
    say = prompts.SAYINGS[language]
    addition = f"\n\n{say['retract']} {say['offer']}"
    get_stream_writer()({"delta": addition})
    return {"answer": answer + addition, "outcome": "abstained"}


def _language(state: State) -> str:
    language = state["language"]
    assert language is not None  # noqa: S101  (the graph sends None to `reply`)
    return language
