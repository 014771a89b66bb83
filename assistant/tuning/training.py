"""The training itself: LoRA on all linear layers, the rest of the base frozen.

Only answer tokens carry loss, and only there is the vocabulary computed: it is a third of a small
model. One example is computed at a time, without padding; several make a step.
"""

import time
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from assistant.progress import Watcher
from assistant.tuning import checkpoint, precision
from assistant.tuning.architecture import LINEAR
from assistant.tuning.base import Prepared
from assistant.tuning.recipe import Recipe, exhausted, plan, rate
from assistant.tuning.tokens import Tokenised

SAVE_EVERY_S: Final = 60.0
_LONGEST_STRIDE: Final = 1.0  # of the gradient's norm


@dataclass(frozen=True, slots=True)
class TrainingPoint:
    """A measurement. step: how many were done. seconds: of training until then.

    train: mean loss per answer token since the last measurement, none before the first step.
    held_out: the same over the held-out examples, none if there are none.
    """

    step: int
    seconds: float
    train: float | None
    held_out: float | None


@dataclass(frozen=True, slots=True)
class Trained:
    """What training gave. weights: of the best measured step, by torch's names."""

    weights: dict[str, NDArray[np.float32]] = field(repr=False)
    curve: tuple[TrainingPoint, ...]
    steps: int
    planned: int
    best_step: int
    dtype: str
    device: str

    @property
    def stopped_early(self) -> bool:
        """Whether it ended because the held-out loss no longer fell."""
        return self.steps < self.planned


def train(
    prepared: Prepared,
    lessons: Sequence[Tokenised],
    held: Sequence[Tokenised],
    recipe: Recipe,
    saved: Path,
    watcher: Watcher,
) -> Trained:
    """Train until the plan is done or the held-out loss no longer falls.

    saved: file of the checkpoint. If it exists, training goes on from there, to the same result
    as in one go; the caller sees to it that it belongs to the same lessons and recipe.

    Raises:
        TuningError: torch is not installed, or the checkpoint cannot be read or written.
    """
    torch = precision.torch_here()
    place = precision.device(torch)
    state = checkpoint.read(torch, saved)
    dtype = state.dtype if state else precision.chosen(torch, recipe.dtype, place)
    run = _Run(torch, _adapted(torch, prepared, recipe, dtype, place), lessons, held, recipe, place)
    if state:
        run.restore(state)
        watcher.notice(f"Going on after step {run.step} of {len(run.steps)}.")
    else:
        watcher.notice(f"Training on the {place} in {dtype}, {len(run.steps)} steps.")
    run.through(saved, dtype, watcher)
    weights = {name: tensor.float().numpy() for name, tensor in run.best.items()}
    return Trained(weights, tuple(run.curve), run.step, len(run.steps), run.best_step, dtype, place)


