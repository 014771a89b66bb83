"""The graph of one turn: nodes named, edges drawn, nothing else."""

from typing import Literal

from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph

from assistant import nodes
from assistant.knowledge.evidence import THRESHOLD
from assistant.segments import PERSON, SMALLTALK
from assistant.state import Context, State, TurnInput

Graph = CompiledStateGraph[State, Context, TurnInput, State]


def build(checkpointer: BaseCheckpointSaver[str] | None) -> Graph:
    """Compile the graph; conversations are kept by ``checkpointer``."""
    graph = StateGraph(State, context_schema=Context, input_schema=TurnInput)
    graph.add_node("triage", nodes.triage)
    graph.add_node("retrieve", nodes.retrieve)
    graph.add_node("route", nodes.route)
    graph.add_node("generate", nodes.generate)
    graph.add_node("check", nodes.check)
    graph.add_node("fall_back", nodes.fall_back)
    graph.add_node("abstain", nodes.abstain)
    graph.add_node("reply", nodes.reply)
    graph.add_node("hand_off", nodes.hand_off)
    graph.add_node("record", nodes.record)

    graph.add_edge(START, "triage")
    graph.add_conditional_edges("triage", after_triage)
    graph.add_conditional_edges("retrieve", after_retrieve)
    graph.add_edge("route", "generate")
    graph.add_conditional_edges("generate", after_generate)
    graph.add_conditional_edges("check", after_check)
    graph.add_conditional_edges("fall_back", after_fall_back)
    for last in ("abstain", "reply", "hand_off"):
        graph.add_edge(last, "record")
    graph.add_edge("record", END)
    return graph.compile(checkpointer=checkpointer)


def after_triage(state: State) -> Literal["retrieve", "reply", "hand_off"]:
    """Search, unless there is nothing to search for."""
    if state["language"] is None or state["segment"] in SMALLTALK:
        return "reply"
    return "hand_off" if state["segment"] == PERSON else "retrieve"


def after_retrieve(state: State) -> Literal["route", "abstain"]:
    """Answer only from evidence."""
    return "route" if state["evidence"] >= THRESHOLD else "abstain"


def after_generate(state: State) -> Literal["check", "fall_back", "abstain"]:
    """Check what was said; base takes over from a candidate that did not pass or did not say."""
    if state["fell_back"]:
        return "fall_back"
    return "check" if state["spoken"].text or state["spoken"].withheld else "abstain"


def after_check(state: State) -> Literal["record", "fall_back"]:
    """Let base answer in place of a candidate whose answer as a whole did not pass."""
    return "record" if state.get("outcome") else "fall_back"


def after_fall_back(state: State) -> Literal["check", "abstain", "record"]:
    """Check what base said."""
    if state.get("outcome"):
        return "record"
    return "check" if state["spoken"].text or state["spoken"].withheld else "abstain"
