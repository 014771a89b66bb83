"""``routeback arms``: which models may become candidates, and what is known of them.

When a server of this data folder runs, it takes an arm in at once; else the database is opened
here, and an adapter is tried in an engine of its own.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, TypeVar
from urllib.parse import quote

import typer

from assistant.commands.guard import text
from assistant.commands.guard.guard import AsJson, By, Segment, login, show_values
from assistant.commands.guard.source import open_desk
from assistant.errors import RosterError
from assistant.settings import Settings, load
from assistant.wire import View
from assistant.wire.arms import ArmRemoved, ArmsView, ArmView

if TYPE_CHECKING:
    from assistant.arms.registrar import Registrar
    from assistant.local.engine import Engine

app = typer.Typer(no_args_is_help=True, help="Add, show and remove candidates.")

_View = TypeVar("_View", bound=View)
_TIMEOUT_S: Final = 600
"""The engine starts again, after all who are being answered have been."""

Name = Annotated[str, typer.Argument(help="Of the arm.")]


@app.command()
def add(  # noqa: PLR0913, PLR0917  (its options)
    name: Annotated[str, typer.Argument(help="How it is to be called: a-z, 0-9, . _ -")],
    adapter: Annotated[
        Path | None,
        typer.Option(
            help="A LoRA for the embedded engine: FILE.gguf, or a folder of `routeback tune`. "
            "Without it and --base-url: the one of that name that was tuned here or comes along."
        ),
    ] = None,
    ladder: Annotated[
        str, typer.Option(help="Strengths of the adapter, each an arm of its own: 1,0.5,0.25")
    ] = "",
    base: Annotated[
        str | None, typer.Option(help="The model that the engine must run; else it is an error.")
    ] = None,
    base_url: Annotated[str | None, typer.Option(help="An OpenAI-compatible endpoint.")] = None,
    model: Annotated[str | None, typer.Option(help="The model at that endpoint.")] = None,
    weights: Annotated[
        str | None,
        typer.Option(
            help="Weights of `routeback models`, in an engine beside base's: a new base as a "
            "candidate. They need memory of their own."
        ),
    ] = None,
    instructions: Annotated[
        Path | None,
        typer.Option(
            help="A file with rules in place of the product's (`routeback arms rules`); alone: a "
            "new prompt for base's model."
        ),
    ] = None,
    api_key_env: Annotated[
        str | None, typer.Option(help="Environment variable that holds its key.")
    ] = None,
    revision: Annotated[
        str, typer.Option(help="The exact model; another one starts evidence anew.")
    ] = "unpinned",
    timeout: Annotated[float, typer.Option(help="Seconds for one answer.", min=1)] = 120.0,
    unknown_base: Annotated[
        bool,
        typer.Option(
            "--unknown-base",
            help="Take an adapter that does not say which weights it was made for.",
        ),
    ] = False,
    by: By = "",
    as_json: AsJson = False,
) -> None:
    """Add a candidate: it is checked, and begins in shadow everywhere.

    An adapter must have been made for the engine's weights, by their SHA-256, and change them by
    a sane amount. One that does not say what it was made for needs --unknown-base.
    """
    from assistant.arms.registrar import NewArm

    new = NewArm(
        name=name,
        adapter=adapter.absolute() if adapter else None,
        ladder=_strengths(ladder),
        base=base,
        base_url=base_url,
        model=model,
        api_key_env=api_key_env,
        revision=revision,
        timeout_s=timeout,
        unknown_base=unknown_base,
        weights=weights,
        instructions=_rules(instructions),
    )
    who = by or login()
    body = {**{k: getattr(new, k) for k in new.__slots__}, "by": who}
    body |= {"adapter": str(new.adapter) if new.adapter else None, "ladder": list(new.ladder)}
    view = _ask(ArmView, "POST", "", lambda registrar: registrar.add(new, who), json=body)
    lines = [f"{name} is added and begins in shadow.", *_arm_lines(view)]
    lines += [f"WARNING: {warning}" for warning in view.warnings]
    show_values(view, lines, as_json=as_json)


@app.command()
def rules() -> None:
    """Print what models are told today, to begin a file for `arms add --instructions` with."""
    from assistant.commands.console import say
    from assistant.turn.prompts import SYSTEM

    say(SYSTEM)


@app.command("list")
def list_(as_json: AsJson = False) -> None:
    """List the arms that are configured or were added, and where they stand."""

    async def listed(registrar: "Registrar") -> ArmsView:
        return await asyncio.to_thread(registrar.list)

    view = _ask(ArmsView, "GET", "", listed)
    lines = [line for arm in view.arms for line in _arm_lines(arm)]
    lines += [f"{name}: added, and not used: the settings have one, too." for name in view.hidden]
    if not lines:
        lines = ["There is no candidate; base answers everything. Add one: routeback arms add"]
    show_values(view, lines, as_json=as_json)


@app.command()
def show(name: Name, as_json: AsJson = False) -> None:
    """Show one arm: what it is, its card, what the checks found, and where it stands."""

    async def shown(registrar: "Registrar") -> ArmView:
        return await asyncio.to_thread(registrar.show, name)

    view = _ask(ArmView, "GET", f"/{quote(name, safe='')}", shown)
    show_values(view, [*_arm_lines(view), *_more_lines(view)], as_json=as_json)


@app.command()
def remove(name: Name, by: By = "", as_json: AsJson = False) -> None:
    """Remove an arm that was added: base answers at once; decisions and pairs stay."""
    who = by or login()
    path = f"/{quote(name, safe='')}"
    removal = _ask(
        ArmRemoved,
        "DELETE",
        path,
        lambda registrar: registrar.remove(name, who),
        params={"by": who},
    )
    show_values(removal, [f"{name} is removed; its decisions stay."], as_json=as_json)


@app.command()
def write(
    arm: Annotated[str, typer.Argument(help="`base`, or a candidate that serves there.")],
    segment: Segment,
    why: Annotated[str, typer.Option(help="The reason; it stays on the record.")] = "",
    off: Annotated[bool, typer.Option("--off", help="Take it back: quote there again.")] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Also without evidence; needs --why.")
    ] = False,
    by: By = "",
    as_json: AsJson = False,
) -> None:
    """Let an arm write in a segment where an entry could be quoted.

    The pairs must show that it is not worse than the document's own words by more than the
    tolerance, and its mean must be above theirs. They take it back by themselves.
    """
    with open_desk(load()) as desk:
        who = by or login()
        if off:
            view = desk.stop_writing(arm, segment, who, why)
        else:
            view = desk.write(arm, segment, who, why, force=force)
    show_values(view, text.decision_lines(view), as_json=as_json)


def _rules(file: Path | None) -> str:
    if file is None:
        return ""
    try:
        text = file.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise RosterError(f"{file} cannot be read as text ({type(error).__name__}).") from None
    if not text:
        raise RosterError(f"{file} is empty.", hint="Begin with: routeback arms rules > FILE")
    return text


def _strengths(told: str) -> tuple[float, ...]:
    try:
        return tuple(float(part) for part in told.split(",") if part.strip())
    except ValueError:
        raise RosterError(
            f"--ladder {told!r} is not a list of strengths.",
            hint="Give numbers above 0 and at most 1, with commas: --ladder 1,0.5,0.25",
        ) from None


def _ask(
    model: type[_View],
    method: str,
    path: str,
    here: "Callable[[Registrar], Awaitable[_View]]",
    **options: Any,
) -> _View:
    """Ask the running server, or do it here."""
    from assistant.commands.guard.source import ask
    from assistant.running import find

    settings = load()
    if running := find(settings.data_dir):
        return ask(model, running, method, f"/v1/arms{path}", timeout_s=_TIMEOUT_S, **options)
    return asyncio.run(_here(settings, here))


async def _here(settings: Settings, act: "Callable[[Registrar], Awaitable[_View]]") -> _View:
    from assistant.arms.registrar import Registrar
    from assistant.arms.roster import Roster
    from assistant.records.database import open_records
    from guardrails.store.store import Store

    with open_records(settings.data_dir, settings.database_url) as database:
        roster = Roster(settings, database)
        return await act(Registrar(settings, roster, Store(database), _OwnEngine(settings)))


class _OwnEngine:
    """Tries an adapter in an engine that lives as long as the trial."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def weights(self) -> Path:
        """Return base's weights, which must be here."""
        store = self._settings.weights_store(offline=True)
        return store.ready(store.find(self._settings.engine.model))

    @asynccontextmanager
    async def trying(self, name: str, path: Path) -> "AsyncIterator[Engine]":
        """Yield an engine that holds the adapter alone."""
        from assistant.local.engine import Engine, EngineSpec, threads_here

        weights = await asyncio.to_thread(self.weights)
        threads = self._settings.engine.threads or threads_here()
        spec = EngineSpec(weights, {name: path}, context_tokens=1024, threads=threads)
        async with Engine(spec, self._settings.data_dir / "trial.log") as engine:
            yield engine

    async def changed(self) -> None:
        """Tell nobody: the next start reads the database."""


