"""The same random weights in transformers' MusicGen: the same logits, the same tokens."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the extra [neural]")
pytest.importorskip("transformers", reason="needs the extra [hf]")

from hitpoint.engine.models.config import SMALL, DecoderConfig  # noqa: E402
from hitpoint.engine.models.generate.delay import to_sequence  # noqa: E402
from hitpoint.engine.models.generate.loop import generate_tokens  # noqa: E402
from hitpoint.engine.models.generate.sampling import Sampling  # noqa: E402
from hitpoint.engine.models.generate.torch_step import TorchDecoder  # noqa: E402
from hitpoint.engine.models.net.decoder import load_decoder  # noqa: E402
from hitpoint.engine.models.tiny import TINY_DECODER, TINY_STEREO  # noqa: E402
from hitpoint.engine.progress import Cancel  # noqa: E402
from music_references import (  # noqa: E402
    condition_of,
    random_decoder,
    random_rows,
    random_tokens,
    transformers_generate,
    transformers_model,
)

SIZES = [pytest.param(TINY_DECODER, id="mono"), pytest.param(TINY_STEREO, id="stereo")]


@pytest.mark.parametrize("config", SIZES)
def test_logits_of_a_whole_sequence_are_transformers(config: DecoderConfig) -> None:
    state = random_decoder(config)
    memory = torch.from_numpy(random_rows((2, 7, config.dim)))
    mask = torch.tensor([[True] * 7, [True] * 4 + [False] * 3])
    codes = torch.from_numpy(to_sequence(random_tokens((2, config.codebooks, 30)), config.delays, 2048))
    model = transformers_model(config, state)
    with torch.inference_mode():
        theirs = model(
            codes.flatten(0, 1), encoder_hidden_states=memory, encoder_attention_mask=mask.long()
        ).logits
        ours = load_decoder(config, state)(codes, memory, mask)
    assert theirs.std() > 0.5
    torch.testing.assert_close(ours, theirs.view_as(ours), atol=1e-4, rtol=0)


def test_a_melody_models_prefix_is_transformers() -> None:
    config = DecoderConfig(dim=64, heads=4, layers=2, cross_attention=False)
    state = random_decoder(config)
    prefix = torch.from_numpy(random_rows((2, 9, config.dim)))
    codes = torch.from_numpy(to_sequence(random_tokens((2, 4, 30)), config.delays, 2048))
    model = transformers_model(config, state)
    with torch.inference_mode():
        theirs = model(codes.flatten(0, 1), encoder_hidden_states=prefix).logits
        ours = load_decoder(config, state)(codes, prefix=prefix)
    theirs = theirs.view(2, 4, -1, config.cardinality)[:, :, -codes.shape[-1] :]
    torch.testing.assert_close(ours, theirs, atol=1e-4, rtol=0)


@pytest.mark.parametrize("config", [*SIZES, pytest.param(SMALL, marks=pytest.mark.heavy)])
def test_greedy_tokens_are_those_of_transformers_own_loop(config: DecoderConfig) -> None:
    state, memory = random_decoder(config), random_rows((1, 30, config.dim))
    theirs = transformers_generate(transformers_model(config, state), memory, steps=200)
    ours = generate_tokens(
        TorchDecoder(config, state),
        condition_of(config, state, memory),
        steps=200,
        sampling=Sampling(greedy=True),
        seed=1,
        told=lambda done: None,
        cancel=Cancel(),
    )
    assert len(np.unique(ours)) >= 50
    np.testing.assert_array_equal(ours[0], theirs)


def test_a_prompt_is_continued_as_transformers_continues_it() -> None:
    config = TINY_DECODER
    state, memory = random_decoder(config), random_rows((1, 5, config.dim))
    prompt = random_tokens((1, 4, 20))
    theirs = transformers_generate(transformers_model(config, state), memory, steps=60, prompt=prompt[0])
    ours = generate_tokens(
        TorchDecoder(config, state),
        condition_of(config, state, memory),
        steps=60,
        sampling=Sampling(greedy=True),
        seed=1,
        prompt=prompt,
        told=lambda done: None,
        cancel=Cancel(),
    )
    np.testing.assert_array_equal(ours[0], theirs)
