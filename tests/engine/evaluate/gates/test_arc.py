"""Gate 6: the film's large shape, not every shot."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import sounds
from hitpoint.engine.audio.decode import SoundFile
from hitpoint.engine.evaluate.gates.arc import arc
from hitpoint.engine.evaluate.gates.piece import Piece
from hitpoint.engine.timebase import Rate
from hitpoint.engine.types import Note, Picture
from judges import shared
from plans import make_plan

from .scores import PUBLIC_DOMAIN

RATE = Rate(25)
FOLLOWS, REVERSALS, LAYERS, CLIMAXES, RANGE = range(5)


def picture(speeds: tuple[float, ...], section_s: float) -> Picture:
    motion = tuple(speed for speed in speeds for _ in range(round(section_s * 25)))
    flat = (0.5,) * len(motion)
    return Picture(RATE, 0, motion, flat, flat, flat, (0.0,) * len(motion), ())


def played(
    levels: tuple[float, ...], seen: tuple[float, ...] | None = None, *, bars: int = 2, style: str = ""
) -> Piece:
    """Sections of some bars (2 s each) with strokes twice a second, as loud as each level says."""
    sections = tuple((chr(65 + place), bars, 0.5, 0.5) for place in range(len(levels)))
    plan = make_plan(sections, bpm=120, hit_bars=(), must_bars=())
    sound = np.zeros((plan.samples, 2), np.float32)
    for beat in range(4 * bars * len(levels)):
        level = levels[beat // (4 * bars)]
        sounds.put(sound, sounds.drum(beat % 3, decay_s=0.1), beat / 2, 0.5 * level)
    film = picture(levels if seen is None else seen, 2.0 * bars)
    return Piece(plan, {"drums": sound}, style, picture=film)


def test_music_that_rises_with_the_film_follows_it():
    verdict = arc(played((0.2, 0.9, 0.4)))[FOLLOWS]
    assert verdict.value is not None and verdict.value > 0.9 and verdict.passed


def test_music_that_rises_where_the_film_rests_fails():
    verdict = arc(played((0.2, 0.9, 0.4), seen=(0.9, 0.1, 0.6)))[FOLLOWS]
    assert verdict.value is not None and not verdict.passed


def test_a_flat_film_and_two_sections_ask_for_no_arc():
    assert arc(played((0.2, 0.9, 0.4), seen=(0.5, 0.5, 0.5)))[FOLLOWS].value is None
    assert arc(played((0.2, 0.9)))[FOLLOWS].value is None


def shots(seconds: float, *, strokes: tuple[int, int], written: bool = False) -> Piece:
    """12 s whose shots have many and few strokes a second in turn."""
    plan = make_plan((("A", 6, 0.5, 0.5),), bpm=120, hit_bars=(), must_bars=())
    sound = np.zeros((plan.samples, 2), np.float32)
    notes = []
    at = 0.0
    while at < 12:
        sounds.put(sound, sounds.drum(round(100 * at) % 3, decay_s=0.03), at, 0.3)
        start = round(at * sounds.RATE)
        notes += [Note("harmony", start + late, 4_800, 60 + late, 70) for late in (0, 7, 16)]
        at += 1 / strokes[int(at / seconds) % 2]
    return Piece(plan, {"drums": sound}, notes=tuple(notes) if written else ())


@pytest.mark.parametrize("written", (True, False))
@pytest.mark.parametrize("seconds", (2.0, 3.0))
def test_music_that_apes_every_shot_fails(seconds: float, written: bool):
    verdict = arc(shots(seconds, strokes=(10, 2), written=written))[REVERSALS]
    assert verdict.value is not None and verdict.value >= 10 and not verdict.passed


def test_written_notes_tell_of_shorter_shots():
    assert not arc(shots(1.5, strokes=(10, 2), written=True))[REVERSALS].passed


@pytest.mark.parametrize("written", (True, False))
def test_a_groove_with_one_change_passes(written: bool):
    assert arc(shots(20.0, strokes=(8, 2), written=written))[REVERSALS].value == 0
    assert arc(shots(6.0, strokes=(8, 2), written=written))[REVERSALS].passed


def test_one_height_is_a_climax_two_are_none_and_a_plain_has_none():
    one, two, flat = (
        arc(played(levels, seen=(0.2, 0.9, 0.4, 0.9, 0.2)))[CLIMAXES]
        for levels in ((0.2, 0.5, 0.4, 0.9, 0.3), (0.2, 0.9, 0.4, 0.9, 0.2), (0.5,) * 5)
    )
    assert one.value == 1 and one.passed
    assert two.value == 2 and not two.passed
    assert flat.value == 0 and not flat.passed


def test_ambient_music_goes_nowhere_and_may():
    assert arc(played((0.5,) * 3, seen=(0.2, 0.9, 0.2), style="ambient"))[CLIMAXES].value is None


def test_a_loudness_range_of_an_orchestra_is_asked_of_an_orchestra():
    wide = played((0.15, 1.0, 0.3), bars=4, style="cinematic")
    narrow = played((0.8, 1.0, 0.9), bars=4, style="cinematic")
    assert arc(wide)[RANGE].passed
    flat = arc(narrow)[RANGE]
    assert flat.low == 8 and flat.value is not None and not flat.passed


def test_a_short_cue_has_no_range_and_no_reversals_a_minute():
    verdicts = arc(played((0.2, 0.9), bars=2))
    assert verdicts[RANGE].value is None and verdicts[REVERSALS].value is None


@pytest.mark.shared
def test_the_orchestra_of_a_cartoon_has_the_range_of_one():
    file = SoundFile(shared("footage/big_buck_bunny_0_30.webm"))
    sound = file.read(24 * 48_000)
    file.close()
    plan = make_plan((("A", 12, 0.5, 0.5),), bpm=120, hit_bars=(), must_bars=())
    verdict = arc(Piece(plan, {"music": sound}, "cinematic"))[RANGE]
    assert verdict.passed, verdict.text


@pytest.mark.parametrize("score", PUBLIC_DOMAIN)
def test_of_notes_without_sound_density_alone_is_judged_and_a_score_passes(score):
    verdicts = arc(score())
    assert [place for place, verdict in enumerate(verdicts) if verdict.applies] == [REVERSALS]
    assert verdicts[REVERSALS].passed, verdicts[REVERSALS].text


def test_notes_that_ape_every_shot_fail_without_sound():
    assert not arc(replace(shots(2.0, strokes=(10, 2), written=True), stems={}))[REVERSALS].passed


def test_the_composer_does_not_ape_every_shot(sketched):
    assert arc(sketched("cinematic", 1))[REVERSALS].passed
