"""The steps of one turn. Each takes the state and returns what it adds to it."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import asdict, replace
from functools import partial, wraps
from typing import Any, Protocol

from langgraph.config import get_stream_writer
from langgraph.runtime import Runtime
from langgraph.types import interrupt

from assistant.arms.endpoint.usage import Usage
from assistant.conversation import Message
from assistant.desk.states import reason_of
from assistant.errors import ArmBusy, ArmError, ArmFiltered, ArmTimeout
from assistant.knowledge import selection
from assistant.knowledge.search import Passage
from assistant.knowledge.selection import Selected
from assistant.language import language_of_question
from assistant.records.desk.tickets import Ticket
from assistant.records.turns import Outcome, Turn
from assistant.segments import DECLINED, PERSON, SMALLTALK, UNKNOWN, is_talk
from assistant.turn import modes, prompts, sayings, thresholds
from assistant.turn.answer import citations, quotations
from assistant.turn.answer.speech import Briefing
from assistant.turn.generation import (
    language_of,
    question_of,
    quoted,
    segment_of,
    silence,
    speak,
    why_not,
)
from assistant.turn.modes import Choice
from assistant.turn.question import followup, intake, offers
from assistant.turn.question.offers import Named, Offer
from assistant.turn.state import Context, Said, Spoken, State
from guardrails import clock
from guardrails.guard import BASE, QUOTE
from guardrails.rules.costs import LATE, Cost
from guardrails.store.sql_rows import stored
from guardrails.store.store import Ledger
from guardrails.text.closed_questions import asks_yes_or_no
from guardrails.types import Route, Sample

Update = dict[str, Any]


class Node(Protocol):
    """One step of a turn."""

    __name__: str

    async def __call__(self, state: State, runtime: Runtime[Context]) -> Update:
        """Return what the step adds to the state."""
        ...


_REWRITE_TOKENS = 80
_TALK = {"person": PERSON, "declined": DECLINED}


def timed(node: Node) -> Node:
    """Add how long the node took, in seconds, under its name."""

    @wraps(node)
    async def run(state: State, runtime: Runtime[Context]) -> Update:
        started = time.perf_counter()
        with runtime.context.watch.step(node.__name__):
            update = await node(state, runtime)
        before = state.get("timings_s", {})
        took = before.get(node.__name__, 0.0) + time.perf_counter() - started
        return {**update, "timings_s": {**before, node.__name__: round(took, 4)}}

    return run


@timed
async def triage(state: State, runtime: Runtime[Context]) -> Update:
    """Find what is asked: language, segment, and whether it leans on what was said before."""
    context, history = runtime.context, state["messages"]
    question = await asyncio.to_thread(intake.without_mail, intake.cleaned(state["question"]))
    offer = state.get("offer") or offers.recalled(history, sayings.OFFERS)
    topic = followup.topic_of(state.get("topic"), history)
    pick = offers.taken(question, offer)
    update: Update = {"taken": pick, "follow_up": False, "rewritten": False, "offer": offer}
    if offer is not None and pick is not None:
        language = offer["language"] or language_of_question(question, fallback=state["interface"])
        text = pick["title"] if isinstance(pick, dict) else topic["question"] if topic else ""
        if isinstance(pick, str) and pick in _TALK:
            segment = _TALK[pick]
        else:
            segment = await _segment(text or question, context)
        return {**update, "language": language, "segment": segment, "standalone": text or question}
    language = language_of_question(question, fallback=state["interface"])
    if language is None:
        return {**update, "language": None, "segment": UNKNOWN, "standalone": question}
    segment = await _segment(question, context)
    if topic and not is_talk(segment) and followup.needs_context(question, language):
        question = followup.joined(question, topic["question"])
        segment = await _segment(question, context)
        update["follow_up"] = True
    return {**update, "language": language, "segment": segment, "standalone": question}


async def _segment(question: str, context: Context) -> str:
    vector = await asyncio.to_thread(context.search.embed, question)
    return context.segmenter.segment(question, vector)


@timed
async def rewrite(state: State, runtime: Runtime[Context]) -> Update:
    """Let a model make a follow-up stand alone; what it adds of its own is not taken."""
    context, language = runtime.context, language_of(state)
    history = state["messages"][-followup.RECENT :]
    messages = prompts.rewrite_messages(state["question"], history, language)
    rewriter, within_s = context.rewriter, context.deadline_s / 2
    try:
        async with asyncio.timeout(None if rewriter.queues else within_s):
            pieces = rewriter.stream(messages, max_tokens=_REWRITE_TOKENS)
            text = "".join([piece.text async for piece in pieces]).strip().strip('"„“”')
    except (ArmError, TimeoutError):
        text = ""
    if not followup.sound_rewrite(text, state["question"], history, language):
        text = state["standalone"]
    return {"standalone": text, "segment": await _segment(text, context), "rewritten": True}


@timed
async def retrieve(state: State, runtime: Runtime[Context]) -> Update:
    """Search the documents for each question of the message, and weigh what was found."""
    whole, language = state["standalone"], language_of(state)
    own = intake.cleaned(state["question"])
    parts: tuple[str, ...] = (whole,)
    if not (state["follow_up"] or state.get("taken")):
        parts = intake.questions(whole, language)
    elif state["follow_up"] and not state["rewritten"] and followup.may_stand_alone(own, language):
        parts = (whole, own)
    generation = await asyncio.to_thread(runtime.context.search.generation)
    hits = [(q, await asyncio.to_thread(_weighed, q, language, runtime.context)) for q in parts]
    return {"found": tuple(hits), "generation": generation}


def _weighed(question: str, language: str, context: Context) -> Selected:
    passages = context.search.find(question, language, selection.CONSIDERED)
    return selection.select(question, language, passages, context.states)


@timed
async def select(state: State, runtime: Runtime[Context]) -> Update:
    """Choose how to answer: quote, write, ask back, or abstain."""
    context, hits = runtime.context, state["found"]
    question, selected = hits[0]
    pick, offer = state.get("taken"), state.get("offer")
    left_open: tuple[str, ...] = ()
    if pick == "not_it" and offer:
        offered = [named["title"] for named in offer["choices"]]
        choice = modes.next_best(selected, offer["shown"], offered)
    elif pick == "again" and offer:
        titles = [named["title"] for named in offer["choices"]]
        choice = modes.again(selected, titles)
    elif isinstance(pick, dict):
        choice = modes.taken(selected, pick["id"], pick["title"])
    elif state["follow_up"]:
        question, choice = _follow_up(hits, intake.cleaned(state["question"]))
    else:
        choice = modes.choose(question, selected)
        several = [(q, modes.choose(q, weighed)) for q, weighed in hits]
        if len(several) > 1 and (answered := modes.together(several)):
            choice, left_open = answered
            question = " ".join(q for q, option in several if option.passages)
        elif len(several) > 1:
            question = " ".join(q for q, _ in several)
            choice = modes.choose(
                question, await asyncio.to_thread(_weighed, question, language_of(state), context)
            )
    near = [passage for _, weighed in hits for passage in modes.near(weighed)]
    shown = tuple(dict.fromkeys((*choice.passages, *choice.choices, *near)))
    briefing = Briefing.of(question, language_of(state), choice.passages, context.limits.characters)
    return {
        "choice": choice,
        "standalone": state["standalone"] if len(hits) > 1 and not state["follow_up"] else question,
        "unanswered": left_open,
        "passages": list(shown[: max(context.passages, len(choice.passages))]),
        "asked": briefing,
    }


def _follow_up(found: Sequence[tuple[str, Selected]], own: str) -> tuple[str, Choice]:
    """Take a follow-up as a new subject if it is answered by itself, else with its topic.

    With its topic every question finds what the topic does; so that counts only where the passage
    has something of what is asked now.
    """
    (question, first), *alone = found
    choice = modes.choose(question, first)
    for subject, weighed in alone:
        by_itself = modes.choose(subject, weighed)
        if by_itself.passages or not choice.passages:
            return subject, by_itself
    texts = " ".join(passage.chunk.searchable for passage in choice.passages)
    if choice.passages and not followup.leans_on(own, texts):
        return question, Choice("abstain", "the topic says nothing of what is asked", 0.0)
    return question, choice


@timed
async def route(state: State, runtime: Runtime[Context]) -> Update:
    """Choose who answers: the document's own words, or an arm."""
    context, choice, segment = runtime.context, state["choice"], segment_of(state)
    words = Route(QUOTE, segment, choice.reason)
    policy, quotes = context.writing.policy(segment), choice.mode == "quote"
    closed = quotes and policy != "never" and asks_yes_or_no(state["standalone"])
    if policy == "only" or closed:  # a yes or no is the entry's own
        return {"route": words, "speaker": QUOTE}
    chosen = await asyncio.to_thread(
        context.guard.route, segment, context.conversation_id, clock.now()
    )
    if quotes and not await asyncio.to_thread(context.writing.allows, chosen.arm, segment):
        return {"route": words, "speaker": QUOTE}
    return {"route": chosen, "speaker": chosen.arm}


