"""Values between the panel and its engine arrive as they were sent, small ones and large ones."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hitpoint.engine.serial import to_json
from hitpoint.engine.timebase import Rate
from hitpoint.engine.types import Cut, Picture, Span
from hitpoint.engine.worker.messages import EngineError
from hitpoint.plugin.panel.letters import letters_dir, opened, sealed
from hitpoint.plugin.panel.seen import keep_picture, packed, read_picture, unpacked

_CURVES = ("motion", "luminance", "warmth", "saturation", "change")


def picture(frames: int, value: float = 0.123456) -> Picture:
    curves: dict[str, Any] = {name: (value,) * frames for name in _CURVES}
    cuts = (Cut(110, 0.5), Cut(120, 0.25, "dissolve", 12))
    return Picture(Rate(24), 100, **curves, cuts=cuts, black=(Span(100, 104),), dialogue_lufs=-23.5)


@given(st.recursive(st.integers() | st.text() | st.floats(allow_nan=False, allow_infinity=False), st.lists))
@settings(max_examples=30, deadline=None)
def test_a_small_value_needs_no_file(value: object) -> None:
    letter = sealed({"value": value})
    assert opened(json.loads(json.dumps(letter)))["value"] == json.loads(json.dumps(value))
    assert "file" not in letter


def test_a_large_value_goes_as_a_file_that_is_written_once(home: Path) -> None:
    value = ["x" * 1000] * 1000
    one, other = sealed(value), sealed(value)
    assert one == other
    assert len(json.dumps(one)) < 1000
    assert opened(one) == value
    assert len(list(letters_dir().iterdir())) == 1


def test_a_letter_whose_file_is_another_is_refused() -> None:
    letter = sealed(["x" * 1000] * 1000)
    path = Path(letter["file"]["path"])
    path.write_bytes(path.read_bytes().replace(b"x", b"y", 1))
    with pytest.raises(EngineError, match="ask for it again"):
        opened(letter)
    path.unlink()
    with pytest.raises(EngineError, match="ask for it again"):
        opened(letter)


@given(st.lists(st.floats(0, 1), max_size=40))
@settings(deadline=None)
def test_a_picture_comes_back_to_the_last_bit(values: list[float]) -> None:
    curves: dict[str, Any] = {name: tuple(values) for name in _CURVES}
    seen = Picture(Rate(30000, 1001), 7, **curves, cuts=(Cut(9, 0.1),), extra={"later": [1]})
    assert unpacked(packed(seen)) == seen


def test_an_hours_picture_is_a_file_of_numbers_and_kept_under_its_hash() -> None:
    seen = picture(86_400)
    path, sha256 = keep_picture(seen)
    assert keep_picture(seen) == (path, sha256)
    assert read_picture(path, sha256) == seen
    # Its JSON part is what Python reads in one go while nobody else may.
    assert path.stat().st_size - 5 * 8 * 86_400 < 2_000
    assert len(json.dumps(to_json(seen))) > 3_000_000


@pytest.mark.parametrize("damage", [lambda data: data[:-1], lambda data: b"x" + data, lambda data: data[:10]])
def test_a_damaged_picture_is_refused(damage: Any) -> None:
    path, sha256 = keep_picture(picture(24))
    path.write_bytes(damage(path.read_bytes()))
    for known in (sha256, ""):
        with pytest.raises(EngineError, match="open the timeline again"):
            read_picture(path, known)
