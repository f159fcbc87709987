"""The loop that every network here is trained by: scheduled AdamW, clipped, in bfloat16, resumable."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Protocol

import torch
from torch import Tensor, nn

from ..progress import Cancel, Progress, Step
from .checkpoint import Curve, load_checkpoint, save_checkpoint
from .recipe import Schedule


class Task(Protocol):
    """A network and what it is to learn. `losses` draws its batch from the step's number alone."""

    name: str
    model: nn.Module

    def rates(self) -> Sequence[tuple[nn.Module, float]]:
        """Parts of the model, and the share of the schedule's rate that each learns at."""

    def losses(self, step: int) -> dict[str, Tensor]:
        """`loss`, which is minimised, and its parts, which are told."""


@contextmanager
def repeatable(threads: int) -> Iterator[None]:
    """Sums in one order: so many threads (another number would end in another file), no racing kernels."""
    before = torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()
    torch.set_num_threads(threads)
    torch.use_deterministic_algorithms(True)
    try:
        yield
    finally:
        torch.set_num_threads(before[0])
        torch.use_deterministic_algorithms(before[1])


def device() -> torch.device:
    """The card where there is one."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def half(where: torch.device) -> AbstractContextManager[None]:
    """Products in bfloat16; norms, softmax and losses stay float32."""
    return torch.autocast(where.type, torch.bfloat16)


def learn(
    task: Task,
    schedule: Schedule,
    path: Path,
    mark: str,
    *,
    progress: Progress,
    cancel: Cancel,
    told: Callable[[int, Curve], None] | None = None,
) -> Curve:
    """Train `task.model` in place; the losses of every step. `path` keeps the state, and is gone on from.

    Batches are drawn from the step's number and nothing else is random, so a run that was killed and resumed
    ends as one that was not (on one machine, with one number of threads). `told` hears of every checkpoint.
    """
    optimiser = _optimiser(task, schedule)
    curve: Curve = []
    first = 0
    found = load_checkpoint(path, mark)
    if found is not None:
        task.model.load_state_dict(found.model)
        optimiser.load_state_dict(dict(found.optimiser))
        curve, first = list(found.curve), found.step
    task.model.train()
    for step in range(first, schedule.steps):
        cancel.check()
        for group in optimiser.param_groups:
            group["lr"] = group["share"] * rate(schedule, step)
        # Dropout draws from torch's own generator.
        with torch.random.fork_rng():
            torch.manual_seed(step)
            parts = task.losses(step)
        optimiser.zero_grad(set_to_none=True)
        parts["loss"].backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(task.model.parameters(), schedule.clip)
        optimiser.step()
        curve.append({name: float(value.detach()) for name, value in parts.items()})
        done = step + 1
        if done % 10 == 0 or done == schedule.steps:
            progress(Step(task.name, done, schedule.steps, _words(curve[-10:])))
        if done % schedule.save_every == 0 or done == schedule.steps:
            save_checkpoint(path, done, mark, task.model, optimiser, curve)
            if told is not None:
                told(done, curve)
    task.model.eval()
    return curve


def rate(schedule: Schedule, step: int) -> float:
    """The learning rate of a step: a line up, then a cosine down to `last_share`."""
    if step < schedule.warm_up:
        return schedule.rate * (step + 1) / schedule.warm_up
    done = (step - schedule.warm_up) / max(1, schedule.steps - schedule.warm_up)
    share = schedule.last_share + (1 - schedule.last_share) * 0.5 * (1 + math.cos(math.pi * done))
    return schedule.rate * share


def _optimiser(task: Task, schedule: Schedule) -> torch.optim.AdamW:
    """Weight decay for matrices alone: norms and gains have a scale of their own."""
    groups = []
    for part, share in task.rates():
        trained = [weight for weight in part.parameters() if weight.requires_grad]
        matrices = [weight for weight in trained if weight.ndim > 1]
        others = [weight for weight in trained if weight.ndim <= 1]
        groups += [
            {"params": matrices, "weight_decay": schedule.decay, "share": share},
            {"params": others, "weight_decay": 0.0, "share": share},
        ]
    return torch.optim.AdamW(groups, lr=schedule.rate, betas=schedule.betas)


def _words(rows: Curve) -> str:
    means = {name: sum(row[name] for row in rows) / len(rows) for name in rows[-1]}
    return ", ".join(f"{name} {value:.3f}" for name, value in means.items())
