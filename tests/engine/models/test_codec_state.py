"""Every published spelling of the codec's weights is read to one, and back."""

from __future__ import annotations

import numpy as np
import pytest

from hitpoint.engine.models.codec_state import (
    audiocraft_key,
    codec_shapes,
    context_steps,
    decoder_layers,
    encoder_layers,
    fold_weight_norm,
    from_published,
    huggingface_key,
    random_codec_state,
    split_at_lstm,
    to_audiocraft,
    to_parametrized,
)
from hitpoint.engine.models.config import CodecConfig
from hitpoint.engine.models.tiny import TINY_CODEC

PUBLISHED = {
    "encoder.layers.0.conv.weight_g": (64, 1, 1),
    "encoder.layers.15.conv.weight_v": (128, 1024, 7),
    "encoder.layers.10.block.3.conv.bias": (512,),
    "encoder.layers.13.lstm.weight_ih_l1": (4096, 1024),
    "decoder.layers.1.lstm.bias_hh_l0": (4096,),
    "decoder.layers.3.conv.weight_v": (1024, 512, 16),
    "decoder.layers.3.conv.weight_g": (1024, 1, 1),
    "decoder.layers.13.block.1.conv.weight_v": (32, 64, 3),
    "decoder.layers.15.conv.bias": (1,),
    "quantizer.layers.3.codebook.embed": (2048, 128),
    "quantizer.layers.0.codebook.inited": (1,),
}


def test_the_published_size_has_the_published_keys() -> None:
    shapes = codec_shapes(CodecConfig())
    assert {key: shapes.get(key) for key in PUBLISHED} == PUBLISHED


@pytest.mark.parametrize(
    ("published", "ours"),
    [
        ("encoder.model.0.conv.conv.weight_g", "encoder.layers.0.conv.weight_g"),
        ("encoder.model.4.block.1.conv.conv.bias", "encoder.layers.4.block.1.conv.bias"),
        ("decoder.model.3.convtr.convtr.weight_v", "decoder.layers.3.conv.weight_v"),
        ("decoder.model.1.lstm.weight_hh_l0", "decoder.layers.1.lstm.weight_hh_l0"),
        ("quantizer.vq.layers.2._codebook.embed", "quantizer.layers.2.codebook.embed"),
        ("model.encoder.model.0.conv.conv.bias", "encoder.layers.0.conv.bias"),
        ("audio_encoder.decoder.layers.0.conv.weight_v", "decoder.layers.0.conv.weight_v"),
        (
            "audio_encoder.decoder.layers.3.conv.parametrizations.weight.original0",
            "decoder.layers.3.conv.weight_g",
        ),
        ("encoder.model.0.conv.conv.parametrizations.weight.original1", "encoder.layers.0.conv.weight_v"),
    ],
)
def test_a_published_key_is_read_to_ours(published: str, ours: str) -> None:
    assert huggingface_key(published) == ours
    assert ours in codec_shapes(CodecConfig())


def test_all_spellings_come_back() -> None:
    state = random_codec_state(TINY_CODEC, 1)
    for spelled in (to_audiocraft(state, TINY_CODEC), to_parametrized(state), state):
        assert len(spelled) == len(state)
        back = from_published(spelled)
        assert set(back) == set(state)
        assert all(back[key] is state[key] for key in state)
    assert audiocraft_key("decoder.layers.3.conv.bias", TINY_CODEC) == "decoder.model.3.convtr.convtr.bias"


def test_folded_weights_have_the_length_that_weight_norm_gives() -> None:
    state = random_codec_state(TINY_CODEC, 1)
    folded = fold_weight_norm(state)
    assert not [key for key in folded if key.endswith(("weight_g", "weight_v"))]
    for key, weight in folded.items():
        if key.endswith(".conv.weight"):
            lengths = np.sqrt((weight**2).sum(axis=(1, 2)))
            assert np.allclose(lengths, np.abs(state[f"{key}_g"][:, 0, 0]), rtol=1e-5)


def test_random_weights_depend_on_the_seed_alone() -> None:
    first, again, other = (random_codec_state(TINY_CODEC, seed) for seed in (1, 1, 2))
    assert all(np.array_equal(first[key], again[key]) for key in first)
    assert not np.array_equal(
        first["encoder.layers.0.conv.weight_v"], other["encoder.layers.0.conv.weight_v"]
    )
    assert {key: value.shape for key, value in first.items()} == codec_shapes(TINY_CODEC)


def test_chunks_need_a_few_steps_of_their_neighbours() -> None:
    config = CodecConfig()
    below, _, _ = split_at_lstm(encoder_layers(config))
    _, _, above = split_at_lstm(decoder_layers(config))
    assert (context_steps(below, config), context_steps(above, config)) == (1, 2)
