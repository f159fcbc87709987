from __future__ import annotations

import numpy as np

from clicks import fit_request
from hitpoint.engine.fit.grid import plan_on_beats

SECOND = 48_000


def test_bars_are_those_of_the_music_and_cover_the_cue() -> None:
    plan = fit_request([], seconds=20).plan
    beats = np.rint((np.arange(-1.3, 21.0, 0.48)) * SECOND).astype(np.int64)
    found = plan_on_beats(plan, beats, 2, 4)
    downbeats = set(beats[2::4].tolist())
    inside = [line for line in found.downbeats if line in downbeats]
    assert len(inside) >= len(found.downbeats) - 1
    assert found.segments[0].start_sample <= 0 and found.segments[-1].end_sample_exclusive >= plan.samples
    assert all(
        a.end_sample_exclusive == b.start_sample
        for a, b in zip(found.segments, found.segments[1:], strict=False)
    )
    near = [np.abs(beats - beat).min() for beat in found.beats if 0 <= beat < plan.samples]
    assert max(near) <= 1


def test_every_bar_has_energy_and_a_section_and_the_ending_stays_where_it_was() -> None:
    plan = fit_request([], seconds=40).plan
    beats = np.rint(np.arange(0.3, 39.0, 0.63) * SECOND).astype(np.int64)
    found = plan_on_beats(plan, beats, 1, 3)
    assert len(found.energy) == len(found.bars) and {bar.beats for bar in found.bars} == {3}
    assert found.sections[0].start_bar == 0 and found.sections[-1].end_bar_exclusive == len(found.bars)
    assert [section.label for section in found.sections] == ["A", "B"]
    border = found.bars[found.sections[1].start_bar].start_sample
    assert abs(border - plan.bars[plan.sections[1].start_bar].start_sample) < 2 * SECOND
    was = plan.bars[plan.ending_bar].start_sample
    assert abs(found.bars[found.ending_bar].start_sample - was) < 1.0 * SECOND
    assert found.hits == plan.hits and found.samples == plan.samples


def test_bars_go_on_at_their_tempo_where_the_music_has_no_beats() -> None:
    plan = fit_request([], seconds=30).plan
    beats = np.rint(np.arange(10.0, 20.0, 0.5) * SECOND).astype(np.int64)
    found = plan_on_beats(plan, beats, 0, 4)
    assert found.segments[0].start_sample <= 0 and found.segments[-1].end_sample_exclusive >= plan.samples
    assert {segment.end_sample_exclusive - segment.start_sample for segment in found.segments} == {2 * SECOND}