@timed
async def generate(state: State, runtime: Runtime[Context]) -> Update:
    """Let the arm answer from the passages; a sentence is shown when it has passed."""
    context, spoken = runtime.context, Spoken()
    name, failure, began = state["speaker"], "", time.monotonic()
    try:
        within_s = context.deadline_s if name == BASE else context.deadline_s / 2
        await speak(state, context, name, spoken, within_s)
    except TimeoutError:
        failure = LATE
        if name == BASE and not (spoken.shown or gives_way(state, context)):
            message = f"base took longer than {context.deadline_s:g} s."
            raise ArmTimeout(message, arm=BASE, hint="Ask again.") from None
    except ArmError as error:
        spoken.filtered = isinstance(error, ArmFiltered)
        if not _may_fail(state, context, spoken, error):
            raise
        failure = error.message
    if name == BASE:
        silent = "" if spoken.text or spoken.withheld else silence(spoken)
        why = failure or silent
        update = {"spoken": spoken, "failure": failure, "fell_back": why and f"base: {why}"}
        return update | (_broken_off(state, spoken) if failure and spoken.shown else {})
    lost = Cost(round(time.monotonic() - began, 3), spoken.usage.completion_tokens, failure)
    if not failure and spoken.cost is not None:
        lost = spoken.cost
    return {
        "spoken": spoken,
        "fell_back": failure or why_not(spoken),
        "failure": failure,
        "lost": lost if lost.failure else None,
    }


