"""T5's encoder in torch against transformers, on the same random weights."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

from hitpoint.engine.models.config import TextConfig  # noqa: E402
from hitpoint.engine.models.net.t5 import load_text, relative_buckets  # noqa: E402
from hitpoint.engine.models.state import random_state, text_shapes  # noqa: E402
from hitpoint.engine.models.tiny import TINY_TEXT  # noqa: E402

# transformers imports modules that torch deprecates.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

Floats = npt.NDArray[np.float32]
PARITY = 1e-4


def random_text(config: TextConfig, seed: int) -> dict[str, Floats]:
    """Random weights whose queries are as small as T5's initialisation makes them: it never scales."""
    state = random_state(text_shapes(config), seed)
    small = np.float32(config.head_dim**-0.5)
    return {key: value * small if ".q." in key else value for key, value in state.items()}


def huggingface(config: TextConfig, state: dict[str, Any]) -> Any:
    names = transformers.T5Config(
        vocab_size=config.vocabulary,
        d_model=config.dim,
        d_kv=config.head_dim,
        d_ff=config.feed_forward,
        num_layers=config.layers,
        num_heads=config.heads,
        relative_attention_num_buckets=config.buckets,
        relative_attention_max_distance=config.longest_distance,
    )
    model = transformers.T5EncoderModel(names)
    tensors = {key: torch.from_numpy(value) for key, value in state.items()}
    missing, unexpected = model.load_state_dict(tensors, strict=False)
    assert not unexpected
    assert set(missing) <= {"encoder.embed_tokens.weight"}
    return model.eval()


def check_parity(config: TextConfig, tokens: int) -> None:
    state = random_text(config, 3)
    random = np.random.Generator(np.random.Philox(2))
    ids = torch.from_numpy(random.integers(0, config.vocabulary, (2, tokens)))
    mask = torch.ones_like(ids)
    mask[1, tokens // 2 :] = 0
    with torch.no_grad():
        theirs = huggingface(config, state)(input_ids=ids, attention_mask=mask).last_hidden_state
    ours = load_text(config, state)(ids, mask)
    assert ours.std() > 0.1
    assert (ours - theirs).abs().max() < PARITY


# Beyond 128 tokens the farthest distances share a row of the bias.
@pytest.mark.parametrize("tokens", [1, 7, 300])
def test_hidden_states_are_those_of_transformers(tokens: int) -> None:
    torch.set_num_threads(1)
    check_parity(TINY_TEXT, tokens)


@pytest.mark.parametrize(("buckets", "longest"), [(32, 128), (8, 20), (64, 400)])
def test_every_distance_reads_the_published_row(buckets: int, longest: int) -> None:
    from transformers.models.t5.modeling_t5 import T5Attention

    config = TextConfig(buckets=buckets, longest_distance=longest)
    theirs = T5Attention._relative_position_bucket(
        torch.arange(-600, 601), num_buckets=buckets, max_distance=longest
    )
    assert torch.equal(relative_buckets(config, 600), theirs)


def test_a_row_of_nothing_but_padding_has_a_finite_answer() -> None:
    network = load_text(TINY_TEXT, random_text(TINY_TEXT, 3))
    out = network(torch.ones((1, 4), dtype=torch.int64), torch.zeros((1, 4), dtype=torch.int64))
    assert torch.isfinite(out).all()


@pytest.mark.heavy
def test_the_published_size_is_that_of_transformers() -> None:
    check_parity(TextConfig(), 40)
