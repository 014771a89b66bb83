"""What a case itself says about an answer: its facts, its sources, how to behave. No model.

Each mark is a number in [0, 1]; where a case says nothing, there is no mark and none is missing.
"""

import re
import unicodedata
from collections.abc import Mapping
from typing import Any, Final

from assistant.background.probe import ProbeResult
from evals.cases.cases import Case
from guardrails.judge.judge import Faithfulness
from guardrails.scorers.scorer import version
from guardrails.text import markers
from guardrails.types import Result, Sample, Score, Text

FAST: Final = "fast"
FACTS: Final = "facts"
SOURCES: Final = "sources"
BEHAVIOUR: Final = "behaviour"

VERSION: Final = version(1, markers.GRAMMAR)
OUTCOMES: Final = {"answer": "answered", "abstain": "abstained", "hand_over": "handed_off"}
"""What the graph calls a behaviour; it never asks back, so such a case is never met."""

_SPACE: Final = re.compile(r"\s+")
_SAME: Final = str.maketrans({"’": "'", "‘": "'", "“": '"', "”": '"', "„": '"', "–": "-", "—": "-"})


def metrics_of(case: Case, judged: tuple[str, ...]) -> tuple[str, ...]:
    """Return the metrics that a case can be measured by. judged: those of the judge."""
    metrics = [BEHAVIOUR, FAST]
    if case.behaviour == "hand_over":
        return (BEHAVIOUR,)
    if case.behaviour == "answer":
        metrics += [FACTS] if case.facts else []
        metrics += [SOURCES] if case.sources else []
        metrics += judged
    return tuple(metrics)


def judged_of(case: Case, measured: ProbeResult, judged: tuple[str, ...]) -> tuple[str, ...]:
    """Return the judge's metrics that an answer can be measured by.

    An abstention states nothing, so it is neither faithful nor missing a score: ``behaviour`` says
    whether it was right.
    """
    stated = measured.outcome == OUTCOMES["answer"]
    return tuple(
        metric
        for metric in metrics_of(case, judged)
        if metric in judged and (stated or metric != Faithfulness.name)
    )


def marks(case: Case, measured: ProbeResult) -> dict[str, Result]:
    """Return what the case says about an answer, by metric."""
    results: dict[str, Result] = {}
    metrics = metrics_of(case, ())
    met = measured.outcome == OUTCOMES.get(case.behaviour)
    results[BEHAVIOUR] = Score(float(met), f"{measured.outcome}, expected: {case.behaviour}")
    if FACTS in metrics:
        answer = plain(measured.answer)
        missing = [fact for fact in case.facts if not _stated(fact, answer)]
        note = f"; not: {'; '.join(map(_name, missing))}" if missing else ""
        count = len(case.facts)
        value = (count - len(missing)) / count
        results[FACTS] = Score(value, f"{count - len(missing)} of {count} facts stated{note}")
    if SOURCES in metrics:
        keys = set(sources(measured))
        lost = [source for source in case.sources if source not in keys]
        note = f"; not: {', '.join(lost)}" if lost else ""
        count = len(case.sources)
        value = (count - len(lost)) / count
        results[SOURCES] = Score(value, f"{count - len(lost)} of {count} sources found{note}")
    return results


def sources(measured: ProbeResult) -> list[str]:
    """Return keys and files of the passages that the arm was given, best first."""
    chunks = [passage["chunk"] for passage in measured.passages if passage["given"]]
    return [name for chunk in chunks for name in (chunk["key"], chunk["source"]) if name]


def sample(case: Case, measured: ProbeResult) -> Sample:
    """Return what the scorers see of one answer to a case."""
    answerable = {"answer": True, "abstain": False}.get(case.behaviour)
    return Sample(
        question=measured.standalone,
        language=case.language,
        passages=tuple(text(passage) for passage in measured.passages if passage["given"]),
        answer=measured.answer,
        reference=case.reference or None,
        answerable=answerable,
        abstained=measured.outcome != "answered",
    )


def text(passage: Mapping[str, Any]) -> Text:
    """Return a stored passage as a scorer sees it."""
    chunk = passage["chunk"]
    title = " › ".join(chunk["title_path"])
    likely = passage.get("answers")
    return Text(chunk["text"], chunk["language"], title, passage["matched"], likely)


def plain(text: str) -> str:
    """Return a text for comparing: one case, one kind of quote and dash, no citation marks."""
    folded = unicodedata.normalize("NFKC", markers.strip(text)).translate(_SAME)
    return _SPACE.sub(" ", folded).casefold()


def _stated(fact: str | tuple[str, ...], said: str) -> bool:
    wordings = (fact,) if isinstance(fact, str) else fact
    ways = [way for wording in wordings for way in wording.split("|")]
    return any(plain(way).strip() in said for way in ways)


def _name(fact: str | tuple[str, ...]) -> str:
    return fact if isinstance(fact, str) else " | ".join(fact)
