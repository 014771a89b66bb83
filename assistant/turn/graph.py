"""The graph of one turn: nodes named, edges drawn, nothing else.

Edges wait for nothing; they are coroutines as LangGraph would take a thread for each that is not.
"""

from typing import Literal

from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph
from langgraph.runtime import Runtime

from assistant.segments import PERSON, SMALLTALK
from assistant.turn import nodes
from assistant.turn.state import Context, State, TurnInput
from guardrails.guard import BASE, QUOTE

Graph = CompiledStateGraph[State, Context, TurnInput, State]


def build(checkpointer: BaseCheckpointSaver[str] | None) -> Graph:
    """Compile the graph; conversations are kept by ``checkpointer``."""
    graph = StateGraph(State, context_schema=Context, input_schema=TurnInput)
    graph.add_node("triage", nodes.triage)
    graph.add_node("retrieve", nodes.retrieve)
    graph.add_node("select", nodes.select)
    graph.add_node("rewrite", nodes.rewrite)
    graph.add_node("route", nodes.route)
    graph.add_node("generate", nodes.generate)
    graph.add_node("check", nodes.check)
    graph.add_node("fall_back", nodes.fall_back)
    graph.add_node("quote", nodes.quote)
    graph.add_node("ask", nodes.ask)
    graph.add_node("abstain", nodes.abstain)
    graph.add_node("reply", nodes.reply)
    graph.add_node("hand_off", nodes.hand_off)
    graph.add_node("record", nodes.record)
    graph.add_node("ask_for_person", nodes.ask_for_person)
    graph.add_node("wait", nodes.wait)

    graph.add_conditional_edges(START, at_start)
    graph.add_conditional_edges("triage", after_triage)
    graph.add_edge("retrieve", "select")
    graph.add_conditional_edges("select", after_select)
    graph.add_edge("rewrite", "retrieve")
    graph.add_conditional_edges("route", after_route)
    graph.add_conditional_edges("generate", after_generate)
    graph.add_conditional_edges("check", after_check)
    graph.add_conditional_edges("fall_back", after_fall_back)
    for last in ("quote", "ask", "abstain", "reply", "hand_off"):
        graph.add_edge(last, "record")
    graph.add_conditional_edges("record", after_record)
    graph.add_conditional_edges("ask_for_person", after_asking)
    graph.add_edge("wait", END)
    return graph.compile(checkpointer=checkpointer)


async def at_start(state: State) -> Literal["triage", "wait"]:
    """Answer what is asked, or wait for the person who was asked for beside a turn."""
    return "wait" if state.get("ticket") else "triage"


async def after_triage(
    state: State, runtime: Runtime[Context]
) -> Literal["retrieve", "reply", "hand_off"]:
    """Search, unless there is nothing to search for, or nobody but a person answers."""
    if state["language"] is None or state["segment"] in SMALLTALK:
        return "reply"
    people = state["segment"] == PERSON or runtime.context.people_only(state["segment"])
    return "hand_off" if people else "retrieve"


async def after_record(state: State) -> Literal["ask_for_person", "__end__"]:
    """Ask for a person, if that is what was said."""
    return "ask_for_person" if state["outcome"] == "handed_off" else "__end__"


async def after_asking(state: State) -> Literal["wait", "__end__"]:
    """Wait for the person, where one can be asked for."""
    return "wait" if state.get("ticket") else "__end__"


async def after_select(state: State) -> Literal["rewrite", "route", "ask", "abstain"]:
    """Answer, ask back or abstain; a follow-up that finds nothing is first put in other words."""
    mode = state["choice"].mode
    if mode in {"ask", "abstain"} and state["follow_up"] and not state["rewritten"]:
        return "rewrite"
    return "ask" if mode == "ask" else "abstain" if mode == "abstain" else "route"


async def after_route(state: State) -> Literal["quote", "generate"]:
    """Quote, or let the arm write."""
    return "quote" if state["speaker"] == QUOTE else "generate"


async def after_generate(
    state: State, runtime: Runtime[Context]
) -> Literal["check", "fall_back", "quote", "abstain", "record"]:
    """Check what was said; base takes over from a candidate, the document's words from base."""
    if state.get("outcome"):
        return "record"
    if state["fell_back"] and state["speaker"] != BASE:
        return "fall_back"
    text = state["spoken"].text or state["spoken"].withheld
    return "check" if text and not state["fell_back"] else _in_place(state, runtime)


async def after_check(
    state: State, runtime: Runtime[Context]
) -> Literal["record", "fall_back", "quote", "abstain"]:
    """Let another answer in place of one that did not pass as a whole."""
    if state.get("outcome"):
        return "record"
    return _in_place(state, runtime) if state["speaker"] == BASE else "fall_back"


async def after_fall_back(
    state: State, runtime: Runtime[Context]
) -> Literal["check", "quote", "abstain", "record"]:
    """Check what base said."""
    if state.get("outcome"):
        return "record"
    text = state["spoken"].text or state["spoken"].withheld
    return "check" if text else _in_place(state, runtime)


def _in_place(state: State, runtime: Runtime[Context]) -> Literal["quote", "abstain"]:
    return "quote" if nodes.gives_way(state, runtime.context) else "abstain"
