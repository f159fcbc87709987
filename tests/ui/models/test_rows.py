from __future__ import annotations

from fakes.fake_plans import fake_picture, fake_planned
from fakes.timelines import made_timeline
from hypothesis import given
from hypothesis import strategies as st

from hitpoint.engine.types import Cue
from hitpoint.engine.wishes import HitWish, Wishes, with_wishes
from hitpoint.ui.models.rows import changed_stretch, error_frames, expected_hits, stretch_around
from hitpoint.ui.ports import Planned
from hitpoint.ui.session import Controls

FIRST, LAST = 96, 528
CUE = made_timeline(12).cue("1m1", FIRST, LAST, Wishes())
HITS = st.lists(st.builds(HitWish, st.integers(FIRST, LAST - 1), st.just("must")), max_size=4)


def planned(hits: list[HitWish]) -> tuple[Cue, Planned]:
    cue = with_wishes(CUE, Wishes(hits=tuple({hit.frame: hit for hit in hits}.values())))
    return cue, fake_planned(cue, fake_picture(cue), Controls(), 1, full=True)


@given(HITS, HITS)
def test_bars_outside_the_changed_stretch_are_the_same(one: list[HitWish], other: list[HitWish]) -> None:
    before, after = planned(one)[1].plan, planned(other)[1].plan
    stretch = changed_stretch(before, after)
    bars = [{(bar.start_sample, bar.end_sample_exclusive) for bar in plan.bars} for plan in (before, after)]
    if stretch is None:
        assert bars[0] == bars[1]
        return
    start, end = stretch
    assert 0 <= start < end <= CUE.samples
    outside = {bar for bar in bars[1] if bar[1] <= start or bar[0] >= end}
    assert outside <= bars[0]


@given(HITS, HITS, st.integers(FIRST, LAST - 1))
def test_what_is_heard_of_a_change_lies_in_the_cue_and_lasts_four_seconds_at_most(
    one: list[HitWish], other: list[HitWish], frame: int
) -> None:
    before, after = planned(one)[1].plan, planned(other)[1].plan
    begin, end = stretch_around(after, CUE, changed_stretch(before, after), frame)
    assert FIRST <= begin < end <= LAST and end - begin <= 4 * 24 + 1


@given(HITS)
def test_expected_hits_are_those_that_the_plan_then_has(hits: list[HitWish]) -> None:
    cue, then = planned(hits)
    now = planned([])[1]
    wishes = Wishes(hits=tuple(sorted({hit.frame: hit for hit in hits}.values(), key=lambda hit: hit.frame)))
    expected = expected_hits(now.hits, wishes, cue, then.plan)
    assert [(row.frame, row.kind, row.strong, row.from_wish) for row in expected] == [
        (row.frame, row.kind, row.strong, row.from_wish) for row in then.hits
    ]


def test_a_hit_on_a_downbeat_is_not_off_and_one_after_it_has_the_music_early() -> None:
    plan = planned([])[1].plan
    frame = FIRST + round(plan.downbeats[3] * 24 / 48_000)
    assert abs(error_frames(CUE, plan, frame)) <= 0.5
    assert -4.5 <= error_frames(CUE, plan, frame + 4) <= -3.5
