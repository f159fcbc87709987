"""What a training run is asked for, as values read from a TOML file. Standard library only."""

from __future__ import annotations

import difflib
import tomllib
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import ClassVar

from ..errors import InputError, OptionError
from ..models.config import DecoderConfig, SpectralConfig, VisualConfig
from ..serial import from_json

_MOST_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class CorpusSizes:
    """How many made pairs there are of each kind; `valid` are of the train split and never trained on."""

    train: int
    valid: int
    judge: int
    test: int
    # The first pair's seed in every split; splits differ in worlds and styles, not in seeds.
    first_seed: int = 0


@dataclass(frozen=True, slots=True)
class Schedule:
    """Steps of one network: rate rises over `warm_up`, then falls as a cosine to `last_share` of it."""

    steps: int
    batch: int
    rate: float
    warm_up: int = 100
    last_share: float = 0.05
    decay: float = 0.1
    betas: tuple[float, float] = (0.9, 0.95)
    clip: float = 1.0
    save_every: int = 100


@dataclass(frozen=True, slots=True)
class Dropping:
    """Chances that an item is trained without a condition, or with less of it (training.md, recipe 2)."""

    memory: float = 0.12
    plan: float = 0.12
    both: float = 0.1
    # Of the items with a plan: no chords; chords without their thirds, so that pictures decide the mode.
    chroma: float = 0.12
    thirds: float = 0.5
    # Of the items with pictures: without the anchors of the whole film.
    anchors: float = 0.3
    # Of the tokens fed: replaced by another, since what is fed when music is made is never quite right.
    tokens: float = 0.04


@dataclass(frozen=True, slots=True)
class NanoRecipe:
    """GVMGen nano: codec, pictures' encoder, and the generator in both forms."""

    SCHEMA: ClassVar[str] = "hitpoint.nano_recipe.1"

    name: str
    seed: int
    corpus: CorpusSizes
    codec: SpectralConfig
    # Seconds of training music that the codec is fitted on.
    codec_fit_s: float
    decoder: DecoderConfig
    visual: VisualConfig
    # Seconds of music that an item holds, and the most that one window of generation holds.
    window_s: float
    guidance: float
    top_k: int
    # Of each codebook's cross-entropy in the loss.
    book_weights: tuple[float, ...]
    pictures: Schedule
    ours: Schedule
    published: Schedule
    dropping: Dropping = Dropping()

    @property
    def window(self) -> int:
        """Token steps of an item."""
        return round(50 * self.window_s)


def read_recipe(name_or_path: str) -> NanoRecipe:
    """A recipe that comes with Hitpoint, by name, or one in a file. OptionError or InputError for no such."""
    folder = resources.files(__package__) / "recipes"
    names = sorted(
        entry.name.removesuffix(".toml") for entry in folder.iterdir() if entry.name.endswith(".toml")
    )
    if name_or_path in names:
        data = (folder / f"{name_or_path}.toml").read_bytes()
    else:
        path = Path(name_or_path)
        if not path.is_file():
            near = difflib.get_close_matches(name_or_path, names, 1)
            hint = f"did you mean '{near[0]}'?" if near else f"choose {', '.join(names)}, or give a file"
            raise OptionError(f"there is no recipe '{name_or_path}': {hint}")
        if path.stat().st_size > _MOST_BYTES:
            raise InputError(f"'{path.name}' is far too long for a recipe: check the name")
        data = path.read_bytes()
    try:
        table = tomllib.loads(data.decode())
        recipe = from_json(NanoRecipe, table)
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InputError(f"the recipe '{name_or_path}' cannot be read ({error}): mend it") from error
    check_recipe(recipe)
    return recipe


def check_recipe(recipe: NanoRecipe) -> None:
    """InputError where parts do not fit each other."""
    decoder, codec = recipe.decoder, recipe.codec
    if (decoder.codebooks, decoder.cardinality) != (codec.codebooks, codec.cardinality):
        raise InputError(
            f"the recipe's decoder has {decoder.codebooks} books of {decoder.cardinality} tokens and its "
            f"codec {codec.codebooks} of {codec.cardinality}: make them equal"
        )
    if len(recipe.book_weights) != decoder.codebooks or len(decoder.delays) != decoder.codebooks:
        raise InputError(
            f"the recipe needs one weight and one delay for each of the {decoder.codebooks} codebooks"
        )
    if recipe.corpus.train < 1 or recipe.corpus.valid < 1:
        raise InputError("the recipe needs at least one pair to train on and one to check on")
