"""From where on a measured number matters. docs/audit.md says where each comes from."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class AuditLimits:
    """Shares are in [0, 1], of examples where nothing else is said.

    fewest: examples (or questions, answers, figures) from which anything is concluded.
    duplicate: Jaccard similarity of character 5-grams. duplicates_warn, duplicates_block: rows
    that repeat an earlier one. leaked_warn, leaked_block: of the eval cases.
    phrase: answers that share a run of six words with many others; ratio: zlib compression of
    the answers; distinct: different pairs of words among all; collapse: distinct answers;
    spread: standard deviation of answer lengths over their mean.
    unsupported: answers that their passages do not carry. invented: answers with a figure that
    is in no passage. kept: of the figures of the passage that an answer rests on, those it has;
    passages of more than ``passage`` words hold figures that no answer needs, and do not count.
    hype, hype_excess: answers with hype, and more of it than the references. refusals: answers
    that only say that there is none.
    clashes: examples about a curated term that clash with its entry; few: so many at most
    without consequence. personal: examples with an e-mail address or telephone number.
    reached: training questions that triage puts in the segment. alike: training answers that
    have the form of the segment's. told: how often the form of the references' own segment
    must be recognised for that to be measured at all.
    """

    fewest: int = 20
    small: int = 100
    duplicate: float = 0.7
    duplicates_warn: float = 0.02
    duplicates_block: float = 0.5
    leaked_warn: float = 0.0
    leaked_block: float = 0.05
    phrase: float = 0.3
    phrase_block: float = 0.9
    ratio: float = 3.2
    distinct: float = 0.6
    collapse: float = 0.5
    spread: float = 0.05
    unsupported: float = 0.15
    unsupported_warn: float = 0.1
    invented: float = 0.15
    kept: float = 0.2
    passage: int = 120
    hype: float = 0.25
    hype_excess: float = 0.2
    refusals: float = 0.3
    few: int = 2
    clashes: float = 0.05
    personal: float = 0.02
    reached: float = 0.15
    alike: float = 0.25
    told: float = 0.75


FITTED: Final = AuditLimits()
