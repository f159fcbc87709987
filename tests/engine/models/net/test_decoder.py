from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the extra [neural]")

from golden_weights import golden_arrays, golden_codes, golden_keys, golden_state  # noqa: E402
from hitpoint.engine.errors import InputError  # noqa: E402
from hitpoint.engine.models.config import MEDIUM, SMALL, DecoderConfig  # noqa: E402
from hitpoint.engine.models.generate.delay import to_sequence  # noqa: E402
from hitpoint.engine.models.generate.loop import generate_tokens  # noqa: E402
from hitpoint.engine.models.generate.sampling import Sampling  # noqa: E402
from hitpoint.engine.models.generate.torch_step import TorchDecoder  # noqa: E402
from hitpoint.engine.models.net.decoder import MusicDecoder, load_decoder, project_memory  # noqa: E402
from hitpoint.engine.models.state import decoder_shapes, parameters  # noqa: E402
from hitpoint.engine.models.step import Condition  # noqa: E402
from hitpoint.engine.models.tiny import TINY_DECODER, TINY_STEREO  # noqa: E402
from hitpoint.engine.progress import Cancel  # noqa: E402
from music_references import random_decoder, random_rows, random_tokens  # noqa: E402


def _sequence(config: DecoderConfig, rows: int = 2, steps: int = 20) -> torch.Tensor:
    codes = random_tokens((rows, config.codebooks, steps))
    return torch.from_numpy(to_sequence(codes, config.delays, config.special))


def test_golden_logits_are_those_of_the_published_code() -> None:
    golden = golden_arrays()
    decoder = load_decoder(TINY_DECODER, golden_state(golden_keys()))
    np.testing.assert_array_equal(golden["codes"], golden_codes())
    sequence = torch.from_numpy(to_sequence(golden_codes(), TINY_DECODER.delays, TINY_DECODER.special))
    with torch.inference_mode():
        logits = decoder(sequence, torch.from_numpy(golden["embeds"])).numpy()
    # Of code[k, t] they are found at position t + k.
    aligned = np.stack([logits[:, k, k : k + 12] for k in range(4)], axis=1)
    mask = golden["mask"][..., None]
    assert mask.sum() == 12 + 11 + 10 + 9
    np.testing.assert_allclose(aligned * mask, golden["logits"] * mask, atol=2e-5, rtol=0)


@pytest.mark.parametrize("static", [False, True])
def test_golden_greedy_tokens_are_those_of_the_published_code(static: bool) -> None:
    golden, state = golden_arrays(), golden_state(golden_keys())
    memory = np.asarray(golden["embeds"], np.float32)
    pairs = project_memory(load_decoder(TINY_DECODER, state), torch.from_numpy(memory)).numpy()
    tokens = generate_tokens(
        TorchDecoder(TINY_DECODER, state, static=static),
        Condition(temporal_kv=pairs),
        steps=24,
        sampling=Sampling(greedy=True),
        seed=0,
        told=lambda done: None,
        cancel=Cancel(),
    )
    np.testing.assert_array_equal(tokens, golden["greedy"])


@pytest.mark.parametrize("config", [TINY_DECODER, TINY_STEREO], ids=["mono", "stereo"])
def test_parameters_have_the_published_names_and_shapes(config: DecoderConfig) -> None:
    ours = {key: tuple(value.shape) for key, value in MusicDecoder(config).state_dict().items()}
    assert ours == decoder_shapes(config)


def test_published_sizes_count_as_published() -> None:
    assert parameters(decoder_shapes(SMALL)) == 419_584_000
    assert parameters(decoder_shapes(MEDIUM)) == 1_837_556_736


def test_the_order_of_frames_changes_nothing() -> None:
    decoder = load_decoder(TINY_DECODER, random_decoder(TINY_DECODER))
    memory = torch.from_numpy(random_rows((2, 30, 64)))
    shuffled = memory[:, np.random.Generator(np.random.Philox(1)).permutation(30)]
    with torch.inference_mode():
        one, other = decoder(_sequence(TINY_DECODER), memory), decoder(_sequence(TINY_DECODER), shuffled)
    assert (one - other).abs().max() < 1e-5


