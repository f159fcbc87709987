"""Files of weights: what is written is read back, by us and by the format's own library; damage is named."""

from __future__ import annotations

import hashlib
import json
import struct
from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy
import safetensors.torch
import torch

from hitpoint.engine.errors import Cancelled, InputError
from hitpoint.engine.models.weights import Tensors, renamed, write_tensors

STATE = {
    "b": np.arange(6, dtype=np.float32).reshape(2, 3),
    "a.weight": np.ones((), np.float32),
    "empty": np.zeros((0, 4), np.float32),
}
SHAPES = {name: array.shape for name, array in STATE.items()}


def test_what_is_written_is_read_back_by_us_and_by_the_formats_own_library(tmp_path: Path) -> None:
    fact = write_tensors(tmp_path / "w.safetensors", SHAPES, STATE)
    data = (tmp_path / "w.safetensors").read_bytes()
    assert (fact.bytes, fact.sha256) == (len(data), hashlib.sha256(data).hexdigest())
    ours, theirs = Tensors(tmp_path / "w.safetensors"), safetensors.numpy.load(data)
    for name, array in STATE.items():
        assert np.array_equal(ours[name], array)
        assert np.array_equal(theirs[name], array)
        assert ours[name].shape == ours.shape(name) == array.shape


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64, torch.float32])
def test_every_kind_of_float_comes_as_float32(tmp_path: Path, dtype: torch.dtype) -> None:
    tensor = torch.tensor([[1.5, -3e-5], [65504.0, float("inf")]]).to(dtype)
    safetensors.torch.save_file({"w": tensor, "n": torch.tensor([3])}, tmp_path / "w.safetensors")
    tensors = Tensors(tmp_path / "w.safetensors")
    assert tensors["w"].dtype == np.float32
    assert np.array_equal(tensors["w"], tensor.float().numpy())
    assert tensors["n"].tolist() == [3]


def test_an_array_may_be_changed_and_the_file_never_is(tmp_path: Path) -> None:
    write_tensors(tmp_path / "w.safetensors", SHAPES, STATE)
    before = (tmp_path / "w.safetensors").read_bytes()
    Tensors(tmp_path / "w.safetensors")["b"][:] = 9
    assert (tmp_path / "w.safetensors").read_bytes() == before


def _file(path: Path, header: object, data: bytes = b"", length: int | None = None) -> Path:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text) if length is None else length) + text + data)
    return path


def _entry(**more: object) -> dict[str, object]:
    return {"w": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8], **more}}


@pytest.mark.parametrize(
    ("header", "length"),
    [
        (b"", None),
        (b"{}", 1 << 62),
        (b"[" * 50_000, None),
        (b"not json", None),
        (b"[1]", None),
        ({"w": {"dtype": "F32"}}, None),
        (_entry(shape=[2, "x"]), None),
        (_entry(shape=[-2]), None),
        (_entry(shape=[1 << 62, 1 << 62]), None),
        (_entry(data_offsets=[0, 4]), None),
        (_entry(data_offsets=[8, 16]), None),
        (_entry(data_offsets=[-8, 0]), None),
        (_entry(data_offsets=[0]), None),
        (_entry(dtype="F8_E4M3"), None),
    ],
)
def test_a_damaged_file_is_refused(tmp_path: Path, header: object, length: int | None) -> None:
    with pytest.raises(InputError, match=r"w.safetensors"):
        Tensors(_file(tmp_path / "w.safetensors", header, b"\0" * 8, length))


def test_a_file_cut_short_is_refused_by_the_name_of_the_weight(tmp_path: Path) -> None:
    write_tensors(tmp_path / "w.safetensors", SHAPES, STATE)
    data = (tmp_path / "w.safetensors").read_bytes()
    (tmp_path / "w.safetensors").write_bytes(data[:-8])
    with pytest.raises(InputError, match="cut short at"):
        Tensors(tmp_path / "w.safetensors")
    with pytest.raises(InputError, match="cannot be read"):
        Tensors(tmp_path / "none.safetensors")


def test_a_cancel_between_tensors_leaves_no_file(tmp_path: Path) -> None:
    def stop() -> None:
        raise Cancelled("stopped")

    with pytest.raises(Cancelled):
        write_tensors(tmp_path / "w.safetensors", SHAPES, STATE, check=stop)
    assert list(tmp_path.iterdir()) == []


def test_other_names_are_views() -> None:
    other = renamed(STATE, {"x": "b"})
    assert list(other) == ["x"]
    assert other["x"] is STATE["b"]
