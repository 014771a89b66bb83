"""Runs the benchmarks: ``python -m benchmarks NAME``; ``--help`` lists them.

A benchmark is a module in one of the folders with a function ``measure(*, quick, …)`` that returns
tables; what else it takes, by keyword and with a default, is an option of its command. A full run
with every option at its default publishes ``results/NAME.json`` and the page; all others only
print. A recorder has ``record()`` in its place and writes what benchmarks read.
"""

import argparse
import ast
import importlib
import inspect
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from assistant import environment
from benchmarks import data, page
from benchmarks.results import HERE, KEPT, Table, this_run

KINDS: Final = ("measure", "record")
Value = str | int | float | bool


@dataclass(frozen=True, slots=True)
class Command:
    """A module that can be run. kind: measure or record. line: of its docstring, the first."""

    name: str
    module: str
    kind: str
    line: str

    def function(self) -> Callable[..., Sequence[Table]]:
        """Import the module and return what runs."""
        found: Callable[..., Sequence[Table]] = getattr(
            importlib.import_module(self.module), self.kind
        )
        return found


def commands() -> dict[str, Command]:
    """Return what can be run, by name, read off the files without importing them."""
    found = {}
    for path in sorted(HERE.glob("*/*.py")):
        tree = ast.parse(path.read_text("utf-8"))
        names = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
        for kind in KINDS:
            if kind in names:
                line = (ast.get_docstring(tree) or "").splitlines()[0]
                module = f"benchmarks.{path.parent.name}.{path.stem}"
                found[path.stem] = Command(path.stem, module, kind, line)
    return found


def parser(known: dict[str, Command]) -> argparse.ArgumentParser:
    """Return the parser of the command itself; what follows a name is for that benchmark."""
    width = max(map(len, known))
    folders: dict[str, list[str]] = {}
    for command in known.values():
        line = f"  {command.name:{width}}  {command.line}"
        folders.setdefault(command.module.split(".")[1], []).append(line)
    listed = "\n\n".join("\n".join([f"{name}:", *lines]) for name, lines in folders.items())
    made = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="Run one benchmark, or: all, render (fill the page), data (what is needed).",
        epilog=listed,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    made.add_argument("name", choices=[*known, "all", "render", "data"], metavar="NAME")
    return made


def options(command: Command, rest: Sequence[str]) -> tuple[dict[str, Value], bool]:
    """Return a command's options, and whether it publishes: a full run, all at their defaults."""
    made = argparse.ArgumentParser(
        prog=f"python -m benchmarks {command.name}", description=command.line
    )
    defaults: dict[str, Value] = {}
    for parameter in inspect.signature(command.function()).parameters.values():
        default = defaults[parameter.name] = parameter.default
        flag = f"--{parameter.name.replace('_', '-')}"
        if isinstance(default, bool):
            text = "a small run, to see that it works; publishes nothing"
            made.add_argument(
                flag, action="store_true", help=text if parameter.name == "quick" else None
            )
        else:
            made.add_argument(flag, type=type(default), default=default, help=f"usual: {default!r}")
    given: dict[str, Value] = vars(made.parse_args(rest))
    return given, given == defaults


def run(command: Command, rest: Sequence[str] = ()) -> None:
    """Run one benchmark; publish what a full run of it found, and nothing before its end."""
    given, usual = options(command, rest)
    KEPT.mkdir(exist_ok=True)
    if command.kind == "record":
        command.function()(**given)
        return
    tables = command.function()(**given)
    for table in tables:
        print(f"\n{command.name}.{table.name}\n{table.markdown()}")
    if not usual:
        print("\nNothing is published: only a full run with its usual options is.")
        return
    used = {name: value for name, value in given.items() if name != "quick"}
    result = this_run(command.name, used, tables)
    result.write()
    print(f"\n{result.path} is written.")
    _render()


def _render() -> None:
    left = page.render()
    print("The page is written.", *(f"Without a place on it: {name}" for name in left), sep="\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Return the exit code: 2 where data is missing."""
    known = commands()
    given = sys.argv[1:] if arguments is None else arguments
    chosen, rest = parser(known).parse_args(given[:1]).name, given[1:]
    environment.prepare()
    if chosen == "render":
        _render()
        return 0
    todo: list[Callable[[], None]] = [partial(data.main, rest)]
    if chosen != "data":
        named = [c for c in known.values() if chosen in {c.name, "all"}]
        todo = [partial(run, c, rest) for c in named if c.name == chosen or c.kind == "measure"]
    code = 0
    for work in todo:
        try:
            work()
        except data.MissingDataError as error:
            print(error, file=sys.stderr)
            code = 2
    return code


if __name__ == "__main__":
    sys.exit(main())