def _may_fail(state: State, context: Context, spoken: Spoken, error: ArmError) -> bool:
    """Whether another may answer in place of an arm that failed: base, or the document's words."""
    if spoken.filtered or (state["speaker"] != BASE and error.arm != BASE):
        return True
    if isinstance(error, ArmBusy) and not gives_way(state, context):
        return False
    return not spoken.shown and gives_way(state, context)


def _broken_off(state: State, spoken: Spoken) -> Update:
    """Say why no more comes after what was shown of base's answer: late, or withheld."""
    question, language = state["question"], language_of(state)
    notice = sayings.late(question, language)
    if spoken.filtered:
        notice = f"{sayings.withheld(question, language)} {sayings.SAYINGS[language]['offer']}"
    get_stream_writer()({"delta": f"\n\n{notice}"})
    spoken.cut = True
    return {"answer": f"{spoken.text}\n\n{notice}", "outcome": "abstained"}


def gives_way(state: State, context: Context) -> bool:
    """Return whether an answer that cannot be shown gives way to the document's own words."""
    choice = state["choice"]
    likely = choice.probability >= thresholds.QUOTE and bool(choice.passages)
    return likely and context.writing.quotes(segment_of(state))


@timed
async def check(state: State, runtime: Runtime[Context]) -> Update:
    """Check the answer as a whole, and which passages carry which sentence.

    What the reader has seen stays: each of its sentences has passed.
    """
    context, asked = runtime.context, state["asked"]
    spoken, language = state["spoken"], language_of(state)
    answer, silent = spoken.text, not spoken.text
    sample = Sample(asked.question, language, asked.passages, answer, abstained=silent)
    checked, scores = await context.gate.answer(sample)
    candidate = state["speaker"] != BASE
    if candidate and checked.outcome != "passed":
        return {"scores": scores, "fell_back": f"the answer did not pass: {checked.reason}"}
    if not spoken.shown and (not spoken.text or checked.outcome == "failed"):
        why = checked.reason or "no sentence passed"
        return {"scores": scores, "fell_back": f"base's answer did not pass: {why}"}
    sentences = await asyncio.to_thread(
        citations.check,
        spoken.text,
        asked.passages,
        asked.question,
        language,
        context.gate,
    )
    if not spoken.shown:
        if sentences and not any(sentence.carried for sentence in sentences):
            return {"scores": scores, "fell_back": "no passage carries the answer"}
        get_stream_writer()({"delta": spoken.text})
    text = spoken.text
    if spoken.cut:
        text += (cut := "\n\n" + sayings.SAYINGS[language]["cut"])
        get_stream_writer()({"delta": cut})
    if state["unanswered"]:
        text += (left := "\n\n" + sayings.left_open(state["unanswered"], language))
        get_stream_writer()({"delta": left})
    unchecked = spoken.unchecked or (checked.reason if checked.outcome == "unchecked" else "")
    return {
        "answer": text,
        "scores": scores,
        "spoken": replace(spoken, unchecked=unchecked),
        "sentences": sentences,
        "outcome": "answered",
    }


