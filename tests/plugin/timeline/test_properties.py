"""Laws that hold for any timeline: full cover, exact mapping through any retime, rates and order."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hitpoint.engine.timebase import Rate
from hitpoint.plugin.timeline.assemble import assemble
from hitpoint.plugin.timeline.schemas import noun
from hitpoint.plugin.timeline.shelf import Shelf

FOLDER = Path("/nowhere")
SPEEDS = st.sampled_from([1.0, 1.0, 2.0, 0.5, -1.0, -2.0, 0.75, 0.0, 1.25])
LAW = settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


class Names:
    def __init__(self) -> None:
        self.count = 0

    def next(self) -> str:
        self.count += 1
        return f"c{self.count}"


def clips(make, names):
    return st.builds(
        lambda start, length, speed, enabled: make.clip(
            names.next(), start, length, speeds=[] if speed == 1 else [speed], enabled=enabled
        ),
        st.integers(0, 200),
        st.integers(1, 40),
        SPEEDS,
        st.sampled_from([True, True, True, False]),
    )


def items(make, names, nests):
    gaps = st.integers(1, 20).map(make.gap)
    choices = [clips(make, names), clips(make, names), gaps]
    if nests:
        inner = st.lists(items(make, names, nests - 1), min_size=1, max_size=4)
        choices.append(
            st.builds(
                lambda parts, start, length, speed: make.stack(
                    make.track(*parts),
                    speeds=[] if speed == 1 else [speed],
                    source_range=make.range(start, length),
                ),
                inner,
                st.integers(0, 30),
                st.integers(1, 40),
                # One retime around retimed clips: what a frame shows is then decided by a single sampling.
                SPEEDS if nests == 1 else st.just(1.0),
            )
        )
    return st.one_of(choices)


def timelines(make):
    names = Names()
    tracks = st.lists(st.lists(items(make, names, 2), min_size=1, max_size=5), min_size=1, max_size=3)
    return tracks.map(lambda rows: make.timeline(*(make.track(*row) for row in rows)))


# --- another way to the same answer: what one item shows at one moment, asked from the top down ---


def speed_of(item) -> Fraction:
    speed = Fraction(1)
    for effect in item["effects"]:
        speed *= Fraction(effect["time_scalar"])
    return speed


def length_of(item) -> int:
    return int(item["source_range"]["duration"]["value"]) if item["source_range"] else sum_of(item)


def sum_of(item) -> int:
    lengths = [length_of(child) for child in item["children"]]
    return sum(lengths) if noun(item) == "Track" else max(lengths)


def shown(item, moment: Fraction):
    """(name, source frame) of an item at its outer time `moment`, or None."""
    length = length_of(item)
    if not 0 <= moment < length or not item["enabled"]:
        return None
    if noun(item) == "Gap":
        return None
    start = Fraction(item["source_range"]["start_time"]["value"]) if item["source_range"] else Fraction(0)
    speed = speed_of(item)
    inside = start + speed * moment if speed >= 0 else start - speed * (length - 1 - moment)
    if noun(item) == "Clip":
        return item["name"], inside
    if noun(item) == "Stack":
        found = [shown(child, inside) for child in reversed(item["children"])]
        return next((each for each in found if each), None)
    for child in item["children"]:
        if inside < length_of(child):
            return shown(child, inside)
        inside -= length_of(child)
    return None


@given(st.data())
@LAW
def test_every_frame_shows_what_the_top_down_rule_says(make, data):
    timeline = data.draw(timelines(make))
    made = assemble(timeline, Shelf(FOLDER))
    shot = iter(made.shots)
    current = None
    for frame in range(made.frames):
        if current is None or frame >= current.out_frame_exclusive:
            current = next(shot)
        expected = shown(timeline["tracks"], Fraction(frame))
        if expected is None:
            assert current.kind == "gap"
        else:
            assert (current.name, current.source_s(frame, made.rate) * 24) == expected


@given(st.data())
@LAW
def test_every_frame_is_covered_by_exactly_one_shot(make, data):
    made = assemble(data.draw(timelines(make)), Shelf(FOLDER))
    cursor = 0
    for shot in made.shots:
        assert shot.in_frame == cursor < shot.out_frame_exclusive
        cursor = shot.out_frame_exclusive
    assert cursor == made.frames


@given(
    st.lists(st.floats(0.3, 40.0), min_size=1, max_size=40),
    st.sampled_from([24.0, 23.976, 29.97, 30.0, 25.0]),
)
@LAW
def test_cuts_between_frames_stay_within_half_a_frame_of_the_truth(make_at, lengths, rate):
    make = make_at(rate)
    track = make.track(*(make.clip(f"c{number}", 0, length) for number, length in enumerate(lengths)))
    made = assemble(make.timeline(track), Shelf(FOLDER))
    exact = Fraction(0)
    starts = {}
    for number, length in enumerate(lengths):
        starts[f"c{number}"] = exact
        exact += Fraction(length)
    assert abs(made.frames - exact) <= Fraction(1, 2) + Fraction(1, 1000)
    for shot in made.shots:
        assert abs(shot.in_frame - starts[shot.name]) <= Fraction(1, 2) + Fraction(1, 1000)


@pytest.mark.parametrize("rate", [23.976, 24.0, 25.0, 29.97, 30.0, 50.0, 59.94, 60.0, 119.88])
def test_clips_of_every_rate_lie_on_whole_frames(make_at, rate):
    make = make_at(rate)
    track = make.track(*(make.clip(f"c{number}", 1000 * number, 997) for number in range(200)))
    made = assemble(make.timeline(track), Shelf(FOLDER))
    assert made.rate == Rate.of(rate)
    assert [shot.in_frame for shot in made.shots] == [997 * number for number in range(200)]
    assert all(shot.source_in_s == made.rate.seconds(1000 * number) for number, shot in enumerate(made.shots))
    assert not [problem for problem in made.problems if problem.kind == "rate"]


@given(st.data())
@LAW
def test_reading_is_the_same_twice(make, data):
    timeline = data.draw(timelines(make))
    assert assemble(timeline, Shelf(FOLDER)) == assemble(timeline, Shelf(FOLDER))
