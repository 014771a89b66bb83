"""Which questions get a pair, and how a pair is scored."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final, Self

from guardrails import digests
from guardrails.clock import SLACK
from guardrails.rules.costs import Cost
from guardrails.rules.permission import quoting_of
from guardrails.rules.segment import lineage
from guardrails.rules.strengths import ALONE, Rungs, ordered, paired
from guardrails.scorers.scorer import Scorer, run
from guardrails.store.entries import PairJob
from guardrails.store.store import Ledger
from guardrails.types import BASE, QUOTE, Result, Sample, Stage, Standing, Text

DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Sampling:
    """How many questions get a pair.

    rate: share of questions, in [0, 1]. rates: by segment, which go before ``rate``; the nearest
    one above a segment counts. tokens_per_day: what the pairs of 24 hours may cost, prompt and
    answer together.
    """

    rate: float = 1.0
    rates: Mapping[str, float] = field(default_factory=dict)
    tokens_per_day: int = 2_000_000

    def of(self, segment: str) -> float:
        """Return the share of the questions of a segment that get a pair."""
        return next((self.rates[s] for s in lineage(segment) if s in self.rates), self.rate)


EVERY: Final = Sampling()
"""Every question gets a pair."""


@dataclass(frozen=True, slots=True)
class PairQuestion:
    """A question that was answered, as the pair's other side will be asked it.

    segment: with its language, ``support.billing/en``. answers: whole answers that exist already,
    by arm; empty text where the arm found none. The quotation is among them where an entry could be
    quoted. answerable: see ``Sample``. tokens: what one answer cost. costs: what is known of what
    the answers took, by arm, and of those that failed. conversation: see ``Pair``.
    """

    turn_id: str
    question: str
    language: str
    segment: str
    passages: tuple[Text, ...]
    answers: Mapping[str, str]
    answerable: bool | None
    prompt: str
    index_generation: str
    tokens: int
    at: datetime
    costs: Mapping[str, Cost] = field(default_factory=dict)
    conversation: str = ""

    def payload(self, version: str, quoting: str = "") -> dict[str, Any]:
        """Return it as plain values, with the version that its evidence belongs to.

        quoting: version of the way of quoting.
        """
        more = {"at": self.at.isoformat(), "version": version, "quoting": quoting}
        return {**asdict(self), **more}

    @classmethod
    def of(cls, payload: Mapping[str, Any]) -> Self:
        """Return the question that a payload was made of."""
        values = {k: v for k, v in payload.items() if k not in {"version", "quoting"}}
        values["passages"] = tuple(Text(**passage) for passage in values["passages"])
        values["at"] = datetime.fromisoformat(values["at"])
        values["costs"] = {arm: Cost.of(cost) for arm, cost in values.get("costs", {}).items()}
        return cls(**values)

    def sample(self, answer: str) -> Sample:
        """Return what scorers see of one answer to it."""
        return Sample(
            question=self.question,
            language=self.language,
            passages=self.passages,
            answer=answer,
            answerable=self.answerable,
            abstained=not answer,
        )


def queue(
    ledger: Ledger,
    question: PairQuestion,
    versions: Mapping[str, str],
    sampling: Sampling,
    rungs: Rungs = ALONE,
) -> list[PairJob]:
    """Queue a job for each candidate that is to be compared on this question; return them.

    versions: by candidate. rungs: ``guardrails.rules.strengths.paired`` says which get none.
    The quotation is compared where it could be shown, and costs base's answer alone; that is made
    once for all jobs of a question. Whether a question is taken depends on its id alone, so a
    restart takes the same ones.
    """
    there, quoting = set(question.answers), quoting_of(versions)
    rate = sampling.of(question.segment)
    spent = ledger.tokens_since(question.at - DAY, question.at + SLACK)
    jobs: list[PairJob] = []
    stages = {s.arm: s.stage for s in here(ledger, question.segment, versions)} if rungs else {}
    for arm in ordered(versions, rungs) if rungs else versions:
        if not paired(arm, stages, rungs) or (arm == QUOTE and QUOTE not in there):
            continue
        missing = {BASE, arm} - there
        cost = len(missing) * question.tokens
        if _draw(question.turn_id, arm) >= rate or spent + cost > sampling.tokens_per_day:
            continue
        spent += cost
        there |= missing
        jobs.append(
            PairJob(
                id=f"{question.turn_id}:{arm}",
                turn_id=question.turn_id,
                arm=arm,
                segment=question.segment,
                at=question.at,
                tokens=cost,
                payload=question.payload(versions[arm], quoting),
            )
        )
    ledger.add_jobs(jobs)
    return jobs


def here(ledger: Ledger, segment: str, versions: Mapping[str, str]) -> list[Standing]:
    """Return where the candidates stand; evidence about another version proves nothing."""
    by_arm = {standing.arm: standing for standing in ledger.standings(segment=segment)}
    standings = []
    for arm, version in versions.items():
        standing = by_arm.get(arm) or Standing(arm, segment=segment)
        if standing.version not in {version, ""} and standing.pin is None:
            standing = replace(standing, stage=Stage.SHADOW)
        standings.append(standing)
    return standings


def named(conversation_id: str) -> str:
    """Return a name for a conversation that does not tell which it is."""
    return digests.key(f"conversation\0{conversation_id}", 8).hex()


async def scored(scorers: Sequence[Scorer], sample: Sample, timeout_s: float) -> dict[str, Result]:
    """Score one answer by every scorer; what fails is Unscored."""
    return {scorer.name: await run(scorer, sample, timeout_s) for scorer in scorers}


def _draw(turn_id: str, arm: str) -> float:
    """Return a number in [0, 1) that is uniform over turns and fixed for each."""
    return digests.share(f"pair\0{turn_id}\0{arm}")
