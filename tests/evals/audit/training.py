"""Training examples and what they are held against, made of plain sentences."""

import json
from collections.abc import Sequence
from hashlib import blake2b
from pathlib import Path

import numpy as np

from assistant.knowledge.documents import Entry, Kind
from assistant.segments import LabelledQuestion as Labelled
from assistant.tuning.examples import Example
from evals.audit.material import AuditMaterial
from evals.audit.vectors import KeptVectors
from evals.cases.cases import Case
from guardrails.text.words import words
from guardrails.types import Text

THINGS = "kettle router scooter printer heater mower camera speaker freezer toaster".split()
PLACES = "garden office kitchen cellar garage attic hallway balcony workshop studio".split()


class WordVectors:
    """Embeds a text as the sum of random vectors of its words."""

    dimensions = 64
    revision = "words"

    def queries(self, texts: Sequence[str]):
        return np.stack([self._vector(text) for text in texts])

    passages = queries

    def _vector(self, text: str):
        total = np.zeros(self.dimensions)
        for word in words(text):
            seed = int.from_bytes(blake2b(word.encode(), digest_size=4).digest())
            total += np.random.default_rng(seed).standard_normal(self.dimensions)
        return (total / max(float(np.linalg.norm(total)), 1e-9)).astype(np.float32)


def example(
    line: int, question: str, answer: str, *passages: str, language="en", **more
) -> Example:
    given = tuple(Text(passage, language) for passage in passages)
    return Example(f"id-{line}", line, language, question, answer, given, **more)


def support(line: int) -> Example:
    thing, place = THINGS[line % 10], PLACES[line // 10 % 10]
    minutes, metres = 10 + line, 200 + 3 * line
    passage = (
        f"The {thing} in the {place} restarts after {minutes} minutes. Press the green key for "
        f"{metres} seconds and close the lid of the {thing}."
    )
    return example(
        line,
        f"How do I restart my {thing} of the {place}?",
        f"1. Press the green key for {metres} seconds [1]. 2. Close the lid of the {thing} [1]. It "
        f"restarts after {minutes} minutes in the {place} [1].",
        passage,
    )


def definition(line: int) -> Entry:
    thing, place = THINGS[line % 10], PLACES[line // 10 % 10]
    return Entry(
        "glossary.jsonl",
        Kind.GLOSSARY,
        f"{place} {thing}",
        f"A {place} {thing} is a device that is kept in the {place} and is older than {line + 3} "
        f"years. It is often a sign of {thing} collectors and is usually of steel.",
        "en",
    )


def answer(line: int) -> Entry:
    one = support(line)
    return Entry("faq.jsonl", Kind.FAQ, one.question, one.answer, "en")


def material(cases: Sequence[Case] = (), live: Sequence[str] = ()) -> AuditMaterial:
    things = [(THINGS[at % 10], PLACES[at // 10]) for at in range(0, 100, 2)]
    labelled = [
        *(Labelled(f"How do I restart my {t} of the {p}?", "support.technical", "en")
          for t, p in things),
        *(Labelled(f"What is a {p} {t}, what does it mean?", "glossary", "en") for t, p in things),
        *(Labelled(f"Tell a joke about {t} singers", "other", "en") for t in THINGS),
    ]  # fmt: skip
    entries = [*map(definition, range(0, 100, 2)), *map(answer, range(1, 100, 2))]
    turns = tuple((question, "support.technical", "en") for question in live)
    return AuditMaterial(tuple(entries), tuple(labelled), tuple(cases), turns)


def vectors(folder: Path) -> KeptVectors:
    return KeptVectors(WordVectors(), folder / "audit.npz", lambda *_: None)


def write(path: Path, examples: Sequence[Example]) -> Path:
    rows = (
        {
            "id": e.id,
            "language": e.language,
            "question": e.question,
            "answer": e.answer,
            "passages": [{"title": p.title, "text": p.text} for p in e.passages],
        }
        for e in examples
    )
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), "utf-8")
    return path
