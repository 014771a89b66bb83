"""``routeback guard attack``: does the measure notice harm that is made on purpose?"""

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from assistant.errors import EvalsError
from assistant.progress import Watcher
from assistant.settings import Settings, load
from guardrails.attack.harms.material import BASES, Base

if TYPE_CHECKING:
    from guardrails.attack.result import Result

_CHEAP = frozenset({"fast", "relevance", "accepted", "token_overlap"})
"""Metrics that need no judge."""


def attack(  # noqa: PLR0913, PLR0917  (one option each)
    quick: Annotated[
        bool, typer.Option("--quick", help="66 cases, one base, all languages together.")
    ] = False,
    base: Annotated[
        list[str] | None, typer.Option(help="references, copied, recorded; may be repeated.")
    ] = None,
    cases: Annotated[
        Path | None, typer.Option(help="Your eval cases, a file or folder; default: those shipped.")
    ] = None,
    knowledge: Annotated[
        Path | None, typer.Option(help="Your documents, which the cases are about.")
    ] = None,
    metric: Annotated[
        list[str] | None, typer.Option(help="In place of guard.metrics; may be repeated.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder of the reports; default: in the data folder.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of all chance; the same, the same result.")] = 0,
    certificate: Annotated[
        Path | None, typer.Option(help="Write the certificate into this file as well.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Judge without asking what it costs.")] = False,
) -> None:
    """Attack the measure before you believe it.

    The guardrail compares scores, so it sees what the scores see. This makes harms on purpose in
    right answers of your cases (wrong numbers, answers to another question, half of the facts, word
    salad, marketing fluff, inventions, …) and asks: does the score notice, after how many pairs is
    such a model routed back, and what would a reader have been shown? And it makes answers better:
    those must not be routed back.

    A line of the table is one harm. AUC: how often a right answer scores higher than the harmed one
    (1 always, 0.5 a coin). 100 %, 30 %: what becomes of a model that harms so many answers; SERVES
    is what must not be. Fewer than 25 cases in which a harm can be made: not measured.

    A full attack is stored as the certificate that promotions rest on: where a harm was promoted,
    no candidate rises in that language. A quick one is for a look.

    Exit code: 0 the measure holds, 1 a harm is promoted or an improvement routed back, 2 could not
    be measured.
    """
    from assistant.commands.console import out as console
    from assistant.commands.console import watching
    from evals.attack import page, table

    settings = load()
    bases = _bases(base, quick=quick)
    if metric:
        guard = settings.guard.model_copy(update={"metrics": tuple(dict.fromkeys(metric))})
        settings = settings.model_copy(update={"guard": guard})
    with watching() as watcher:
        result = asyncio.run(
            _attacked(settings, watcher, bases, cases, knowledge, seed, quick=quick, sure=yes)
        )
    for name in result.whole:
        console.print(table.table(result, name))
    for line in table.lines(result):
        console.print(line, markup=False, highlight=False)
    paths = page.write(result, out or settings.data_dir / "attacks" / f"{datetime.now(UTC):%F}")
    console.print(f"Report: {paths['html']}", markup=False, soft_wrap=True)
    if not quick:
        _keep(settings, result, certificate, stored=metric is None)
    raise typer.Exit(result.exit_code)


def _bases(named: Sequence[str] | None, *, quick: bool) -> tuple[Base, ...]:
    if unknown := [name for name in named or () if name not in BASES]:
        raise EvalsError(f"--base names {', '.join(unknown)}; expected one of {', '.join(BASES)}.")
    chosen = tuple(name for name in BASES if named and name in named)
    if quick and len(chosen) > 1:
        raise EvalsError("--quick takes one base.", hint="Leave --quick out for several.")
    return chosen or (BASES[:1] if quick else BASES)


async def _attacked(
    settings: Settings,
    watcher: Watcher,
    bases: tuple[Base, ...],
    cases: Path | None,
    knowledge: Path | None,
    seed: int,
    *,
    quick: bool,
    sure: bool,
) -> "Result":
    from assistant import sample
    from assistant.guarding import build
    from assistant.local.checker import near_copies
    from assistant.local.embedding_cache import EmbeddingCache
    from assistant.local.tokens import token_states
    from evals.attack.material import material, recorded
    from evals.attack.weighing import Weighing
    from evals.audit.material import read_knowledge
    from evals.cases.cases import load as load_cases
    from guardrails.attack import richness
    from guardrails.attack.attack import AttackPlan, attack, texts
    from guardrails.attack.certificate import versions
    from guardrails.attack.result import DECIDING, EVERY
    from guardrails.judge.cache import Cached, ScoreCache

    embedder = EmbeddingCache(sample.embedder())
    checker = near_copies()
    gate = build.gate(settings, embedder, checker)
    questions = load_cases(cases)
    documents = read_knowledge(knowledge, settings.knowledge.reading)
    with Weighing(documents, embedder, token_states()) as weigh:
        target = material(
            questions,
            documents,
            gate,
            recorded(questions),
            "the cases that come along" if cases is None else str(cases),
            weigh,
        )
    plan = AttackPlan(
        bases=bases, languages=tuple(sorted({c.language for c in target.cases})), seed=seed
    )
    if quick:
        target = richness.quick(target, bases[0])
        plan = replace(plan, languages=(EVERY,), shares=DECIDING)
    async with AsyncExitStack() as stack:
        scorers = await stack.enter_async_context(
            build.open_scorers(settings, None, embedder, checker, watcher)
        )
        if judged := [scorer.name for scorer in scorers if scorer.name not in _CHEAP]:
            _price(judged, len(texts(target, plan)), sure=sure)
        cache = stack.enter_context(ScoreCache(settings.cache_dir / "attack.sqlite"))
        measures = [Cached(scorer, cache) for scorer in scorers]
        policy = settings.guard.policy
        target_versions = versions(scorers, gate, target, policy)
        return await attack(target, measures, gate, policy, plan, target_versions, watcher.progress)


def _price(judged: Sequence[str], answers: int, *, sure: bool) -> None:
    """Say what a judge would cost, and ask.

    Raises:
        Exit: it is not wanted.
    """
    price = f"{', '.join(judged)} asks a judge at least {len(judged) * answers:,} times"
    if not sure and not typer.confirm(f"{price}, once for each of {answers:,} answers. Go on?"):
        raise typer.Exit(2)


def _keep(settings: Settings, result: "Result", path: Path | None, *, stored: bool) -> None:
    """Store the certificate where the guardrail looks for it, and in a file if one is named."""
    from assistant.records.database import open_records
    from guardrails.attack.certificate import certified
    from guardrails.attack.shipped import write
    from guardrails.store.store import Store

    certificate = certified(result, datetime.now(UTC))
    if path is not None:
        write(certificate, path)
    if not stored:
        return
    with (
        open_records(settings.data_dir, settings.database_url) as database,
        Store(database).transaction() as ledger,
    ):
        ledger.put_certificate(certificate)
