"""Style tables are whole, and name what they know."""

from __future__ import annotations

import tomllib
from typing import Any

import numpy as np
import pytest

import layers
from hitpoint.engine.errors import OptionError
from hitpoint.engine.sketch.harmony import MODES, parse_chord
from hitpoint.engine.sketch.instruments import INSTRUMENTS
from hitpoint.engine.style import LEVELS, UNDER_SPEECH, Singing, load_style, read_style, style_names


def test_an_unknown_style_names_the_possible_ones():
    with pytest.raises(OptionError, match=r"'cinematik'.*ambient, cinematic, comedy, corporate, .*, trailer"):
        load_style("cinematik")


@pytest.mark.parametrize("name", style_names())
def test_every_name_in_a_table_is_known(name):
    style = load_style(name)
    for stem, parts in style.parts.items():
        for part in parts:
            for instrument, level in (*part.voices, (part.accent, 0)):
                assert instrument in INSTRUMENTS
                assert instrument in style.mix[stem], f"{stem}: {instrument} has no place in the mix"
                assert 0 <= level < LEVELS
    for instrument in style.counter:
        assert instrument in style.mix["pads"]
    for progression in (*style.harmony.major, *style.harmony.minor):
        for numeral in progression:
            for mode in MODES:
                parse_chord(numeral, 0, mode)
    harmony = style.harmony
    for numeral in (
        *harmony.leading_major,
        *harmony.leading_minor,
        *harmony.final_major,
        *harmony.final_minor,
    ):
        parse_chord(numeral, 0, "ionian")
    for _, mode in harmony.modes:
        assert mode in MODES


@pytest.mark.parametrize("name", style_names())
def test_every_level_has_its_patterns(name):
    style = load_style(name)
    for stem, patterns in (("bass", style.basslines), ("harmony", style.figures), ("drums", style.grooves)):
        for level in range(style.enter.get(stem, LEVELS), LEVELS):
            if stem == "bass" and level == 0:
                continue
            assert any(pattern.low <= level <= pattern.high for pattern in patterns), (stem, level)
    if "drums" in style.stems:
        lanes = INSTRUMENTS[style.parts["drums"][0].voices[0][0]].lanes
        used = {lane for groove in style.grooves for lane in groove.lanes}
        assert used | set(style.accent_lanes) | set(style.fill_lanes) <= {*lanes, "timp"}


@pytest.mark.parametrize("name", style_names())
def test_a_palette_names_a_part_for_every_stem_with_a_choice(name):
    style = load_style(name)
    palettes = [style.draw_palette(np.random.Generator(np.random.PCG64(seed))) for seed in range(20)]
    for palette in palettes:
        for stem, part in palette.items():
            assert style.part(stem, part).name == part
    assert len({tuple(palette.items()) for palette in palettes}) > 1


def table(**changes: object) -> dict[str, Any]:
    text = (layers.ROOT / "engine" / "styles" / "piano.toml").read_text(encoding="utf-8")
    return {**tomllib.loads(text), **changes}


def test_a_table_that_says_nothing_of_the_melody_sings_it_as_it_is_written():
    style = read_style("plain", table())
    assert style.singing == Singing("mode", 1, 1.0, 0.0)
    assert style.harmony.thirds
    assert style.under_speech == UNDER_SPEECH


def test_a_table_tells_how_the_melody_is_sung_what_speech_leaves_and_how_it_ends():
    told = table(
        melody={"scale": "pentatonic", "pace": 2, "held": 0.5, "grace": 0.2, "grace_by": "semitone"},
        under_speech="0...............",
        ending="fade",
    )
    told["harmony"] = {**told["harmony"], "thirds": False}
    style = read_style("odd", told)
    assert style.singing == Singing("pentatonic", 2, 0.5, 0.2, "semitone")
    assert (style.under_speech, style.ending, style.harmony.thirds) == ("0...............", "fade", False)


@pytest.mark.parametrize(
    "broken",
    [
        {"melody": {"scale": "blues"}},
        {"melody": {"pace": 3}},
        {"melody": {"held": 0.0}},
        {"melody": {"held": 1.5}},
        {"melody": {"grace": 2.0}},
        {"melody": {"grace_by": "octave"}},
        {"melody": {"vibrato": 1}},
        {"under_speech": "0..."},
        {"ending": "applause"},
    ],
)
def test_what_a_table_cannot_mean_is_no_table(broken):
    with pytest.raises((TypeError, ValueError)):
        read_style("broken", table(**broken))


def test_an_orchestration_that_a_style_lacks_is_refused_by_name():
    with pytest.raises(OptionError, match=r"melody called 'kazoo'.*horn"):
        load_style("cinematic").part("melody", "kazoo")
