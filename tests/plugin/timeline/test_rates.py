"""The frame rate of a timeline: what most of its picture is counted in."""

from __future__ import annotations

import pytest

from hitpoint.engine.timebase import Rate


def problem_kinds(document):
    return sorted(problem.kind for problem in document.problems if problem.kind != "offline")


@pytest.mark.parametrize(
    ("lengths", "start", "expected"),
    [
        ({24.0: 100, 30.0: 300}, None, Rate(30)),
        ({25.0: 300, 50.0: 400}, None, Rate(25)),
        ({24.0: 100, 30.0: 300}, 24.0, Rate(24)),
        ({23.98: 10}, None, Rate(24000, 1001)),
        ({23.976: 10}, 1.0, Rate(24000, 1001)),
        ({59.94: 10}, None, Rate(60000, 1001)),
    ],
)
def test_the_rate_is_that_of_most_of_the_picture(make_at, read, lengths, start, expected):
    tracks = []
    for rate, length in lengths.items():
        make = make_at(rate)
        tracks.append(make.track(make.clip("a", 0, length, media=make.file("a"))))
    data = make.timeline(*tracks)
    if start is not None:
        data["global_start_time"] = make.time(0, start)
    assert read(data).rate == expected


def test_the_rate_asked_for_wins_and_is_said(make, read):
    data = make.timeline(make.track(make.clip("a", 0, 48)))
    document = read(data, rate=Rate(25))
    assert (document.rate, document.frames) == (Rate(25), 50)
    assert "rate" in problem_kinds(document)
    assert problem_kinds(read(data, rate=Rate(24))) == []
