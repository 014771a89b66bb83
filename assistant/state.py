"""The state of one turn, and what nodes may use.

Only ``messages`` outlives a turn; everything else is untracked, so that no passage, vector or
raw question is written to the checkpoint.
"""

import operator
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, TypedDict

from langgraph.channels import UntrackedValue

from assistant.arms import Arm, Usage
from assistant.citations import Sentence
from assistant.knowledge.search import Passage, Search
from assistant.local.embeddings import Vectors
from assistant.messages import Message
from assistant.records import Outcome, Records, Turn
from assistant.segments import Segmenter
from assistant.support import Support
from guardrails.types import Route


class TurnInput(TypedDict):
    """What starts a turn. interface: the language of the page, for texts that do not tell."""

    question: Annotated[str, UntrackedValue]
    interface: Annotated[str, UntrackedValue]
    messages: Annotated[list[Message], operator.add]


class State(TurnInput, total=False):
    """A turn as it grows from node to node."""

    language: Annotated[str | None, UntrackedValue]
    segment: Annotated[str, UntrackedValue]
    standalone: Annotated[str, UntrackedValue]
    vector: Annotated[Vectors, UntrackedValue]
    passages: Annotated[list[Passage], UntrackedValue]
    evidence: Annotated[float, UntrackedValue]
    route: Annotated[Route, UntrackedValue]
    answer: Annotated[str, UntrackedValue]
    outcome: Annotated[Outcome, UntrackedValue]
    sentences: Annotated[tuple[Sentence, ...], UntrackedValue]
    usage: Annotated[Usage, UntrackedValue]
    timings_s: Annotated[Mapping[str, float], UntrackedValue]
    turn: Annotated[Turn, UntrackedValue]


@dataclass(frozen=True, slots=True)
class Context:
    """What nodes work with; the composition root fills it.

    arms: by name; ``base`` is among them. passages: how many an answer may use.
    """

    conversation_id: str
    turn_id: str
    arms: Mapping[str, Arm]
    search: Search
    segmenter: Segmenter
    support: Support
    records: Records
    passages: int
    passage_characters: int
    answer_tokens: int
    index_generation: str