def _adapted(torch: Any, prepared: Prepared, recipe: Recipe, dtype: str, place: str) -> Any:
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    torch.manual_seed(recipe.seed)
    model = AutoModelForCausalLM.from_pretrained(
        prepared.folder, dtype=getattr(torch, dtype), local_files_only=True
    )
    config = LoraConfig(
        r=recipe.rank,
        lora_alpha=recipe.alpha,
        lora_dropout=0.0,
        target_modules=sorted(linear.rsplit(".", 1)[1] for linear in LINEAR.values()),
        task_type="CAUSAL_LM",
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # peft's, about transformers
        return get_peft_model(model.to(place), config).train()


class _Run:
    """One training under way."""

    def __init__(
        self,
        torch: Any,
        model: Any,
        lessons: Sequence[Tokenised],
        held: Sequence[Tokenised],
        recipe: Recipe,
        place: str,
    ) -> None:
        self.torch, self.model, self.place = torch, model, place
        self.lessons, self.held, self.recipe = lessons, held, recipe
        self.steps = plan(len(lessons), recipe)
        self.trained = {n: p for n, p in model.named_parameters() if p.requires_grad}
        self.optimiser = torch.optim.AdamW(self.trained.values(), lr=0.0, weight_decay=0.0)
        self.step = 0
        self.seconds = 0.0
        self.since: list[float] = []  # sum of losses and count of answer tokens
        self.curve: list[TrainingPoint] = []
        self.best: dict[str, Any] = {}
        self.best_step = 0

    def restore(self, state: checkpoint.TrainingState) -> None:
        with self.torch.no_grad():
            for name, values in state.weights.items():
                self.trained[name].copy_(values)
        self.optimiser.load_state_dict(state.optimiser)
        self.step, self.seconds, self.since = state.step, state.seconds, list(state.since)
        self.curve = [TrainingPoint(**point) for point in state.curve]
        self.best, self.best_step = state.best, state.best_step

    def state(self, dtype: str) -> checkpoint.TrainingState:
        points = [
            {"step": p.step, "seconds": p.seconds, "train": p.train, "held_out": p.held_out}
            for p in self.curve
        ]
        return checkpoint.TrainingState(
            weights=self._copy(),
            optimiser=self.optimiser.state_dict(),
            step=self.step,
            seconds=self.seconds,
            since=list(self.since),
            curve=points,
            best=self.best,
            best_step=self.best_step,
            dtype=dtype,
        )

    def through(self, saved: Path, dtype: str, watcher: Watcher) -> None:
        """Do the steps that are left."""
        cost = [sum(len(self.lessons[i].tokens) for i in step) for step in self.steps]
        if not self.curve:
            self._measure(watcher)
        last = time.monotonic()
        while self.step < len(self.steps) and not self._enough():
            with self._timed():
                self._advance()
            watcher.progress("training", sum(cost[: self.step]), sum(cost))
            measured = self.step % self.recipe.evaluate_every == 0 or self.step == len(self.steps)
            if measured:
                self._measure(watcher, left_s=self._left_s(cost))
            if measured or time.monotonic() - last > SAVE_EVERY_S:
                checkpoint.write(self.torch, saved, self.state(dtype))
                last = time.monotonic()

    def _enough(self) -> bool:
        losses = [point.held_out for point in self.curve if point.held_out is not None]
        return exhausted(losses, self.recipe.patience)

    def _advance(self) -> None:
        lessons = [self.lessons[index] for index in self.steps[self.step]]
        answers = sum(len(lesson.tokens) - lesson.answer_from for lesson in lessons)
        for group in self.optimiser.param_groups:
            group["lr"] = rate(self.step, len(self.steps), self.recipe)
        total = 0.0
        for lesson in lessons:
            loss = self._loss(lesson)
            (loss / answers).backward()
            total += float(loss.detach())
        self.torch.nn.utils.clip_grad_norm_(self.trained.values(), _LONGEST_STRIDE)
        self.optimiser.step()
        self.optimiser.zero_grad(set_to_none=True)
        self.step += 1
        before = self.since or [0.0, 0.0]
        self.since = [before[0] + total, before[1] + answers]

    def _loss(self, one: Tokenised) -> Any:
        """Return the sum of the losses of one example's answer tokens."""
        tokens = self.torch.tensor([one.tokens], device=self.place)
        causal = self.model.get_base_model()
        hidden = causal.model(input_ids=tokens, use_cache=False).last_hidden_state
        states = hidden[0, one.answer_from - 1 : -1]
        scores = causal.lm_head(states).float()
        targets = tokens[0, one.answer_from :]
        return self.torch.nn.functional.cross_entropy(scores, targets, reduction="sum")

    def _measure(self, watcher: Watcher, left_s: float | None = None) -> None:
        held_out = self._held_out_loss(watcher)
        train = self.since[0] / self.since[1] if self.since else None
        self.since = []
        losses = [p.held_out for p in self.curve if p.held_out is not None]
        if held_out is None or not losses or held_out < min(losses):
            self.best, self.best_step = self._copy(), self.step
        self.curve.append(TrainingPoint(self.step, round(self.seconds, 1), train, held_out))
        report = f"step {self.step} of {len(self.steps)}: loss"
        report += f" {train:.3f} learned," if train is not None else ""
        report += f" {held_out:.3f} held out" if held_out is not None else " not measured held out"
        report += f"; {left_s / 60:.0f} min of training left" if left_s else ""
        watcher.notice(report)

    def _left_s(self, cost: Sequence[int]) -> float:
        """Return the seconds that the steps left will take. cost: tokens of each step."""
        return self.seconds * sum(cost[self.step :]) / sum(cost[: self.step])

    def _held_out_loss(self, watcher: Watcher) -> float | None:
        if not self.held:
            return None
        total = 0.0
        with self.torch.no_grad():
            for done, lesson in enumerate(self.held, start=1):
                total += float(self._loss(lesson))
                watcher.progress(f"measuring after step {self.step}", done, len(self.held))
        return total / sum(len(lesson.tokens) - lesson.answer_from for lesson in self.held)

    def _copy(self) -> dict[str, Any]:
        return {name: p.detach().to("cpu", copy=True) for name, p in self.trained.items()}

    @contextmanager
    def _timed(self) -> Iterator[None]:
        started = time.monotonic()
        yield
        self.seconds += time.monotonic() - started