@timed
async def fall_back(state: State, runtime: Runtime[Context]) -> Update:
    """Let base answer the same question from the same passages; the reader sees that alone."""
    context, spoken = runtime.context, Spoken()
    try:
        await speak({**state, "speaker": BASE}, context, BASE, spoken, context.deadline_s / 2)
    except (TimeoutError, ArmError) as error:
        spoken.filtered = isinstance(error, ArmFiltered)
        notice = spoken.filtered or isinstance(error, TimeoutError)
        if notice and spoken.shown:
            return {"speaker": BASE, "spoken": spoken, **_broken_off(state, spoken)}
        if not notice and (spoken.shown or not gives_way(state, context)):
            # No turn to record; that the candidate failed is recorded all the same.
            failure, candidate = state.get("failure", ""), state["speaker"]
            await asyncio.to_thread(context.guard.failed, candidate, failure, clock.now())
            raise
        return {"speaker": BASE, "spoken": Spoken(filtered=spoken.filtered)}
    return {"spoken": spoken, "speaker": BASE}


@timed
async def quote(state: State, runtime: Runtime[Context]) -> Update:
    """Show what answers in the document's own words."""
    del runtime
    language, choice = language_of(state), state["choice"]
    texts = quotations.quotations(choice.passages)
    text = quotations.told(texts, language)
    if state["unanswered"]:
        text += "\n\n" + sayings.left_open(state["unanswered"], language)
    get_stream_writer()({"delta": text})
    sentences = tuple(
        citations.Sentence(quotation.text, (quotation.number,), carried=True) for quotation in texts
    )
    return {
        "answer": text,
        "outcome": "answered",
        "quotations": texts,
        "sentences": sentences,
        "speaker": QUOTE,
    }


@timed
async def ask(state: State, runtime: Runtime[Context]) -> Update:
    """Ask back which entry is meant."""
    del runtime
    language = language_of(state)
    choices = modes.in_language(state["choice"].choices, language)
    return _offered(sayings.SAYINGS[language]["which"], choices, "", "asked")


@timed
async def abstain(state: State, runtime: Runtime[Context]) -> Update:
    """Say that the documents hold no answer, name what is near, and offer a person."""
    del runtime
    language, question = language_of(state), _meant(state)
    near = modes.in_language(state["choice"].choices, language)
    say = sayings.SAYINGS[language]
    if "spoken" in state and state["spoken"].filtered:
        return _offered(sayings.withheld(question, language), (), say["offer"], "abstained")
    if state.get("fell_back") and state["choice"].passages:
        return _offered(sayings.unsure(question, language), (), say["offer"], "abstained")
    return _offered(
        sayings.not_found(question, language, near=bool(near)), near, say["offer"], "abstained"
    )


