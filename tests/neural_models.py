"""Models of toy size, converted once a test run, in a library that a test can be pointed at."""

from __future__ import annotations

import os
import tempfile
from functools import cache
from pathlib import Path
from typing import Any
from unittest import mock

from hitpoint.engine.generator import NeuralOptions
from hitpoint.engine.models.config import Precision
from hitpoint.engine.models.importing.random import install_random
from hitpoint.engine.models.tiny import TINY_MODELS
from hitpoint.plugin.options import ScoreOptions, Selection


@cache
def tiny_home(name: str, *precisions: Precision) -> Path:
    """A HITPOINT_HOME that holds the tiny model `name`. Shared by tests: nothing in it is to be changed."""
    home = Path(tempfile.mkdtemp(prefix="hitpoint-models-"))
    config, state = TINY_MODELS[name]()
    with mock.patch.dict(os.environ, {"HITPOINT_HOME": str(home)}):
        install_random(config, name, state=state, precisions=precisions or ("fp32", "int8"))
    return home


def options(film: Path, out: Path, model: str, **neural: Any) -> ScoreOptions:
    """What the command line makes of `hitpoint score FILM -o OUT --model MODEL --seed 3`."""
    return ScoreOptions(
        source=film,
        out=out,
        selection=Selection(),
        model=model,
        style="auto",
        seed=3,
        loudness=None,
        handles=2.0,
        format="otio",
        split="none",
        neural=NeuralOptions(**neural),
    )
