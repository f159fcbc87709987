"""Hostile and broken checkpoints end in a sentence, and nothing in them ever runs."""

from __future__ import annotations

import io
import os
import pickle
import subprocess
import sys
import zipfile
from collections import OrderedDict
from pathlib import Path
from typing import Any

import pytest
import torch

import checkpoints
from hitpoint.engine import killable
from hitpoint.engine.errors import Cancelled, InputError
from hitpoint.engine.models.importing import checkpoint, child
from hitpoint.engine.models.importing.checkpoint import read_checkpoint
from hitpoint.engine.progress import Cancel


class _Runs:
    """A pickle of this makes a file when it is opened."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> Any:
        return os.system, (f"touch {self.mark}",)


def _hostile_zip(path: Path, mark: Path) -> None:
    data = io.BytesIO()
    pickle.Pickler(data, 2).dump({"best_state": _Runs(mark)})
    torch.save({"best_state": {"w": torch.zeros(4)}}, path)
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, data.getvalue() if name.endswith("data.pkl") else content)


@pytest.mark.parametrize("form", ["zip", "plain pickle"])
def test_a_pickle_that_runs_code_is_refused_and_does_not_run(tmp_path: Path, form: str) -> None:
    mark = tmp_path / "ran"
    path = tmp_path / "state_dict.bin"
    if form == "zip":
        _hostile_zip(path, mark)
    else:
        path.write_bytes(pickle.dumps(_Runs(mark), 2))
    # The file is armed: a reader that trusts it would run it.
    with pytest.raises(InputError, match=r"'state_dict.bin' was not read: it holds more than weights"):
        read_checkpoint(path, tmp_path, Cancel())
    assert not mark.exists()
    if form == "plain pickle":
        pickle.loads(path.read_bytes())
        assert mark.exists()


def test_a_checkpoint_is_read_by_the_child(tmp_path: Path) -> None:
    _, state = checkpoints.write_gvmgen(tmp_path / "gv")
    found = read_checkpoint(tmp_path / "gv" / "state_dict.bin", tmp_path, Cancel())
    assert found.tensors is not None
    assert set(found.tensors) == set(state)
    assert found.facts["transformer_lm.num_heads"] == 4
    assert found.facts["dataset.segment_duration"] == 30.0


def test_a_cancel_kills_the_child(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    checkpoints.write_gvmgen(tmp_path / "gv")
    started: list[subprocess.Popen[bytes]] = []
    real = subprocess.Popen

    def popen(*arguments: Any, **how: Any) -> Any:
        started.append(real(*arguments, **how))
        return started[-1]

    monkeypatch.setattr(killable.subprocess, "Popen", popen)
    cancel = Cancel()
    cancel.set()
    with pytest.raises(Cancelled):
        read_checkpoint(tmp_path / "gv" / "state_dict.bin", tmp_path, cancel)
    assert started[0].returncode is not None


def test_a_child_that_takes_too_long_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    checkpoints.write_gvmgen(tmp_path / "gv")
    monkeypatch.setattr(checkpoint, "_WALL_S", 0)
    with pytest.raises(InputError, match="took more than"):
        read_checkpoint(tmp_path / "gv" / "state_dict.bin", tmp_path, Cancel())


def test_a_child_that_dies_is_a_damaged_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "state_dict.bin"
    path.write_bytes(b"x")
    monkeypatch.setattr(killable.sys, "executable", "/bin/false")
    with pytest.raises(InputError, match="made its reader fail"):
        read_checkpoint(path, tmp_path, Cancel())


class _Claim(pickle.Pickler):
    """Writes a tensor whose store, in torch's old format, is said to hold `count` numbers."""

    def __init__(self, file: io.BytesIO, count: int) -> None:
        super().__init__(file, 2)
        self.count = count

    def persistent_id(self, value: object) -> object:
        if value == "store":
            return ("storage", torch.FloatStorage, "0", "cpu", self.count, None)
        return None