async def reply(state: State) -> Update:
    """Answer a greeting, thanks, or a language that Routeback does not speak."""
    language = state["language"]
    if language is None:
        return _say(sayings.SAYINGS[state["interface"]]["language"], "replied")
    return _say(sayings.SAYINGS[language][SMALLTALK[state["segment"]]], "replied")


async def hand_off(state: State, runtime: Runtime[Context]) -> Update:
    """Say that a person is asked for: as the asker wants one, or as nobody else may answer."""
    language = state["language"] or state["interface"]
    if state["segment"] != PERSON:
        said = _say(sayings.SAYINGS[language]["people_only"], "handed_off")
        return {**said, "why": "people_only"}
    said = _say(sayings.SAYINGS[language]["person"], "handed_off")
    if state.get("taken") != "person" or runtime.context.desk is None:
        return {**said, "why": "asked"}
    records, conversation = runtime.context.records, runtime.context.conversation_id
    last = await asyncio.to_thread(records.last_answer, conversation)
    return {**said, "why": reason_of(last)}


async def ask_for_person(state: State, runtime: Runtime[Context]) -> Update:
    """Open the ticket; from then on the bot is silent."""
    context, turn = runtime.context, state["turn"]
    if context.desk is None:
        return {}
    # A yes to the offer is about what was asked before.
    message = state["standalone" if state.get("taken") == "person" else "question"]
    ticket = Ticket(
        conversation_id=context.conversation_id,
        language=state["language"] or state["interface"],
        message=message,
        reason=state["why"],
        segment=turn.segment,
        channel="chat",
    )
    with context.watch.step("ask_for_person"):
        opened = await asyncio.to_thread(partial(context.desk.open, ticket, said=True))
    return {"ticket": opened.id}


async def wait(state: State) -> Update:
    """Wait for the person; days may go by, and restarts.

    Resumed with what was said meanwhile.
    """
    said: Said = interrupt({"ticket": state.get("ticket")})
    return {"messages": said["messages"], "waited": said["ticket"]}


@timed
async def record(state: State, runtime: Runtime[Context]) -> Update:
    """Store the turn and remember what was said."""
    context, chosen, choice = runtime.context, state.get("route"), state.get("choice")
    turn = turn_of(state, context)

    def judge(ledger: Ledger) -> None:
        if chosen and chosen.arm not in {BASE, QUOTE}:
            context.guard.called(ledger, chosen.arm, state.get("failure", ""), turn.created_at)
        # Where no arm may write there is nothing that a comparison could decide.
        if choice and choice.passages and context.writing.policy(segment_of(state)) != "only":
            context.guard.answered(ledger, question_of(state, context))

    await asyncio.to_thread(context.records.add, turn, judge)
    messages: list[Message] = [
        {"role": "user", "content": state["question"]},
        {"role": "assistant", "content": state["answer"]},
    ]
    return {"messages": messages, "turn": turn, "offer": _offer(state), "topic": _topic(state)}


def turn_of(state: State, context: Context) -> Turn:
    """Return what is kept of a turn; it may have been left before it got further than triage."""
    chosen, speaker = state.get("route"), state.get("speaker", "")
    spoken, choice = state.get("spoken"), state.get("choice")
    arm = context.arms.get(speaker)
    return Turn(
        id=context.turn_id,
        conversation_id=context.conversation_id,
        question=state["question"],
        standalone=state.get("standalone", state["question"]),
        language=state.get("language") or "unknown",
        segment=state.get("segment", UNKNOWN),
        outcome=state["outcome"],
        answer=state["answer"],
        arm=speaker or None,
        arm_revision=quotations.REVISION if speaker == QUOTE else arm.revision if arm else None,
        reason=chosen.reason if chosen else choice.reason if choice else None,
        evidence=choice.probability if choice else None,
        prompt_hash=prompts.PROMPT_HASH,
        index_generation=str(state.get("generation", 0)),
        sources=[quoted(number, p) for number, p in enumerate(state.get("passages", []), 1)],
        sentences=[asdict(sentence) for sentence in state.get("sentences", ())],
        usage=asdict(spoken.usage if spoken else Usage()),
        timings_s=state.get("timings_s", {}),
        checked=speaker == QUOTE or not (spoken and spoken.unchecked),
        fell_back=state.get("fell_back") or None,
        scores={name: stored(result) for name, result in state.get("scores", {}).items()},
        mode=_mode(state),
        selection=_selection(state),
    )


