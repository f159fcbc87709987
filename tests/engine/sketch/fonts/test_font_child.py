"""Whatever is in a file, its reader answers or refuses it in a sentence."""

from __future__ import annotations

from pathlib import Path

import pytest
from fakes.gm_fonts import preset
from fakes.sound_fonts import sf2_bytes, sine
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hitpoint.engine.errors import InputError
from hitpoint.engine.serial import from_json
from hitpoint.engine.sketch import soundfont
from hitpoint.engine.sketch.fonts import child
from hitpoint.engine.sketch.fonts.card import Part

SMALL = sf2_bytes([sine(4, 20)], [preset(0, 73, "Flute")])
# Where the records begin: damage in the sound itself is only sound.
_TABLES = SMALL.index(b"pdta")


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    flips=st.lists(
        st.tuples(st.integers(_TABLES, len(SMALL) - 1), st.integers(0, 255)), min_size=1, max_size=8
    )
)
def test_a_damaged_font_is_told_or_refused(tmp_path: Path, flips: list[tuple[int, int]]) -> None:
    data = bytearray(SMALL)
    for at, value in flips:
        data[at] = value
    path = tmp_path / "damaged.sf2"
    path.write_bytes(data)
    try:
        answer = child.look({"path": str(path)})
    except InputError as error:
        assert "damaged.sf2" in str(error)
    else:
        parts = [from_json(Part, part) for part in answer["parts"].values()]
        assert any(part.how != "bundled" for part in parts)


def test_a_preset_with_endless_zones_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(soundfont, "_MOST_ZONES", 0)
    (tmp_path / "many.sf2").write_bytes(SMALL)
    with pytest.raises(InputError, match=r"many\.sf2.*too many zones"):
        child.look({"path": str(tmp_path / "many.sf2")})


def test_a_preset_without_sound_is_not_the_fonts(tmp_path: Path) -> None:
    silent = sf2_bytes([sine(level=0.0)], [preset(0, 73, "Flute")])
    (tmp_path / "silent.sf2").write_bytes(silent)
    with pytest.raises(InputError, match="no preset that the composer can use"):
        child.look({"path": str(tmp_path / "silent.sf2")})
