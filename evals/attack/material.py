"""Cases as an attack sees them: with the passage that answers, a neighbour, a translation."""

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from pathlib import Path
from typing import Final

from assistant.errors import CaseError
from assistant.knowledge import load, selection
from assistant.knowledge import names as entry_names
from assistant.knowledge.chunk import chunks
from assistant.knowledge.documents import Chunk
from assistant.turn.answer.citations import CitationStream
from evals.cases import cases as golden
from guardrails.attack.harms.material import AttackCase, AttackMaterial
from guardrails.gate import Gate
from guardrails.text.function_words import DEFINING, STOP_WORDS
from guardrails.text.words import content, words
from guardrails.types import Text

RECORDED: Final = Path(__file__).with_name("answers.jsonl")
"""What the embedded base answers to cases that come along, from the right passages."""


@dataclass(frozen=True, slots=True)
class Weighed:
    """Chunks as they answer a question. answers: how likely each does, in [0, 1].

    asked: whether the product would answer from one of them, by an arm or in its words.
    """

    answers: tuple[float, ...]
    asked: bool


Weigh = Callable[[str, str, Sequence[Chunk]], Weighed]


@dataclass(frozen=True, slots=True)
class Repaired:
    """Completes citations as the product does while an answer streams."""

    gate: Gate

    def __call__(
        self, answer: str, question: str, passages: Sequence[Text], language: str
    ) -> tuple[str, ...]:
        """Return the sentences as they would be shown."""
        stream = CitationStream(passages, question, language, self.gate)
        return (*stream.feed(answer), *stream.close())


def material(
    cases: Sequence[golden.Case],
    knowledge: Sequence[load.Item],
    gate: Gate,
    recorded: Mapping[str, str],
    origin: str,
    weigh: Weigh,
) -> AttackMaterial:
    """Return what an attack needs of golden questions. Follow-ups are left out.

    weigh: says how chunks answer a question in a language.

    Raises:
        CaseError: a case names a source that the knowledge does not have.
    """
    store = _Held(tuple(part for item in knowledge for part in chunks("attack", item)), weigh)
    targets = tuple(store.case(case) for case in cases if not case.history)
    repair = cache(Repaired(gate))  # the same answers are looked at again and again
    return AttackMaterial(targets, store.entries, recorded, repair, origin, selection.REVISION)


def recorded(cases: Sequence[golden.Case], path: Path = RECORDED) -> dict[str, str]:
    """Return the recorded answers of cases, by id; those to another wording are left out.

    path: written by ``benchmarks/measure/attack_answers.py``.
    """
    hashes = {case.id: case.hash for case in cases}
    lines = path.read_text("utf-8").splitlines() if path.is_file() else []
    rows = [json.loads(line) for line in lines]
    return {row["case"]: row["answer"] for row in rows if hashes.get(row["case"]) == row["hash"]}


@dataclass(frozen=True, slots=True)
class _Held:
    """The passages of the knowledge."""

    chunks: tuple[Chunk, ...]
    weigh: Weigh

    @property
    def entries(self) -> tuple[Text, ...]:
        return tuple(_text(chunk) for chunk in self.chunks)

    def case(self, case: golden.Case) -> AttackCase:
        own = [chunk for chunk in self.chunks if chunk.language == case.language]
        terms = content(f"{case.question} {case.reference}", case.language)
        right = [self._source(case, source, own, terms) for source in case.sources]
        if not right:
            right = sorted(own, key=lambda chunk: -_shared(terms, chunk))[:1]
        neighbour = self._neighbour(right, own)
        translated = [
            chunk
            for chunk in self.chunks
            if right and chunk.key and chunk.key == right[0].key and chunk not in own
        ]
        named = [_named(chunk, case.question) for chunk in right]
        texts = [
            *(_text(chunk, curated=curated) for chunk, curated in zip(right, named, strict=True)),
            *(_text(chunk) for chunk in neighbour),
        ]
        weighed = self.weigh(case.question, case.language, [*right, *neighbour])
        return AttackCase(
            id=case.id,
            language=case.language,
            question=case.question,
            passages=tuple(
                replace(t, answers=p) for t, p in zip(texts, weighed.answers, strict=True)
            ),
            reference=case.reference if case.behaviour == "answer" else "",
            facts=tuple((f,) if isinstance(f, str) else tuple(f) for f in case.facts),
            answerable=case.behaviour == "answer",
            asked=weighed.asked,
            translations=tuple(_text(chunk) for chunk in translated),
        )

    def _source(
        self, case: golden.Case, source: str, own: Sequence[Chunk], asked: frozenset[str]
    ) -> Chunk:
        """Return the passage of a source that has most of question and reference."""
        for among in (own, self.chunks):
            matches = [c for c in among if source in {c.key, c.source, c.source.partition(".")[0]}]
            if matches:
                return max(matches, key=lambda chunk: _shared(asked, chunk))
        raise CaseError(
            f"The case {case.id} names the source {source!r}, which the knowledge does not have.",
            hint="Name your documents with --knowledge, or correct the case.",
        )

    def _neighbour(self, right: Sequence[Chunk], own: Sequence[Chunk]) -> list[Chunk]:
        """Return the entry of the same kind that is most like the one that answers."""
        if not right:
            return []
        first = right[0]
        like = content(first.searchable, first.language)
        others = [c for c in own if c.kind is first.kind and c not in right] or [
            c for c in own if c not in right
        ]
        return sorted(others, key=lambda chunk: -_shared(like, chunk))[:1]


def _shared(asked: frozenset[str], chunk: Chunk) -> float:
    """Return how much of some words a passage has, its length taken into account."""
    terms = _content(chunk.searchable, chunk.language)
    return len(asked & terms) / (1.0 + math.sqrt(len(terms)))


@lru_cache(maxsize=4096)
def _content(text: str, language: str) -> frozenset[str]:
    """Read a passage once, though every case is compared with it."""
    return content(text, language)


def _text(chunk: Chunk, *, curated: bool = False) -> Text:
    return Text(chunk.text, chunk.language, chunk.title, curated)


def _named(chunk: Chunk, question: str) -> bool:
    """Return whether a question asks for a curated entry by name, and for nothing else."""
    if not chunk.kind.curated:
        return False
    runs = dict(entry_names.candidates(question))
    covered = {i for n in entry_names.lookup_names(chunk) if n in runs for i in runs[n]}
    places = {
        i
        for i, word in enumerate(words(question.replace("-", " ")))
        if word not in STOP_WORDS and word not in DEFINING and len(word) > 1
    }
    return bool(covered) and not any(len(w) > 3 for w in _left(question, places - covered))  # noqa: PLR2004


def _left(question: str, places: set[int]) -> list[str]:
    tokens = words(question.replace("-", " "))
    return [tokens[i] for i in sorted(places)]
