"""One tuning from a file to an adapter: resumable, and never over another one's result."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from assistant.errors import TuningError
from assistant.knowledge.documents import Chunk
from assistant.progress import Watcher
from assistant.tuning import base as bases
from assistant.tuning import folder as folders
from assistant.tuning import precision, replay, tokens, training
from assistant.tuning.adapter import LoraMatrices, served
from assistant.tuning.base import Base, Prepared
from assistant.tuning.card import AuditNote, Card
from assistant.tuning.examples import TrainingFile
from assistant.tuning.recipe import Recipe
from assistant.tuning.split import held_out
from assistant.tuning.tokens import Tokenised
from assistant.tuning.training import Trained
from guardrails import digests


@dataclass(frozen=True, slots=True)
class TuningJob:
    """What to make. folder: of this adapter alone. ladder: strengths to write copies for.

    knowledge: gives the passages that replayed examples are made from; called only for replay.
    """

    name: str
    data: TrainingFile
    base: Base
    recipe: Recipe
    folder: Path
    cache_dir: Path
    ladder: tuple[float, ...] = ()
    verdict: AuditNote | None = None
    knowledge: Callable[[], Sequence[Chunk]] = tuple

    @property
    def adapter(self) -> Path:
        """The file that llama.cpp loads."""
        return self.folder / f"{self.name}.gguf"


@dataclass(frozen=True, slots=True)
class TunedAdapter:
    """The adapter on disk. command: serves it with vLLM."""

    card: Card
    adapter: Path
    command: str


@dataclass(frozen=True, slots=True)
class TuningMaterial:
    """The tokens of one tuning. left_out: ids of examples that were too long."""

    lessons: tuple[Tokenised, ...]
    held: tuple[Tokenised, ...]
    replayed: int
    left_out: tuple[str, ...]


def tune(job: TuningJob, watcher: Watcher, *, fresh: bool = False) -> TunedAdapter:
    """Make the adapter, or go on making it.

    fresh: throw away what an earlier run under this name left.

    Raises:
        TuningError: torch is not installed, the name holds something else, or the data is too
            little.
        TrainingDataError: the file has lines that are not examples.
        ArmError: the engine cannot load the base.
    """
    job.data.sound()
    precision.torch_here()
    with folders.alone(job.folder):
        if fresh:
            folders.clear(job.folder)
        begun = {"data": job.data.sha256, "base": job.base.sha256}
        folders.refuse_other(job.folder, begun, job.recipe)
        material = asyncio.run(_material(job, watcher))
        learned = tokens.fingerprint((*material.lessons, *material.held))
        folders.begin(job.folder, begun, job.recipe, learned)
        prepared = bases.prepare(job.base, job.cache_dir, watcher)
        trained = training.train(
            prepared,
            material.lessons,
            material.held,
            job.recipe,
            job.folder / folders.CHECKPOINT,
            watcher,
        )
        return _write(job, material, prepared, trained)


async def _material(job: TuningJob, watcher: Watcher) -> TuningMaterial:
    recipe = job.recipe
    learned, away = held_out(job.data.sound(), recipe.hold_out, recipe.seed)
    count = replay.count(len(learned), recipe.replay)
    again = replay.replayed(job.knowledge(), count, recipe.seed) if count else []
    log_file = job.folder / "engine.log"
    every = await tokens.tokenised(
        job.base.weights, [*learned, *again, *away], recipe, log_file, watcher.progress
    )
    fits = [len(item.tokens) <= recipe.most_tokens for item in every]
    long = tuple(item.id for item, ok in zip(every, fits, strict=True) if not ok)
    if long:
        watcher.notice(f"{len(long)} examples of more than {recipe.most_tokens} tokens left out.")
    first = len(learned) + len(again)
    lessons = tuple(item for item, ok in zip(every[:first], fits[:first], strict=True) if ok)
    tests = tuple(item for item, ok in zip(every[first:], fits[first:], strict=True) if ok)
    if not lessons:
        raise TuningError(
            f"No example of {job.data.path} is short enough to learn from.",
            hint="Raise --most-tokens, or give shorter passages.",
        )
    replayed = sum(item.id.startswith(replay.PREFIX) for item in lessons)
    return TuningMaterial(lessons, tests, replayed, long)


def _write(
    job: TuningJob, material: TuningMaterial, prepared: Prepared, trained: Trained
) -> TunedAdapter:
    adapter = LoraMatrices.of(prepared.architecture, job.recipe.alpha, trained.weights)
    licence = job.base.licence or prepared.licence
    original = job.base.original or prepared.original or str(job.base.weights)
    facts = {
        "general.name": job.name,
        "general.license": licence or "unknown",
        "general.base_model.0.name": job.base.name,
        "routeback.base.sha256": job.base.sha256,
        "routeback.data.sha256": job.data.sha256,
    }
    adapter.write_gguf(job.adapter, facts)
    modules = {job.name: job.folder / "peft"}
    modules |= {f"{job.name}@{rung:g}": job.folder / f"peft@{rung:g}" for rung in job.ladder}
    for rung, folder in zip((1.0, *job.ladder), modules.values(), strict=True):
        adapter.write_peft(folder, original, rung)
    digest = digests.of(job.adapter.read_bytes())
    card = Card(
        name=job.name,
        revision=digest[:12],
        made=datetime.now(UTC).isoformat(timespec="seconds"),
        data={"file": job.data.path.name, "sha256": job.data.sha256},
        base={
            "name": job.base.name,
            "sha256": job.base.sha256,
            "revision": job.base.revision,
            "licence": licence,
            "original": original,
        },
        adapter={"file": job.adapter.name, "sha256": digest, "bytes": job.adapter.stat().st_size},
        examples={
            "learned": len(material.lessons) - material.replayed,
            "replayed": material.replayed,
            "held out": len(material.held),
            "left out": len(material.left_out),
        },
        recipe=job.recipe,
        training={
            "steps": trained.steps,
            "planned": trained.planned,
            "best_step": trained.best_step,
            "stopped_early": trained.stopped_early,
            "dtype": trained.dtype,
            "device": trained.device,
        },
        curve=trained.curve,
        verdict=job.verdict.verdict if job.verdict else None,
        audit=job.verdict.report if job.verdict else None,
    )
    card.write(job.folder)
    (job.folder / folders.CHECKPOINT).unlink(missing_ok=True)
    return TunedAdapter(card, job.adapter, served(original, adapter.rank, modules))
