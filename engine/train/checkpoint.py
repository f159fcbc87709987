"""State of a training run on disk: whole or not at all, so that a run killed at any instant goes on."""

from __future__ import annotations

import io
import pickle
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

from ..errors import InputError
from ..store.durable import durable_write

# One row a step: the loss, then its parts.
Curve = list[dict[str, float]]


@dataclass(slots=True)
class Checkpoint:
    """`step` steps are done. `mark` names the recipe: another recipe's checkpoint is not continued."""

    step: int
    mark: str
    model: Mapping[str, Any]
    optimiser: Mapping[str, Any]
    curve: Curve


def save_checkpoint(
    path: Path, step: int, mark: str, model: nn.Module, optimiser: torch.optim.Optimizer, curve: Curve
) -> None:
    """OutputError when the disk refuses; the checkpoint before is then still there."""
    buffer = io.BytesIO()
    torch.save(
        {
            "step": step,
            "mark": mark,
            "model": model.state_dict(),
            "optimiser": optimiser.state_dict(),
            "curve": curve,
        },
        buffer,
    )
    durable_write(path, buffer.getvalue())


def load_checkpoint(path: Path, mark: str) -> Checkpoint | None:
    """The run so far, or None when there is none. InputError for another recipe's, or a damaged file."""
    if not path.is_file():
        return None
    try:
        stored = torch.load(path, map_location="cpu", weights_only=True)
        found = Checkpoint(**stored)
    except (RuntimeError, EOFError, TypeError, pickle.UnpicklingError) as error:
        raise InputError(f"the checkpoint '{path.name}' is damaged: delete it to begin again") from error
    if found.mark != mark:
        raise InputError(
            f"the checkpoint '{path}' belongs to another recipe: delete it, or train in another folder"
        )
    return found
