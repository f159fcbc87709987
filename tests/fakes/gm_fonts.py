"""Small sound fonts with the presets that the composer asks for: looped sines, and clicks for drums."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fakes.sound_fonts import Preset, Sample, sine, span, write_sf2

from hitpoint.engine.progress import Cancel
from hitpoint.engine.sketch import soundfont as sf
from hitpoint.engine.sketch.fonts import child, library
from hitpoint.engine.sketch.instruments import INSTRUMENTS
from hitpoint.engine.sketch.voices import EFFECTS_BANK, PRESETS

WANTED = sorted({(facts.bank, facts.program) for facts in INSTRUMENTS.values() if facts.bank != EFFECTS_BANK})
LICENCE = {"INAM": "Small Orchestra", "ICOP": "Nobody 2020", "ICMT": "CC0 1.0"}
_SINE, _CLICK = 0, 1


def click() -> Sample:
    """A tenth of a second of a dying 1 kHz."""
    time = np.arange(4_800) / 48_000
    return Sample(0.8 * np.sin(2 * np.pi * 1_000 * time) * np.exp(-time * 40))


def preset(bank: int, program: int, name: str | None = None, **more: Any) -> Preset:
    """One zone over all keys; `keys` and `attenuation` (cB) limit and soften it."""
    zone = {sf.SAMPLE: _CLICK} if bank == 128 else {sf.SAMPLE: _SINE, sf.LOOP_MODE: 1}
    if "keys" in more:
        zone[sf.KEY_RANGE] = span(*more["keys"])
    if "attenuation" in more:
        zone[sf.ATTENUATION] = more["attenuation"]
    if bank == 128:
        # Drums keep their pitch.
        zone[sf.SCALE_TUNING] = 0
    return Preset([zone], bank=bank, program=program, name=name or PRESETS.get((bank, program), "other")[:20])


def gm_font(
    path: Path,
    *,
    without: Collection[tuple[int, int]] = (),
    more: Collection[Preset] = (),
    info: Mapping[str, str] = LICENCE,
) -> Path:
    """All that the composer wants but `without`, and `more`."""
    presets = [preset(*wanted) for wanted in WANTED if wanted not in without]
    return write_sf2(path, [sine(), click()], [*presets, *more], info=info)


def read_in_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fonts are read in this process: a child takes a second to start, and has a test of its own."""

    def ask(source: Path, size: int, cancel: Cancel) -> dict[str, Any]:
        cancel.check()
        return child.look({"path": str(source)})

    monkeypatch.setattr(library, "_ask", ask)
