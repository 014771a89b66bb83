"""Which model a remote arm really is, and whether it was changed behind its name.

Three signs are looked at: the ``model`` and the ``system_fingerprint`` of replies, and the answers
to a few short questions at temperature 0, as digests. Servers are not all deterministic, and
fingerprints also name machines, so:

- an answer counts only while it is *steady*: asked again, it was the same. One that differs from
  what is known is asked again; when the new answers differ among themselves, or one is the known
  one, the question is unsteady and counts no more;
- a new fingerprint counts only where no question is steady, else the answers decide;
- after ``MOST`` changes within ``WINDOW`` nothing counts as one: that is a server that cannot be
  pinned, and evidence would never last. It is said where the arm is shown.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final, Self

from guardrails import digests
from guardrails.clock import within

MOST: Final = 3
WINDOW: Final = timedelta(days=30)
UNSTEADY: Final = ""
_ID: Final = 8


@dataclass(frozen=True, slots=True)
class Look:
    """What one look saw. answers: by question, the digests of one or more answers to it."""

    model: str
    fingerprint: str
    answers: Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Sight:
    """What is known of the model behind an arm.

    pinned: what the settings say; when they change, all else starts anew. models, fingerprints:
    seen since the last change. answers: digest by question, ``UNSTEADY`` where it varies. epoch:
    the model since the last silent change, "" before the first. changes: when and what, oldest
    first. missed: how many changes did not count because there were too many.
    """

    pinned: str = ""
    models: tuple[str, ...] = ()
    fingerprints: tuple[str, ...] = ()
    answers: Mapping[str, str] = field(default_factory=dict)
    epoch: str = ""
    changes: tuple[tuple[str, str], ...] = ()
    missed: int = 0

    @property
    def steady(self) -> bool:
        """Whether some question is answered the same each time."""
        return any(digest != UNSTEADY for digest in self.answers.values())

    def news(self, model: str, fingerprint: str) -> bool:
        """Return whether a reply says something that has not been seen yet."""
        return (bool(model) and model not in self.models) or (
            bool(fingerprint) and fingerprint not in self.fingerprints
        )

    def plain(self) -> dict[str, Any]:
        """Return it as plain values."""
        values = {**asdict(self), "answers": dict(self.answers)}
        plain: dict[str, Any] = json.loads(json.dumps(values))
        return plain

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Self:
        """Return the sight that ``plain`` was asked of."""
        changes = tuple((at, what) for at, what in values["changes"])
        lists = {name: tuple(values[name]) for name in ("models", "fingerprints")}
        return cls(**{**values, **lists, "changes": changes})


def digest(text: str) -> str:
    """Return the digest of an answer; space does not count."""
    return digests.of(" ".join(text.split()))[:12]


def taken(sight: Sight, look: Look, now: datetime) -> tuple[Sight, str]:
    """Take a look; return the sight after it, and what changed: a clause for a person, or ""."""
    answers, other = _compared(sight.answers, look.answers)
    what = _changed(sight, look, answers, other)
    record = replace(
        sight,
        models=_with(sight.models, look.model),
        fingerprints=_with(sight.fingerprints, look.fingerprint),
    )
    if not what:
        return replace(record, answers=answers), ""
    recent = [at for at, _ in sight.changes if within(datetime.fromisoformat(at), WINDOW, now)]
    fresh = {**answers, **{name: look.answers[name][0] for name in other}}
    if len(recent) >= MOST:
        return replace(record, answers=fresh, missed=sight.missed + 1), ""
    number = len(sight.changes) + 1
    facts = json.dumps([look.model, look.fingerprint, sorted(fresh.items())])
    after = Sight(
        pinned=sight.pinned,
        models=_with((), look.model),
        fingerprints=_with((), look.fingerprint),
        answers=fresh,
        epoch=f"{number}-{digests.of(facts)[:_ID]}",
        changes=(*sight.changes, (now.isoformat(), what)),
        missed=sight.missed,
    )
    return after, what


def _compared(
    known: Mapping[str, str], seen: Mapping[str, Sequence[str]]
) -> tuple[dict[str, str], list[str]]:
    """Return the answers that are still known, and the questions with another steady answer."""
    answers, other = dict(known), []
    for question, tries in seen.items():
        before, same = known.get(question), len(set(tries)) == 1
        if before is None:
            answers[question] = tries[0] if same else UNSTEADY
        elif before != UNSTEADY and set(tries) != {before}:
            if same:
                other.append(question)
            else:
                answers[question] = UNSTEADY
    return answers, other


def _changed(sight: Sight, look: Look, answers: Mapping[str, str], other: Sequence[str]) -> str:
    if sight.models and look.model and look.model not in sight.models:
        return f"it calls itself {look.model}, before {sight.models[-1]}"
    if other:
        return f"{len(other)} of {len(answers)} probe questions are answered otherwise"
    new = look.fingerprint and look.fingerprint not in sight.fingerprints
    steady = any(digest != UNSTEADY for digest in answers.values())
    if sight.fingerprints and new and not steady:
        return f"its fingerprint is {look.fingerprint}, before {sight.fingerprints[-1]}"
    return ""


def _with(known: tuple[str, ...], one: str) -> tuple[str, ...]:
    return (*(name for name in known if name != one), one) if one else known
