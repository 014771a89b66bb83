"""Golden questions: what is asked, what a right answer says, and where it stands.

One JSON object a line; ``evals/cases/*.jsonl`` come along. A case that is changed is a new case:
its hash covers all that it says, so that results of the old one are not taken for its own.
"""

import json
from collections.abc import Iterable, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from assistant.errors import CaseError
from assistant.language import Language
from guardrails import digests
from guardrails.rules.segment import lineage

Behaviour = Literal["answer", "abstain", "ask_back", "hand_over"]
Filled = Annotated[str, Field(min_length=1, pattern=r"\S")]

SHIPPED: Final = Path(str(files("evals"))) / "cases"
_HASH: Final = 12
_MOST_TOLD: Final = 20


class CaseMessage(BaseModel):
    """One message of the conversation before the question."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    role: Literal["user", "assistant"]
    content: Filled


class Case(BaseModel):
    """One golden question.

    segment: without its language. reference: a right answer, in people's own words; empty unless
    the behaviour is ``answer``. facts: strings that a right answer states; ``a | b`` means one of
    them. forbidden: strings that a right answer does not contain. sources: keys or files of the
    entries that hold the answer. history: said before, oldest first.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: Filled
    segment: Filled
    language: Language
    question: Filled
    reference: str = ""
    facts: tuple[Filled | tuple[Filled, ...], ...] = ()
    forbidden: tuple[Filled, ...] = ()
    sources: tuple[Filled, ...] = ()
    behaviour: Behaviour = "answer"
    tags: tuple[str, ...] = ()
    history: tuple[CaseMessage, ...] = ()

    @model_validator(mode="after")
    def _answered(self) -> "Case":
        if self.behaviour == "answer" and not self.reference.strip():
            raise ValueError("a case with behaviour answer needs a reference")
        return self

    @property
    def hash(self) -> str:
        """The first digits of the SHA-256 of all that the case says, its id included."""
        values = self.model_dump(mode="json", exclude=None if self.forbidden else {"forbidden"})
        text = json.dumps(values, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        return digests.of(text)[:_HASH]

    def within(self, segment: str) -> bool:
        """Return whether the case is in a segment or below it. segment: without a language."""
        return segment in lineage(self.segment)


def load(path: Path | None = None) -> tuple[Case, ...]:
    """Read cases of a file, or of all ``*.jsonl`` of a folder, in order.

    path: default is what comes along.

    Raises:
        CaseError: nothing can be read, lines are not cases (all are listed), or ids repeat.
    """
    place = SHIPPED if path is None else path
    sources = sorted(place.glob("*.jsonl")) if place.is_dir() else [place]
    cases: dict[str, tuple[str, Case]] = {}
    problems: list[str] = []
    for source in sources:
        for where, line in _lines(source):
            try:
                case = Case.model_validate_json(line)
            except ValidationError as error:
                problems += [f"{where}: {fault}" for fault in _told(error)]
                continue
            if case.id in cases:
                problems.append(f"{where}: the id {case.id!r} is that of {cases[case.id][0]}")
            cases.setdefault(case.id, (where, case))
    if problems:
        more = f"\n  … and {len(problems) - _MOST_TOLD} more" if len(problems) > _MOST_TOLD else ""
        listed = "".join(f"\n  - {problem}" for problem in problems[:_MOST_TOLD])
        raise CaseError(f"Cases cannot be used:{listed}{more}", hint="docs/cases.md says how.")
    if not cases:
        raise CaseError(
            f"{place} holds no cases.", hint="A case is a line of a .jsonl file; docs/cases.md."
        )
    return tuple(case for _, case in cases.values())


def chosen(
    cases: Iterable[Case],
    *,
    segment: str | None = None,
    language: str | None = None,
    behaviours: Sequence[Behaviour] | None = None,
) -> tuple[Case, ...]:
    """Return the cases of a segment and those below it, in a language, that should behave so."""
    return tuple(
        case
        for case in cases
        if (segment is None or case.within(segment))
        and (language is None or case.language == language)
        and (behaviours is None or case.behaviour in behaviours)
    )


def _lines(path: Path) -> list[tuple[str, str]]:
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CaseError(f"{path} cannot be read: {error}.") from error
    lines = enumerate(text.split("\n"), start=1)
    return [(f"{path.name}:{number}", line) for number, line in lines if line.strip()]


def _told(error: ValidationError) -> list[str]:
    problems = []
    for detail in error.errors():
        where = ".".join(str(part) for part in detail["loc"])
        message = detail["msg"].removeprefix("Value error, ")
        value = detail["input"]
        got = "" if isinstance(value, dict) or not where else f" (got {value!r:.60})"
        problems.append(f"{where}: {message}{got}" if where else message)
    return problems
