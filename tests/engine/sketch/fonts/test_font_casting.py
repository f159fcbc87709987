"""Who plays what: the preset of that number, one of that name, the nearest, or nobody."""

from __future__ import annotations

from pathlib import Path

import pytest
from fakes.gm_fonts import WANTED, gm_font, preset
from fakes.sound_fonts import Preset, sine, write_sf2

from hitpoint.engine.sketch import soundfont as sf
from hitpoint.engine.sketch.fonts.casting import cast, spans, wanted_keys
from hitpoint.engine.sketch.fonts.whole import WholeFont
from hitpoint.engine.sketch.instruments import INSTRUMENTS
from hitpoint.engine.sketch.voices import EFFECTS_BANK, PRESETS, bundled_font


def test_a_general_midi_font_plays_everything_itself(tmp_path: Path) -> None:
    roles = cast(WholeFont(gm_font(tmp_path / "f.sf2")))
    assert set(roles) == {name for name, facts in INSTRUMENTS.items() if facts.bank != EFFECTS_BANK}
    for name, role in roles.items():
        assert role.preset == (INSTRUMENTS[name].bank, INSTRUMENTS[name].program)
        assert (role.how, role.moved_keys, role.bundled_keys) == ("own", (), ())


def test_the_bundled_font_plays_everything_itself() -> None:
    roles = cast(WholeFont(bundled_font()))
    assert {(role.how, role.moved_keys, role.bundled_keys) for role in roles.values()} == {("own", (), ())}


def test_a_missing_preset_is_played_by_the_nearest(tmp_path: Path) -> None:
    roles = cast(WholeFont(gm_font(tmp_path / "f.sf2", without=[(0, 43), (128, 25)])))
    assert (roles["contrabass"].preset, roles["contrabass"].how) == ((0, 42), "near")
    assert (roles["electro_kit"].preset, roles["electro_kit"].how) == ((128, 0), "near")
    assert roles["cello"].how == "own"


def test_a_preset_with_no_one_near_is_nobodys(tmp_path: Path) -> None:
    roles = cast(WholeFont(gm_font(tmp_path / "f.sf2", without=[(0, 73), (128, 48)])))
    assert (roles["flute"].preset, roles["flute"].how) == (None, "bundled")
    # Timpani on the keys of toms and hats would be wrong: no other kit stands in.
    assert roles["orchestral_kit"].preset is None


def test_a_font_with_an_order_of_its_own_is_read_by_its_names(tmp_path: Path) -> None:
    order = ["Solo Flute", "Violins 1", "Cellos", "Double Basses", "Bassoon", "French Horn", "Harp"]
    presets = [preset(0, number, name) for number, name in enumerate(order)]
    roles = cast(WholeFont(write_sf2(tmp_path / "f.sf2", [sine()], presets)))
    found = {name: role.preset for name, role in roles.items() if role.how == "named"}
    assert found["flute"] == (0, 0)
    assert found["cello"] == found["low_strings"] == (0, 2)
    assert found["contrabass"] == (0, 3)
    assert found["horn"] == (0, 5)
    assert found["harp"] == (0, 6)
    assert found["violins"] == (0, 1)
    # 0:0 is a flute, so it is no piano; a bassoon is no bass.
    assert roles["piano"].preset is None
    assert (0, 4) not in [role.preset for role in roles.values()]


@pytest.mark.parametrize("wanted", [pair for pair in WANTED if pair[0] == 0])
def test_every_preset_is_found_by_its_own_name(tmp_path: Path, wanted: tuple[int, int]) -> None:
    font = WholeFont(write_sf2(tmp_path / "f.sf2", [sine()], [preset(7, 99, PRESETS[wanted].title())]))
    players = [name for name, role in cast(font).items() if role.preset == (7, 99)]
    meant = [name for name, facts in INSTRUMENTS.items() if (facts.bank, facts.program) == wanted]
    assert players == meant


def test_keys_out_of_reach_are_said(tmp_path: Path) -> None:
    short = preset(0, 73, "Flute", keys=(60, 80))
    roles = cast(WholeFont(gm_font(tmp_path / "f.sf2", without=[(0, 73)], more=[short])))
    flute = roles["flute"]
    assert (flute.how, flute.moved_keys, flute.bundled_keys) == ("own", ((81, 92),), ((93, 96),))
    few = preset(0, 73, "Flute", keys=(20, 40))
    assert cast(WholeFont(gm_font(tmp_path / "g.sf2", without=[(0, 73)], more=[few])))["flute"].preset is None


def test_a_drum_that_a_kit_lacks_is_the_bundled_kits(tmp_path: Path) -> None:
    small = preset(128, 0, "Kit", keys=(35, 51))
    kit = cast(WholeFont(gm_font(tmp_path / "f.sf2", without=[(128, 0)], more=[small])))["kit"]
    assert kit.preset == (128, 0)
    assert kit.moved_keys == ()
    assert kit.bundled_keys == ((54, 54), (57, 57), (70, 70))


def test_a_preset_without_a_sample_is_none(tmp_path: Path) -> None:
    empty = Preset([{sf.PAN: 0}], program=73, name="Flute")
    roles = cast(WholeFont(gm_font(tmp_path / "f.sf2", without=[(0, 73)], more=[empty])))
    assert roles["flute"].preset is None


def test_timpani_are_wanted_of_the_orchestral_kit_alone() -> None:
    assert set(range(41, 54)) <= wanted_keys(INSTRUMENTS["orchestral_kit"])
    assert wanted_keys(INSTRUMENTS["kit"]) == set(INSTRUMENTS["kit"].lanes.values())
    assert spans([5, 1, 2, 7, 6]) == ((1, 2), (5, 7))
