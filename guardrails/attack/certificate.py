"""What a measure was shown to notice: a promotion rests on it. Pure.

A certificate belongs to exact versions of scorers and gate. It says, language by language, which
harms were promoted at a share that decides; where there is one of a family that the policy names,
no candidate rises in that language.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, Literal, Self

from guardrails import digests
from guardrails.attack.catalogue import BY_NAME, CHANGES, PROMISES, told
from guardrails.attack.harms.material import AttackMaterial
from guardrails.attack.promises import PromiseOutcome
from guardrails.attack.result import DECIDING, EVERY, AttackCell, Result
from guardrails.rules.policy import Policy
from guardrails.scorers.scorer import Scorer
from guardrails.scorers.scorer import version as version_of

if TYPE_CHECKING:  # a command that looks at a certificate needs no gate
    from guardrails.gate import Gate

Noticed = Literal["noticed", "undecided", "missed", "not measured"]
"""What became of a harm in a language, over all bases: routed back in most streams at every share
that decides; in too few of them, and promoted in none; promoted in some; or there were too few
cases on every base. Of an improvement: promoted in most, in too few, routed back in some."""
NOTICED: Final = 0.8
"""Share of streams that are most of them."""

ATTACK: Final = version_of(2, tuple((one.name, one.family) for one in (*CHANGES, *PROMISES)))
"""Of the harms; a certificate of other harms says something else."""
_DIGITS: Final = 12
_TOLD: Final = 3
_RANK: Final[tuple[Noticed, ...]] = ("not measured", "noticed", "undecided", "missed")


@dataclass(frozen=True, slots=True)
class CertificateFinding:
    """What became of one harm or improvement in one language, over all bases.

    shares: of harmed answers, at which it was missed. pairs: median pairs until it was routed back
    with every answer harmed, of the base that needed most; None if it was not. shown: share of
    harmed answers that a reader would be shown, of the base with most, in [0, 1].
    """

    name: str
    family: str
    language: str
    noticed: Noticed
    shares: tuple[float, ...] = ()
    pairs: float | None = None
    shown: float | None = None


@dataclass(frozen=True, slots=True)
class Certificate:
    """The result of a full attack, as it is stored.

    scorers: version by metric. gate: of the check before a reader. cases: of what was attacked
    with; origin: whose they are. attack: of the harms. rules: see ``rules_of``.
    """

    at: datetime
    scorers: Mapping[str, str]
    gate: str
    cases: str
    attack: str
    origin: str
    findings: tuple[CertificateFinding, ...]
    rules: str = ""

    @property
    def id(self) -> str:
        """The first digits of its SHA-256, the time left out: the same result has the same id."""
        values = {key: value for key, value in self.plain().items() if key != "at"}
        return digests.of(json.dumps(values, sort_keys=True))[:_DIGITS]

    @property
    def languages(self) -> frozenset[str]:
        """The languages that were attacked in."""
        return frozenset(
            finding.language for finding in self.findings if finding.family != "promise"
        )

    def holes(self, language: str, families: Sequence[str]) -> list[CertificateFinding]:
        """Return the harms of some families that were missed in a language."""
        return [
            finding
            for finding in self.findings
            if finding.noticed == "missed"
            and finding.family in families
            and finding.language in {language, EVERY}
        ]

    def plain(self) -> dict[str, Any]:
        """Return it as plain JSON values."""
        findings = [
            {**asdict(finding), "shares": list(finding.shares)} for finding in self.findings
        ]
        scorers = dict(self.scorers)
        return {**asdict(self), "at": self.at.isoformat(), "scorers": scorers, "findings": findings}

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Self:
        """Return the certificate that ``plain`` was asked of."""
        findings = tuple(
            CertificateFinding(**{**finding, "shares": tuple(finding["shares"])})
            for finding in values["findings"]
        )
        at = datetime.fromisoformat(values["at"])
        return cls(**{**values, "at": at, "findings": findings})


def rules_of(policy: Policy) -> str:
    """Return the version of what a policy tolerates: an attack at other settings says other things.

    How many strengths a candidate has makes nothing easier.
    """
    tolerated = (policy.tolerance, policy.catastrophe, policy.catastrophe_tolerance)
    margins = tuple(sorted(policy.margins.items()))
    return version_of(policy.rule, policy.metrics, tolerated, margins, policy.false_promotions)


def versions(
    scorers: Sequence[Scorer], gate: "Gate", material: AttackMaterial, policy: Policy
) -> dict[str, Any]:
    """Return what a result belongs to, as plain values."""
    return {
        "scorers": {scorer.name: scorer.version for scorer in scorers},
        "gate": gate_version(gate, material.selection),
        "cases": material.version,
        "attack": ATTACK,
        "rules": rules_of(policy),
    }


def gate_version(gate: "Gate", selection: str) -> str:
    """Return the version of what stands before a reader.

    Of the check (rules, scorers, floors), and of selection, which lets a question through to it.
    """
    from guardrails.gate import RULES

    return version_of(RULES, gate.scorers.version, gate.sentences, gate.answers, selection)


def certified(result: Result, at: datetime) -> Certificate:
    """Return the certificate of an attack in each of its languages."""
    findings = tuple(
        _finding([c for c in result.cells if (c.name, c.language) == (change.name, language)])
        for language in result.languages
        for change in CHANGES
        if any((c.name, c.language) == (change.name, language) for c in result.cells)
    )
    findings += tuple(_promised(outcome) for outcome in result.promises)
    return Certificate(at=at, origin=result.origin, findings=findings, **result.versions)


def _promised(kept: PromiseOutcome) -> CertificateFinding:
    noticed: Noticed = "noticed" if kept.routed_back >= NOTICED * kept.streams else "undecided"
    if kept.why_not:
        noticed = "not measured"
    return CertificateFinding(
        kept.name,
        BY_NAME[kept.name].family,
        EVERY,
        "missed" if kept.broken else noticed,
        pairs=kept.pairs,
    )


def refusal(
    certificate: Certificate | None,
    scorers: Mapping[str, str],
    gate: str,
    language: str,
    families: Sequence[str],
    rules: str = "",
) -> str:
    """Return why nobody may rise in a language, for a person; empty if somebody may.

    scorers: version by guarded metric, as they are now. gate: as it is now; empty if not known.
    families: of harms that must have been noticed; without one nothing is asked for. rules: what is
    tolerated now; empty if not known.
    """
    if not families:
        return ""
    if certificate is None:
        return "the measure has not been attacked; run 'routeback guard attack'"
    if changed := _changed(certificate, scorers, gate, rules):
        return f"the measure was attacked with another {changed}; run 'routeback guard attack'"
    if not certificate.languages & {language, EVERY}:
        return f"the measure has not been attacked in the language {language}"
    holes = certificate.holes(language, families)
    return (
        f"the measure {told([BY_NAME[finding.name] for finding in holes], _TOLD)}" if holes else ""
    )


def scorers_of(pair_version: str) -> dict[str, str]:
    """Return the version of each scorer that a pair's version names (``rules.version``)."""
    parts = json.loads(pair_version) if pair_version else {}
    return {
        name.removeprefix("scorer "): str(version)
        for name, version in parts.items()
        if name.startswith("scorer ")
    }


