"""The codec's graphs as files: two, whole in themselves, and run where there is no torch."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("torch")
onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")

from hitpoint.engine.models.codec_state import random_codec_state  # noqa: E402
from hitpoint.engine.models.graphs.codec import export_codec  # noqa: E402
from hitpoint.engine.models.tiny import TINY_CODEC  # noqa: E402

_WITHOUT_TORCH = """
import sys
for name in ("torch", "onnx", "transformers"):
    sys.modules[name] = None
from pathlib import Path
import numpy as np
from hitpoint.engine.models.runtime import chroma, text
from hitpoint.engine.models.runtime.codec import Codec
from hitpoint.engine.models.tiny import TINY_CODEC
codec = Codec(Path(sys.argv[1]), TINY_CODEC, device="cpu", threads=1)
codes = np.arange(4 * 30).reshape(4, 30)
sound = np.concatenate(list(codec.decode(codes)))
print(sound.shape, codec.encode(sound).shape)
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("model")
    written = export_codec(TINY_CODEC, random_codec_state(TINY_CODEC, 1), out)
    assert written == [out / "codec-decode.onnx", out / "codec-encode.onnx"]
    assert sorted(out.iterdir()) == written
    return out


def test_both_graphs_are_valid_and_take_any_length(folder: Path) -> None:
    for name, free in (("codec-decode.onnx", ("codes", 2)), ("codec-encode.onnx", ("audio", 2))):
        model = onnx.load(folder / name)
        onnx.checker.check_model(model, full_check=True)
        sizes = {value.name: value.type.tensor_type.shape.dim for value in model.graph.input}
        value, axis = free
        assert sizes[value][axis].dim_param
        assert sizes[value][0].dim_param


def test_music_is_made_where_there_is_no_torch(folder: Path) -> None:
    command = [sys.executable, "-c", _WITHOUT_TORCH, str(folder)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split("\n")[0] == "(19200, 1) (4, 30)"
