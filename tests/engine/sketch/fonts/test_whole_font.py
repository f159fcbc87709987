"""Somebody else's font made safe: gaps filled, values in range, what cannot be played left out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from fakes.sound_fonts import Preset, Sample, impulse, sine, span, write_sf2
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hitpoint.engine.errors import InputError
from hitpoint.engine.sketch import soundfont as sf
from hitpoint.engine.sketch.fonts.whole import WholeFont, plain
from hitpoint.engine.sketch.sampler import Sampler
from hitpoint.engine.sketch.soundfont import SoundFont, Zone
from hitpoint.engine.sketch.voices import Voice, bundled_font


def whole(folder: Path, zones: list[dict[int, int]], *, bank: int = 0, samples: list[Sample] | None = None):
    return WholeFont(write_sf2(folder / "f.sf2", samples or [sine(), impulse()], [Preset(zones, bank=bank)]))


def at(font: WholeFont, key: int, velocity: int, bank: int = 0) -> list[Zone]:
    return [
        zone
        for zone in font.zones(bank, 0)
        if zone.keys[0] <= key <= zone.keys[1] and zone.velocities[0] <= velocity <= zone.velocities[1]
    ]


def test_keys_beside_a_sample_play_it_in_tune_up_to_an_octave_off(tmp_path: Path) -> None:
    font = whole(tmp_path, [{sf.SAMPLE: 0, sf.LOOP_MODE: 1, sf.KEY_RANGE: span(60, 64)}])
    assert font.own_keys(0, 0) == frozenset(range(60, 65))
    assert font.keys(0, 0) == frozenset(range(48, 77))
    voice = Voice("v", "melody", 0, 0)
    sampler = Sampler(font, [voice], 0)
    sound = sampler.note(sampler.note_key("v", 72, 100, 48_000))[:, 0]
    spectrum = np.abs(np.fft.rfft(sound[:48_000] * np.hanning(48_000)))
    assert abs(int(np.argmax(spectrum)) - 960) <= 1


def test_a_hole_between_two_samples_is_played_by_the_nearer(tmp_path: Path) -> None:
    low, high = {sf.SAMPLE: 0, sf.KEY_RANGE: span(40, 50)}, {sf.SAMPLE: 1, sf.KEY_RANGE: span(60, 70)}
    font = whole(tmp_path, [low, high])
    assert [zone.wave.sample for zone in at(font, 53, 80)] == [0]
    assert [zone.wave.sample for zone in at(font, 57, 80)] == [1]


def test_drums_are_not_moved(tmp_path: Path) -> None:
    font = whole(tmp_path, [{sf.SAMPLE: 1, sf.KEY_RANGE: span(36, 36)}], bank=128)
    assert font.keys(128, 0) == {36}


def test_a_velocity_without_a_sample_plays_the_next_softer_one(tmp_path: Path) -> None:
    zones = [
        {sf.SAMPLE: 0, sf.VELOCITY_RANGE: span(30, 60)},
        {sf.SAMPLE: 1, sf.VELOCITY_RANGE: span(90, 120)},
    ]
    font = whole(tmp_path, zones)
    played = {velocity: [zone.wave.sample for zone in at(font, 60, velocity)] for velocity in range(1, 128)}
    assert all(len(samples) == 1 for samples in played.values())
    assert [played[velocity] for velocity in (1, 45, 75, 100, 127)] == [[0], [0], [0], [1], [1]]


def test_a_font_without_gaps_is_left_as_it_is() -> None:
    ours, theirs = SoundFont(bundled_font()), WholeFont(bundled_font())
    for bank, program in ((0, 0), (0, 43), (0, 73), (128, 48)):
        before = [(zone.keys, zone.velocities, zone.wave) for zone in ours.zones(bank, program)]
        after = [(zone.keys, zone.velocities, zone.wave) for zone in theirs.zones(bank, program)]
        assert after[: len(before)] == before


def test_what_cannot_be_played_is_no_zone(tmp_path: Path) -> None:
    font = whole(
        tmp_path,
        [
            {sf.SAMPLE: 0, sf.KEY_RANGE: span(0, 59)},
            {sf.SAMPLE: 0, sf.KEY_RANGE: span(60, 127), sf.COARSE_TUNE: 120},
            {sf.SAMPLE: 0, sf.SCALE_TUNING: 0x7FFF, sf.KEY_RANGE: span(0, 20)},
            {sf.SAMPLE: 1, sf.KEY_RANGE: span(0, 127)},
        ],
        samples=[sine(), Sample(np.ones(50), rate=4_000_000_000)],
    )
    assert font.own_keys(0, 0) == frozenset(range(60))


def test_values_stay_in_the_ranges_of_the_specification(tmp_path: Path) -> None:
    wild = {sf.SAMPLE: 0, sf.KEY_TO_HOLD: 32_767, sf.KEY_TO_DECAY: -32_768, sf.DELAY: 32_767, sf.PAN: 9_999}
    (zone, *_) = whole(tmp_path, [wild]).zones(0, 0)
    kinds = (sf.KEY_TO_HOLD, sf.KEY_TO_DECAY, sf.DELAY, sf.PAN)
    assert [zone.value(kind) for kind in kinds] == [1_200, -1_200, 5_000, 500]


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    zone=st.dictionaries(st.sampled_from(range(59)), st.integers(-32_768, 32_767), max_size=12),
    pitch=st.integers(0, 127),
)
def test_a_wild_zone_gives_finite_sound_or_a_sentence(
    tmp_path: Path, zone: dict[int, int], pitch: int
) -> None:
    wild = {**{kind: value & 0xFFFF for kind, value in zone.items()}, sf.SAMPLE: 0}
    wild.pop(sf.INSTRUMENT, None)
    try:
        font = whole(tmp_path, [wild])
        sampler = Sampler(font, [Voice("v", "melody", 0, 0)], 0)
        if pitch in font.keys(0, 0):
            assert np.all(np.isfinite(sampler.note(sampler.note_key("v", pitch, 90, 4_800))))
    except InputError as error:
        assert "f.sf2" in str(error)


@pytest.mark.parametrize(
    ("text", "shown"),
    [("Piano\0rubbish", "Piano"), ("\x1b[31mred", "[31mred"), ("two\r\nlines ", "two\nlines")],
)
def test_text_of_a_file_is_shown_without_its_tricks(text: str, shown: str) -> None:
    assert plain(text) == shown
