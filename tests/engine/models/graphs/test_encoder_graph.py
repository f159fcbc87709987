"""The encoder's graphs against torch: both outputs, any number of frames, three precisions."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

torch = pytest.importorskip("torch", reason="needs the extra [neural]")
onnx = pytest.importorskip("onnx", reason="needs the extra [export]")
pytest.importorskip("onnxruntime", reason="needs the extra [cpu]")

from hitpoint.engine.models.config import PRECISIONS, ModelConfig, Precision  # noqa: E402
from hitpoint.engine.models.graphs.encoder import export_encoder  # noqa: E402
from hitpoint.engine.models.graphs.files import quantise, save_graph  # noqa: E402
from hitpoint.engine.models.graphs.temporal import export_temporal  # noqa: E402
from hitpoint.engine.models.net.decoder import load_decoder, project_memory  # noqa: E402
from hitpoint.engine.models.net.visual import load_visual  # noqa: E402
from hitpoint.engine.models.runtime.encoder import Temporal  # noqa: E402
from hitpoint.engine.models.runtime.session import open_session  # noqa: E402
from hitpoint.engine.models.state import TIME_GAIN  # noqa: E402
from hitpoint.engine.models.tiny import Weights, tiny_gvmgen, tiny_musicgen  # noqa: E402

Floats = npt.NDArray[np.float32]


def _timed() -> tuple[ModelConfig, Weights]:
    config, state = tiny_gvmgen(timed=True)
    return config, state | {TIME_GAIN: np.array(0.3, np.float32)}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("model")
    for precision in PRECISIONS:
        assert export_encoder(*_timed(), out, precision) == [out / f"encoder-{precision}.onnx"]
        assert export_temporal(*_timed(), out, precision) == [out / f"temporal-{precision}.onnx"]
    return out


def _inputs(batch: int, count: int) -> tuple[Floats, Floats]:
    random = np.random.Generator(np.random.Philox(count))
    frames = 1.7 * (2 * random.random((batch, count, 3, 336, 336), np.float32) - 1)
    times = np.tile(np.arange(count, dtype=np.float32), (batch, 1))
    # The last is an anchor.
    times[:, -1] = -1
    return frames.astype(np.float32), times


def _torch(frames: Floats, times: Floats) -> tuple[Floats, Floats]:
    config, state = _timed()
    with torch.inference_mode():
        memory = load_visual(config, state)(torch.from_numpy(frames), torch.from_numpy(times))
        temporal_kv = project_memory(load_decoder(config.decoder, state), memory)
    return memory.numpy(), temporal_kv.numpy()


def _run(path: Path, **feeds: Floats) -> list[Floats]:
    found: list[Floats] = open_session(path, device="cpu", threads=1).run(["memory", "temporal_kv"], feeds)
    return found


def _cosine(one: Floats, other: Floats) -> float:
    return float((one * other).sum() / np.sqrt((one**2).sum() * (other**2).sum()))


@pytest.mark.parametrize(("batch", "count"), [(1, 1), (1, 7), (1, 30), (2, 3)])
def test_one_file_gives_both_outputs_of_torch_for_any_number_of_frames(
    folder: Path, batch: int, count: int
) -> None:
    frames, times = _inputs(batch, count)
    memory, temporal_kv = _run(folder / "encoder-fp32.onnx", frames=frames, times=times)
    for ours, theirs in zip((memory, temporal_kv), _torch(frames, times), strict=True):
        assert ours.shape == theirs.shape
        np.testing.assert_allclose(ours, theirs, atol=1e-4, rtol=0)


@pytest.mark.parametrize(("precision", "least"), [("fp16", 0.99999), ("int8", 0.998)])
def test_fewer_bits_keep_the_direction_of_both_outputs(
    folder: Path, precision: Precision, least: float
) -> None:
    frames, times = _inputs(1, 7)
    found = _run(folder / f"encoder-{precision}.onnx", frames=frames, times=times)
    for ours, theirs in zip(found, _torch(frames, times), strict=True):
        assert ours.dtype == np.float32
        assert _cosine(ours, theirs) > least


@pytest.mark.parametrize("precision", PRECISIONS)
def test_the_temporal_graph_gives_for_a_memory_what_the_encoder_gives(
    folder: Path, precision: Precision
) -> None:
    frames, times = _inputs(1, 3)
    untimed, _ = _run(folder / f"encoder-{precision}.onnx", frames=frames, times=np.full_like(times, -1))
    whole = _run(folder / f"encoder-{precision}.onnx", frames=frames, times=times)
    apart = _run(folder / f"temporal-{precision}.onnx", rows=untimed, times=times)
    for one, other in zip(whole, apart, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5, rtol=0)


def test_a_model_without_a_gate_projects_a_set(tmp_path: Path) -> None:
    config, state = tiny_gvmgen()
    export_temporal(config, state, tmp_path, "fp32")
    memory = np.random.Generator(np.random.Philox(2)).random((1, 5, config.decoder.dim), np.float32)
    temporal = Temporal(tmp_path, "fp32", "cpu")
    with_times, kv = temporal.project(memory, np.arange(5, dtype=np.float32)[None])
    np.testing.assert_array_equal(with_times, memory)
    np.testing.assert_array_equal(kv, temporal.project(memory)[1])


def test_keys_and_values_of_a_text_memory_are_those_of_torch(tmp_path: Path) -> None:
    config, state = tiny_musicgen()
    export_temporal(config, state, tmp_path, "fp32")
    memory = np.random.Generator(np.random.Philox(2)).random((2, 6, config.decoder.dim), np.float32)
    placed, temporal_kv = Temporal(tmp_path, "fp32", "cpu").project(memory)
    np.testing.assert_array_equal(placed, memory)
    expected = project_memory(load_decoder(config.decoder, state), torch.from_numpy(memory)).numpy()
    np.testing.assert_allclose(temporal_kv, expected, atol=1e-5, rtol=0)


def test_weights_above_the_limit_lie_beside_the_graph_and_give_the_same(folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "encoder-fp32.onnx"
    whole = folder / path.name
    written = save_graph(onnx.load(whole), path, most_bytes=100_000)
    assert written == [path, tmp_path / "encoder-fp32.safetensors"] == sorted(tmp_path.iterdir())
    assert path.stat().st_size < 300_000 < written[1].stat().st_size
    frames, times = _inputs(1, 2)
    for one, other in zip(
        _run(whole, frames=frames, times=times), _run(path, frames=frames, times=times), strict=True
    ):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("precision", ["fp16", "int8"])
def test_weights_of_fewer_bits_lie_beside_the_graph_too(
    folder: Path, tmp_path: Path, precision: Precision
) -> None:
    path = tmp_path / f"temporal-{precision}.onnx"
    assert len(save_graph(onnx.load(folder / path.name), path, most_bytes=1000)) == 2
    memory, times = np.ones((1, 2, 64), np.float32), np.zeros((1, 2), np.float32)
    one = _run(folder / path.name, rows=memory, times=times)
    np.testing.assert_array_equal(one[1], _run(path, rows=memory, times=times)[1])


def test_a_graph_that_fits_leaves_no_older_weights_beside_it(folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "temporal-fp32.onnx"
    model = onnx.load(folder / path.name)
    save_graph(onnx.load(folder / path.name), path, most_bytes=1000)
    assert save_graph(model, path) == [path]
    assert list(tmp_path.iterdir()) == [path]


def test_bytes_of_a_column_are_within_half_a_step() -> None:
    random = np.random.Generator(np.random.Philox(1))
    weight = random.standard_normal((600, 5), np.float32) * np.array([1, 10, 0, 1e-3, 1], np.float32)
    found, scale = quantise(weight)
    assert found.dtype == np.int8 and found.min() >= -127
    assert np.all(np.abs(found * scale - weight) <= scale * 0.5001)
    assert np.abs(found[:, [0, 1, 3, 4]]).max(axis=0).tolist() == [127] * 4
