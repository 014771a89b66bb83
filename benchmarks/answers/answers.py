"""Whether people get right answers: questions of our own over three collections, judged by a rule.

Every question goes through the whole product, in this process, as a reader would ask it. Every
question, answer and verdict of a run is kept in ``.benchmarks/answers.jsonl``, so that it can be
read.
"""

import asyncio
import hashlib
import json
import re
import statistics
import time
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from scipy.stats import binomtest

from assistant.app import open_assistant
from assistant.assistant import Assistant
from assistant.knowledge.documents import Entry, Kind
from assistant.knowledge.load import Item
from assistant.progress import Watcher, silent
from assistant.records.turns import Turn
from assistant.sample import knowledge as sample_knowledge
from assistant.settings import KnowledgeSettings, Settings
from benchmarks import data
from benchmarks.results import HERE, KEPT, Columns, Interval, Table, number, table
from evals.cases.cases import Case, load

QUESTIONS: Final = Path(__file__).parent / "questions"
CASES: Final = HERE.parent / "evals" / "cases"
INDEXES: Final = KEPT / "answers"
"""Indexes, so that knowledge is embedded once."""
SETS: Final = ("sample", "cwa", "k8s")
REAL: Final = "real questions"

_MARKS: Final = re.compile(r"\*\*|__|`|\s*\[\d{1,2}\]")
_SPACES: Final = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Said:
    """What came of one question. verdict: right, partly, wrong, asked, silent."""

    id: str
    set: str
    language: str
    answerable: bool
    held: bool
    mode: str
    outcome: str
    verdict: str
    seconds: float
    probability: float
    reason: str
    question: str
    answer: str
    choices: tuple[str, ...]


def held(case_id: str) -> bool:
    """Return whether a question is in the half that no constant was chosen by."""
    return hashlib.sha256(case_id.encode()).digest()[0] % 2 == 1


def plain(text: str) -> str:
    """Return a text as the rule compares it: no marks, single spaces, folded."""
    bare = _MARKS.sub("", text.replace("\u00a0", " ").replace("\u202f", " "))
    return _SPACES.sub(" ", bare).casefold()


def verdict(case: Case, turn: Turn) -> str:
    """Judge an answer by its key facts.

    One that is shown is wrong without any of them or with something forbidden, or if there is no
    answer to give; right with all of them.
    """
    if turn.outcome != "answered":
        return "asked" if turn.outcome == "asked" else "silent"
    if case.behaviour != "answer":
        return "wrong"
    said = plain(turn.answer)
    if any(plain(text) in said for text in case.forbidden):
        return "wrong"
    stated = [any(plain(form) in said for form in forms(fact)) for fact in case.facts]
    if all(stated):
        return "right"
    return "partly" if any(stated) else "wrong"


def forms(fact: str | tuple[str, ...]) -> tuple[str, ...]:
    """Return the ways in which a fact may be stated."""
    return tuple(f.strip() for f in fact.split("|")) if isinstance(fact, str) else fact


def collections() -> Iterator[tuple[str, list[Item], tuple[Case, ...]]]:
    """Yield (name, knowledge, cases)."""
    ours = tuple(c for p in sorted(CASES.glob("everyday.*.jsonl")) for c in load(p))
    yield "sample", sample_knowledge(), ours
    yield "cwa", list(_faq()), load(QUESTIONS / "cwa.jsonl")
    yield "k8s", list(_glossary()), load(QUESTIONS / "k8s.jsonl")
    yield REAL, sample_knowledge(), tuple(_real())


def _faq() -> Iterator[Entry]:
    for row in data.lines("faq_ende/cwa_faq.jsonl"):
        yield Entry(
            source="cwa_faq.jsonl",
            kind=Kind.FAQ,
            name=row["question"],
            text=row["answer"],
            language=row["lang"],
            key=row["anchor"],
        )


def _glossary() -> Iterator[Entry]:
    for row in data.lines("glossary_ende/k8s_glossary.jsonl"):
        more = row["more"] or ""
        text = row["definition"] if more in row["definition"] else f"{row['definition']}\n\n{more}"
        yield Entry(
            source="k8s_glossary.jsonl",
            kind=Kind.GLOSSARY,
            name=row["term"],
            text=text.strip(),
            language=row["lang"],
            aliases=tuple(row["aka"] or ()),
            key=row["key"],
        )


def _real() -> Iterator[Case]:
    """Yield the real-life questions; their facts are prose, so entries decide (see ``judged``)."""
    for row in data.lines("real_questions/questions.jsonl"):
        messages = [m["content"] for m in row["messages"]]
        said = row["seen"].get("first_answer") or row["key_facts"][0]
        before = [
            {"role": role, "content": content}
            for message in messages[:-1]
            for role, content in (("user", message), ("assistant", said))
        ]
        yield Case.model_validate(
            {
                "id": row["id"],
                "segment": "other",
                "language": row["language"],
                "question": messages[-1],
                "behaviour": row["expected"],
                "history": before,
                "reference": "; ".join(row["key_facts"]) if row["expected"] == "answer" else "",
                "sources": row["entries"],
                "tags": [row["kind"], *(["all"] if row["all_entries_needed"] else [])],
            }
        )


