"""Loudness of presets beside the bundled ones."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyloudnorm
import pytest
from fakes.gm_fonts import preset
from fakes.sound_fonts import sine, write_sf2

from hitpoint.engine.sketch.fonts.casting import wanted_keys
from hitpoint.engine.sketch.fonts.levels import level, line, loudness
from hitpoint.engine.sketch.fonts.whole import WholeFont
from hitpoint.engine.sketch.instruments import INSTRUMENTS
from hitpoint.engine.sketch.sampler import Sampler
from hitpoint.engine.sketch.soundfont import SoundFont
from hitpoint.engine.sketch.voices import EFFECTS_BANK, Voice, bundled_font


def sines(path: Path, attenuation: int = 0) -> WholeFont:
    return WholeFont(write_sf2(path, [sine()], [preset(0, 73, attenuation=attenuation)]))


def test_the_measure_agrees_with_pyloudnorm(tmp_path: Path) -> None:
    font, keys = sines(tmp_path / "f.sf2"), line(INSTRUMENTS["flute"])
    sampler = Sampler(font, [Voice("v", "melody", 0, 73)], 0)
    sound = np.zeros((24_000 * (len(keys) + 8), 2))
    for number, key in enumerate(keys):
        note = sampler.note(sampler.note_key("v", key, 75, 24_000))
        sound[24_000 * number : 24_000 * number + len(note)] += note
    judged = pyloudnorm.Meter(48_000).integrated_loudness(sound[: 24_000 * len(keys)])
    assert loudness(font, (0, 73), keys) == pytest.approx(judged, abs=0.1)


def test_a_preset_10_db_softer_is_measured_10_db_softer(tmp_path: Path) -> None:
    keys = line(INSTRUMENTS["flute"])
    # The player takes 0.4 of the attenuation that a font asks for.
    loud = loudness(sines(tmp_path / "a.sf2"), (0, 73), keys)
    soft = loudness(sines(tmp_path / "b.sf2", 250), (0, 73), keys)
    assert loud is not None and soft is not None
    assert loud - soft == pytest.approx(10, abs=0.05)


def test_the_bundled_font_has_the_levels_of_the_table() -> None:
    bundled = SoundFont(bundled_font())
    for name in ("piano", "horn", "kit"):
        facts = INSTRUMENTS[name]
        assert level(bundled, (facts.bank, facts.program), facts, wanted_keys(facts)) == facts.level_lufs


def test_silence_has_no_level(tmp_path: Path) -> None:
    silent = sine(level=0.0)
    font = WholeFont(write_sf2(tmp_path / "f.sf2", [silent], [preset(0, 73)]))
    facts = INSTRUMENTS["flute"]
    assert level(font, (0, 73), facts, wanted_keys(facts)) is None
    assert level(font, (0, 73), facts, frozenset()) is None


def test_every_instrument_is_measured_inside_its_range() -> None:
    for facts in INSTRUMENTS.values():
        if facts.bank == EFFECTS_BANK:
            continue
        keys = line(facts)
        assert set(keys) <= wanted_keys(facts)
        if not facts.lanes:
            assert len(set(keys)) == len(keys) == 8
