"""What is known of a model on this machine: `model.json` beside its files. Standard library only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from .config import ModelConfig


@dataclass(frozen=True, slots=True)
class FileFact:
    sha256: str
    bytes: int


@dataclass(frozen=True, slots=True)
class ModelCard:
    """One imported model: where it came from, what may be done with it, which files it consists of."""

    SCHEMA: ClassVar[str] = "hitpoint.model.1"

    name: str
    config: ModelConfig
    # The address or folder's name that it was read from.
    source: str
    code_licence: str
    weights_licence: str
    # Whether music made with it may be sold; None when nobody said.
    commercial: bool | None
    # Of the checkpoint as it was imported.
    weights_sha256: str
    files: Mapping[str, FileFact]
    version: str
    # "published", "random" or "trained": random weights make noise and must never be chosen by `auto`.
    origin: str = "published"
    # Random and nano models are asked for by name only.
    by_name_only: bool = False
    extra: Mapping[str, Any] = field(default_factory=dict)
