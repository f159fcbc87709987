"""What the cache gives back is what was kept, or nothing."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path

import numpy as np
import pytest

from hitpoint.engine.errors import OutputError
from hitpoint.engine.store.cache import entry_path, load_arrays, store_arrays


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HITPOINT_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


ARRAYS = {"a": np.arange(7, dtype=np.float32), "b": np.array(5), "c": np.zeros((0, 2), np.int64)}


def test_arrays_come_back_as_they_were() -> None:
    store_arrays("kind", "ab12", ARRAYS)
    found = load_arrays("kind", "ab12")
    assert found is not None
    assert list(found) == list(ARRAYS)
    for name, value in ARRAYS.items():
        assert found[name].dtype == value.dtype
        assert np.array_equal(found[name], value)


def test_asking_makes_no_folder(own_home: Path) -> None:
    assert load_arrays("kind", "ab12") is None
    assert not own_home.exists()


@pytest.mark.parametrize("cut", [0, 1, 30, 200, -10])
def test_a_cut_off_entry_is_none(cut: int) -> None:
    store_arrays("kind", "ab12", ARRAYS)
    path = entry_path("kind", "ab12")
    path.write_bytes(path.read_bytes()[:cut])
    assert load_arrays("kind", "ab12") is None


def test_no_flipped_bit_comes_through() -> None:
    store_arrays("kind", "ab12", ARRAYS)
    path = entry_path("kind", "ab12")
    good = path.read_bytes()
    for at in range(len(good)):
        path.write_bytes(good[:at] + bytes([good[at] ^ 4]) + good[at + 1 :])
        assert load_arrays("kind", "ab12") is None


def test_a_pickle_is_never_opened() -> None:
    path = entry_path("kind", "ab12")
    path.parent.mkdir(parents=True)
    file = io.BytesIO()
    np.savez(file, a=np.array([{"evil": 1}], dtype=object), allow_pickle=True)
    path.write_bytes(hashlib.sha256(file.getvalue()).digest() + file.getvalue())
    assert load_arrays("kind", "ab12") is None


def test_a_folder_that_cannot_be_made_is_said(own_home: Path) -> None:
    own_home.write_text("a file where a folder should be")
    with pytest.raises(OutputError):
        store_arrays("kind", "ab12", ARRAYS)
