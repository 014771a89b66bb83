"""What a scorer is, and how one is run so that its failure is a value."""

import asyncio
from dataclasses import fields, is_dataclass
from typing import Final, Protocol

from guardrails import digests
from guardrails.failures import noted
from guardrails.types import Result, Sample, Unscored

_DIGITS: Final = 8


class Scorer(Protocol):
    """Scores answers. A change of ``version`` makes earlier evidence void."""

    @property
    def name(self) -> str:
        """What tables and settings call it."""
        ...

    @property
    def version(self) -> str:
        """Changes whenever the same sample may get another score."""
        ...

    async def score(self, sample: Sample) -> Result:
        """Score one answer."""
        ...


async def run(scorer: Scorer, sample: Sample, timeout_s: float) -> Result:
    """Score one answer; a crash, a time-out and a value that is no score are ``Unscored``."""
    try:
        async with asyncio.timeout(timeout_s):
            return await scorer.score(sample)
    except TimeoutError:
        return Unscored(f"{scorer.name} took longer than {timeout_s:g} s")
    except Exception as error:
        return failed(scorer.name, error)


def failed(name: str, error: Exception) -> Unscored:
    """Return the crash of a scorer as a value; what it said is logged."""
    return Unscored(f"{name} failed ({noted(error, name)})")


def version(code: int, *data: object) -> str:
    """Return ``CODE-DIGEST``: code is raised by hand when what is done with the data changes.

    data: values whose ``repr`` is the same in every process: numbers, texts, and tuples and
    dataclasses of them. What a dataclass is called does not count: a new name is no new measure.
    """
    return f"{code}-{digests.of(repr(_unnamed(data)))[:_DIGITS]}"


def _unnamed(value: object) -> object:
    if is_dataclass(value):
        return tuple((field.name, _unnamed(getattr(value, field.name))) for field in fields(value))
    return tuple(map(_unnamed, value)) if isinstance(value, tuple) else value
