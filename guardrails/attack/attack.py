"""Makes every change on every base, has both answers scored, and follows the streams of pairs."""

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from guardrails import digests
from guardrails.arrays import Floats
from guardrails.attack.catalogue import CHANGES, OF_ONE_BASE, Mutation
from guardrails.attack.harms.improvements import Sides, copied
from guardrails.attack.harms.material import BASES, AttackCase, AttackMaterial, Base
from guardrails.attack.harms.sentence import plain
from guardrails.attack.promises import promises
from guardrails.attack.result import (
    DECIDING,
    EVERY,
    RARE,
    AttackCell,
    AttackExample,
    Result,
    StreamOutcome,
)
from guardrails.attack.streams import FEWEST, Size, drawn, follow, split
from guardrails.gate import Gate
from guardrails.rules.policy import Policy
from guardrails.scorers.scorer import Scorer, run
from guardrails.simulation.batch import catastrophes
from guardrails.statistics.agreement import auc
from guardrails.types import Score, Text

Progress = Callable[[str, int, int], None]
"""What is done, how much of it, and how much there is."""

_TOGETHER: Final = 60
"""Cells whose streams are followed at a time: what fits in a processor's cache, and some more."""
_SHOWN: Final = 3
"""Examples that a cell keeps."""


@dataclass(frozen=True, slots=True)
class AttackPlan:
    """What is attacked, and how far.

    languages: each by itself; ``*`` is all together. shares: of harmed answers, in (0, 1]. seed:
    the same one gives the same result.
    """

    changes: tuple[Mutation, ...] = CHANGES
    bases: tuple[Base, ...] = BASES
    languages: tuple[str, ...] = (EVERY,)
    shares: tuple[float, ...] = (*DECIDING, RARE)
    size: Size = field(default_factory=Size)
    seed: int = 0
    at_once: int = 2


@dataclass(frozen=True, slots=True)
class MutatedAnswer:
    """One change of one case. before, after: as a reader would get them. repaired: alike again."""

    case: AttackCase
    before: str
    after: str
    repaired: bool


@dataclass(frozen=True, slots=True)
class _Measured:
    """What is known of the changes of one cell. Arrays by metric, shape (cases,); NaN: no score."""

    made: tuple[MutatedAnswer, ...]
    before: Mapping[str, Floats]
    after: Mapping[str, Floats]
    shown: tuple[bool, ...]


async def attack(
    material: AttackMaterial,
    scorers: Sequence[Scorer],
    gate: Gate,
    policy: Policy,
    plan: AttackPlan,
    versions: Mapping[str, Any],
    progress: Progress = lambda *_: None,
) -> Result:
    """Attack a measure. scorers: of the policy's metrics; whoever wants scores kept wraps them."""
    started = time.perf_counter()
    groups = _all(material, plan)
    bench = _Bench(scorers, gate, plan.at_once)
    await bench.fill(_texts(groups, material, plan), material, progress)
    trials = [
        (change, base, language, _within(group, language))
        for change, base, group in groups
        for language in plan.languages
    ]
    cells = []
    for start in range(0, len(trials), _TOGETHER):
        cells += _cells(trials[start : start + _TOGETHER], bench, policy, plan)
        progress("streams", len(cells), len(trials))
    return Result(
        cells=tuple(cells),
        versions=versions,
        metrics=policy.metrics,
        languages=plan.languages,
        seed=plan.seed,
        origin=material.origin,
        whole={base: bench.whole(material, base) for base in plan.bases},
        seconds=time.perf_counter() - started,
        promises=promises(policy, plan.seed),
    )


def texts(material: AttackMaterial, plan: AttackPlan) -> list[tuple[AttackCase, str]]:
    """Return every answer that an attack scores, with its case, each once."""
    return _texts(_all(material, plan), material, plan)


def _all(
    material: AttackMaterial, plan: AttackPlan
) -> list[tuple[Mutation, Base, list[MutatedAnswer]]]:
    return [
        (change, base, list(changes(material, change, base, plan.seed)))
        for base in plan.bases
        for change in plan.changes
        if base == plan.bases[0] or change.name not in OF_ONE_BASE
    ]


def _texts(
    made: Iterable[tuple[Mutation, Base, list[MutatedAnswer]]],
    material: AttackMaterial,
    plan: AttackPlan,
) -> list[tuple[AttackCase, str]]:
    """Return what is scored: both sides of every change, and what the bases answer themselves."""
    pairs = {(m.case, text) for _, _, group in made for m in group for text in (m.before, m.after)}
    own = ((case, answer_of(material, case, b)) for b in plan.bases for case in material.cases)
    pairs |= {(case, shown(material, case, text)) for case, text in own if case.answerable and text}
    return sorted(pairs, key=lambda one: (one[0].id, one[1]))


