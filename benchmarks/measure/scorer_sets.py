"""Answers with what people, or their construction, say of them: what scorers are measured on."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any, Final

import numpy as np

from benchmarks import data
from guardrails.text.reading import claims
from guardrails.text.words import content, words
from guardrails.types import Sample, Text

SEED: Final = 11
SAF_ANSWERS: Final = 300
TERMS: Final = 60
SHORTEST: Final = 60
LONGEST: Final = 600
LANGUAGES: Final = ("en", "de")
FAITHFUL: Final = 3
PASSAGES: Final = 4
PARAGRAPHS: Final = 60
LEAD: Final = {"en": "Looking at what is written there,", "de": "Nach dem, was dort steht, gilt:"}
NEGATED: Final = {
    "en": (re.compile(r"\b(is|are|can|may|must|will|does|do)\b(?! not| only)"), r"\1 not"),
    "de": (re.compile(r"\b(ist|sind|kann|können|wird|werden|muss|darf)\b(?! nicht)"), r"\1 nicht"),
}
NUMBER: Final = re.compile(r"(?<![\d.,])\d{1,4}(?![\d.,]*\d)")
"""Numbers whose exchange leaves a sentence readable."""


@dataclass(frozen=True, slots=True)
class Case:
    """One answer to score.

    label: how good it is: 1 or 0, or in [0, 1] where it was graded. overlap: the naive
    baseline. half: 0 for fitting, 1 for reporting alone; cases about one thing share it.
    """

    set: str
    sample: Sample
    label: float
    overlap: float
    half: int


def cases() -> list[Case]:
    """Return all cases, set by set."""
    found = [*expertqa(), *mtrag(), *clapnq()]
    for language in LANGUAGES:
        found += saf(language)
        for both in (False, True):
            found += swapped(language, both=both)
        found += negated(language)
        found += changed(language)
    return [*found, *across()]


def expertqa() -> Iterator[Case]:
    """Yield single claims; experts say whether their passages support them completely."""
    for at, row in enumerate(data.lines("expertqa_claims/expertqa_claims.jsonl")):
        passages = [Text(context["text"], "en") for context in row["contexts"]]
        sample = Sample(row["question"], "en", passages, row["claim"])
        yield _grounded("ExpertQA claims", sample, float(row["support"] == "Complete"), at)


def mtrag() -> Iterator[Case]:
    """Yield answers of two models; three people rate their faithfulness from 1 to 4."""
    texts = {row["id"]: row["text"] for row in data.lines("mtrag/passages.jsonl")}
    tasks = {row["task_id"]: row for row in data.lines("mtrag/human_eval_tasks.jsonl")}
    places = {task: at for at, task in enumerate(tasks)}
    for row in data.lines("mtrag/human_eval_ratings.jsonl"):
        task = tasks[row["task_id"]]
        if row["model"] == "reference" or not task["context_ids"]:
            continue
        passages = [Text(texts[key], "en") for key in task["context_ids"]]
        sample = Sample(task["messages"][-1]["content"], "en", passages, row["response"])
        label = float(median(row["human"]["faithfulness"].values()) >= FAITHFUL)
        yield _grounded("MTRAG faithfulness", sample, label, places[row["task_id"]])


def clapnq() -> Iterator[Case]:
    """Yield questions with their passage quoted as the answer: does it answer them?"""
    for at, row in enumerate(data.lines("clapnq_dev/clapnq_dev.jsonl")):
        quote = " ".join(row["sentences"])
        sample = Sample(row["question"], "en", [Text(quote, "en", row["title"])], quote)
        overlap = _share(row["question"], quote)
        yield Case("ClapNQ answerability", sample, float(row["answerable"]), overlap, at % 2)


def saf(language: str) -> Iterator[Case]:
    """Yield students' answers with a reference; teachers grade them from 0 to 1."""
    questions = {row["qkey"]: row for row in data.lines("saf_ende/questions.jsonl")}
    rows = [row for row in data.lines("saf_ende/answers.jsonl") if row["lang"] == language]
    keys = sorted({row["qkey"] for row in rows})
    for row in _drawn(rows, SAF_ANSWERS):
        asked = questions[row["qkey"]]
        reference = " ".join(asked["reference_answers"])
        sample = Sample(asked["question"], language, [], row["answer"], reference)
        overlap = _share(reference, row["answer"])
        half = keys.index(row["qkey"]) % 2
        yield Case(f"SAF grades, {language}", sample, float(row["score"]), overlap, half)


def swapped(language: str, *, both: bool) -> Iterator[Case]:
    """Yield definitions, and for each term the one of another term under its name.

    both: the passages hold the other term's definition too, as they do when a search finds the
    neighbours of a term.
    """
    name = f"swapped definitions{', both found' if both else ''}, {language}"
    for at, (own, other, more) in enumerate(_terms(language)):
        beside = [other, *more] if both else more
        passages = [_passage(row) for row in [own, *beside][:PASSAGES]]
        np.random.default_rng(at).shuffle(passages)
        for answer, label in ((_plain(own["definition"]), 1.0), (_renamed(other, own), 0.0)):
            sample = Sample(_asked(own), language, passages, answer)
            yield _grounded(name, sample, label, at)