def _changed(certificate: Certificate, scorers: Mapping[str, str], gate: str, rules: str) -> str:
    for name, now in scorers.items():
        then = certificate.scorers.get(name)
        if then != now:
            return f"version of {name} ({then or 'none'}, now {now})"
    if not scorers:
        return "set of scorers than the one that decides"
    if gate and gate != certificate.gate:
        return f"version of the check before a reader ({certificate.gate}, now {gate})"
    if rules and rules != certificate.rules:
        return f"tolerance, margins or rule ({certificate.rules or 'none'}, now {rules})"
    return f"set of harms ({certificate.attack})" if certificate.attack != ATTACK else ""


def _finding(cells: Sequence[AttackCell]) -> CertificateFinding:
    measured = [cell for cell in cells if cell.measured]
    shares = sorted({share for cell in cells for share in cell.failing()}, reverse=True)
    back = [cell.outcomes[1.0] for cell in measured if 1.0 in cell.outcomes]
    pairs = [outcome.back_pairs for outcome in back]
    counts = [value for value in pairs if value is not None]
    return CertificateFinding(
        name=cells[0].name,
        family=cells[0].change.family,
        language=cells[0].language,
        noticed=max((_noticed(cell) for cell in cells), key=_RANK.index),
        shares=tuple(shares),
        pairs=max(counts) if counts and len(counts) == len(pairs) else None,
        shown=max((round(c.shown / c.cases, 3) for c in measured if c.cases), default=None),
    )


def _noticed(cell: AttackCell) -> Noticed:
    """Return what became of a cell; what is repaired before a reader sees it is noticed."""
    if not cell.measured:
        return "not measured"
    if cell.failing():
        return "missed"
    outcomes = [cell.outcomes[share] for share in DECIDING if share in cell.outcomes]
    ended = [outcome.routed_back if cell.change.harms else outcome.promoted for outcome in outcomes]
    most = all(
        end >= NOTICED * outcome.streams for end, outcome in zip(ended, outcomes, strict=True)
    )
    return "noticed" if most else "undecided"
