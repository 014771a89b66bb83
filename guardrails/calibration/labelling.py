"""Asks people about the pairs of a round, and takes what they say."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

import numpy as np

from guardrails.rules.policy import Policy
from guardrails.statistics.prediction import PeopleEstimate, Prediction, replayed
from guardrails.store.rounds import (
    CHOICES,
    KINDS,
    SAME_WORDS,
    Drawn,
    Kind,
    Label,
    Round,
    candidate_first,
    firsts,
    said,
)
from guardrails.store.store import Ledger, Store
from guardrails.types import BASE

FEWEST: Final = 20
"""Scored pairs of which a round is made, at least."""
SECOND: Final = 0.1
"""Share of the draws for which a second person is asked, too: how far people agree is known."""


class NotLabelled(ValueError):
    """A pair cannot be offered or a label not be taken; the message is for a person."""


@dataclass(frozen=True, slots=True)
class BlindPair:
    """A pair to label, blind. a, b: the answers, in an order drawn for the pair.

    round, place: what to answer with. labels: of the round that are used. pairs: of the round.
    """

    round: int
    place: int
    kind: Kind
    segment: str
    question: str
    passages: tuple[str, ...]
    a: str
    b: str
    labels: int
    pairs: int


@dataclass(frozen=True, slots=True)
class Labelling:
    """Rounds of labels of one store. Blocking; call it from a thread.

    policy: whose metrics predict, and whose alpha counts. random: makes the generator of a draw.

    Every method raises ``NotLabelled`` where it cannot do what it is asked.
    """

    store: Store
    policy: Policy
    random: Callable[[], np.random.Generator] = np.random.default_rng

    def offer(
        self,
        arm: str,
        segment: str,
        kind: str,
        now: datetime,
        by: str = "",
        *,
        new: bool = False,
    ) -> BlindPair:
        """Return the pair to label next: one that nobody has labelled, else one newly drawn.

        by: who asks, so that a tenth of what others labelled may be offered for a second opinion.
        new: begin a round with the pairs that there are now.
        """
        label_kind = _kind(kind)
        with self.store.transaction() as ledger:
            round_ = self._round(ledger, arm, segment, label_kind, now, new=new)
            drawn, labels = ledger.rounds.draws(round_.id), ledger.rounds.labels(round_.id)
            pick = _open(drawn, labels) or _second(_readable(ledger, drawn), labels, by)
            if pick is None:
                pick = self._drawn(ledger, round_, drawn, labels, now)
                round_ = ledger.rounds.round(round_.id) or round_
            offer = _offer(ledger, round_, pick) if pick else None
        if offer is None:
            raise NotLabelled(
                f"All {round_.found.pairs:,} pairs of round {round_.id} are labelled; a new round "
                "takes the pairs that were scored since."
            )
        return offer

    def take(self, round_id: int, place: int, choice: str, by: str, now: datetime) -> Round:
        """Store what a person says of a draw, in place of what the same person said before."""
        with self.store.transaction() as ledger:
            round_ = ledger.rounds.round(round_id)
            if round_ is None:
                raise NotLabelled(f"There is no round {round_id}.")
            drawn = ledger.rounds.draws(round_id)
            pick = next((pick for pick in drawn if pick.place == place), None)
            if pick is None:
                raise NotLabelled(f"Round {round_id} has no draw {place}.")
            if by == SAME_WORDS:
                raise NotLabelled(f"{SAME_WORDS} is nobody's name.")
            if choice not in CHOICES[round_.kind]:
                choices = ", ".join(CHOICES[round_.kind])
                raise NotLabelled(f"There is no choice {choice!r}; there is {choices}.")
            pair_id, _ = ledger.rounds.kept(pick.number)
            first = candidate_first(round_id, pair_id)
            label = Label(place, said(choice, candidate_first=first), by, now)
            ledger.rounds.put_label(round_id, label)
            return _counted(ledger, round_, drawn)

    def _round(
        self, ledger: Ledger, arm: str, segment: str, kind: Kind, now: datetime, *, new: bool
    ) -> Round:
        standing = ledger.standing(arm, segment)
        if standing is None:
            raise NotLabelled(f"{arm} has no pair in {segment} yet.")
        rounds = [item for item in ledger.rounds.rounds(arm, segment) if item.kind == kind]
        last = next((item for item in reversed(rounds) if item.version == standing.version), None)
        if last and not new and not _unreadable(ledger, last):
            return last
        begun = self._begun(ledger, arm, segment, kind, standing.version, now)
        if last and last.numbers == begun.numbers:
            raise NotLabelled(
                f"Since round {last.id} began, no pair of {arm} was scored in {segment}: a new "
                "round would ask the same again."
            )
        return replace(begun, id=ledger.rounds.add(begun))

    def _begun(
        self, ledger: Ledger, arm: str, segment: str, kind: Kind, version: str, now: datetime
    ) -> Round:
        numbers, rows = [], []
        for pair, record in ledger.rounds.scored(arm, segment, version):
            row = [pair.difference(metric) for metric in self.policy.metrics]
            if None not in row and _answers(record, arm):
                numbers.append(pair.number)
                rows.append(row)
        if len(numbers) < FEWEST:
            raise NotLabelled(
                f"{arm} has {len(numbers)} scored pairs with both answers in {segment}; a round "
                f"needs at least {FEWEST}."
            )
        return Round(
            arm=arm,
            segment=segment,
            kind=kind,
            version=version,
            at=now,
            alpha=self.policy.alpha,
            metrics=self.policy.metrics,
            numbers=tuple(numbers),
            differences=np.array(rows, np.float64).T,
            found=PeopleEstimate(None, -1.0, 1.0, 0, len(numbers)),
        )

    def _drawn(
        self,
        ledger: Ledger,
        held: Round,
        drawn: Sequence[Drawn],
        labels: Sequence[Label],
        now: datetime,
    ) -> Drawn | None:
        """Draw pairs until one has to be looked at; those with the same words are ties."""
        prediction, random = _prediction(held, drawn, labels), self.random()
        place = len(drawn)
        while prediction.labels < prediction.size:
            draw = prediction.draw(random)
            chance = float(prediction.chances(draw.tilts)[draw.place])
            place += 1
            pick = Drawn(place, held.numbers[draw.place], chance, draw.tilts)
            ledger.rounds.add_draw(held.id, pick)
            _, record = ledger.rounds.kept(pick.number)
            a, b = _answers(record, held.arm) or ("", " ")
            if a.split() != b.split():
                ledger.rounds.found(held.id, prediction.people())
                return pick
            prediction.take(draw, 0)
            ledger.rounds.put_label(held.id, Label(place, "tie", SAME_WORDS, now))
        ledger.rounds.found(held.id, prediction.people())
        return None


def _kind(kind: str) -> Kind:
    for name in KINDS:
        if kind == name:
            return name
    raise NotLabelled(f"There is no kind of label {kind!r}; there is {', '.join(KINDS)}.")


def _open(drawn: Sequence[Drawn], labels: Sequence[Label]) -> Drawn | None:
    """Return the first draw that nobody has labelled."""
    places = {label.place for label in labels}
    return next((pick for pick in drawn if pick.place not in places), None)


def _second(drawn: Sequence[Drawn], labels: Sequence[Label], by: str) -> Drawn | None:
    """Return a draw for a second opinion, where there are fewer than ``SECOND`` of them."""
    people: dict[int, set[str]] = {}
    for label in labels:
        if label.by != SAME_WORDS:
            people.setdefault(label.place, set()).add(label.by)
    twice = sum(len(names) > 1 for names in people.values())
    if not by or twice >= SECOND * len(people):
        return None
    others = (pick for pick in drawn if len(people.get(pick.place, ())) == 1)
    return next((pick for pick in others if by not in people[pick.place]), None)


def _readable(ledger: Ledger, drawn: Sequence[Drawn]) -> list[Drawn]:
    """Return the draws whose texts have not been erased."""
    erased = ledger.rounds.erased([pick.number for pick in drawn])
    return [pick for pick in drawn if pick.number not in erased]


def _unreadable(ledger: Ledger, held: Round) -> bool:
    """Return whether a pair can never be labelled, as its texts have been erased.

    The round cannot go on then: to leave such pairs out would be another draw than the one that
    its estimate rests on. What was labelled stands.
    """
    numbers = {pick.place: pick.number for pick in ledger.rounds.draws(held.id)}
    done = {numbers[label.place] for label in ledger.rounds.labels(held.id)}
    return bool(ledger.rounds.erased(held.numbers) - done)


def _prediction(held: Round, drawn: Sequence[Drawn], labels: Sequence[Label]) -> Prediction:
    places = {number: place for place, number in enumerate(held.numbers)}
    votes = firsts(labels)
    values = [votes[pick.place].value if pick.place in votes else None for pick in drawn]
    return replayed(held.differences, [pick.draw(places) for pick in drawn], values, held.alpha)


def _counted(ledger: Ledger, held: Round, drawn: Sequence[Drawn]) -> Round:
    people = _prediction(held, drawn, ledger.rounds.labels(held.id)).people()
    ledger.rounds.found(held.id, people)
    return replace(held, found=people)


def _answers(kept: Mapping[str, Any], arm: str) -> tuple[str, str] | None:
    """Return the candidate's answer and base's; None where one is not stored."""
    answers = kept.get("answers", {})
    if not all(isinstance(answers.get(name), str) for name in (arm, BASE)):
        return None
    return answers[arm], answers[BASE]


def _offer(ledger: Ledger, held: Round, one: Drawn) -> BlindPair:
    pair_id, record = ledger.rounds.kept(one.number)
    candidate, base = _answers(record, held.arm) or ("", "")
    first = candidate_first(held.id, pair_id)
    return BlindPair(
        round=held.id,
        place=one.place,
        kind=held.kind,
        segment=held.segment,
        question=str(record.get("question", "")),
        passages=tuple(str(title) for title in record.get("passages", ())),
        a=candidate if first else base,
        b=base if first else candidate,
        labels=held.found.labels,
        pairs=held.found.pairs,
    )
