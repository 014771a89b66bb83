"""Packs as tensors."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import torch
from tokenizers import Encoding, Tokenizer

from assistant.local import tokens
from training.checker.model import PAD, Batch, Tensor
from training.checker.packs import Claim, Pack

MOST_PASSAGE: Final = 256
MOST_CLAIM: Final = 96
"""Pieces that are read, the marks at both ends included."""
_HEAVY: Final = ("people", "altered", "across-altered")
_UNKNOWN: Final = -1.0


@dataclass(frozen=True, slots=True, eq=False)
class Labelled:
    """A batch and what is right about its claims.

    supported, weights: (m,). wrong: (m, c), 1 where a piece is altered, -1 where that is unknown.
    """

    batch: Batch
    supported: Tensor
    wrong: Tensor
    weights: Tensor


def tokenizer() -> Tokenizer:
    """Return the tokenizer with English and German pieces alone."""
    return Tokenizer.from_file(str(tokens.TOKENIZER))


def cut(encoding: Encoding, most: int) -> list[int]:
    """Return the pieces of a text, its end mark kept."""
    ids = list(encoding.ids)
    return ids if len(ids) <= most else [*ids[: most - 1], ids[-1]]


def padded(texts: Sequence[Sequence[int]]) -> Tensor:
    """Return (n, longest)."""
    longest = max(len(text) for text in texts)
    return torch.tensor([[*text, *[PAD] * (longest - len(text))] for text in texts])


def batch(packs: Sequence[Pack], reader: Tokenizer) -> Labelled:
    """Return packs side by side."""
    passages = [cut(one, MOST_PASSAGE) for one in reader.encode_batch([p.passage for p in packs])]
    claims = [claim for pack in packs for claim in pack.claims]
    encoded = reader.encode_batch([claim.text for claim in claims])
    ids = [cut(one, MOST_CLAIM) for one in encoded]
    longest = max(len(one) for one in ids)
    wrong = [
        marks(claim, encoding, len(one), longest)
        for claim, encoding, one in zip(claims, encoded, ids, strict=True)
    ]
    of = [at for at, pack in enumerate(packs) for _ in pack.claims]
    heavy = [1.5 if claim.kind.startswith(_HEAVY) else 1.0 for claim in claims]
    return Labelled(
        Batch(padded(passages), padded(ids), torch.tensor(of)),
        torch.tensor([float(claim.supported) for claim in claims]),
        torch.tensor(wrong),
        torch.tensor(heavy),
    )


def marks(claim: Claim, encoding: Encoding, count: int, longest: int) -> list[float]:
    """Return for each piece whether it is altered; unknown at padding and at both ends."""
    made = [_UNKNOWN] * longest
    if claim.wrong is None:
        return made
    for at, (start, end) in enumerate(encoding.offsets[: count - 1]):
        if at and end > start:
            made[at] = float(any(start < last and end > first for first, last in claim.wrong))
    return made
