"""The attacks that are stored with the bundled font: true to what the player plays, and used."""

from __future__ import annotations

import json

import numpy as np
import pytest

from hitpoint.engine.sketch.attacks import (
    LENGTHS_S,
    MOST_S,
    ROOMS,
    Attacks,
    bundled_attacks,
    keys_to_measure,
    measure,
)
from hitpoint.engine.sketch.instruments import INSTRUMENTS
from hitpoint.engine.sketch.sampler import Sampler
from hitpoint.engine.sketch.soundfont import SoundFont
from hitpoint.engine.sketch.voices import EFFECTS_BANK, Voice, bundled_font

RATE = 48_000
HELD = sorted(
    {(facts.bank, facts.program) for facts in INSTRUMENTS.values() if not facts.struck}
    - {(EFFECTS_BANK, program) for program in range(4)}
)
ROWS = {"60": ((20, 40, 80, 80), (30, 60, 120, 120))}


def stored() -> dict:
    return json.loads(bundled_font().with_name("attacks.json").read_text(encoding="utf-8"))


def test_every_held_preset_of_the_bundled_font_has_attacks_for_all_its_keys():
    data = stored()
    assert data["font_sha256"] == SoundFont(bundled_font()).sha256
    assert sorted(bundled_attacks()) == HELD
    for facts in INSTRUMENTS.values():
        if facts.bank != EFFECTS_BANK and not facts.struck:
            rows = data["presets"][f"{facts.bank}:{facts.program}"]
            assert {str(key) for key in range(facts.low, facts.high + 1)} <= set(rows)


@pytest.mark.parametrize("preset", HELD)
def test_what_is_stored_is_what_the_player_plays(preset: tuple[int, int]):
    rows = stored()["presets"]["{}:{}".format(*preset)]
    keys = [int(key) for key in rows][7::17]
    sampler = Sampler(SoundFont(bundled_font()), [Voice("one", "pads", *preset, held=True)], 0)
    for key, found in measure(sampler, "one", keys).items():
        assert np.abs(np.subtract(found, rows[key])).max() <= 2, key


def test_a_short_note_is_led_by_less_and_one_in_a_room_by_more():
    attacks = Attacks(ROWS)
    lengths = [round(seconds * RATE) for seconds in LENGTHS_S]
    leads = [attacks.lead(60, length, ROOMS[0]) for length in lengths]
    assert leads == sorted(leads) and leads[-1] == round(0.08 * RATE)
    # The note is held for its attack longer than written, so a short one has nearly the next length's.
    assert round(0.02 * RATE) < leads[0] < round(0.04 * RATE)
    assert attacks.lead(60, lengths[-1], ROOMS[1]) == round(0.12 * RATE)
    assert leads[-1] < attacks.lead(60, lengths[-1], 0.3) < round(0.12 * RATE)


def test_keys_that_were_not_measured_take_their_neighbours_attack():
    attacks = Attacks({"60": ((20,) * 4,) * 2, "70": ((50,) * 4,) * 2})
    assert attacks.lead(62, RATE, 0.2) == attacks.lead(40, RATE, 0.2) == round(0.02 * RATE)
    assert attacks.lead(90, RATE, 0.2) == round(0.05 * RATE)


def test_no_note_is_played_earlier_than_the_limit():
    assert Attacks({"60": ((900,) * 4,) * 2}).lead(60, RATE, 0.3) == round(MOST_S * RATE)
    assert Attacks({}).lead(60, RATE, 0.3) == 0


def test_one_key_is_measured_for_each_sample():
    zones = SoundFont(bundled_font()).zones(0, 71)
    keys = keys_to_measure(zones, range(50, 92))
    assert min(keys) >= 50 and max(keys) <= 91 and 6 <= len(keys) < 42
    assert keys_to_measure(zones, ()) == ()


def test_only_held_voices_are_led():
    font = SoundFont(bundled_font())
    voices = [Voice("bowed", "pads", 0, 49, held=True), Voice("plain", "pads", 0, 49)]
    sampler = Sampler(font, voices, 0, bundled_attacks())
    assert sampler.lead("bowed", 60, RATE) > 1_000
    assert sampler.lead("plain", 60, RATE) == 0
    assert Sampler(font, voices, 0).lead("bowed", 60, RATE) == 0
