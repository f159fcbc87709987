"""What can be said of hits and bars without asking anybody."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable

from ...engine.types import Cue, Plan
from ...engine.wishes import Wishes
from ..ports import HitRow
from ..wishing import SAME_FRAMES

_RATE = 48_000


def error_frames(cue: Cue, plan: Plan, frame: int) -> float:
    """How far the nearest downbeat of the plan is from a record frame, in frames; above 0 it is late."""
    sample, downbeats = cue.sample(frame), plan.downbeats
    at = bisect_left(downbeats, sample)
    nearest = min(downbeats[max(0, at - 1) : at + 1], key=lambda one: abs(one - sample))
    return float((nearest - sample) * cue.rate.fps / _RATE)


def expected_hits(rows: Iterable[HitRow], wishes: Wishes, cue: Cue, plan: Plan) -> tuple[HitRow, ...]:
    """The hits under other wishes, against the bars of a plan that does not know of them yet."""
    wished = [hit for hit in wishes.hits if cue.in_frame <= hit.frame < cue.out_frame_exclusive]
    found = [
        row
        for row in rows
        if not row.from_wish
        and row.frame not in wishes.removed
        and all(abs(row.frame - hit.frame) > SAME_FRAMES for hit in wished)
    ]
    for hit in wished:
        late = error_frames(cue, plan, hit.frame)
        strong = hit.kind == "must" or (hit.kind == "would" and hit.strength >= 0.5)
        row = HitRow(hit.frame, hit.kind, hit.strength, hit.name, strong, abs(late) <= 0.5, late, True)
        found.append(row)
    return tuple(sorted(found, key=lambda row: row.frame))


def changed_stretch(before: Plan, after: Plan) -> tuple[int, int] | None:
    """Samples of the cue from the first to the last bar that begins or ends elsewhere; None where all bars
    are the same."""
    old = [(bar.start_sample, bar.end_sample_exclusive) for bar in before.bars]
    new = [(bar.start_sample, bar.end_sample_exclusive) for bar in after.bars]
    if old == new:
        return None
    head = 0
    while head < min(len(old), len(new)) and old[head] == new[head]:
        head += 1
    tail = 0
    while tail < min(len(old), len(new)) - head and old[-1 - tail] == new[-1 - tail]:
        tail += 1
    end = len(new) - tail
    if head >= end:
        # Bars fell away: their place is where the next one begins.
        head, end = max(0, head - 1), max(1, min(len(new), end + 1))
    return new[head][0], new[end - 1][1]


def stretch_around(plan: Plan, cue: Cue, stretch: tuple[int, int] | None, frame: int) -> tuple[int, int]:
    """At most four seconds of the stretch around a frame, from a bar line on, as record frames with the end
    exclusive; the bar of the frame where there is no stretch."""
    sample = min(max(0, cue.sample(frame)), cue.samples - 1)
    bar = next(one for one in reversed(plan.bars) if one.start_sample <= sample)
    start, end = stretch or (bar.start_sample, bar.end_sample_exclusive)
    reach = 2 * _RATE
    begin = max(start, sample - reach)
    # Music is entered on a downbeat where one is near enough.
    lines = [line for line in plan.downbeats if begin <= line <= sample]
    begin = lines[0] if lines else begin
    stop = max(begin + _RATE // 2, min(end, begin + 2 * reach))
    first = cue.rate.frame_of_sample(cue.rate.sample(cue.in_frame) + begin)
    last = cue.rate.frame_of_sample(cue.rate.sample(cue.in_frame) + stop)
    return max(cue.in_frame, first), min(cue.out_frame_exclusive, max(first + 1, last))
