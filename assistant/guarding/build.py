"""Builds the guardrail that the settings describe."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path

from sqlalchemy import Engine

from assistant.arms.arm import Arm
from assistant.arms.lineup import Lineup
from assistant.errors import CalibrationError, SettingsError
from assistant.knowledge.selection import REVISION as SELECTION
from assistant.local.embeddings import TextEmbedder
from assistant.progress import Watcher
from assistant.settings import Settings
from assistant.turn.answer.quotations import REVISION
from assistant.turn.prompts import PROMPT_HASH
from guardrails import clock
from guardrails.attack.certificate import gate_version
from guardrails.attack.shipped import shipped
from guardrails.calibration.acceptance import Accepted
from guardrails.calibration.calibration import Calibration, UnusableCalibration
from guardrails.gate import Gate
from guardrails.guard import BASE, QUOTE, Guard
from guardrails.judge.cache import Cached, ScoreCache
from guardrails.rules.strengths import Rungs, rung_of
from guardrails.rules.version import version
from guardrails.scorers.fast import Fast
from guardrails.scorers.models import Checker
from guardrails.scorers.overlap import TokenOverlap
from guardrails.scorers.relevance import Relevance
from guardrails.scorers.scorer import Scorer
from guardrails.store.store import Store


def gate(settings: Settings, embedder: TextEmbedder, checker: Checker) -> Gate:
    """Return the check between a model and a reader."""
    guard = settings.guard
    fast = Fast(embedder, checker=checker, live=True)
    return Gate(fast, guard.sentence_floor, guard.answer_floor)


@asynccontextmanager
async def open_scorers(
    settings: Settings,
    base: Arm | None,
    embedder: TextEmbedder,
    checker: Checker,
    watcher: Watcher,
) -> AsyncIterator[tuple[Scorer, ...]]:
    """Yield the scorers of the guarded metrics; a judge is only built if one is guarded.

    Raises:
        SettingsError: a metric is guarded that no scorer has.
        CalibrationError: the calibration cannot be used.
    """
    fast = Fast(embedder, checker=checker)
    free = (fast, Relevance(embedder), TokenOverlap())
    scorers: dict[str, Scorer] = {scorer.name: scorer for scorer in free}
    if settings.guard.calibration is not None:
        accepted = _accepted(settings.guard.calibration, fast)
        scorers[accepted.name] = accepted
    metrics = settings.guard.metrics
    if "context_precision" in metrics:
        raise SettingsError(
            "guard.metrics names context_precision, which judges what was found; both arms answer "
            "from the same passages, so it cannot tell them apart.",
            hint="Take it out; at night it measures retrieval: evals.judge_metrics.",
        )
    async with AsyncExitStack() as stack:
        if settings.judge.chosen and not scorers.keys() >= set(metrics):
            from assistant.guarding.judge import open_judge  # brings the clients of endpoints along

            judged = await stack.enter_async_context(open_judge(settings, base, embedder, watcher))
            cache = stack.enter_context(ScoreCache(settings.scores_file))
            scorers |= {scorer.name: Cached(scorer, cache) for scorer in judged}
        if missing := [metric for metric in metrics if metric not in scorers]:
            raise SettingsError(
                f"guard.metrics names {', '.join(missing)}; there is {', '.join(scorers)}.",
                hint="A judged metric needs judge.weights or judge.model; `accepted` needs "
                "guard.calibration.",
            )
        yield tuple(scorers[metric] for metric in metrics)


def _accepted(path: Path, fast: Fast) -> Accepted:
    try:
        calibration = Calibration.load(path)
        return Accepted(fast, calibration.curve(fast), calibration.version)
    except UnusableCalibration as error:
        hint = "Run 'routeback guard calibrate LABELS.jsonl', or unset guard.calibration."
        raise CalibrationError(str(error), hint=hint) from error


def guard(
    settings: Settings,
    lineup: Lineup,
    database: Engine,
    scorers: Sequence[Scorer],
    checked: Gate,
) -> Guard:
    """Return the guard over every arm but base; evidence about other versions starts anew.

    The quotation is among them: it is compared with base, though it is no arm that could be asked.
    checked: what stands between a model and a reader.
    """
    policy = settings.guard.policy

    def versions(arms: Mapping[str, Arm], rungs: Rungs) -> dict[str, str]:
        candidates = {name: arm.revision for name, arm in arms.items() if name != BASE}
        return {
            name: version(
                candidate=revision,
                base=arms[BASE].revision,
                scorers={scorer.name: scorer.version for scorer in scorers},
                prompt=PROMPT_HASH,
                selection=SELECTION,
                policy=replace(policy, strengths=rung_of(name, rungs).of),
            )
            for name, revision in {**candidates, QUOTE: REVISION}.items()
        }

    store, sampling = Store(database), settings.guard.sampling
    _certify(store)
    built = Guard(
        store, policy, lineup.versions, sampling, lineup.rungs, gate_version(checked, SELECTION)
    )
    lineup.bind(store, built, versions)
    if lineup.settled:
        built.renew(clock.now())
    return built


def _certify(store: Store) -> None:
    """Put the certificate that comes along where none was made here, or a newer one comes along.

    What was attacked here counts more, so a certificate of other cases stays.
    """
    along = shipped()
    with store.reading() as ledger:
        certificate = ledger.certificate()
    if along is None or (
        certificate and (certificate.origin != along.origin or certificate.at >= along.at)
    ):
        return
    with store.transaction() as ledger:
        ledger.put_certificate(along)
