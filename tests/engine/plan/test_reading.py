"""The sentence: what a picture was read as, and what each word can be changed into."""

from __future__ import annotations

import dataclasses
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hitpoint.engine.plan.asked import asked_of
from hitpoint.engine.plan.mood import WORDS, read_mood, with_mood
from hitpoint.engine.plan.plan import make_plan
from hitpoint.engine.plan.reading import Reading, course_of, read_aloud
from hitpoint.engine.plan.score import make_score
from hitpoint.engine.style import load_style, style_names
from hitpoint.engine.timebase import Rate
from hitpoint.engine.types import Cue, Cut, Picture, Shot, Span
from hitpoint.engine.wishes import Drawn, Wishes, with_wishes

FRAMES = 24 * 60
RATE = Rate(24)
CUE = Cue("1m1", RATE, 0, FRAMES, (Shot("all", 0, FRAMES, "gap"),))
AT = np.linspace(0, 1, FRAMES)


def picture(motion: object, light: object = 0.4, warmth: object = 0.5, cuts_every: int = 0) -> Picture:
    def curve(value: object) -> tuple[float, ...]:
        return tuple(np.broadcast_to(np.asarray(value, dtype=float), (FRAMES,)).tolist())

    cuts = tuple(Cut(at, 0.8) for at in range(cuts_every, FRAMES, cuts_every)) if cuts_every else ()
    return Picture(RATE, 0, curve(motion), curve(light), curve(warmth), curve(0.4), curve(0.05), cuts)


def read(seen: Picture, style: str = "cinematic", wishes: Wishes | None = None, mood: str = "") -> Reading:
    wishes = wishes or Wishes()
    cue = with_wishes(CUE, wishes)
    score = with_mood(make_score(seed=3, style=style, cues=[cue]), read_mood(mood))
    return read_aloud(seen, make_plan(cue, seen, score), asked_of(score, wishes))


SHAPES = {"building": AT, "falling": 1 - AT, "an arch": np.sin(np.pi * AT), "a dip": 1 - np.sin(np.pi * AT)}


@pytest.mark.parametrize("course", SHAPES)
def test_the_shape_of_the_motion_is_said(course: str) -> None:
    assert read(picture(SHAPES[course])).course == course
    assert read(picture(0.3)).course == "steady"


def test_a_rise_whose_bars_are_shuffled_is_no_building_up() -> None:
    rise = np.linspace(0.1, 0.9, 24)
    assert course_of(rise) == "building"
    shuffled = [np.random.default_rng(seed).permutation(rise) for seed in range(50)]
    assert sum(course_of(curve) == "building" for curve in shuffled) <= 1


def test_a_dark_slow_picture_gets_a_darker_and_calmer_word_than_a_bright_fast_one() -> None:
    for style in ("cinematic", "tension", "folk", "rock"):
        dark = WORDS[read(picture(0.05, 0.06, 0.35), style).mood]
        bright = WORDS[read(picture(0.8, 0.8, 0.7, cuts_every=48), style).mood]
        assert dark.valence < 0 < bright.valence
        assert dark.energy < 0 < bright.energy


def test_every_word_has_other_words_to_choose_and_the_first_takes_the_wish_back() -> None:
    for style in style_names():
        reading = read(picture(AT, 0.5, 0.5, cuts_every=100), style)
        assert 4 <= len(reading.moods) <= 6
        assert reading.moods[0].word == "" and reading.courses[0].curve == ()
        assert reading.tempi[0].bpm is None and (reading.keys[0].tonic, reading.keys[0].mode) == (None, "")
        assert len({choice.text for choice in reading.moods}) == len(reading.moods)
        assert all(choice.word in WORDS and choice.word != reading.mood for choice in reading.moods[1:])
        assert len(reading.courses) == 5 and reading.course not in {c.text for c in reading.courses}
        assert len(reading.tempi) >= 2 and len(reading.keys) >= 3


@pytest.mark.parametrize("style", style_names())
def test_each_choice_comes_true_when_it_is_taken(style: str) -> None:
    seen = picture(AT, 0.5, 0.5)
    reading = read(seen, style)
    for course in reading.courses[1:]:
        frames = np.linspace(0, FRAMES, len(course.curve))
        drawn = tuple(Drawn(round(at), value) for at, value in zip(frames, course.curve, strict=True))
        assert read(seen, style, Wishes(drawn=drawn)).course == course.text
    for key in reading.keys[1:]:
        asked = read(seen, style, Wishes(tonic=key.tonic, mode=key.mode))
        assert asked.key == key.text
    for tempo in reading.tempi[1:]:
        assert tempo.bpm is not None
        said = read(seen, style, Wishes(tempo_bpm=tempo.bpm)).tempo
        (bpm,) = re.findall(r"\d+", said)
        assert tempo.bpm[0] / 1.08 - 1 <= float(bpm) <= tempo.bpm[1] * 1.08 + 1
        low, high = load_style(style).tempo_bpm
        assert low / 1.1 - 1 <= sum(tempo.bpm) / 2 <= high * 1.1 + 1


def test_a_mood_that_is_asked_for_is_said_and_the_pictures_own_word_stays_the_first_choice() -> None:
    seen = picture(AT, 0.5, 0.5)
    own = read(seen)
    asked = read(seen, mood="menacing")
    assert asked.mood == "menacing"
    assert asked.moods[0].text == own.moods[0].text == f"{own.mood} (as read)"


def test_of_a_picture_that_nobody_saw_no_mood_is_made_up() -> None:
    seen = dataclasses.replace(picture(0.0, 0.0, 0.5), unseen=(Span(0, FRAMES),))
    assert read(seen).mood == "neutral"


@given(st.lists(st.floats(0, 1), min_size=1, max_size=40))
def test_any_curve_has_a_course_and_its_mirror_the_mirrored_one(values: list[float]) -> None:
    curve = np.array(values)
    mirrored = {"building": "falling", "falling": "building"}
    course = course_of(curve)
    assert course_of(curve[::-1]) == mirrored.get(course, course)
