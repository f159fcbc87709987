"""The decoder's graph as a file: what is refused, and how weights become 8 bits."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

onnx = pytest.importorskip("onnx")

from hitpoint.engine.errors import InputError, OptionError  # noqa: E402
from hitpoint.engine.models.config import DecoderConfig  # noqa: E402
from hitpoint.engine.models.graphs.decoder import DECODER_PRECISIONS, export_decoder, quantise_blocks  # noqa: E402
from hitpoint.engine.models.state import decoder_shapes, random_state  # noqa: E402
from hitpoint.engine.models.tiny import TINY_DECODER  # noqa: E402


@pytest.mark.parametrize("precision", DECODER_PRECISIONS)
def test_an_export_is_one_valid_file(tmp_path: Path, precision: str) -> None:
    state = random_state(decoder_shapes(TINY_DECODER), 1)
    files = export_decoder(TINY_DECODER, state, tmp_path, precision)
    assert files == [tmp_path / f"decoder-{precision}.onnx"] == list(tmp_path.iterdir())
    model = onnx.load(files[0])
    names = {value.name for value in model.graph.input}
    assert {"tokens", "prefix", "places", "conditioned", "past_key.1", "cross_value.1"} <= names
    # Ours alone: nothing of the machine that wrote it.
    assert (model.producer_name, model.doc_string) == ("hitpoint", "")


def test_eight_bits_are_a_quarter_of_the_size_but_for_embeddings(tmp_path: Path) -> None:
    config = DecoderConfig(dim=128, heads=2, layers=8, cardinality=64)
    state = random_state(decoder_shapes(config), 1)
    sizes = [
        export_decoder(config, state, tmp_path, precision)[0].stat().st_size
        for precision in DECODER_PRECISIONS
    ]
    assert sizes[1] < 0.32 * sizes[0]


def test_the_same_weights_give_the_same_bytes(tmp_path: Path) -> None:
    state = random_state(decoder_shapes(TINY_DECODER), 1)
    first = export_decoder(TINY_DECODER, state, tmp_path / "a", "int8")[0].read_bytes()
    reordered = dict(reversed(list(state.items())))
    assert export_decoder(TINY_DECODER, reordered, tmp_path / "b", "int8")[0].read_bytes() == first


def test_half_precision_is_refused_with_what_to_choose(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="fp16 brings nothing: export it as fp32 or int8"):
        export_decoder(TINY_DECODER, {}, tmp_path, "fp16")


def test_a_missing_or_misshapen_weight_is_named(tmp_path: Path) -> None:
    state = random_state(decoder_shapes(TINY_DECODER), 1)
    key = "transformer.layers.1.linear1.weight"
    with pytest.raises(InputError, match=f"{key} is missing"):
        export_decoder(TINY_DECODER, {k: v for k, v in state.items() if k != key}, tmp_path, "fp32")
    with pytest.raises(InputError, match=rf"{key} has shape \(64, 256\) where \(256, 64\) is needed"):
        export_decoder(TINY_DECODER, state | {key: state[key].T}, tmp_path, "fp32")
    assert list(tmp_path.iterdir()) == []


def test_heads_that_do_not_fit_the_width_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="5 heads do not divide a decoder of width 64"):
        export_decoder(DecoderConfig(dim=64, heads=5, layers=1), {}, tmp_path, "fp32")


@pytest.mark.parametrize(("inputs", "block"), [(1024, 128), (1536, 128), (192, 64), (48, 16), (40, 16)])
def test_blocks_come_back_within_half_a_step(inputs: int, block: int) -> None:
    weight = np.random.Generator(np.random.Philox(3)).standard_normal((7, inputs)).astype(np.float32)
    codes, scales = quantise_blocks(weight)
    assert codes.shape == (7, -(-inputs // block), block) and scales.shape == codes.shape[:2]
    back = ((codes.astype(np.float32) - 128) * scales[..., None]).reshape(7, -1)
    assert codes.min() >= 1
    step = np.repeat(scales, block, axis=1)[:, :inputs]
    assert (np.abs(back[:, :inputs] - weight) <= 0.5001 * step).all()
    assert not back[:, inputs:].any()


def test_a_block_of_zeros_stays_zero() -> None:
    codes, scales = quantise_blocks(np.zeros((2, 128), np.float32))
    assert (codes == 128).all() and np.isfinite(scales).all()
