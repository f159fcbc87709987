"""The codec in torch against the two published implementations, on the same random weights."""

from __future__ import annotations

import importlib.util
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

torch = pytest.importorskip("torch")

from hitpoint.engine.models import codec_state  # noqa: E402
from hitpoint.engine.models.config import CodecConfig  # noqa: E402
from hitpoint.engine.models.net.codec import CodecNetwork, load_codec  # noqa: E402
from hitpoint.engine.models.tiny import TINY_CODEC  # noqa: E402

pytestmark = pytest.mark.filterwarnings(
    # torch's and audiocraft's own: weight_norm is to be replaced by a parametrization.
    "ignore:.*weight_norm.* is deprecated:FutureWarning",
    # torch, seen from transformers: a module that it deprecates is still imported there.
    "ignore::DeprecationWarning",
)

Floats = npt.NDArray[np.float32]
PARITY = 1e-4
STEREO = replace(TINY_CODEC, channels=2)


@pytest.fixture(autouse=True, scope="module")
def one_thread() -> None:
    torch.set_num_threads(1)


def made(config: CodecConfig, seed: int = 5) -> tuple[dict[str, Floats], CodecNetwork]:
    state = codec_state.random_codec_state(config, seed)
    return state, load_codec(config, state)


def random_codes(config: CodecConfig, steps: int, seed: int = 1) -> Any:
    random = np.random.Generator(np.random.Philox(seed))
    books = config.codebooks * config.channels
    return torch.from_numpy(random.integers(0, config.cardinality, (1, books, steps)))


def random_sound(config: CodecConfig, samples: int, seed: int = 1) -> Any:
    random = np.random.Generator(np.random.Philox(seed))
    return torch.from_numpy(0.5 * random.standard_normal((1, config.channels, samples)).astype(np.float32))


def huggingface(config: CodecConfig, state: dict[str, Any]) -> Any:
    transformers = pytest.importorskip("transformers")
    names = transformers.EncodecConfig(
        target_bandwidths=[config.codebooks * 50 * 11 / 1000],
        sampling_rate=config.sample_rate,
        audio_channels=1,
        hidden_size=config.hidden,
        codebook_dim=config.hidden,
        codebook_size=config.cardinality,
        num_filters=config.filters,
        upsampling_ratios=list(config.ratios),
        use_causal_conv=False,
        use_conv_shortcut=False,
        num_residual_layers=config.residual_layers,
    )
    model = transformers.EncodecModel(names)
    tensors = {key: torch.from_numpy(np.asarray(value)) for key, value in state.items()}
    model.load_state_dict(tensors, strict=True)
    return model.eval()


def audiocraft(config: CodecConfig, state: dict[str, Floats]) -> Any:
    if importlib.util.find_spec("audiocraft") is None:
        pytest.skip("audiocraft is not installed")
    from hitpoint.engine.models.generate.audiocraft_standins import audiocraft_imports

    with audiocraft_imports():
        from audiocraft.models.encodec import EncodecModel, InterleaveStereoCompressionModel
        from audiocraft.modules.seanet import SEANetDecoder, SEANetEncoder
        from audiocraft.quantization import ResidualVectorQuantizer

        kwargs: dict[str, Any] = {
            "channels": 1,
            "dimension": config.hidden,
            "n_filters": config.filters,
            "n_residual_layers": config.residual_layers,
            "ratios": list(config.ratios),
            "norm": "weight_norm",
            "lstm": config.lstm_layers,
            "causal": False,
        }
        quantizer = ResidualVectorQuantizer(
            dimension=config.hidden, n_q=config.codebooks, bins=config.cardinality
        )
        model = EncodecModel(
            SEANetEncoder(**kwargs), SEANetDecoder(**kwargs), quantizer, 50, config.sample_rate, 1
        )
        spelled = codec_state.to_audiocraft(state, config)
        tensors = {key: torch.from_numpy(np.asarray(value)) for key, value in spelled.items()}
        model.load_state_dict(tensors, strict=True)
        return (InterleaveStereoCompressionModel(model) if config.channels == 2 else model).eval()


def check_sound(ours: Any, theirs: Any) -> None:
    assert ours.shape == theirs.shape
    assert 0.02 < ours.std() < 2
    assert (ours - theirs).abs().max() < PARITY


def test_the_published_size_counts_its_parameters() -> None:
    shapes = codec_state.codec_shapes(CodecConfig())
    weights = {key: shape for key, shape in shapes.items() if not key.startswith("quantizer.")}
    assert sum(int(np.prod(shape)) for shape in weights.values()) == 56_884_674


def test_a_step_is_six_hundred_and_forty_samples() -> None:
    _, network = made(TINY_CODEC)
    assert network.decode(random_codes(TINY_CODEC, 250)).shape == (1, 1, 160_000)


@pytest.mark.parametrize("steps", [1, 2, 3, 4, 57])
def test_decoding_is_that_of_transformers(steps: int) -> None:
    state, network = made(TINY_CODEC)
    codes = random_codes(TINY_CODEC, steps)
    with torch.no_grad():
        theirs = huggingface(TINY_CODEC, state).decode(codes[None], [None])[0]
    check_sound(network.decode(codes), theirs)


@pytest.mark.parametrize("samples", [30, 700, 1281, 32_000])
def test_encoding_is_that_of_transformers(samples: int) -> None:
    state, network = made(TINY_CODEC)
    sound = random_sound(TINY_CODEC, samples)
    model = huggingface(TINY_CODEC, state)
    with torch.no_grad():
        theirs = model.encode(sound, bandwidth=model.config.target_bandwidths[0]).audio_codes[0]
        assert (network.encoder(sound) - model.encoder(sound)).abs().max() < PARITY
    ours = network.encode(sound)
    assert torch.equal(ours, theirs)
    if samples == 32_000:
        assert min(len(book.unique()) for book in ours[0]) >= 10


@pytest.mark.parametrize("config", [TINY_CODEC, STEREO], ids=["mono", "stereo"])
def test_both_ways_are_those_of_audiocraft(config: CodecConfig) -> None:
    state, network = made(config)
    model = audiocraft(config, state)
    codes, sound = random_codes(config, 41), random_sound(config, 20_000)
    with torch.no_grad():
        check_sound(network.decode(codes), model.decode(codes))
        assert torch.equal(network.encode(sound), model.encode(sound)[0])


def test_the_sides_of_stereo_are_the_two_halves_of_every_codebook() -> None:
    _, stereo = made(STEREO)
    _, mono = made(TINY_CODEC)
    codes = random_codes(STEREO, 20)
    both = stereo.decode(codes)[0]
    assert torch.allclose(both[0], mono.decode(codes[:, 0::2])[0, 0], atol=1e-6)
    assert torch.allclose(both[1], mono.decode(codes[:, 1::2])[0, 0], atol=1e-6)


@pytest.mark.heavy
def test_the_published_size_is_that_of_both_implementations() -> None:
    config = CodecConfig()
    state, network = made(config)
    codes, sound = random_codes(config, 250), random_sound(config, 160_000)
    for model in (huggingface(config, state), audiocraft(config, state)):
        with torch.no_grad():
            theirs = model.decode(codes[None], [None])[0] if hasattr(model, "config") else model.decode(codes)
            assert theirs.shape == (1, 1, 160_000)
            check_sound(network.decode(codes), theirs)
            assert (network.encoder(sound) - model.encoder(sound)).abs().max() < PARITY