class _Tensor:
    def __init__(self, count: int) -> None:
        self.count = count

    def __reduce__(self) -> Any:
        shape, strides = (self.count,), (1,)
        return torch._utils._rebuild_tensor_v2, ("store", 0, shape, strides, False, OrderedDict())


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limit")
def test_a_small_file_that_asks_for_all_memory_gets_none(tmp_path: Path) -> None:
    data = io.BytesIO()
    for head in (0x1950A86A20F9469CFC6C, 1001, {"little_endian": True}):
        pickle.dump(head, data, 2)
    _Claim(data, 5 << 30).dump({"best_state": {"w": _Tensor(5 << 30)}})
    pickle.dump(["0"], data, 2)
    (tmp_path / "old.bin").write_bytes(data.getvalue() + b"\0" * 64)
    with pytest.raises(InputError, match=r"'old.bin' was not read: it asks for more memory than its size"):
        read_checkpoint(tmp_path / "old.bin", tmp_path, Cancel())


def _refusal(path: Path, tmp_path: Path) -> str:
    try:
        child._read(path, tmp_path / "out.safetensors")
    except child.Refused as error:
        return str(error)
    except Exception as error:  # noqa: BLE001  the border that main() is
        return child._reason(error)
    raise AssertionError("it was read")


def test_a_file_cut_short_anywhere_is_refused(tmp_path: Path) -> None:
    checkpoints.write_gvmgen(tmp_path / "gv")
    whole = (tmp_path / "gv" / "state_dict.bin").read_bytes()
    for share in (0.0, 0.0001, 0.3, 0.9, 0.999999):
        path = tmp_path / "cut.bin"
        path.write_bytes(whole[: int(share * len(whole))])
        assert _refusal(path, tmp_path)
    path.write_bytes(whole[: len(whole) // 2])
    assert _refusal(path, tmp_path) == "it is cut short"


def test_something_else_is_refused(tmp_path: Path) -> None:
    for content in (b"", b"GIF89a", b"\x80\x02}q\x00.", b"\x00" * 4096):
        path = tmp_path / "other.bin"
        path.write_bytes(content)
        assert _refusal(path, tmp_path)


def test_a_compressed_zip_is_refused_before_it_unpacks(tmp_path: Path) -> None:
    path = tmp_path / "bomb.bin"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("archive/data.pkl", b"\0" * 50_000_000)
    assert path.stat().st_size < 100_000
    assert "compressed" in _refusal(path, tmp_path)


def test_a_tensor_that_claims_more_than_is_stored_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "huge.bin"
    torch.save({"best_state": {"w": torch.zeros(1).expand(1 << 40)}}, path)
    assert path.stat().st_size < 10_000
    assert _refusal(path, tmp_path) == "'w' claims to be larger than what is stored"


def test_tensors_that_share_one_store_a_thousand_times_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "many.bin"
    one = torch.zeros(100_000)
    torch.save({"best_state": {f"w{index}": one.view(-1) for index in range(1000)}}, path)
    assert "larger than the file" in _refusal(path, tmp_path)


@pytest.mark.parametrize(
    "value", [[1, 2], {"a": 3}, {"best_state": {}}, {"best_state": {"w": torch.zeros(3).to_sparse()}}]
)
def test_a_file_without_plain_weights_is_refused(tmp_path: Path, value: object) -> None:
    torch.save(value, tmp_path / "x.bin")
    assert _refusal(tmp_path / "x.bin", tmp_path)


def test_a_configuration_gives_named_plain_values_only(tmp_path: Path) -> None:
    text = (
        "dataset: {segment_duration: 32, other: 1}\n"
        "transformer_lm: {dim: 64, nested: {deep: 2}, long: " + "x" * 300 + "}\n"
        "secret: [1]\n"
        "codebooks_pattern: {delay: {delays: [0, 1]}}\n"
    )
    assert child._facts(text) == {
        "dataset.segment_duration": 32,
        "transformer_lm.dim": 64,
        "transformer_lm.nested.deep": 2,
        "codebooks_pattern.delay.delays": [0, 1],
    }


@pytest.mark.parametrize(
    "text", ["!!python/object/apply:os.system ['true']", "a: [", "x" * 2_000_000, "[" * 100_000]
)
def test_a_hostile_configuration_is_refused(tmp_path: Path, text: str) -> None:
    torch.save({"best_state": {"w": torch.zeros(3)}, "xp.cfg": text}, tmp_path / "x.bin")
    assert _refusal(tmp_path / "x.bin", tmp_path)
