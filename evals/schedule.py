"""The night of a running server: in its process, with its engine, behind people's questions."""

import logging
from typing import Final

from assistant.assistant import Assistant
from assistant.errors import RoutebackError
from assistant.progress import Watcher
from guardrails import clock
from guardrails.guard import Guard

log = logging.getLogger(__name__)

ALARM: Final = "night"


async def tonight(assistant: Assistant) -> None:
    """Run a night. What it cannot measure is an alarm and a log line, and never ends the server."""
    from evals.app import beside
    from evals.launch import run

    try:
        async with beside(assistant, Watcher(log.info)) as parts:
            outcome, paths = await run(parts, "nightly")
    except RoutebackError as error:
        message = f"{error.message} {error.hint}".strip()
        log.error("the eval night could not measure: %s", message)  # noqa: TRY400  (said in full)
        _alarm(assistant.guard, message)
        return
    log.warning("eval night %s: %s Report: %s", outcome.night, outcome.words, paths["html"])
    _alarm(assistant.guard, outcome.words if outcome.exit_code else "")


def _alarm(guard: Guard, words: str) -> None:
    now = clock.now()
    with guard.store.transaction() as ledger:
        alarms = [alarm for alarm in ledger.alarms(raised_only=True) if alarm.kind == ALARM]
        if any(alarm.message == words for alarm in alarms):
            return
        ledger.clear_alarm(ALARM, "evals", now)
        if words:
            ledger.raise_alarm(ALARM, "evals", now, words)
