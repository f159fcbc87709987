"""The plan as columns: every event in its own step, phases without a jump, looks ahead as mere shifts."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hitpoint.engine.generator import TakeRequest
from hitpoint.engine.models.channels import (
    AHEAD_STEPS,
    CHANNELS,
    MOMENT,
    STEP_SAMPLES,
    Floats,
    at_positions,
    plan_channels,
)
from hitpoint.engine.models.config import DecoderConfig
from hitpoint.engine.plan.plan import make_plan
from hitpoint.engine.plan.score import make_score
from hitpoint.engine.sketch.composer import ChordSpan, chord_spans
from hitpoint.engine.timebase import Rate
from hitpoint.engine.types import Cue, Cut, Hit, Picture, Plan, Section, Shot, TempoSegment

RATE = Rate(25)
COLUMN = {name: index for index, name in enumerate(MOMENT)}
CHROMA = slice(COLUMN["chroma_0"], COLUMN["chroma_0"] + 12)


def made(seed: int, seconds: int = 20) -> tuple[Plan, tuple[ChordSpan, ...]]:
    """A plan for random cuts, with the harmony that sketch writes for it."""
    random = np.random.Generator(np.random.PCG64(seed))
    frames = 25 * seconds
    cue = Cue("1m1", RATE, 0, frames, (Shot("all", 0, frames, "gap"),))
    places = np.unique(random.integers(10, frames - 10, seconds // 3)).tolist()
    cuts = tuple(Cut(frame, float(random.uniform(0.3, 1))) for frame in places)
    motion = tuple(np.repeat(random.uniform(0, 1, seconds), 25).tolist())
    flat = (0.4,) * frames
    picture = Picture(RATE, 0, motion, flat, flat, flat, (0.05,) * frames, cuts)
    score = make_score(seed=seed, style="piano", cues=[cue])
    plan = make_plan(cue, picture, score)
    return plan, chord_spans(TakeRequest(cue, picture, score, plan))


def steady(start: int = 9_600, *, hits: tuple[Hit, ...] = ()) -> Plan:
    """Two bars of 4/4 and one of 3/4 at 120 bpm, then two bars of 4/4 at 100."""
    middle = start + 11 * 24_000
    end = middle + 8 * 28_800
    segments = (TempoSegment(start, middle, (4, 4, 3)), TempoSegment(middle, end, (4, 4)))
    return Plan(
        "1m1", end, hits, segments, (Section("A", 0, 5, 0.5, 0.5),), (0.1, 0.3, 0.5, 0.7, 0.9), ending_bar=4
    )


CHORDS = (ChordSpan(9_600, 297_600, (9, 0, 4)), ChordSpan(297_600, 600_000, (5, 8, 0)))


def now(rows: Floats, name: str) -> Floats:
    return rows[:, COLUMN[name]]


def pulses(samples: object, start: int, steps: int) -> Floats:
    out = np.zeros(steps, np.float32)
    at = (np.asarray(samples, np.int64) - start) // STEP_SAMPLES
    out[at[(at >= 0) & (at < steps)]] = 1
    return out


@settings(max_examples=6, deadline=None)
@given(seed=st.integers(0, 1000), offset=st.integers(0, 48_000))
def test_every_event_of_a_plan_is_a_pulse_in_the_step_that_contains_it(seed: int, offset: int) -> None:
    plan, chords = made(seed)
    first, last = plan.beats[0], plan.segments[-1].end_sample_exclusive
    start = first + offset
    steps = (last - start) // STEP_SAMPLES
    rows = plan_channels(plan, chords, start_sample=start, steps=steps)
    assert rows.shape == (steps, CHANNELS) and rows.dtype == np.float32 and np.isfinite(rows).all()
    np.testing.assert_array_equal(now(rows, "beat"), pulses(plan.beats, start, steps))
    np.testing.assert_array_equal(now(rows, "downbeat"), pulses(plan.downbeats, start, steps))
    strong = {hit.sample: hit.strength for hit in plan.hits if hit.strong}
    marked = pulses(list(strong), start, steps)
    np.testing.assert_array_equal(now(rows, "hit") > 0, marked > 0)
    for sample, strength in strong.items():
        at = (sample - start) // STEP_SAMPLES
        if 0 <= at < steps:
            assert now(rows, "hit")[at] >= np.float32(strength)


@settings(max_examples=6, deadline=None)
@given(seed=st.integers(0, 1000))
def test_phases_turn_evenly_and_never_jump(seed: int) -> None:
    plan, chords = made(seed)
    steps = plan.samples // STEP_SAMPLES + 300
    rows = plan_channels(plan, chords, start_sample=-150 * STEP_SAMPLES, steps=steps)
    lengths = [48_000 * 60 / segment.bpm for segment in plan.segments]
    for name, longest in (("beat", min(lengths)), ("bar", min(lengths))):
        turned = np.unwrap(np.arctan2(now(rows, f"{name}_sin"), now(rows, f"{name}_cos")))
        by = np.diff(turned) / (2 * np.pi)
        assert by.min() > 0 and by.max() < 1.01 * STEP_SAMPLES / longest
        np.testing.assert_allclose(
            now(rows, f"{name}_sin") ** 2 + now(rows, f"{name}_cos") ** 2, 1, atol=1e-5
        )


def test_the_phase_of_a_beat_is_nought_on_it() -> None:
    plan = steady()
    for name, samples in (("beat", plan.beats), ("bar", plan.downbeats)):
        for sample in samples:
            (row,) = plan_channels(plan, CHORDS, start_sample=sample, steps=1)
            assert row[COLUMN[f"{name}_cos"]] == pytest.approx(1, abs=1e-6)
            assert row[COLUMN[f"{name}_sin"]] == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("start", [-70_001, 0, 123_457])
def test_a_look_ahead_is_what_comes_then(start: int) -> None:
    plan, chords = made(3)
    rows = plan_channels(plan, chords, start_sample=start, steps=400)
    width = len(MOMENT)
    for index, ahead in enumerate(AHEAD_STEPS):
        then = plan_channels(plan, chords, start_sample=start + ahead * STEP_SAMPLES, steps=400)
        np.testing.assert_array_equal(rows[:, index * width : (index + 1) * width], then[:, :width])


def test_a_window_is_a_stretch_of_the_whole() -> None:
    plan, chords = made(5, seconds=120)
    whole = plan_channels(plan, chords, start_sample=-96_000, steps=6_400)
    for at in (0, 37, 900, 4_000):
        part = plan_channels(plan, chords, start_sample=-96_000 + at * STEP_SAMPLES, steps=1_500)
        np.testing.assert_array_equal(part, whole[at : at + 1_500])


def test_in_the_handles_the_nearest_tempo_goes_on() -> None:
    plan = steady()
    start, steps = -480_000, 2_000
    rows = plan_channels(plan, CHORDS, start_sample=start, steps=steps)
    end = plan.segments[-1].end_sample_exclusive
    before = [9_600 - 24_000 * k for k in range(1, 40)]
    after = [end + 28_800 * k for k in range(60)]
    np.testing.assert_array_equal(now(rows, "beat"), pulses([*before, *plan.beats, *after], start, steps))
    down = [*before[3::4], *plan.downbeats, *after[::4]]
    np.testing.assert_array_equal(now(rows, "downbeat"), pulses(down, start, steps))
    assert now(rows, "energy")[0] == np.float32(0.1) and now(rows, "energy")[-1] == np.float32(0.9)
    assert rows[0, CHROMA].argmax() == 9 and rows[-1, CHROMA].argmax() == 5


def test_a_window_wholly_outside_the_bars_has_a_beat_all_the_same() -> None:
    plan = steady()
    for start in (-960_000, plan.samples + 480_000):
        rows = plan_channels(plan, CHORDS, start_sample=start, steps=200)
        assert 6 <= now(rows, "beat").sum() <= 9


def test_weak_hits_say_nothing_and_the_stronger_of_one_step_is_heard() -> None:
    hits = (
        Hit(1, 100_000, "would", 0.6),
        Hit(1, 100_100, "would", 0.9),
        Hit(2, 150_000, "would", 0.4),
        Hit(3, 200_000, "avoid", 1.0),
        Hit(4, 250_000, "must", 0.3),
    )
    rows = plan_channels(steady(hits=hits), CHORDS, start_sample=0, steps=500)
    heard = {int(at): float(now(rows, "hit")[at]) for at in np.flatnonzero(now(rows, "hit"))}
    assert heard == {104: pytest.approx(0.9), 260: pytest.approx(0.3)}


def test_a_chord_is_its_root_and_softer_its_other_tones() -> None:
    row = plan_channels(steady(), CHORDS, start_sample=300_000, steps=1)[0, CHROMA]
    assert row[5] == 1 and {int(pc) for pc in np.flatnonzero(row == np.float32(0.7))} == {8, 0}
    assert np.count_nonzero(row) == 3


@settings(max_examples=20, deadline=None)
@given(root=st.integers(0, 11), kind=st.sampled_from([(0, 3, 7), (0, 4, 7), (0, 3, 6), (0, 3, 7, 10)]))
def test_open_thirds_leave_major_and_minor_alike(root: int, kind: tuple[int, ...]) -> None:
    chord = ChordSpan(0, 48_000, tuple((root + tone) % 12 for tone in kind))
    row = plan_channels(steady(), [chord], start_sample=0, steps=1, open_thirds=True)[0, CHROMA]
    expected = np.zeros(12, np.float32)
    expected[root], expected[(root + 7) % 12] = 1, 0.7
    np.testing.assert_array_equal(row, expected)


def test_open_thirds_change_nothing_but_the_chroma() -> None:
    plan, chords = made(1)
    closed, opened = (
        plan_channels(plan, chords, start_sample=0, steps=500, open_thirds=open_) for open_ in (False, True)
    )
    width = len(MOMENT)
    for index in range(len(AHEAD_STEPS)):
        at = index * width
        np.testing.assert_array_equal(opened[:, at : at + CHROMA.start], closed[:, at : at + CHROMA.start])
    assert (opened != closed).any()


def test_positions_beyond_the_plan_take_its_last_row() -> None:
    config = DecoderConfig(dim=8, heads=1, layers=1, plan_channels=2)
    rows = np.arange(6, dtype=np.float32).reshape(3, 2)
    np.testing.assert_array_equal(at_positions(rows, config, 5), rows[[0, 1, 2, 2, 2]])
    np.testing.assert_array_equal(at_positions(rows, config, 2), rows[:2])
    for wrong in (rows[:0], rows[:, :1], rows[0]):
        with pytest.raises(AssertionError, match="a plan of"):
            at_positions(wrong, config, 5)
    with pytest.raises(AssertionError, match="takes no plan"):
        at_positions(rows, DecoderConfig(dim=8, heads=1, layers=1), 5)
