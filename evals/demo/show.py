"""The demo as a person sees it: a live table, then the map, the decisions and examples."""

import asyncio
import random
import shlex
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from assistant.progress import Watcher
from evals.cases.cases import Case, chosen
from evals.demo import folder, story
from evals.demo.forecast import more_pairs
from evals.demo.session import Compared, Session
from evals.demo.table import Board, shortened
from guardrails.decisions import Decision
from guardrails.guard import BASE, QUOTE
from guardrails.rules.strengths import parted

if TYPE_CHECKING:
    from rich.console import Console

    from assistant.settings import Settings

SEGMENTS: Final = ("glossary", "support")
PICTURE: Final = "transfer-map.svg"
_LAST_S: Final = 8.0
"""Seconds kept for the words at the end."""
_ANSWER: Final = 420


def questions(
    cases: Sequence[Case], segments: Sequence[str] = SEGMENTS, language: str | None = None
) -> dict[str, list[Case]]:
    """Return the questions that stand alone and have an answer, by segment, in a fixed mixed order.

    Cases in the format of a tuned model's training data would flatter it: there are none.
    """
    by_segment: dict[str, list[Case]] = {}
    for segment in segments:
        fitting = chosen(cases, segment=segment, language=language, behaviours=("answer",))
        alone = [case for case in fitting if not case.history]
        random.Random(segment).shuffle(alone)  # noqa: S311  (an order, not a secret)
        by_segment[segment] = alone
    return by_segment


async def show(
    settings: "Settings",
    asked: Mapping[str, Sequence[Case]],
    console: "Console",
    *,
    started: float,
    minutes: float,
) -> Session:
    """Run the demo and tell it. Returns the session as it ended.

    started: by ``time.monotonic``; start-up counts. minutes: after which it ends.

    Raises:
        RoutebackError: a part cannot be built, or base does not answer.
    """
    from assistant.app import open_assistant

    board = Board(console)
    named = [name for arm in settings.arms if arm.name != BASE for name in arm.strengths]
    arms = sorted(named, key=lambda name: -parted(name)[1])
    counts = {segment: len(cases) for segment, cases in asked.items()}
    for line in story.opening(settings.guard.policy, counts, arms, minutes):
        board.say(f"{line}\n")
    board.say("Starting: index of the sample knowledge, engine, tuned models …")
    ends = started + 60 * minutes - _LAST_S
    loop = asyncio.get_running_loop()
    async with open_assistant(settings, Watcher(notice=board.say)) as assistant:
        board.say(f"Ready after {time.monotonic() - started:.0f} s.")
        session = Session(assistant, asked, arms)
        session.show = lambda doing: board.update(
            doing, ends - time.monotonic(), session.map().cells
        )
        session.decided = lambda decision, pairs: board.say(_moved(decision, pairs))
        with board.live():
            complete = await session.run(loop.time() + ends - time.monotonic())
        board.say("\nAll is decided or asked.\n" if complete else "\nTime is up.\n")
        for line in _ending(session, console):
            board.say(line)
    for line in commands(settings, drawn=bool(session.compared)):
        board.say(line, whole=True)
    return session


def commands(settings: "Settings", *, drawn: bool = True) -> Iterator[str]:
    """Yield how to look at what the demo has left behind. drawn: whether there is a picture."""
    data = settings.data_dir
    config = data / folder.CONFIG
    places = {"ROUTEBACK_DATA_DIR": data, "ROUTEBACK_CONFIG": config}
    before = " ".join(f"{name}={shlex.quote(str(path))}" for name, path in places.items())
    yield "\nAll of it is kept, and the same commands work on it as on your own records:"
    yield f"  export {before}"
    for command in ("map", "decisions", "replay DECISION"):
        yield f"  routeback guard {command}"
    server = settings.server
    yield "  routeback up        # the page and the API, with these tuned models"
    yield f"The page that shows the same: http://{server.host}:{server.ui_port}/quality"
    yield f"The map over the API (needs a key): http://{server.host}:{server.port}/v1/guard/map.svg"
    if drawn:
        yield f"The transfer map as a picture: {data / PICTURE}"


def _ending(session: Session, console: "Console") -> Iterator[str]:
    """Draw map, decisions and examples; yield the words in between."""
    from assistant.commands.guard.text import map_notes, map_tables
    from assistant.guarding.map_picture import save

    view = session.map()
    if not session.compared:
        yield "No pair was scored: nothing can be said of any tuned model, so base answers."
        return
    own = [cell for cell in view.cells if cell.stage]
    tried = {cell.arm for cell in own}
    arms = tuple(arm for arm in view.candidates if arm in tried)
    shown = view.model_copy(update={"candidates": arms})
    console.rule("Transfer map")
    for table in map_tables(shown):
        console.print(table)
    yield from map_notes(view)
    console.rule("What was decided")
    yield story.verdict(own) + "\n"
    policy_of = session.assistant.guard.monitor.policy_of
    for cell in own:
        differences = session.differences(story.cell_of(cell), cell.metric)
        more = (
            more_pairs(differences, policy_of(cell.arm))
            if cell.verdict == "unproven" and cell.arm != QUOTE
            else None
        )
        failed = session.given_up.get(cell.arm, "")
        line = story.quoted(cell) if cell.arm == QUOTE else story.outcome(cell, more, failed)
        yield f"{line}\n"
        yield f"    decision {cell.decision}\n" if cell.decision else ""
    yield from story.dial(own)
    if session.skipped:
        yield (
            f"Questions left out: {session.skipped}. The search did not find the entry that holds "
            "the answer, so no arm could have answered well."
        )
    console.rule("Answers side by side")
    metric = session.assistant.guard.policy.metrics[0]
    for pair in story.examples(session.compared, metric):
        console.print(_side_by_side(pair, metric))
    picture: Path = session.assistant.settings.data_dir / PICTURE
    save(shown, picture)


def _side_by_side(one: Compared, metric: str) -> Any:
    from rich.box import ROUNDED
    from rich.table import Column, Table
    from rich.text import Text

    scores = story.score_of(one, metric)
    heads = (f"base · {scores[0]}", f"{one.arm} · {scores[1]}")
    table = Table(
        *(Column(Text(head), ratio=1) for head in heads),
        title=Text(f"{one.segment}: {one.case.question}"),
        title_justify="left",
        box=ROUNDED,
        expand=True,
    )
    texts = (one.base, one.candidate)
    table.add_row(*(Text(shortened(text, _ANSWER) or "(found no answer)") for text in texts))
    whys = story.reason_of(one, metric)
    table.add_row(*(Text(shortened(why, _ANSWER), "dim") for why in whys))
    return table


def _moved(decision: Decision, pairs: int) -> str:
    return (
        f"→ after {pairs} pairs: {decision.arm} in {decision.segment}: {decision.before} → "
        f"{decision.after}. {decision.reason[:1].upper()}{decision.reason[1:]}."
    )
