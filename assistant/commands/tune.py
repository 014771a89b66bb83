"""``routeback tune``: a LoRA adapter for the embedded base, from a file of examples."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from assistant.errors import TuningError
from assistant.progress import Watcher
from assistant.settings import Settings, load
from assistant.tuning.recipe import Dtype, Recipe
from guardrails import digests

if TYPE_CHECKING:  # every command pays for what is imported here
    from assistant.knowledge.documents import Chunk
    from assistant.tuning.base import Base
    from assistant.tuning.card import AuditNote
    from assistant.tuning.examples import TrainingFile
    from assistant.tuning.job import TunedAdapter

_DEFAULT: Final = Recipe()
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9._-]*")


def tune(  # noqa: PLR0913, PLR0917  (one option a setting, given by name)
    data: Annotated[Path, typer.Argument(metavar="TRAIN.jsonl", help="The training examples.")],
    name: Annotated[str, typer.Option(help="What the adapter, and its arm, is called.")],
    base: Annotated[
        str | None, typer.Option(help="A catalogue name or a GGUF file; default: engine.model.")
    ] = None,
    audit: Annotated[
        Path | None,
        typer.Option(help="JSON report of this file's audit; default: the one in the data folder."),
    ] = None,
    replay: Annotated[
        float, typer.Option(help="Share of the examples that is made from the knowledge.")
    ] = _DEFAULT.replay,
    ladder: Annotated[
        str, typer.Option(help="Strengths to write scaled PEFT copies for, such as 0.5,0.25.")
    ] = "",
    rank: Annotated[int, typer.Option(help="Rank of the matrices.")] = _DEFAULT.rank,
    alpha: Annotated[
        float | None, typer.Option(help="Scale of the matrices; default: twice the rank.")
    ] = None,
    learning_rate: Annotated[float, typer.Option(help="The highest.")] = _DEFAULT.learning_rate,
    epochs: Annotated[int, typer.Option(help="Times every example is seen.")] = _DEFAULT.epochs,
    accumulate: Annotated[int, typer.Option(help="Examples a step.")] = _DEFAULT.accumulate,
    steps: Annotated[int | None, typer.Option(help="At most so many steps.")] = None,
    warm_up: Annotated[
        float, typer.Option(help="Share of the steps with a rising rate.")
    ] = _DEFAULT.warm_up,
    hold_out: Annotated[
        float, typer.Option(help="Share of the questions to measure on.")
    ] = _DEFAULT.hold_out,
    evaluate_every: Annotated[
        int, typer.Option(help="Steps between measurements.")
    ] = _DEFAULT.evaluate_every,
    patience: Annotated[
        int, typer.Option(help="Measurements without a better loss before it ends.")
    ] = _DEFAULT.patience,
    rules: Annotated[
        bool, typer.Option("--rules", help="Train with the rules of a real prompt; far slower.")
    ] = False,
    most_tokens: Annotated[
        int, typer.Option(help="Longer examples are left out.")
    ] = _DEFAULT.most_tokens,
    seed: Annotated[int, typer.Option(help="Fixes order, split and start.")] = _DEFAULT.seed,
    dtype: Annotated[str, typer.Option(help="auto, float32 or bfloat16.")] = _DEFAULT.dtype,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Throw away what this name holds.")
    ] = False,
) -> None:
    """Train a LoRA adapter on a file of examples; interrupted, the same command goes on.

    Needs the extra: uv run --extra tune routeback tune TRAIN.jsonl --name NAME
    """
    from assistant.commands.console import watching
    from assistant.tuning import examples
    from assistant.tuning.job import TuningJob
    from assistant.tuning.job import tune as run

    settings = load()
    recipe = Recipe(
        rank=rank,
        alpha=2.0 * rank if alpha is None else alpha,
        learning_rate=learning_rate,
        epochs=epochs,
        accumulate=accumulate,
        steps=steps,
        warm_up=warm_up,
        hold_out=hold_out,
        evaluate_every=evaluate_every,
        patience=patience,
        replay=replay,
        rules=rules,
        most_tokens=most_tokens,
        passage_characters=settings.knowledge.passage_characters,
        seed=seed,
        dtype=_dtype(dtype),
    )
    read = examples.read(data)
    with watching() as watcher:
        job = TuningJob(
            name=_name(name),
            data=read,
            base=_base(base or settings.engine.model, settings, watcher),
            recipe=recipe,
            folder=settings.data_dir / "adapters" / _name(name),
            cache_dir=settings.cache_dir,
            ladder=_ladder(ladder),
            verdict=_verdict(audit, read, settings, watcher),
            knowledge=lambda: _knowledge(settings, watcher),
        )
        adapter = run(job, watcher, fresh=fresh)
    _tell(adapter)


def _tell(made: "TunedAdapter") -> None:
    from assistant.commands.console import say
    from assistant.tuning.card import NOT_AUDITED

    card = made.card
    audit = card.verdict or NOT_AUDITED
    size = card.adapter["bytes"] / 1e6
    say(f"{card.name}: {made.adapter} ({size:.1f} MB, revision {card.revision})")
    say(f"Training data: {audit}. The card: {made.adapter.parent / 'card.md'}")
    say(
        "\nAs an arm of the embedded engine, in routeback.toml:\n\n"
        f'[[arms]]\nname = "{card.name}"\nadapter = "{made.adapter}"\n'
        f'revision = "{card.revision}"\n\nWith vLLM:\n'
    )
    say(made.command)


def _base(wanted: str, settings: Settings, watcher: Watcher) -> "Base":
    from assistant.tuning.base import Base

    store = settings.weights_store()
    if any(weights.name == wanted for weights in store.known()) or not Path(wanted).is_file():
        if wanted.endswith(".gguf"):
            raise TuningError(f"There is no file {wanted}.", hint="Or give a catalogue name.")
        weights = store.find(wanted)
        return Base(
            name=weights.name,
            weights=store.pull(weights, watcher.progress, patient=True),
            sha256=weights.sha256,
            licence=weights.licence,
            revision=weights.revision,
            original=weights.original,
        )
    path = Path(wanted).resolve()
    digest = digests.of_file(path)
    return Base(name=path.stem, weights=path, sha256=digest)


def _verdict(
    report: Path | None, data: "TrainingFile", settings: Settings, watcher: Watcher
) -> "AuditNote | None":
    """Return what the audit said: the report that is given, or the one that ``audit`` left."""
    from assistant.tuning.card import verdict_of

    left = settings.data_dir / "audits" / f"{data.path.stem}-{data.sha256[:12]}" / "report.json"
    if report is None and not left.is_file():
        watcher.notice(f"{data.path.name} was not audited. First: routeback audit {data.path}")
        return None
    note = verdict_of(report or left, data.sha256)
    watcher.notice(f"Audit of {data.path.name}: {note.verdict}.")
    return note


def _knowledge(settings: Settings, watcher: Watcher) -> "Sequence[Chunk]":
    from assistant.app import open_knowledge

    with open_knowledge(settings, watcher) as knowledge:
        return knowledge.library.curated()


def _name(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise TuningError(
            f"--name is {name!r}, expected lower-case letters, digits, '.', '_' and '-'.",
            hint="For example: support-tone",
        )
    return name


def _dtype(text: str) -> Dtype:
    if text not in {"auto", "float32", "bfloat16"}:
        raise TuningError(f"--dtype is {text!r}, expected auto, float32 or bfloat16.")
    return text  # type: ignore[return-value]


def _ladder(text: str) -> tuple[float, ...]:
    try:
        rungs = tuple(float(part) for part in text.split(",") if part.strip())
    except ValueError:
        rungs = (0.0,)
    if any(not 0 < rung < 1 for rung in rungs) or len(set(rungs)) < len(rungs):
        raise TuningError(
            f"--ladder is {text!r}, expected different strengths between 0 and 1.",
            hint="For example: --ladder 0.5,0.25",
        )
    return rungs
