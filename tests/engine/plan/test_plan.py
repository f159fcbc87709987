"""From what is seen to what is to be played: hits, energy, sections, ending."""

from __future__ import annotations

import dataclasses
import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hitpoint.engine.plan.energy import bar_energy, bar_valence
from hitpoint.engine.plan.hits import spot
from hitpoint.engine.plan.plan import make_plan
from hitpoint.engine.plan.score import LOOKS, Look, choose_style, make_score
from hitpoint.engine.plan.sections import divide
from hitpoint.engine.style import style_names
from hitpoint.engine.timebase import Rate
from hitpoint.engine.types import Bar, Cue, Cut, Marker, Picture, Shot, Span, TempoSegment

FRAMES = 24 * 40
RATE = Rate(24)


def cue(*markers: Marker, frames: int = FRAMES) -> Cue:
    return Cue("1m1", RATE, 0, frames, (Shot("all", 0, frames, "gap"),), 86400, markers=markers)


def picture(*cuts: Cut, frames: int = FRAMES, motion: object = 0.3, light: object = 0.4) -> Picture:
    def curve(value: object) -> tuple[float, ...]:
        return tuple(np.broadcast_to(np.asarray(value, dtype=float), (frames,)).tolist())

    return Picture(RATE, 0, curve(motion), curve(light), curve(0.5), curve(0.4), curve(0.05), cuts, speech=())


def test_a_third_of_gentle_hard_cuts_is_strong_all_the_same() -> None:
    cuts = [Cut(60 * i, 0.05 + 0.01 * i) for i in range(1, 13)]
    hits = spot(cue(), picture(*cuts))
    assert sum(hit.strong for hit in hits) == math.ceil(len(cuts) / 3)
    assert {hit.frame for hit in hits if hit.strong} == {540, 600, 660, 720}


def test_strong_cuts_keep_their_distance() -> None:
    cuts = [Cut(300 + 6 * i, 0.9) for i in range(10)]
    plan = make_plan(cue(), picture(*cuts), make_score(seed=1, style="cinematic", cues=[cue()]))
    strong = [hit.frame for hit in plan.hits if hit.strong]
    assert all(b - a >= 28 for a, b in itertools.pairwise(strong))
    assert strong


def test_a_cut_inside_one_source_is_never_lifted() -> None:
    assert not any(hit.strong for hit in spot(cue(), picture(Cut(100, 0.0), Cut(200, 0.0))))


def test_an_editors_marker_speaks_for_the_cut_beside_it() -> None:
    marker = Marker("title", 299, 299, hit="must")
    hits = spot(cue(marker), picture(Cut(300, 0.9), Cut(500, 0.9)))
    assert [(hit.frame, hit.kind) for hit in hits] == [(299, "must"), (500, "would")]


def test_a_ranged_avoid_silences_the_cuts_inside() -> None:
    marker = Marker("kiss", 200, 400, hit="avoid")
    hits = spot(cue(marker), picture(Cut(300, 0.9), Cut(500, 0.9)))
    assert [(hit.frame, hit.kind) for hit in hits] == [(200, "avoid"), (300, "avoid"), (500, "would")]


def test_plain_markers_are_no_hits() -> None:
    assert spot(cue(Marker("colour note", 100, 100)), picture()) == ()


def even_bars(bars: int, frames: int = FRAMES) -> tuple[Bar, ...]:
    segment = TempoSegment(0, RATE.sample(frames), (4,) * bars)
    return tuple(
        Bar(i, segment.beat_sample(4 * i), segment.beat_sample(4 * i + 4), 4, segment, 4 * i)
        for i in range(bars)
    )