def answer_of(material: AttackMaterial, case: AttackCase, base: Base) -> str | None:
    """Return what a base answers to a case, empty if it abstains; None if nobody knows."""
    if base == "references":
        return case.reference
    if base == "copied":
        return copied(case)
    return material.recorded.get(case.id)


def changes(
    material: AttackMaterial, change: Mutation, base: Base, seed: int
) -> Iterable[MutatedAnswer]:
    """Yield a change of every case in which it can be made."""
    for case in material.cases:
        sides = _sides(material, change, case, base, seed)
        if sides is not None:
            yield _repaired(material, case, sides)


def makeable(material: AttackMaterial, change: Mutation, case: AttackCase, base: Base) -> bool:
    """Return whether a change can be made in a case."""
    return _sides(material, change, case, base, 0) is not None


def _sides(
    material: AttackMaterial, change: Mutation, case: AttackCase, base: Base, seed: int
) -> Sides | None:
    if case.answerable and not case.asked:
        return None
    answer = answer_of(material, case, base)
    if answer is None or (case.answerable and not answer.strip()):
        return None
    return change.make(case, answer, _others(material, case), seed)


def _repaired(material: AttackMaterial, case: AttackCase, sides: Sides) -> MutatedAnswer:
    before, after = (shown(material, case, text) for text in sides)
    return MutatedAnswer(case, before, after, repaired=sides[0] != sides[1] and before == after)


def shown(material: AttackMaterial, case: AttackCase, answer: str) -> str:
    """Return an answer as the product would have it, with completed citations."""
    parts = material.repair(answer, case.question, case.passages, case.language)
    return "".join(parts).strip()


def _others(material: AttackMaterial, case: AttackCase) -> list[Text]:
    own = {passage.text for passage in case.passages}
    return [entry for entry in material.entries if entry.text not in own]


def _within(group: Sequence[MutatedAnswer], language: str) -> list[MutatedAnswer]:
    return [answer for answer in group if language in {EVERY, answer.case.language}]


def _cells(
    wanted: Sequence[tuple[Mutation, Base, str, list[MutatedAnswer]]],
    bench: "_Bench",
    policy: Policy,
    plan: AttackPlan,
) -> list[AttackCell]:
    """Return cells whose streams are followed together."""
    measured = {
        place: bench.measured([answer for answer in group if not answer.repaired])
        for place, (*_, group) in enumerate(wanted)
    }
    due = [
        (place, share)
        for place, scores in measured.items()
        if len(scores.made) >= FEWEST
        for share in plan.shares
    ]
    outcomes: dict[int, dict[float, StreamOutcome]] = {}
    if due:
        streams = [_stream(wanted[p], measured[p], share, plan) for p, share in due]
        together = {n: np.concatenate([stream[n] for stream in streams]) for n in policy.metrics}
        ends = split(follow(together, policy), plan.size.streams)
        for (place, share), group in zip(due, ends, strict=True):
            outcomes.setdefault(place, {})[share] = StreamOutcome.of(group)
    return [
        _cell(wanted[place], scores, outcomes.get(place, {}), policy)
        for place, scores in measured.items()
    ]


def _stream(
    wanted: tuple[Mutation, Base, str, list[MutatedAnswer]],
    found: _Measured,
    share: float,
    plan: AttackPlan,
) -> dict[str, Floats]:
    change, base, language, _ = wanted
    name = f"{plan.seed}\0{change.name}\0{base}\0{language}\0{share}"
    rng = np.random.default_rng(digests.drawn(name))
    changed = {name: found.after[name] - found.before[name] for name in found.after}
    same = {name: found.before[name] - found.before[name] for name in found.before}
    return drawn(changed, same, share, plan.size, rng)


def _cell(
    wanted: tuple[Mutation, Base, str, list[MutatedAnswer]],
    found: _Measured,
    outcomes: Mapping[float, StreamOutcome],
    policy: Policy,
) -> AttackCell:
    change, base, language, group = wanted
    cases, repaired = len(found.made), sum(answer.repaired for answer in group)
    why_not = ""
    if cases < FEWEST and not (repaired >= FEWEST and not cases):
        why_not = f"it can be made in {cases} cases; at least {FEWEST} are needed"
    return AttackCell(
        name=change.name,
        base=base,
        language=language,
        cases=cases,
        repaired=repaired,
        shown=sum(found.shown),
        auc={name: _auc(found, name, harms=change.harms) for name in policy.metrics},
        mean={name: _mean(found.after[name] - found.before[name]) for name in policy.metrics},
        outcomes=outcomes,
        why_not=why_not,
        examples=_examples(found, policy.metrics[0], harms=change.harms),
        intolerable=change.harms and cases > 0 and _intolerable(found, policy),
    )


