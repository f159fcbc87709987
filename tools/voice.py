"""Somebody who speaks, for takes with dialogue: espeak-ng, where it is installed."""

from __future__ import annotations

import io
import shutil
import subprocess
from functools import cache

import numpy as np
import numpy.typing as npt
import soundfile
import soxr

from hitpoint.engine.audio.loudness import Energies, KWeighting
from hitpoint.engine.timebase import SAMPLE_RATE

Floats = npt.NDArray[np.float32]

PROGRAM = "espeak-ng"
# Of dialogue in a film (EBU R 128).
DIALOGUE_LUFS = -23.0
_TEXT = (
    "The old keeper climbed the stairs every evening, and looked out before the storm came in. "
    "Nobody had told him that the light was to be put out that winter, and he did not ask. "
)


def here() -> bool:
    return shutil.which(PROGRAM) is not None


@cache
def speaking(samples: int) -> Floats:
    """`samples` of speech at 48 kHz and -23 LUFS, mono float32, as both loudspeakers play it."""
    command = [PROGRAM, "-v", "en-us", "-s", "160", "--stdout", _TEXT]
    run = subprocess.run(command, capture_output=True, check=True)
    data, rate = soundfile.read(io.BytesIO(run.stdout), dtype="float32")
    said = np.resize(soxr.resample(data, rate, SAMPLE_RATE), samples)
    energies = Energies()
    energies.feed(2 * KWeighting(1).squares(said[:, None]))
    lufs = energies.level().lufs
    assert lufs is not None
    return np.asarray(said * 10 ** ((DIALOGUE_LUFS - lufs) / 20), np.float32)