def _mode(state: State) -> str | None:
    """Return how the answer was made in the end."""
    if state["outcome"] == "answered":
        return "quote" if state["speaker"] == QUOTE else "write"
    return {"asked": "ask", "abstained": "abstain"}.get(state["outcome"])


def _selection(state: State) -> dict[str, Any]:
    """Return what a turn keeps of how its answer was chosen."""
    choice = state.get("choice")
    if choice is None:
        return {}
    near = modes.in_language(choice.choices, language_of(state))
    choices = near if state["outcome"] in {"asked", "abstained"} else ()
    return {
        "mode": choice.mode,
        "reason": choice.reason,
        "probability": round(choice.probability, 4),
        "given": len(choice.passages),
        "finish": _finish(state),
        "lead": state.get("lead", ""),
        "left_open": list(state.get("unanswered", ())),
        "choices": [{"number": number, **named} for number, named in enumerate(_named(choices), 1)],
        "quotations": [asdict(quotation) for quotation in state.get("quotations", ())],
    }


def _finish(state: State) -> str:
    """Return how the answer ended, in OpenAI's words: ``stop`` only if it is whole."""
    spoken = state.get("spoken")
    if spoken is None or state["speaker"] == QUOTE:
        return "stop"
    if spoken.filtered:
        return "content_filter"
    cut = spoken.cut and (spoken.shown or state["outcome"] == "answered")
    return "length" if cut else "stop"


def _meant(state: State) -> str:
    """Return the question as it is said back: of a mail what it asks, of a "no" what it is about."""  # noqa: E501
    if state.get("taken"):
        return state["standalone"]
    return intake.without_mail(intake.cleaned(state["question"]))


def _offer(state: State) -> Offer | None:
    """Return what this reply leaves open; what was shown before on the same topic counts."""
    choice, before = state.get("choice"), state.get("offer")
    if state["language"] is None:
        return {"person": True, "choices": [], "shown": [], "language": state["interface"]}
    if choice is None:
        return before if state["segment"] in SMALLTALK else None
    goes_on = state.get("taken") is not None or state["follow_up"]
    shown = list(before["shown"]) if before and goes_on else []
    shown += [passage.id for passage in (*choice.passages, *choice.choices)]
    choices = choice.choices if state["outcome"] in {"asked", "abstained"} else ()
    return {
        "person": state["outcome"] == "abstained",
        "choices": _named(modes.in_language(choices, language_of(state))),
        "shown": list(dict.fromkeys(shown)),
        "language": language_of(state),
    }


def _topic(state: State) -> Any:
    """Return what the conversation is about after this turn."""
    if state.get("choice") is None:
        return state.get("topic")
    before = state.get("topic")
    if state["follow_up"] and before:
        return followup.kept(before)
    return {"question": state["standalone"], "turns": 0}


def _named(passages: Sequence[Passage]) -> list[Named]:
    return [{"id": passage.id, "title": passage.chunk.title} for passage in passages]


def _offered(lead: str, choices: Sequence[Passage], closing: str, outcome: Outcome) -> Update:
    """Say something, and list what there is to choose from."""
    parts = [lead, offers.listed(_named(choices)) if choices else "", closing]
    glue = "\n\n" if choices else " "
    text = glue.join(part for part in parts if part)
    return {**_say(text, outcome), "lead": " ".join(p for p in (lead, closing) if p)}


def _say(text: str, outcome: Outcome) -> Update:
    get_stream_writer()({"delta": text})
    return {"answer": text, "outcome": outcome, "sentences": ()}
