"""A trained generator becomes a model like any other: weights, graphs and a card that says what it is."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from ..models.card import ModelCard
from ..models.channels import CHANNELS
from ..models.config import ModelConfig, Precision
from ..models.importing.install import Origin, Parts, install
from ..models.state import State
from ..progress import Cancel, Progress
from .recipe import NanoRecipe

# What a bare machine needs: the decoder in 8 bits, the small rest as it is.
_GRAPHS = ("decoder int8", "encoder fp32", "temporal fp32")
_PRECISIONS: tuple[Precision, ...] = ("fp32", "int8")
_LICENCE = "GPL-3.0-or-later"


def ours(recipe: NanoRecipe) -> ModelConfig:
    """Times on the memory, and the plan beside the tokens."""
    return replace(published(recipe), decoder=replace(recipe.decoder, plan_channels=CHANNELS), timed=True)


def published(recipe: NanoRecipe) -> ModelConfig:
    """The paper's form: a memory without order, and nothing else."""
    return ModelConfig(
        kind="gvmgen",
        decoder=recipe.decoder,
        codec=None,
        visual=recipe.visual,
        max_duration_s=recipe.window_s,
        guidance=recipe.guidance,
        top_k=recipe.top_k,
        spectral=recipe.codec,
    )


def publish(
    config: ModelConfig,
    state: State,
    codec: State,
    name: str,
    folder: Path,
    *,
    about: Mapping[str, Any],
    progress: Progress,
    cancel: Cancel,
) -> ModelCard:
    """Write the model as `folder`, weights in float16. `about` is what its card tells of the training."""
    return install(
        Parts(config, state, codec),
        Origin(
            source="trained by Hitpoint on films and music that Hitpoint made",
            code_licence=_LICENCE,
            weights_licence=_LICENCE,
            commercial=True,
            weights_sha256=_sha256(state),
            origin="trained",
            by_name_only=True,
            extra={"training": dict(about)},
        ),
        name,
        folder,
        precisions=_PRECISIONS,
        half=True,
        only=_GRAPHS,
        progress=progress,
        cancel=cancel,
    )


def _sha256(state: State) -> str:
    digest = hashlib.sha256()
    for name, array in state.items():
        digest.update(name.encode())
        digest.update(np.ascontiguousarray(array, "<f4").tobytes())
    return digest.hexdigest()