def negated(language: str) -> Iterator[Case]:
    """Yield sentences of definitions as they are and denied, both behind the same lead."""
    pattern, denied = NEGATED[language]
    at = 0
    for own, _, more in _terms(language):
        passages = [_passage(row) for row in (own, *more)]
        for sentence in claims(_plain(own["definition"]), language):
            turned = pattern.sub(denied, sentence, count=1)
            if turned == sentence:
                continue
            for said, label in ((sentence, 1.0), (turned, 0.0)):
                sample = Sample(_asked(own), language, passages, f"{LEAD[language]} {said}")
                yield _grounded(f"denied sentences, {language}", sample, label, at)
            at += 1


def changed(language: str) -> Iterator[Case]:
    """Yield sentences with a number as they are and with another number of the paragraph."""
    rows = [row for row in data.lines("xquad_ende/paragraphs.jsonl") if row["lang"] == language]
    for at, row in enumerate(_drawn(rows, PARAGRAPHS)):
        sentences = claims(row["text"], language)
        numbers = [(s, n) for s in sentences for n in NUMBER.findall(s)]
        pairs = [(s, n, m) for s, n in numbers for t, m in numbers if s != t and m not in s]
        for sentence, number, other in pairs[:1]:
            wrong = re.sub(rf"(?<!\d){re.escape(number)}(?!\d)", other, sentence, count=1)
            for said, label in ((sentence, 1.0), (wrong, 0.0)):
                text = f"{LEAD[language]} {said}"
                sample = Sample("", language, [Text(row["text"], language)], text)
                yield _grounded(f"numbers exchanged, {language}", sample, label, at)


def across() -> Iterator[Case]:
    """Yield the same in German, with passages in English."""
    english = {row["key"]: row for row in _definitions("en")}
    for at, (own, other, more) in enumerate(_terms("de")):
        if own["key"] not in english:
            continue
        rows = [english[r["key"]] for r in (own, *more) if r["key"] in english]
        passages = [_passage(row) for row in rows[:PASSAGES]]
        np.random.default_rng(at).shuffle(passages)
        for answer, label in ((_plain(own["definition"]), 1.0), (_renamed(other, own), 0.0)):
            sample = Sample(_asked(own), "de", passages, answer)
            yield _grounded("swapped definitions, de from en", sample, label, at)


def _grounded(name: str, sample: Sample, label: float, at: int) -> Case:
    held = " ".join(passage.text for passage in sample.passages)
    return Case(name, sample, label, _share(sample.answer, held), at % 2)


def _share(claimed: str, held: str) -> float:
    """Return the share of the words of one text that the other has, as they are written."""
    claim = set(words(claimed))
    return len(claim.intersection(words(held))) / len(claim) if claim else 0.0


def _drawn(rows: Sequence[dict[str, Any]], count: int) -> list[dict[str, Any]]:
    order = np.random.default_rng(SEED).permutation(len(rows))
    return [rows[at] for at in order[:count]]


def _definitions(language: str) -> list[dict[str, Any]]:
    return [
        row
        for row in data.lines("glossary_ende/mdn_glossary.jsonl")
        if row["lang"] == language
        and SHORTEST <= len(row["definition"]) <= LONGEST
        and row["term"].casefold() in _plain(row["definition"]).casefold()
    ]


def _terms(language: str) -> Iterator[tuple[dict[str, Any], dict[str, Any], list[dict[str, Any]]]]:
    """Yield a term, another one that is defined in similar words, and three more of these."""
    rows = _definitions(language)
    held = [content(row["definition"], language) for row in rows]
    for at in np.random.default_rng(SEED).permutation(len(rows))[:TERMS].tolist():
        alike = [
            len(held[at] & w) / len(held[at] | w) if i != at else -1 for i, w in enumerate(held)
        ]
        nearest = np.argsort(-np.array(alike), kind="stable")[:PASSAGES].tolist()
        other, *more = (rows[i] for i in nearest)
        yield rows[at], other, more


def _passage(row: dict[str, Any]) -> Text:
    return Text(_plain(row["definition"]), row["lang"], row["term"])


def _asked(row: dict[str, Any]) -> str:
    return f"What is {row['term']}?" if row["lang"] == "en" else f"Was ist {row['term']}?"


def _renamed(row: dict[str, Any], other: dict[str, Any]) -> str:
    """Return the definition of one term under the name of another."""
    term, name = str(row["term"]), str(other["term"])
    return re.sub(re.escape(term), lambda _: name, _plain(row["definition"]), flags=re.IGNORECASE)


def _plain(markdown: str) -> str:
    return re.sub(r"\*\*|`|_(?=\w)|(?<=\w)_", "", markdown)