def by_entry(case: Case, turn: Turn) -> str:
    """Judge a quotation by the entries that hold the answer; a written answer is for a person."""
    if turn.outcome != "answered":
        return "asked" if turn.outcome == "asked" else "silent"
    if case.behaviour != "answer":
        return "wrong"
    if turn.mode != "quote":
        return "unjudged"
    numbers = {quotation["number"] for quotation in turn.selection["quotations"]}
    told = {_key(source) for source in turn.sources if source["number"] in numbers}
    wanted = set(case.sources)
    if "all" in case.tags:
        return "right" if wanted <= told else "partly" if wanted & told else "wrong"
    return "right" if wanted & told else "wrong"


def _key(source: Any) -> str:
    return str(source["key"] or source["source"].partition(".")[0])


async def asked(assistant: Assistant, name: str, case: Case) -> Said:
    """Ask one question as a reader would."""
    started = time.perf_counter()
    history = [{"role": said.role, "content": said.content} for said in case.history]
    events = assistant.answer(case.question, interface=case.language, history=history)  # type: ignore[arg-type]
    turn = [event async for event in events if isinstance(event, Turn)][-1]
    seconds = time.perf_counter() - started
    judged = by_entry(case, turn) if name == REAL else verdict(case, turn)
    return Said(
        id=case.id,
        set=name,
        language=case.language,
        answerable=case.behaviour == "answer",
        held=held(case.id),
        mode=turn.mode or "",
        outcome=turn.outcome,
        verdict=judged,
        seconds=round(seconds, 3),
        probability=round(turn.evidence or 0.0, 3),
        reason=str(turn.selection.get("reason", "")),
        question=case.question,
        answer=turn.answer,
        choices=tuple(choice["title"] for choice in turn.selection.get("choices", ())),
    )


async def run(most: int | None) -> list[Said]:
    """Ask the questions of every collection."""
    said: list[Said] = []
    for name, items, cases in collections():
        async with AsyncExitStack() as stack:
            folder = INDEXES / name.replace(" ", "-")
            folder.mkdir(parents=True, exist_ok=True)
            settings = Settings(
                data_dir=folder,
                base="embedded",
                knowledge=KnowledgeSettings(sample=False),
            )
            assistant = await stack.enter_async_context(open_assistant(settings, Watcher()))
            assistant.knowledge.library.add(name, items, silent)
            for case in cases[:most]:
                said.append(await asked(assistant, name, case))
                print(
                    f"{len(said):4} {said[-1].verdict:7} {said[-1].mode:8} {case.question[:80]}",
                    flush=True,
                )
    return said


def row(name: str, said: Sequence[Said]) -> list[object]:
    """Return one line of the table."""
    yes = [one for one in said if one.answerable]
    no = [one for one in said if not one.answerable]
    shown = [one for one in said if one.outcome == "answered" and one.verdict != "unjudged"]

    def share(part: Sequence[Said], *verdicts: str) -> Interval | None:
        return interval(sum(one.verdict in verdicts for one in part), len(part))

    return [
        name,
        len(yes),
        share(yes, "right"),
        share(yes, "partly"),
        share(yes, "wrong"),
        share(yes, "asked"),
        share(yes, "silent"),
        len(no),
        share(no, "asked", "silent"),
        share(shown, "wrong"),
    ]


def interval(count: int, of: int) -> Interval | None:
    """Return a share with its 95 % interval (Wilson); None of none."""
    if not of:
        return None
    found = binomtest(count, of).proportion_ci(method="wilson")
    return Interval(value=count / of, low=found.low, high=found.high)


def tables(said: Sequence[Said]) -> list[Table]:
    """Return what came of the questions, by group and by mode."""
    own = [one for one in said if one.set != REAL]
    groups = [("all of ours", own), ("· held half", [one for one in own if one.held])]
    groups += [(f"· {name}", [o for o in own if o.language == name]) for name in ("en", "de")]
    groups += [(f"· {name}", [o for o in own if o.set == name]) for name in SETS]
    groups += [(REAL, [o for o in said if o.set == REAL])]
    rows = [row(name, part) for name, part in groups if part]
    modes = []
    for mode in ("quote", "write", "ask", "abstain"):
        part = [one for one in own if one.mode == mode]
        if part:
            shown = [o for o in part if o.outcome == "answered"]
            seconds = sorted(one.seconds for one in part)
            modes.append(
                [
                    mode,
                    len(part),
                    interval(sum(o.verdict == "right" for o in shown), len(shown)),
                    interval(sum(o.verdict == "wrong" for o in shown), len(shown)),
                    statistics.median(seconds),
                    seconds[int(0.95 * (len(seconds) - 1))],
                ]
            )
    return [table("questions", QUESTIONED, rows), table("modes", MODES, modes)]


QUESTIONED: Columns = (
    *("questions", "answerable", number("right", 2), number("partly", 2), number("wrong", 2)),
    *(number("asked back", 2), number("abstained", 2), "unanswerable"),
    *(number("left unanswered", 2), number("wrong among shown", 2)),
)
MODES: Final = (
    *("mode", "questions", number("right", 2), number("wrong", 2)),
    *(number("p50", 2, "s"), number("p95", 2, "s")),
)


def measure(*, quick: bool = False) -> list[Table]:
    """Ask and judge; five minutes."""
    said = asyncio.run(run(3 if quick else None))
    lines = (json.dumps(asdict(one), ensure_ascii=False) for one in said)
    (KEPT / "answers.jsonl").write_text("\n".join(lines) + "\n", "utf-8")
    return tables(said)
