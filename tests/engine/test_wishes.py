"""Wishes as a value: they travel in a cue, are checked, and every generator says which it follows."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hitpoint.engine.errors import InputError
from hitpoint.engine.serial import from_json, to_json
from hitpoint.engine.timebase import Rate
from hitpoint.engine.types import Cue, Shot
from hitpoint.engine.wishes import (
    NO_WISHES,
    Drawn,
    HitWish,
    SpanWish,
    Wishes,
    heeded,
    kinds_of,
    unheeded,
    wishes_of,
    with_wishes,
)

CUE = Cue("1m1", Rate(24), 0, 960, (Shot("all", 0, 960, "gap"),))
KINDS = ("bigger", "smaller", "less_busy", "busier", "no_melody", "stop", "redo")
ALL = Wishes(
    hits=(HitWish(100, "must"),),
    removed=(200,),
    drawn=(Drawn(0, 0.2), Drawn(900, 0.8)),
    spans=tuple(SpanWish(kind, 10 * i, 10 * i + 40) for i, kind in enumerate(KINDS)),
    density=0.5,
    tempo_bpm=(90.0, 100.0),
    tonic=4,
    mode="minor",
)


def test_wishes_come_back_from_a_file_as_they_were_put_into_the_cue() -> None:
    stored = from_json(Cue, to_json(with_wishes(CUE, ALL)))
    assert wishes_of(stored) == ALL
    assert wishes_of(CUE) == NO_WISHES
    assert with_wishes(with_wishes(CUE, ALL), NO_WISHES) == CUE


@pytest.mark.parametrize(
    ("wishes", "says"),
    [
        (Wishes(hits=(HitWish(1, "must", strength=1.5),)), "strength"),
        (Wishes(drawn=(Drawn(1, float("nan")),)), "drawn"),
        (Wishes(density=-2.0), "density"),
        (Wishes(tempo_bpm=(120.0, 90.0)), "tempo"),
        (Wishes(tempo_bpm=(0.0, 0.0)), "tempo"),
        (Wishes(tonic=12), "tonic"),
        (Wishes(spans=(SpanWish("bigger", 0, 10, amount=0),)), "once"),
        (Wishes(spans=(SpanWish("stop", 10, 0),)), "ends before"),
    ],
)
def test_wishes_that_nobody_can_mean_get_a_sentence(wishes: Wishes, says: str) -> None:
    with pytest.raises(InputError, match=says):
        wishes_of(with_wishes(CUE, wishes))


def test_sketch_follows_every_wish_there_is() -> None:
    assert kinds_of(ALL) == heeded("sketch", plan_channels=False)
    assert unheeded("sketch", ALL, heeded("sketch", plan_channels=False)) == ()


def test_a_model_with_a_plan_follows_what_the_plan_tells_and_one_without_only_hits() -> None:
    assert heeded("gvmgen-nano", plan_channels=True) == {
        "bigger", "smaller", "drawn", "tempo", "key", "hits",
    }  # fmt: skip
    assert heeded("musicgen", plan_channels=False) == {"hits"}


@given(st.sets(st.sampled_from(KINDS)), st.booleans())
def test_the_sentence_names_exactly_what_is_not_followed(kinds: set[str], channels: bool) -> None:
    wishes = Wishes(spans=tuple(SpanWish(kind, 0, 10) for kind in sorted(kinds)))  # type: ignore[arg-type]
    followed = heeded("nano", plan_channels=channels)
    left = {kind.replace("_", " ") for kind in kinds - followed}
    problems = unheeded("nano", wishes, followed)
    assert len(problems) == bool(left)
    if problems:
        text = problems[0].text
        assert "the model nano" in text
        assert {kind.replace("_", " ") for kind in KINDS if f"'{kind.replace('_', ' ')}'" in text} == left