def test_energy_follows_motion_and_a_constant_film_has_constant_energy() -> None:
    moving = np.repeat([0.1, 0.8], FRAMES // 2)
    energy = bar_energy(cue(), picture(motion=moving), even_bars(20))
    assert energy[12:].min() > energy[:8].max() + 0.4
    flat = bar_energy(cue(), picture(motion=0.5), even_bars(20))
    assert np.ptp(flat) < 1e-9


def test_bright_and_dark_are_told_apart() -> None:
    light = np.repeat([0.1, 0.9], FRAMES // 2)
    valence = bar_valence(cue(), picture(light=light), even_bars(20))
    assert valence[0] < 0.45 < 0.65 < valence[-1]


@given(st.integers(1, 120), st.integers(0, 2**32))
@settings(max_examples=40, deadline=None)
def test_sections_cover_all_bars_and_neighbours_differ(bars: int, seed: int) -> None:
    rng = np.random.Generator(np.random.PCG64(seed))
    sections = divide(rng.random(bars), rng.random(bars), frozenset(range(0, bars, 7)))
    assert [section.start_bar for section in sections[1:]] == [s.end_bar_exclusive for s in sections[:-1]]
    assert sections[0].start_bar == 0
    assert sections[-1].end_bar_exclusive == bars
    assert all(a.label != b.label for a, b in itertools.pairwise(sections))


def test_a_change_of_scene_is_a_border_and_its_return_has_the_same_letter() -> None:
    energy = np.repeat([0.2, 0.8, 0.2], 8)
    sections = divide(energy, np.full(24, 0.5), frozenset())
    assert [(section.label, section.start_bar) for section in sections] == [("A", 0), ("B", 8), ("A", 16)]


def test_a_must_that_cannot_be_met_is_named_with_its_rival() -> None:
    markers = (Marker("kick", 480, 480, hit="must"), Marker("punch", 484, 484, hit="must"))
    here = cue(*markers)
    plan = make_plan(here, picture(), make_score(seed=1, style="cinematic", cues=[here]))
    (problem,) = plan.problems
    assert problem.kind == "must-unmet"
    assert "kick" in problem.text
    assert "punch" in problem.text
    assert "01:00:20:0" in problem.text


@pytest.mark.parametrize("frames", [12, 24, 47, 100, 240, 960])
def test_a_cue_of_any_length_gets_a_whole_plan(frames: int) -> None:
    here = cue(frames=frames)
    plan = make_plan(here, picture(frames=frames), make_score(seed=2, style="piano", cues=[here]))
    assert plan.bars[0].start_sample <= 0
    assert plan.bars[-1].end_sample_exclusive >= here.samples
    assert plan.sections[-1].end_bar_exclusive == len(plan.bars) == len(plan.energy)
    assert 0 <= plan.ending_bar < len(plan.bars)
    assert plan.bars[plan.ending_bar].start_sample < here.samples


def test_the_score_hangs_on_seed_and_style_alone() -> None:
    one = make_score(seed=9, style="cinematic", cues=[cue()])
    two = make_score(seed=9, style="cinematic", cues=[cue(frames=240)])
    assert (one.themes, one.tonic, one.palette) == (two.themes, two.tonic, two.palette)
    assert one.tempo_family_bpm == two.tempo_family_bpm


def test_the_style_is_chosen_from_the_picture() -> None:
    cuts = tuple(Cut(24 * i, 0.8) for i in range(1, 38))
    assert choose_style([picture(*cuts, motion=0.9)]) == "electronic"
    assert choose_style([picture(motion=0.05)]) == "piano"
    spoken = picture(motion=0.3)
    spoken = Picture(
        **{name: getattr(spoken, name) for name in spoken.__slots__} | {"speech": (Span(0, 600),)}
    )
    assert choose_style([spoken]) == "documentary"


@pytest.mark.parametrize("style", style_names())
def test_every_style_has_a_picture_that_asks_for_it(style: str) -> None:
    assert choose_style([looking(LOOKS[style])]) == style


def test_frames_that_show_nothing_do_not_choose() -> None:
    bright = looking(LOOKS["comedy"])
    half = FRAMES // 2
    dark = {
        name: (*getattr(bright, name)[:half], *([0.0] * (FRAMES - half)))
        for name in ("motion", "luminance", "warmth", "saturation")
    }
    for kind in ("black", "unseen"):
        told = {kind: (Span(half, FRAMES),)}
        assert choose_style([dataclasses.replace(bright, **dark, **told)]) == "comedy"
    nothing = dataclasses.replace(picture(motion=0.9), unseen=(Span(0, FRAMES),))
    assert choose_style([nothing]) == "cinematic"
    assert choose_style([dataclasses.replace(nothing, speech=(Span(0, 600),))]) == "documentary"
    assert choose_style([]) == "cinematic"


def looking(look: Look) -> Picture:
    """A film of that look."""
    seconds = FRAMES / 24
    cuts = tuple(Cut(1 + 20 * i, 0.8) for i in range(round(look.pace * seconds)))
    seen = {"luminance": look.light, "warmth": look.warmth, "saturation": look.saturation}
    curves = {name: (value,) * FRAMES for name, value in seen.items()}
    speech = (Span(0, round(look.speech * FRAMES)),) if look.speech else ()
    return dataclasses.replace(picture(*cuts, motion=look.motion), **curves, speech=speech)
