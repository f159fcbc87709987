"""From a recipe to models: every stage in its real form and smallest size."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from hitpoint.engine.errors import InputError
from hitpoint.engine.models.config import DecoderConfig, SpectralConfig, VisualConfig
from hitpoint.engine.models.library import check, find
from hitpoint.engine.models.weights import Tensors
from hitpoint.engine.progress import Cancel, silent
from hitpoint.engine.train.nano import train_nano
from hitpoint.engine.train.recipe import CorpusSizes, NanoRecipe, Schedule, read_recipe

_STEPS = Schedule(steps=3, batch=2, rate=1e-3, warm_up=1, save_every=2)
TINY = replace(
    read_recipe("nano"),
    name="tiny",
    corpus=CorpusSizes(train=2, valid=1, judge=0, test=0),
    codec=SpectralConfig(codebooks=2, cardinality=32),
    codec_fit_s=30.0,
    decoder=DecoderConfig(dim=32, heads=4, layers=1, codebooks=2, cardinality=32, delays=(0, 1)),
    visual=VisualConfig(
        width=16, layers=1, heads=1, patch=16, image=32, embedding=16, qformer_layers=1, queries=2
    ),
    book_weights=(1.0, 1.0),
    pictures=replace(_STEPS, batch=4),
    ours=_STEPS,
    published=_STEPS,
)


def trained(recipe: NanoRecipe, folder: Path) -> Path:
    return train_nano(recipe, folder, processes=1, progress=silent, cancel=Cancel())


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("nano")
    trained(TINY, out)
    return out


def test_both_forms_become_models_whose_cards_say_what_they_are(folder: Path) -> None:
    ours, published = (find(str(folder / "models" / name)) for name in ("tiny", "tiny-published"))
    assert check(ours) == () and check(published) == ()
    for found in (ours, published):
        card = found.card
        assert card.origin == "trained" and card.by_name_only and card.commercial
        assert {"data", "recipe", "hardware", "seconds", "losses", "what_it_is_not"} <= set(
            card.extra["training"]
        )
        assert max(fact.bytes for fact in card.files.values()) <= 25_000_000
    assert ours.card.config.timed and ours.card.config.decoder.plan_channels
    assert not published.card.config.timed and not published.card.config.decoder.plan_channels


def test_a_second_call_makes_nothing_anew_and_the_same_weights(folder: Path, tmp_path: Path) -> None:
    before = (folder / "models" / "tiny" / "weights.safetensors").read_bytes()
    curve = json.loads((folder / "training.json").read_text())["tiny"]
    trained(TINY, folder)
    assert (folder / "models" / "tiny" / "weights.safetensors").read_bytes() == before
    assert json.loads((folder / "training.json").read_text())["tiny"] == curve


def test_another_machine_s_folder_gives_the_same_file(folder: Path, tmp_path: Path) -> None:
    trained(TINY, tmp_path)
    for name in ("tiny/weights.safetensors", "tiny-published/weights.safetensors", "tiny/codec.safetensors"):
        assert (tmp_path / "models" / name).read_bytes() == (folder / "models" / name).read_bytes()


def test_the_folder_of_another_recipe_is_refused(folder: Path) -> None:
    with pytest.raises(InputError, match="belongs to another recipe"):
        trained(replace(TINY, seed=99), folder)


def test_weights_are_kept_in_half_precision_and_are_what_was_trained(folder: Path) -> None:
    tensors = Tensors(folder / "models" / "tiny" / "weights.safetensors")
    size = sum(int(np.prod(shape)) for shape in tensors.shapes().values())
    assert (folder / "models" / "tiny" / "weights.safetensors").stat().st_size < 2.2 * size + 40_000
    assert np.abs(tensors["emb.0.weight"]).max() > 0
