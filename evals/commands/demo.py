"""``routeback demo``: two tuned models meet the guardrail, on this machine, in minutes."""

import time
from typing import Annotated

import typer


def demo(
    minutes: Annotated[
        float | None,
        typer.Option(min=0.5, max=600, help="End after so many minutes; start-up counts."),
    ] = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="English glossary questions only, 3.5 minutes.")
    ] = False,
) -> None:
    """See the guardrail catch a harmful fine-tune: real models, real questions, real scores.

    Base and two fine-tunes answer questions over the sample knowledge; uses a data folder of its
    own and none of your records.
    """
    started = time.monotonic()
    import asyncio

    from assistant.app import base_weights
    from assistant.commands.console import out, watching
    from assistant.errors import WeightsError
    from assistant.settings import load
    from evals.cases import cases
    from evals.demo import folder, plan, show

    settings = folder.settings_of(load(), folder.adapters(), () if quick else folder.LADDER)
    pool = cases.load()
    questions = show.questions(pool, ("glossary",), "en") if quick else show.questions(pool)
    folder.prepare(settings)
    fetching = time.monotonic()
    with watching() as watcher:
        weights, _ = base_weights(settings, watcher)
    if weights.name != folder.MODEL:
        raise WeightsError(
            f"The tuned models need {folder.MODEL}, which cannot be had now.",
            hint="Connect this machine to the network once, or run 'routeback models pull "
            f"{folder.MODEL}'.",
        )
    started += time.monotonic() - fetching  # once, and not the demo's time
    length = minutes if minutes is not None else plan.QUICK_MINUTES if quick else plan.MINUTES
    asyncio.run(show.show(settings, questions, out, started=started, minutes=length))
