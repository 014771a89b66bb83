"""The night after an entry was approved shows what people had asked in vain, before and after."""

import json

import pytest

from assistant.app import open_assistant
from assistant.progress import Watcher
from assistant.records.entries import EntryVersions
from assistant.records.nights import nights
from assistant.retention.holdings import Holdings
from assistant.wire.nights import TrendView
from evals.cases.cases import load
from evals.cases.entered import with_added
from evals.report.report import page, summary
from tests.curation.conftest import Desk
from tests.evals.nights import house

ASKED = ("How do I pause my subscription?", "Can I pause my subscription?")
TEXT = "Open Billing and choose Pause. The plan rests for up to 3 months."


@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_the_next_night_shows_before_and_after(tmp_path, cache_dir, documents):
    with house(tmp_path, cache_dir, documents) as at:
        async with open_assistant(at.settings, Watcher()) as assistant:
            desk = Desk(assistant)
            for number, question in enumerate(ASKED):
                turn = await desk.ask(question, f"person:{number}")
                assert turn.outcome == "abstained"
            gaps = desk.curation.finder.all().gaps
            for other in gaps[1:]:
                desk.curation.finder.merge(other.id, gaps[0].id)
            name = "Pausing a subscription"
            desk.write(name, TEXT, "pause", aliases=ASKED[:1], from_gap=gaps[0].id)
            engine = assistant.records.engine
            cases = {case.id: case for case in with_added(load(at.settings.evals.cases), engine)}
            own = cases["entry-en-pause"]
            assert (own.reference, own.sources) == (TEXT, ("pause",))
            added = [case for case in cases.values() if case.id.startswith("turn-")]
            assert {case.question for case in added} == set(ASKED)

        first = await at.night()
        (gap,) = first.result.closed_gaps
        before = {q.question: q.before_outcome for q in gap.questions}
        assert before == dict.fromkeys(ASKED, "abstained")
        assert {q.question: q.closed for q in gap.questions}[ASKED[0]]
        assert {"entry-en-pause", added[0].id} <= first.result.kinds.keys()
        told = summary(first.result)
        assert "Closed gaps" in told
        assert ASKED[0] in told
        assert "Closed gaps" in page(first.result, TrendView(nights=(), points=()))

        async with open_assistant(at.settings, Watcher()) as assistant:
            Desk(assistant).curation.undo("pause", "en", "eva")
            assert len(with_added((), assistant.records.engine)) == 0
            assert EntryVersions(assistant.records.engine).serving() == []
        second = await at.night()
        assert second.result.closed_gaps == ()
        assert "entry-en-pause" not in second.result.kinds

        async with open_assistant(at.settings, Watcher()) as assistant:
            engine = assistant.records.engine
            holdings = Holdings.of(at.settings, engine, engine)
            for owner in ("person:0", "person:1"):
                mine = holdings.conversations([owner])
                holdings.begin(mine)
                holdings.finish(mine, "admin")
            with engine.connect() as connection:
                results = [row.result for row in connection.execute(nights.select())]
            shown = json.dumps([result["closed_gaps"] for result in results])
            assert "pause my" not in shown
            assert "abstained" in shown  # what is left are numbers, and how it ended
