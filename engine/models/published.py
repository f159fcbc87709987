"""The models that can be had from elsewhere, as manifest.json names them. Standard library only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Literal

from ..manifest import manifest
from ..serial import from_json

PublishedKind = Literal["gvmgen", "musicgen", "codec", "text"]


@dataclass(frozen=True, slots=True)
class PublishedFile:
    """`sha256` and `bytes` are None where nobody has told us: they are recorded at the first download."""

    name: str
    bytes: int | None = None
    sha256: str | None = None
    # Another file with the same weights, for where the first one is not to be had.
    instead: str | None = None


@dataclass(frozen=True, slots=True)
class Published:
    """One model, or a part that several models share (kinds codec and text)."""

    name: str
    kind: PublishedKind
    # Where people read about it.
    source: str
    code_licence: str
    weights_licence: str
    commercial: bool | None
    # Hugging Face's name of the place; None: the user brings the files.
    repository: str | None = None
    files: tuple[PublishedFile, ...] = ()
    # Names of the parts it cannot do without.
    parts: tuple[str, ...] = ()
    # Peak of generating on a CPU in int8.
    memory_bytes: int | None = None
    training_data: str | None = None
    note: str | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_part(self) -> bool:
        return self.kind in ("codec", "text")

    @property
    def bytes(self) -> int | None:
        """Of all files; None when one is not known."""
        sizes = [file.bytes for file in self.files]
        return None if None in sizes or not sizes else sum(size for size in sizes if size is not None)


@cache
def published() -> tuple[Published, ...]:
    return tuple(from_json(Published, entry) for entry in manifest()["models"])


def find_published(name: str) -> Published | None:
    return next((entry for entry in published() if entry.name == name), None)
