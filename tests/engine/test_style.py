"""Style tables are whole, and name what they know."""

from __future__ import annotations

import numpy as np
import pytest

from hitpoint.engine.errors import OptionError
from hitpoint.engine.sketch.harmony import MODES, parse_chord
from hitpoint.engine.sketch.instruments import INSTRUMENTS
from hitpoint.engine.style import LEVELS, load_style, style_names


def test_there_are_four_styles():
    assert style_names() == ("cinematic", "documentary", "electronic", "piano")


def test_an_unknown_style_names_the_possible_ones():
    with pytest.raises(OptionError, match=r"'cinematik'.*cinematic, documentary, electronic, piano"):
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


def test_an_orchestration_that_a_style_lacks_is_refused_by_name():
    with pytest.raises(OptionError, match=r"melody called 'kazoo'.*horn"):
        load_style("cinematic").part("melody", "kazoo")
