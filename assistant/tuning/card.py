"""What an adapter is, where it comes from and how it was made: for people and for programs."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from assistant.errors import TuningError
from assistant.tuning.recipe import Recipe
from assistant.tuning.training import TrainingPoint

NOT_AUDITED: Final = "not audited"
FILE: Final = "card.json"


@dataclass(frozen=True, slots=True)
class AuditNote:
    """What the audit of the training file said. report: the file that says it."""

    verdict: str
    report: str


@dataclass(frozen=True, slots=True)
class Card:
    """The facts of one adapter.

    data, base, adapter: name or path, SHA-256 and what else is known of each. examples: how many
    were learned, replayed, held out and left out. verdict: of the audit of the data; none: it was
    not audited. audit: the name of its report.
    """

    name: str
    revision: str
    made: str
    data: dict[str, Any]
    base: dict[str, Any]
    adapter: dict[str, Any]
    examples: dict[str, int]
    recipe: Recipe
    training: dict[str, Any]
    curve: tuple[TrainingPoint, ...]
    verdict: str | None = None
    audit: str | None = None

    def write(self, folder: Path) -> None:
        """Write ``card.json`` and ``card.md``."""
        text = json.dumps(asdict(self), indent=1, ensure_ascii=False)
        (folder / FILE).write_text(text + "\n", "utf-8")
        (folder / "card.md").write_text(self.markdown(), "utf-8")

    def markdown(self) -> str:
        """Return the card for a person."""
        audit = f"{self.verdict} ({self.audit})" if self.verdict else NOT_AUDITED
        counted = ", ".join(f"{count} {what}" for what, count in self.examples.items())
        rows = (
            ("revision", self.revision),
            ("made", self.made),
            ("base", f"{self.base['name']}, SHA-256 {self.base['sha256']}"),
            ("base's revision", self.base["revision"] or "unknown"),
            ("licence of the base", self.base["licence"] or "unknown"),
            ("full-precision base", self.base["original"] or "unknown"),
            ("training data", f"{self.data['file']}, SHA-256 {self.data['sha256']}"),
            ("audit of the data", audit),
            ("examples", counted),
            ("best step", f"{self.training['best_step']} of {self.training['planned']}"),
            ("computed", f"{self.training['dtype']} on the {self.training['device']}"),
        )
        facts = "".join(f"| {what} | {value} |\n" for what, value in rows)
        settings = "".join(f"| {k} | {v} |\n" for k, v in asdict(self.recipe).items())
        curve = "".join(
            f"| {p.step} | {_said(p.train)} | {_said(p.held_out)} | {p.seconds:.0f} |\n"
            for p in self.curve
        )
        return (
            f"# {self.name}\n\n"
            "A LoRA adapter made by `routeback tune`. It is a candidate: nothing here says that "
            "it is better than its base. The guardrail finds out, for each kind of question.\n\n"
            f"| what | value |\n| --- | --- |\n{facts}\n"
            f"## Settings\n\n| setting | value |\n| --- | --- |\n{settings}\n"
            "## Loss per answer token\n\n"
            "| step | learned | held out | seconds |\n"
            f"| ---: | ---: | ---: | ---: |\n{curve}"
        )


def verdict_of(report: Path, data_sha256: str) -> AuditNote:
    """Read the verdict out of an audit's JSON report.

    Raises:
        TuningError: it is no such report, or it is about another file.
    """
    try:
        audit = json.loads(report.read_text("utf-8"))
        verdict, about = str(audit["verdict"]), str(audit["data"]["sha256"])
    except OSError as error:
        raise TuningError(f"{report} cannot be read: {error.strerror or error}.") from error
    except (ValueError, KeyError, TypeError) as error:
        raise TuningError(
            f"{report} is not an audit report: expected JSON with verdict and data.sha256.",
            hint="Write one with: routeback audit TRAIN.jsonl",
        ) from error
    if about != data_sha256:
        raise TuningError(
            f"{report} is about other data: SHA-256 {about[:12]}…, the file's is "
            f"{data_sha256[:12]}….",
            hint="Audit the file that you train on.",
        )
    return AuditNote(verdict, report.name)


def _said(loss: float | None) -> str:
    return "–" if loss is None else f"{loss:.4f}"