def test_a_null_memory_equals_no_cross_attention() -> None:
    decoder = load_decoder(TINY_DECODER, random_decoder(TINY_DECODER))
    codes = _sequence(TINY_DECODER)
    with torch.inference_mode():
        difference = decoder(codes, torch.zeros(2, 30, 64)) - decoder(codes)
    assert difference.abs().max() <= 1e-6


def test_padding_of_the_memory_is_not_heard() -> None:
    decoder = load_decoder(TINY_DECODER, random_decoder(TINY_DECODER))
    codes, memory = _sequence(TINY_DECODER), torch.from_numpy(random_rows((2, 9, 64)))
    mask = torch.tensor([[True] * 9, [True] * 5 + [False] * 4])
    with torch.inference_mode():
        together = decoder(codes, memory, mask)
        alone = decoder(codes[1:], memory[1:, :5])
        nothing = decoder(codes, memory, torch.zeros(2, 9, dtype=torch.bool))
        without = decoder(codes)
    torch.testing.assert_close(together[1:], alone, atol=1e-5, rtol=0)
    torch.testing.assert_close(nothing, without, atol=1e-6, rtol=0)


def test_a_position_never_hears_a_later_one() -> None:
    decoder = load_decoder(TINY_DECODER, random_decoder(TINY_DECODER))
    codes = _sequence(TINY_DECODER)
    changed = codes.clone()
    changed[..., 10:] = 7
    with torch.inference_mode():
        torch.testing.assert_close(decoder(codes)[:, :, :10], decoder(changed)[:, :, :10], atol=0, rtol=0)


def test_gradients_reach_every_weight() -> None:
    decoder = load_decoder(TINY_DECODER, random_decoder(TINY_DECODER)).train()
    decoder(_sequence(TINY_DECODER), torch.from_numpy(random_rows((2, 5, 64)))).square().mean().backward()
    assert [name for name, weight in decoder.named_parameters() if weight.grad is None] == []


def test_initial_weights_are_musicgens_and_their_generators() -> None:
    config = DecoderConfig(dim=128, heads=2, layers=3)
    state = torch.random.get_rng_state()
    decoder = MusicDecoder(config)
    decoder.initialise(torch.Generator().manual_seed(1))
    again = MusicDecoder(config)
    again.initialise(torch.Generator().manual_seed(1))
    assert torch.equal(torch.random.get_rng_state(), state)
    weights = {name: weight.detach() for name, weight in decoder.named_parameters()}
    for name, weight in again.named_parameters():
        assert torch.equal(weight, weights[name]), name
    # Three deviations cut off leave 0.9866 of the deviation.
    for name, columns, depth in [
        ("emb.0.weight", 128, 0.5),
        ("linears.3.weight", 128, 0.5),
        ("transformer.layers.0.linear1.weight", 128, 1),
        ("transformer.layers.2.linear2.weight", 512, 3),
        ("transformer.layers.2.cross_attention.out_proj.weight", 128, 3),
    ]:
        deviation = (2 * depth * columns) ** -0.5
        assert weights[name].abs().max() <= 3 * deviation
        assert float(weights[name].std()) == pytest.approx(0.9866 * deviation, rel=0.03)
    uniform = weights["transformer.layers.1.self_attn.in_proj_weight"]
    assert float(uniform.abs().max()) == pytest.approx(128**-0.5, rel=0.01)
    assert float(weights["out_norm.weight"].std()) == 0


def test_a_missing_weight_is_named() -> None:
    state = random_decoder(TINY_DECODER)
    del state["transformer.layers.1.linear2.weight"]
    with pytest.raises(InputError, match=r"transformer\.layers\.1\.linear2\.weight is missing"):
        load_decoder(TINY_DECODER, state)


def test_a_weight_of_another_shape_is_named() -> None:
    state = random_decoder(TINY_DECODER)
    state["emb.2.weight"] = state["emb.2.weight"][:-1]
    with pytest.raises(InputError, match=r"emb\.2\.weight has shape \(2048, 64\) where \(2049, 64\)"):
        load_decoder(TINY_DECODER, state)


def test_weights_that_may_not_be_written_to_are_copied() -> None:
    state = random_decoder(TINY_DECODER)
    for value in state.values():
        value.flags.writeable = False
    decoder = load_decoder(TINY_DECODER, state)
    with torch.no_grad():
        decoder.get_parameter("out_norm.bias").zero_()
    assert state["out_norm.bias"].any()
