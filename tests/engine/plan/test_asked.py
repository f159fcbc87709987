"""The plan obeys wishes: hits moved or taken away, drawn energy, bigger and smaller, tempo and key."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hitpoint.engine.plan.asked import STEP, asked_of, covered_bars, unmoved
from hitpoint.engine.plan.hits import spot
from hitpoint.engine.plan.like import arranged
from hitpoint.engine.plan.plan import make_plan
from hitpoint.engine.plan.score import make_score
from hitpoint.engine.plan.tempo import TOLERANCE_SAMPLES
from hitpoint.engine.serial import from_json, to_json
from hitpoint.engine.timebase import Rate
from hitpoint.engine.types import Cue, Cut, Marker, Picture, Plan, Score, Shot
from hitpoint.engine.wishes import NO_WISHES, Drawn, HitWish, SpanWish, Wishes, with_wishes

FRAMES = 24 * 60
RATE = Rate(24)
CUTS = tuple(Cut(frame, strength) for frame, strength in ((240, 0.9), (500, 0.3), (720, 0.8), (1100, 0.7)))


def cue(wishes: Wishes = NO_WISHES, *markers: Marker) -> Cue:
    bare = Cue("1m1", RATE, 0, FRAMES, (Shot("all", 0, FRAMES, "gap"),), markers=markers)
    return with_wishes(bare, wishes)


def picture(cuts: tuple[Cut, ...] = CUTS, motion: object = 0.3, light: object = 0.4) -> Picture:
    def curve(value: object) -> tuple[float, ...]:
        return tuple(np.broadcast_to(np.asarray(value, dtype=float), (FRAMES,)).tolist())

    return Picture(RATE, 0, curve(motion), curve(light), curve(0.5), curve(0.4), curve(0.05), cuts)


def waves() -> np.ndarray:
    at = np.linspace(0, 6 * np.pi, FRAMES)
    return np.asarray(0.45 + 0.35 * np.sin(at))


def score(style: str = "cinematic", seed: int = 3) -> Score:
    return make_score(seed=seed, style=style, cues=[cue()])


def plan_of(wishes: Wishes, style: str = "cinematic", **seen: object) -> Plan:
    return make_plan(cue(wishes), picture(**seen), score(style))  # type: ignore[arg-type]


# --- Hits


def test_a_hit_that_was_moved_is_found_at_its_new_frame_and_no_more_at_its_old_one() -> None:
    moved = Wishes(hits=(HitWish(300, "must", name="door"),), removed=(240,))
    hits = {hit.frame: hit for hit in spot(cue(moved), picture())}
    assert set(hits) == {300, 500, 720, 1100}
    assert (hits[300].kind, hits[300].name, hits[300].strength) == ("must", "door", 1.0)


def test_a_wish_speaks_for_the_cut_and_the_marker_beside_it() -> None:
    marker = Marker("bang", 721, 722, hit="must")
    hits = spot(cue(Wishes(hits=(HitWish(719, "avoid"),)), marker), picture())
    assert [(hit.frame, hit.kind) for hit in hits if 700 < hit.frame < 740] == [(719, "avoid")]


def test_a_marker_that_was_removed_does_not_give_its_cut_back() -> None:
    marker = Marker("bang", 721, 722, hit="must")
    assert any(hit.frame == 721 for hit in spot(cue(Wishes(), marker), picture()))
    hits = spot(cue(Wishes(removed=(721,)), marker), picture())
    assert [hit.frame for hit in hits] == [240, 500, 1100]


def test_a_wish_outside_the_cue_is_no_hit_of_it() -> None:
    assert len(spot(cue(Wishes(hits=(HitWish(FRAMES, "must"), HitWish(-1, "must")))), picture())) == 4


@settings(deadline=None, max_examples=12)
@given(st.lists(st.integers(5, FRAMES - 40), min_size=1, max_size=4, unique=True), st.booleans())
def test_what_the_editor_set_is_never_settled_or_rationed_away(frames: list[int], must: bool) -> None:
    wishes = Wishes(
        hits=tuple(HitWish(frame, "must" if must else "would", 0.9, "cut") for frame in frames),
        removed=(240,),
    )
    many = tuple(Cut(frame, 0.95) for frame in range(30, FRAMES - 30, 150))
    plan = make_plan(cue(wishes), picture((*many, *(Cut(f, 0.2) for f in frames if f % 150 != 30))), score())
    hits = {hit.frame: hit for hit in plan.hits}
    assert all(hits[frame].strength in (0.9,) and hits[frame].accent for frame in frames)
    # One that was set there is meant, whatever was removed before.
    assert (240 in hits) == (240 in frames)


@settings(deadline=None, max_examples=25)
@given(st.integers(0, FRAMES - 40))
def test_a_must_moved_anywhere_is_met_or_the_plan_says_with_what_it_clashes(frame: int) -> None:
    wishes = Wishes(hits=(HitWish(frame, "must", name="here"),), removed=(240,))
    plan = make_plan(cue(wishes, Marker("other", 720, 721, hit="must")), picture(), score())
    (hit,) = (hit for hit in plan.hits if hit.frame == frame)
    met = min(abs(line - hit.sample) for line in plan.downbeats) <= TOLERANCE_SAMPLES
    clashes = [p.text for p in plan.problems if p.kind == "must-unmet" and "'here'" in p.text]
    assert met or clashes


# --- Energy


def test_drawn_energy_is_the_plans_between_its_ends_and_the_pictures_elsewhere() -> None:
    drawn = Wishes(drawn=(Drawn(400, 0.9), Drawn(900, 0.1)))
    usual, asked = plan_of(Wishes(), motion=waves()), plan_of(drawn, motion=waves())
    assert usual.segments == asked.segments
    changed = 0
    for bar, before, after in zip(usual.bars, usual.energy, asked.energy, strict=True):
        middle = (bar.start_sample + bar.end_sample_exclusive) / 2 * 24 / 48_000
        if 400 <= middle <= 900:
            assert after == pytest.approx(0.9 - 0.8 * (middle - 400) / 500, abs=1e-3)
            changed += 1
        else:
            assert after == before
    assert changed >= 4


def test_a_lone_drawn_point_is_its_bars_energy() -> None:
    usual = plan_of(Wishes())
    asked = plan_of(Wishes(drawn=(Drawn(600, 0.95),)))
    differs = [i for i, (a, b) in enumerate(zip(usual.energy, asked.energy, strict=True)) if a != b]
    assert len(differs) == 1 and asked.energy[differs[0]] == 0.95
    bar = usual.bars[differs[0]]
    assert bar.start_sample <= RATE.sample(600) < bar.end_sample_exclusive


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 1000), st.integers(80, 440), st.sampled_from(["bigger", "smaller"]), st.integers(1, 2))
def test_bigger_and_smaller_move_their_own_bars_and_nothing_else(
    start: int, length: int, kind: str, amount: int
) -> None:
    span = SpanWish(kind, start, start + length, amount=amount)  # type: ignore[arg-type]
    usual, asked = plan_of(Wishes(), motion=waves()), plan_of(Wishes(spans=(span,)), motion=waves())
    covered = covered_bars(cue(), usual.bars, span)
    step = amount * STEP * (1 if kind == "bigger" else -1)
    for bar, (before, after) in enumerate(zip(usual.energy, asked.energy, strict=True)):
        wanted = min(max(before + step, 0.0), 1.0) if bar in covered else before
        assert after == pytest.approx(wanted, abs=1e-3)
    assert unmoved(asked).sections == usual.sections
    # Sections that the stretch does not touch are the very same.
    for section in usual.sections:
        if not set(range(section.start_bar, section.end_bar_exclusive)) & set(covered):
            assert section in asked.sections
    ends = [section.end_bar_exclusive for section in asked.sections]
    starts = [section.start_bar for section in asked.sections]
    assert starts == [0, *ends[:-1]] and ends[-1] == len(asked.bars)
    if len(covered) >= 2 and covered.start >= 2 and covered.stop <= len(asked.bars) - 2:
        borders = {section.start_bar for section in usual.sections} | {len(usual.bars)}
        for bar in (covered.start, covered.stop):
            assert bar in starts or any(abs(bar - other) == 1 for other in borders)


def test_a_plan_with_a_moved_section_survives_a_file() -> None:
    plan = plan_of(Wishes(spans=(SpanWish("bigger", 500, 900),)), motion=waves())
    stored = from_json(Plan, to_json(plan))
    assert stored == plan
    assert unmoved(stored).sections == plan_of(Wishes(), motion=waves()).sections != plan.sections


# --- Tempo and key


@pytest.mark.parametrize("bpm", [(70.0, 74.0), (100.0, 104.0), (131.0, 131.0)])
def test_the_tempo_that_is_wished_is_the_base_that_is_played(bpm: tuple[float, float]) -> None:
    for style in ("cinematic", "rock"):
        plan = plan_of(Wishes(tempo_bpm=bpm), style)
        beats = sum(segment.beats for segment in plan.segments)
        length = plan.segments[-1].end_sample_exclusive - plan.segments[0].start_sample
        mean = 60 * 48_000 * beats / length
        # A map may lean 8 % to meet its hits.
        assert bpm[0] / 1.08 <= mean <= bpm[1] * 1.08
        assert not [problem for problem in plan.problems if problem.kind == "tempo-left"]


def test_a_tempo_that_musts_do_not_allow_is_left_and_the_plan_says_so() -> None:
    musts = tuple(HitWish(frame, "must") for frame in (100, 131, 300, 341, 500, 527, 800))
    plan = make_plan(cue(Wishes(hits=musts, tempo_bpm=(61.0, 62.0))), picture(()), score())
    assert [problem.kind for problem in plan.problems if problem.kind == "tempo-left"]


def test_the_key_that_is_wished_is_the_scores_and_asking_twice_changes_nothing() -> None:
    wishes = Wishes(tonic=7, mode="major", tempo_bpm=(90.0, 99.0))
    once = asked_of(score(), wishes)
    assert (once.tonic, once.tempo_family_bpm) == (7, (90.0, 99.0))
    assert asked_of(once, wishes) == once
    assert asked_of(score(), Wishes()) == score()
    modes = {mode for _, mode in arranged(once).harmony.modes}
    assert modes == {"lydian", "ionian", "mixolydian"}
    dark = {mode for _, mode in arranged(asked_of(score(), Wishes(mode="minor"))).harmony.modes}
    assert dark == {"dorian", "aeolian"}


def test_a_style_without_such_a_mode_says_so_and_keeps_its_own() -> None:
    plan = plan_of(Wishes(mode="major"), "tension")
    assert [problem.kind for problem in plan.problems] == ["mode-missing"]
    assert "choose another style" in plan.problems[0].text
    own = arranged(score("tension"))
    assert arranged(asked_of(score("tension"), Wishes(mode="major"))) == own


def test_without_wishes_the_plan_carries_no_trace_of_them() -> None:
    plan = plan_of(Wishes())
    assert plan.extra == {}
    assert dataclasses.replace(plan) == make_plan(dataclasses.replace(cue(), extra={}), picture(), score())