def _intolerable(found: _Measured, policy: Policy) -> bool:
    """Return whether a harm costs more than is tolerated even where it is rare, by its scores."""
    changes_ = {name: found.after[name] - found.before[name] for name in policy.metrics}
    if any((_mean(change) or 0.0) * RARE < -policy.tolerance for change in changes_.values()):
        return True
    if not policy.catastrophe:
        return False
    net = catastrophes(changes_, policy)
    values = net[~np.isnan(net)]
    return bool(len(values)) and float(values.mean()) * RARE < -policy.catastrophe_tolerance


def _auc(found: _Measured, name: str, *, harms: bool) -> float | None:
    before, after = found.before[name], found.after[name]
    better, worse = (before, after) if harms else (after, before)
    good, bad = better[~np.isnan(better)], worse[~np.isnan(worse)]
    value = auc(np.concatenate([good, bad]), np.arange(len(good) + len(bad)) < len(good))
    return None if np.isnan(value) else round(value, 4)


def _mean(differences: Floats) -> float | None:
    values = differences[~np.isnan(differences)]
    return round(float(values.mean()), 4) if len(values) else None


def _examples(found: _Measured, metric: str, *, harms: bool) -> tuple[AttackExample, ...]:
    """Return where the measure is most wrong: harms that gain, improvements that lose."""
    gain = found.after[metric] - found.before[metric]
    order = np.argsort(np.nan_to_num(-gain if harms else gain, nan=np.inf), kind="stable")
    return tuple(
        AttackExample(
            case=found.made[i].case.id,
            question=found.made[i].case.question,
            before=found.made[i].before,
            after=found.made[i].after,
            difference=None if np.isnan(gain[i]) else round(float(gain[i]), 3),
            shown=found.shown[i],
        )
        for i in order[:_SHOWN].tolist()
    )


class _Bench:
    """Scores answers and holds them against the gate, each once."""

    def __init__(self, scorers: Sequence[Scorer], gate: Gate, at_once: int) -> None:
        self._scorers = scorers
        self._gate = gate
        self._turn = asyncio.Semaphore(at_once)
        self._scores: dict[tuple[str, str], dict[str, float]] = {}
        self._passed: dict[tuple[str, str], bool] = {}

    async def fill(
        self,
        answers: Sequence[tuple[AttackCase, str]],
        material: AttackMaterial,
        progress: Progress,
    ) -> None:
        """Score and check all answers."""
        done = 0

        async def one(case: AttackCase, answer: str) -> None:
            nonlocal done
            async with self._turn:
                sample = case.sample(answer)
                results = {s.name: await run(s, sample, _TIMEOUT_S) for s in self._scorers}
                values = {
                    name: result.value if isinstance(result, Score) else float("nan")
                    for name, result in results.items()
                }
                self._scores[case.id, answer] = values
                self._passed[case.id, answer] = await self._shows(case, answer, material)
            done += 1
            progress("answers", done, len(answers))

        async with asyncio.TaskGroup() as group:
            for case, answer in answers:
                group.create_task(one(case, answer))

    async def _shows(self, case: AttackCase, answer: str, material: AttackMaterial) -> bool:
        """Return whether a reader would be shown a candidate's answer."""
        if not answer:
            return False
        for part in material.repair(answer, case.question, case.passages, case.language):
            checked = await self._gate.sentence(
                plain(part), case.passages, case.question, case.language
            )
            if checked.outcome != "passed":
                return False
        check, _ = await self._gate.answer(case.sample(answer))
        return check.outcome == "passed"

    def measured(self, made: Sequence[MutatedAnswer]) -> _Measured:
        """Return the scores of both sides, and what a reader would have been shown."""
        names = [scorer.name for scorer in self._scorers]

        def side(texts: Sequence[str]) -> dict[str, Floats]:
            rows = [self._scores[m.case.id, t] for m, t in zip(made, texts, strict=True)]
            return {name: np.array([values[name] for values in rows], float) for name in names}

        after = [answer.after for answer in made]
        return _Measured(
            tuple(made),
            side([answer.before for answer in made]),
            side(after),
            tuple(self._passed[m.case.id, text] for m, text in zip(made, after, strict=True)),
        )

    def whole(self, material: AttackMaterial, base: Base) -> tuple[int, int]:
        """Return how many of a base's own answers a reader is shown whole, of those attacked."""
        answers = [(c, answer_of(material, c, base)) for c in material.cases if c.answerable]
        verdicts = [
            self._passed[key]
            for case, answer in answers
            if answer and (key := (case.id, shown(material, case, answer))) in self._passed
        ]
        return sum(verdicts), len(verdicts)


_TIMEOUT_S: Final = 300.0
