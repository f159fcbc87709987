"""Recipes: what comes with Hitpoint is whole, and a wrong one is refused in a sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from hitpoint.engine.errors import InputError, OptionError
from hitpoint.engine.train.recipe import read_recipe

NANO = Path(__file__).parents[3] / "engine" / "train" / "recipes" / "nano.toml"


def test_the_bundled_recipe_is_whole() -> None:
    recipe = read_recipe("nano")
    assert recipe.name == "gvmgen-nano" and recipe.window == 500
    assert recipe.decoder.codebooks == recipe.codec.codebooks == len(recipe.book_weights)


def test_a_recipe_may_be_a_file(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(NANO.read_text().replace("seed = 11", "seed = 12"))
    assert read_recipe(str(tmp_path / "mine.toml")).seed == 12


def test_a_name_that_is_none_is_told_what_there_is() -> None:
    with pytest.raises(OptionError, match="did you mean 'nano'"):
        read_recipe("nanno")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("cardinality = 1024", "cardinality = 512", "make them equal"),
        ("book_weights = [2.0, 1.0, 0.7, 0.5]", "book_weights = [1.0]", "one weight"),
        ("train = 2000", "train = 0", "at least one pair"),
        ("seed = 11", "seed = [", "cannot be read"),
        ("name = ", "nom = ", "not a NanoRecipe"),
    ],
)
def test_a_wrong_recipe_is_refused_in_a_sentence(tmp_path: Path, old: str, new: str, said: str) -> None:
    (tmp_path / "wrong.toml").write_text(NANO.read_text().replace(old, new, 1))
    with pytest.raises(InputError, match=said):
        read_recipe(str(tmp_path / "wrong.toml"))