def _arm_lines(arm: ArmView) -> list[str]:
    model = arm.model or "the model that is served"
    if arm.adapter:
        what = f"adapter {Path(arm.adapter).name}"
    elif arm.weights:
        what = f"weights {arm.weights}, in an engine of their own"
    else:
        what = "base's model" if arm.kind == "rules" else model
    what += ", with rules of its own" if arm.instructions else ""
    where = f" at {arm.base_url}" if arm.base_url else ""
    who = f" by {arm.by}, {text.when(arm.at)} UTC" if arm.by else ""
    lines = [f"{arm.name}: {what}{where} (from {arm.source}{who})"]
    for view in arm.candidates:
        stages = ", ".join(f"{segment} {stage}" for segment, stage in view.segments.items())
        standing = stages or "no pair yet: unproven everywhere"
        lines.append(f"  {view.arm}, strength {view.strength:g}: {standing}")
    return lines


def _more_lines(arm: ArmView) -> list[str]:
    lines = [f"  revision: {arm.revision}"]
    for name, value in arm.about.items():
        if value:
            lines.append(f"  {name}: {value}")
    if dialect := arm.dialect:
        lines.append(f"  {dialect.told}")
    elif arm.kind == "remote":
        lines.append("  what it takes is not known yet; the first question finds out")
    if sight := arm.sight:
        lines.append(f"  calls itself: {', '.join(sight.models) or 'nothing'}")
        varies = [name for name, digest in sight.answers.items() if not digest]
        if varies:
            lines.append(f"  probe questions that it answers differently: {', '.join(varies)}")
        lines += [f"  changed silently {at[:16]}: {what}" for at, what in sight.changes]
        if sight.missed:
            lines.append(f"  changes too often to be pinned: {sight.missed} more did not count")
    return lines
