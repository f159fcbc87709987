"""A judge on disk: `judge.safetensors` and, beside it, `judge.json` with the checks that it passed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch

from ...errors import InputError
from ...models.weights import Array, Tensors, write_tensors
from ...serial import from_json, pretty
from ...store.durable import durable_write
from .checks import REQUIRED, Check
from .config import JudgeConfig
from .judge import Judge
from .prepare import Preparation
from .towers import Towers

WEIGHTS, RECORD = "judge.safetensors", "judge.json"


@dataclass(frozen=True, slots=True)
class JudgeRecord:
    """What was passed and where the weights came from; `data` says to people what it was taught on."""

    SCHEMA: ClassVar[str] = "hitpoint.judge-record.1"

    config: JudgeConfig
    sha256: str
    seed: int
    steps: int
    data: str
    checks: tuple[Check, ...]
    extra: Mapping[str, Any] = field(default_factory=dict)

    @property
    def lacking(self) -> tuple[str, ...]:
        """Checks that were failed or not made."""
        passed = {check.key for check in self.checks if check.passed}
        failed = {check.key for check in self.checks if not check.passed}
        return tuple(key for key in REQUIRED if key not in passed or key in failed)


def write_judge(
    folder: Path, judge: Judge, *, seed: int, steps: int, data: str, checks: tuple[Check, ...]
) -> JudgeRecord:
    """Write both files; a judge that failed a check may be written, not loaded. OutputError by the disk."""
    arrays: dict[str, Array] = {
        f"towers.{name}": value.detach().numpy().reshape(value.shape or (1,))
        for name, value in judge.towers.state_dict().items()
    }
    for side, prepared in (("video", judge.video), ("music", judge.music)):
        arrays[f"{side}.mean"] = prepared.mean
        arrays[f"{side}.spread"] = prepared.spread
        arrays[f"{side}.projection"] = prepared.projection
    fact = write_tensors(folder / WEIGHTS, {name: array.shape for name, array in arrays.items()}, arrays)
    record = JudgeRecord(judge.config, fact.sha256, seed, steps, data, checks)
    durable_write(folder / RECORD, pretty(record))
    return record


def load_judge(folder: Path) -> tuple[Judge, JudgeRecord]:
    """InputError when a file is missing or altered, or when one of S1 to S5 was failed or not made: then the
    scores mean nothing.
    """
    try:
        record = from_json(JudgeRecord, json.loads((folder / RECORD).read_bytes()))
        with (folder / WEIGHTS).open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise InputError(f"'{folder}' holds no judge ({error.strerror}): give the folder of one") from error
    except ValueError as error:
        raise InputError(f"'{RECORD}' in '{folder}' is no JSON: make the judge again") from error
    if record.lacking:
        raise InputError(
            f"the judge in '{folder}' did not pass {', '.join(record.lacking)}: "
            "its scores mean nothing, teach another"
        )
    if digest != record.sha256:
        raise InputError(f"'{WEIGHTS}' in '{folder}' is not the file that was checked: copy both files again")
    return _read(folder / WEIGHTS, record.config), record


def _read(path: Path, config: JudgeConfig) -> Judge:
    tensors = Tensors(path)
    try:
        video = _preparation(tensors, "video", config.video_plain)
        music = _preparation(tensors, "music", 0)
        towers = Towers(video.channels, music.channels, config, seed=0)
        state = {
            name: torch.from_numpy(np.array(tensors[f"towers.{name}"])).reshape(value.shape)
            for name, value in towers.state_dict().items()
        }
    except (KeyError, RuntimeError) as error:
        raise InputError(f"'{path.name}' does not fit its record: make the judge again") from error
    towers.load_state_dict(state)
    return Judge(config, video, music, towers)


def _preparation(tensors: Tensors, side: str, plain: int) -> Preparation:
    mean, spread, projection = (
        np.array(tensors[f"{side}.{name}"]) for name in ("mean", "spread", "projection")
    )
    return Preparation(mean, spread, projection, plain if projection.shape[1] else len(mean))
