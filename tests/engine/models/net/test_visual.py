from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the extra [neural]")

from golden_weights import golden_arrays, golden_keys, golden_state, golden_video  # noqa: E402
from hitpoint.engine.errors import InputError  # noqa: E402
from hitpoint.engine.models.config import SMALL, CodecConfig, ModelConfig, VisualConfig  # noqa: E402
from hitpoint.engine.models.net.decoder import load_decoder, positions_of  # noqa: E402
from hitpoint.engine.models.net.visual import VisualEncoder, load_visual, time_code  # noqa: E402
from hitpoint.engine.models.state import TIME_GAIN, VISUAL, frozen, model_shapes, parameters  # noqa: E402
from hitpoint.engine.models.tiny import tiny_gvmgen  # noqa: E402

PUBLISHED = ModelConfig("gvmgen", SMALL, CodecConfig(), VisualConfig())


def _frames(count: int, seed: int = 0) -> torch.Tensor:
    random = np.random.Generator(np.random.Philox(seed))
    return torch.from_numpy(1.7 * (2 * random.random((1, count, 3, 336, 336), np.float32) - 1))


def test_golden_embeddings_are_those_of_the_published_code() -> None:
    config, _ = tiny_gvmgen()
    encoder = load_visual(config, golden_state(golden_keys()))
    with torch.inference_mode():
        memory = encoder(torch.from_numpy(golden_video())).numpy()
    np.testing.assert_allclose(memory, golden_arrays()["embeds"], atol=5e-6, rtol=0)


def test_published_small_size_counts_as_published() -> None:
    shapes = model_shapes(PUBLISHED)
    assert parameters(shapes) == 797_130_752
    fixed = set(frozen(shapes))
    assert parameters({key: shape for key, shape in shapes.items() if key not in fixed}) == 493_625_344


def test_parameters_carry_the_published_names_and_shapes() -> None:
    config, _ = tiny_gvmgen(timed=True)
    encoder = VisualEncoder(config)
    found = {VISUAL + name: tuple(weight.shape) for name, weight in encoder.named_parameters()}
    assert found == {key: shape for key, shape in model_shapes(config).items() if key.startswith(VISUAL)}
    trained = {VISUAL + name for name, _ in encoder.trained()}
    assert set(found) - trained == set(frozen(model_shapes(config)))


@pytest.mark.heavy
def test_the_network_of_the_published_size_has_the_conditioner_s_parameters() -> None:
    assert sum(weight.numel() for weight in VisualEncoder(PUBLISHED).parameters()) == 377_546_752


def test_a_frame_is_read_alone() -> None:
    encoder = load_visual(*tiny_gvmgen())
    frames = _frames(3)
    with torch.inference_mode():
        together = encoder(frames)
        alone = torch.cat([encoder(frames[:, i : i + 1]) for i in range(3)], dim=1)
    assert (together - alone).abs().max() < 1e-5


def test_one_row_of_queries_for_all_frames_gives_what_a_row_each_gives() -> None:
    encoder = load_visual(*tiny_gvmgen())
    tokens = encoder.clip.visual.tokens(_frames(3)[0])
    former, queries = encoder.clip.visual.qformer, encoder.clip.visual.query_tokens
    with torch.inference_mode():
        shared = former(queries, tokens)
        assert (shared - former(queries.expand(3, -1, -1), tokens)).abs().max() < 1e-6


def test_training_drops_out_and_evaluation_does_not() -> None:
    encoder = load_visual(*tiny_gvmgen())
    frames = _frames(1).expand(1, 2, -1, -1, -1)
    with torch.inference_mode(), torch.random.fork_rng():
        torch.manual_seed(1)
        still = encoder(frames)
        assert torch.equal(still[:, 0], still[:, 1])
        moving = encoder.train()(frames)
        # The same picture twice: each frame has its own dropout from the first layer on.
        assert (moving[:, 0] - moving[:, 1]).abs().max() > 1e-3


def test_order_of_frames_changes_logits_only_once_the_gate_is_open() -> None:
    config, state = tiny_gvmgen(timed=True)
    decoder = load_decoder(config.decoder, state)
    codes = torch.full((1, 4, 5), 7, dtype=torch.int64)
    times = torch.arange(4, dtype=torch.float32)[None]

    def difference(gain: float) -> float:
        state[TIME_GAIN] = np.array(gain, np.float32)
        encoder = load_visual(config, state)
        with torch.inference_mode():
            memory = encoder(_frames(4))
            ordered = decoder(codes, encoder.timed(memory, times))
            shuffled = decoder(codes, encoder.timed(memory[:, [2, 0, 3, 1]], times))
        return float((ordered - shuffled).abs().max())

    assert difference(0.0) < 1e-5
    assert difference(0.5) > 1e-3


def test_a_time_is_coded_as_the_token_position_it_falls_on() -> None:
    times = torch.tensor([0.0, 0.02, 10.0])
    positions = positions_of(501, 64)
    assert (time_code(times, 64) - positions[[0, 1, 500]]).abs().max() < 1e-4


def test_a_frame_without_a_time_takes_no_term() -> None:
    config, state = tiny_gvmgen(timed=True)
    state[TIME_GAIN] = np.array(0.5, np.float32)
    encoder = load_visual(config, state)
    memory = torch.ones(1, 2, config.decoder.dim)
    with torch.inference_mode():
        placed = encoder.timed(memory, torch.tensor([[-1.0, 3.0]]))
    assert torch.equal(placed[0, 0], memory[0, 0]) and not torch.equal(placed[0, 1], memory[0, 1])


def test_initialisation_draws_from_its_own_generator_with_the_published_spreads() -> None:
    config, _ = tiny_gvmgen(timed=True)
    before = torch.random.get_rng_state()
    encoder = VisualEncoder(config)
    encoder.initialise(torch.Generator().manual_seed(3))
    again = VisualEncoder(config)
    again.initialise(torch.Generator().manual_seed(3))
    assert torch.equal(torch.random.get_rng_state(), before)
    named = {name: weight.detach() for name, weight in encoder.named_parameters()}
    for name, weight in again.state_dict().items():
        assert torch.equal(weight, named[name]), name
    layer = "clip.visual.qformer.encoder.layer.0."
    width = 64
    spreads = {
        "clip.visual.query_tokens": 0.02,
        f"{layer}attention.in_proj_weight": width**-0.5,
        f"{layer}crossattention.out_proj.weight": width**-0.5 * (2 * 2) ** -0.5,
        f"{layer}self_output.dense.weight": (2 * width) ** -0.5,
        f"{layer}cross_output.dense.weight": (2 * width) ** -0.5,
    }
    for name, spread in spreads.items():
        assert float(named[name].std()) == pytest.approx(spread, rel=0.1), name
    assert float(named["time_gain"]) == 0
    assert not named[f"{layer}attention.out_proj.bias"].any()
    assert bool(torch.isfinite(encoder(_frames(1))).all())


def test_a_missing_or_misshapen_weight_is_named() -> None:
    config, state = tiny_gvmgen()
    key = f"{VISUAL}output_proj.bias"
    with pytest.raises(InputError, match=rf"{key} has shape \(3,\) where \(64,\)"):
        load_visual(config, state | {key: np.zeros(3, np.float32)})
    del state[key]
    with pytest.raises(InputError, match=f"{key} is missing"):
        load_visual(config, state)
