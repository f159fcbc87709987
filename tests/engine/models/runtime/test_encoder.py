"""Encoding pictures and projecting memory where there is no torch."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

pytest.importorskip("onnx", reason="needs the extra [export]")
pytest.importorskip("onnxruntime", reason="needs the extra [cpu]")

from hitpoint.engine.errors import InputError
from hitpoint.engine.models.config import Precision
from hitpoint.engine.models.graphs.encoder import export_encoder
from hitpoint.engine.models.graphs.temporal import export_temporal
from hitpoint.engine.models.runtime import encoder as runtime
from hitpoint.engine.models.runtime import session as sessions
from hitpoint.engine.models.runtime.encoder import PictureEncoder, Temporal
from hitpoint.engine.models.tiny import tiny_gvmgen

Floats = npt.NDArray[np.float32]

_WITHOUT_TORCH = """
import sys
for name in ("torch", "onnx", "transformers"):
    sys.modules[name] = None
from pathlib import Path
import numpy as np
from hitpoint.engine.models.runtime.encoder import PictureEncoder, Temporal
folder = Path(sys.argv[1])
memory = PictureEncoder(folder, "int8", "cpu").memory(np.zeros((2, 3, 336, 336), np.float32))
print(memory.shape, Temporal(folder, "int8", "cpu").project(memory[None])[1].shape)
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("model")
    config, state = tiny_gvmgen()
    precisions: tuple[Precision, ...] = ("fp32", "int8")
    for precision in precisions:
        export_encoder(config, state, out, precision)
        export_temporal(config, state, out, precision)
    return out


def _frames(count: int) -> Floats:
    random = np.random.Generator(np.random.Philox(7))
    return 3.4 * random.random((count, 3, 336, 336), np.float32) - np.float32(1.7)


@pytest.mark.parametrize("precision", ["fp32", "int8"])
def test_a_row_depends_on_its_own_frame_only(folder: Path, precision: Precision) -> None:
    encoder = PictureEncoder(folder, precision, "cpu")
    frames = _frames(5)
    together = encoder.memory(frames)
    assert together.dtype == np.float32 and together.shape == (5, 64)
    alone = np.concatenate([encoder.memory(frames[i : i + 1]) for i in (4, 2, 0)])
    np.testing.assert_array_equal(together[[4, 2, 0]], alone)


def test_any_number_of_frames_a_run_gives_the_same_rows(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    frames = _frames(5)
    encoder = PictureEncoder(folder, "fp32", "cpu")
    alone = encoder.memory(frames)
    monkeypatch.setattr(runtime, "_CPU_FRAMES", 3)
    np.testing.assert_allclose(encoder.memory(frames), alone, atol=1e-5, rtol=0)


def test_no_frames_are_no_rows(folder: Path) -> None:
    assert PictureEncoder(folder, "fp32", "cpu").memory(_frames(0)).shape == (0, 64)


def test_the_encoder_knows_its_frames_and_its_weights(folder: Path, tmp_path: Path) -> None:
    encoder = PictureEncoder(folder, "fp32", "cpu")
    assert encoder.image == 336
    assert encoder.sha256 != PictureEncoder(folder, "int8", "cpu").sha256
    beside = tmp_path / "encoder-fp32.onnx"
    beside.write_bytes((folder / beside.name).read_bytes())
    assert PictureEncoder(tmp_path, "fp32", "cpu").sha256 == encoder.sha256
    beside.with_suffix(".safetensors").write_bytes(b"other weights")
    assert PictureEncoder(tmp_path, "fp32", "cpu").sha256 != encoder.sha256


def test_a_closed_encoder_encodes_again(folder: Path) -> None:
    encoder = PictureEncoder(folder, "fp32", "cpu")
    first = encoder.memory(_frames(1))
    encoder.close()
    np.testing.assert_array_equal(encoder.memory(_frames(1)), first)


def test_a_graph_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no encoder-fp16\.onnx: import it again"):
        PictureEncoder(tmp_path, "fp16", "cpu")
    with pytest.raises(InputError, match=r"no temporal-int8\.onnx: import it again"):
        Temporal(tmp_path, "int8", "cpu")


def test_pictures_become_memory_without_torch(folder: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _WITHOUT_TORCH, str(folder)], capture_output=True, text=True, check=False
    )
    assert done.stdout == "(2, 64) (2, 2, 1, 2, 64)\n", done.stderr


def test_exact_products_of_bytes_are_asked_for_only_without_vnni(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sessions.platform, "machine", lambda: "x86_64")
    for flags, expected in (("flags: avx2 avx512_vnni", False), ("flags: avx2", True), (None, True)):
        facts = tmp_path / f"{expected}-{flags is None}"
        if flags is not None:
            facts.write_text(flags)
        monkeypatch.setattr(sessions, "_CPU_FACTS", facts)
        assert sessions._bytes_saturate() is expected
    monkeypatch.setattr(sessions.platform, "machine", lambda: "arm64")
    assert not sessions._bytes_saturate()
