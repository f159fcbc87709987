"""Nouns survive being written and read, with what a newer version added."""

from __future__ import annotations

import json
from fractions import Fraction

import pytest

from hitpoint.engine.errors import InputError
from hitpoint.engine.serial import canonical, from_json, pretty, to_json
from hitpoint.engine.timebase import Rate
from hitpoint.engine.types import Cue, ImageSequence, Marker, Media, Shot, Theme, ThemeNote

CUE = Cue(
    "1m1",
    Rate.of(23.976),
    10,
    110,
    (
        Shot("a", 10, 60, "video", Media("a.mov"), Fraction(1001, 24000), Fraction(-3, 2), (2, 3)),
        Shot("b", 60, 110, "still", Media("b", ImageSequence("f.", ".png", 4, 1, 1, Rate(24)))),
    ),
    markers=(Marker("title", 20, 20, hit="must"),),
)


def test_a_cue_survives_the_round_trip_exactly() -> None:
    assert from_json(Cue, json.loads(pretty(CUE))) == CUE


def test_keys_of_a_newer_version_are_kept() -> None:
    data = to_json(CUE) | {"colour_space": "rec709"}
    assert to_json(from_json(Cue, data)) == data


def test_equal_values_have_equal_bytes_whatever_the_order_of_keys() -> None:
    shuffled = dict(reversed(list(to_json(CUE).items())))
    assert canonical(from_json(Cue, shuffled)) == canonical(CUE)


@pytest.mark.parametrize(
    "broken",
    [
        {"schema": "hitpoint.cue.99"},
        {"schema": "hitpoint.plan.1"},
        {"rate": "fast"},
        {"name": 7},
        {"shots": [{"name": "x", "in_frame": 0, "out_frame_exclusive": 1, "kind": "dream"}]},
    ],
)
def test_what_is_no_cue_is_refused_with_a_sentence(broken: dict[str, object]) -> None:
    with pytest.raises(InputError, match="not a Cue"):
        from_json(Cue, to_json(CUE) | broken)


def test_fractions_stay_exact() -> None:
    theme = Theme("t", (ThemeNote(None, Fraction(1, 3)), ThemeNote(-2, Fraction(2, 3))))
    assert from_json(Theme, json.loads(canonical(theme))) == theme
