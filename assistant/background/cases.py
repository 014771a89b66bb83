"""Eval cases between people and nights: what is asked over HTTP becomes one, and is told again."""

from collections.abc import Iterable, Mapping

from assistant.assistant import Assistant
from assistant.errors import CaseError, UnknownName, UnknownSource
from assistant.records.cases import AddedCase, Expected
from assistant.records.turns import Turn
from assistant.wire.cases import (
    AddedCasesView,
    AddedCaseView,
    CaseRun,
    GapsView,
    NewCase,
    UncoveredKindView,
    UncoveredQuestion,
)
from guardrails.text import markers


def made(assistant: Assistant, new: NewCase, by: str) -> AddedCase:
    """Return the case that is asked for; of an entry to quote, its words are what is right.

    Raises:
        UnknownName: there is no such turn.
        CaseError: there is no such entry, or it is no case.
    """
    turn = assistant.records.find(new.from_turn) if new.from_turn else None
    if new.from_turn and (turn is None or not turn.question):
        raise UnknownName(
            f"There is no turn {new.from_turn!r}, or nothing of it is kept any more.",
            hint="Add the case without it.",
        )
    expected = Expected(**new.expected.model_dump())
    if expected.entry:
        words = _words(assistant, expected.entry, new.language)
        if expected.kind == "quote" and not expected.reference.strip():
            expected = Expected("quote", expected.entry, words)
    return AddedCase.made(
        by,
        new.question,
        new.language,
        new.segment,
        expected,
        turn=turn,
        from_entry=new.from_entry,
    )


def views(assistant: Assistant, count: int, offset: int) -> AddedCasesView:
    """Return the added cases that nights ask, newest first, with what they made of them."""
    cases = assistant.cases.all(active=True)
    shown = cases[offset : offset + count]
    before = assistant.records.outcomes([case.from_turn for case in shown if case.from_turn])
    runs = assistant.nights.runs([case.id for case in shown])
    listed = (view(case, before.get(case.from_turn, ""), runs.get(case.id, ())) for case in shown)
    return AddedCasesView(cases=tuple(listed), total=len(cases))


def gaps(assistant: Assistant, night_id: str) -> GapsView:
    """Return which kinds of real questions a night's cases missed, in words that are still kept.

    Raises:
        UnknownName: there is no such night.
    """
    record = assistant.nights.find(night_id)
    found = record.detail().result
    coverage = found.coverage if found else None
    if coverage is None:
        return GapsView(night=record.id, reason="This night did not compare cases and questions.")
    ids = [*coverage.to_add, *(turn for kind in coverage.missing for turn in kind.turns)]
    turns = {turn.id: turn for turn in assistant.records.some(ids) if turn.question}
    made_of = {case.from_turn: case.id for case in assistant.cases.all(active=True)}

    def asked(names: Iterable[str]) -> tuple[UncoveredQuestion, ...]:
        return tuple(_gap(turns[name], made_of.get(name, "")) for name in names if name in turns)

    missing = (
        UncoveredKindView(
            segment=kind.segment,
            language=kind.language,
            share=kind.share,
            questions=kind.questions,
            cases=kind.cases,
            like=asked(kind.turns),
        )
        for kind in coverage.missing
    )
    return GapsView(
        night=record.id,
        covered=coverage.covered,
        covered_low=coverage.covered_low,
        covered_high=coverage.covered_high,
        questions=coverage.questions,
        cases=coverage.cases,
        unasked=len(coverage.unasked),
        missing=tuple(missing),
        to_add=asked(coverage.to_add),
        reason=coverage.reason,
    )


def view(case: AddedCase, before: str = "", runs: tuple[CaseRun, ...] = ()) -> AddedCaseView:
    """Return a case as it is told."""
    told_of = AddedCaseView.model_validate(case)
    return told_of.model_copy(update={"before": before, "runs": runs})


def told(case: AddedCase) -> Mapping[str, str]:
    """Return what the log of changes says of a case: no text of a person."""
    return {"segment": case.segment, "language": case.language, "kind": case.expected.kind}


def _gap(turn: Turn, added: str) -> UncoveredQuestion:
    sources = [source["key"] or source["source"] for source in turn.sources[:1]]
    return UncoveredQuestion(
        turn=turn.id,
        at=turn.created_at,
        question=turn.standalone or turn.question,
        segment=turn.segment,
        language=turn.language,
        outcome=turn.outcome,
        answer=markers.strip(turn.answer).strip() if turn.outcome == "answered" else "",
        entry=sources[0] if sources else "",
        added=added,
    )


def _words(assistant: Assistant, entry: str, language: str) -> str:
    """Return the words of an entry, in a language if it has them in that."""
    chunks = [
        chunk
        for chunk in assistant.knowledge.library.curated()
        if entry in {chunk.key, chunk.source, *chunk.names}
    ]
    if chunks:
        best = next((chunk for chunk in chunks if chunk.language == language), chunks[0])
        return best.text
    try:
        found = assistant.knowledge.library.passages(entry)
    except UnknownSource as error:
        raise CaseError(
            f"There is no entry {entry!r}.", hint="Name the key, the file or the name of one."
        ) from error
    return found[0].text
