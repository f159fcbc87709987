"""Files that are spoken of over the pipe: sound and whatever else is too large for a message goes so."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..engine.store.digest import sha256_of
from ..engine.store.durable import durable_write
from ..engine.worker.messages import EngineError

CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class Parcel:
    """A finished file: its absolute path, the sha256 of its bytes as hex, and how many they are."""

    path: str
    sha256: str
    bytes: int


def pack(path: Path, data: bytes) -> Parcel:
    """Write `data`, the JSON form of something, to `path`. OutputError when the disk refuses."""
    durable_write(path, data)
    return Parcel(os.fspath(path), hashlib.sha256(data).hexdigest(), len(data))


def unpack(parcel: Parcel) -> Any:
    """What the packed JSON says. EngineError when these are not its bytes."""
    try:
        data = Path(parcel.path).read_bytes()
    except OSError as error:
        raise _changed(parcel, error.strerror) from error
    if hashlib.sha256(data).hexdigest() != parcel.sha256:
        raise _changed(parcel, "its bytes are others")
    return json.loads(data)


def parcel_of(path: Path) -> Parcel:
    """What is to be said of a finished file. OSError when it cannot be read."""
    with path.open("rb") as file:
        return Parcel(os.fspath(path), sha256_of(file), os.fstat(file.fileno()).st_size)


def check(parcel: Parcel) -> None:
    """EngineError when the file is not the one that was spoken of."""
    try:
        found = parcel_of(Path(parcel.path))
    except OSError as error:
        raise _changed(parcel, error.strerror) from error
    if found != parcel:
        raise _changed(parcel, "its bytes are others")


def _changed(parcel: Parcel, why: str | None) -> EngineError:
    return EngineError(
        f"'{Path(parcel.path).name}' is not the file that the engine wrote ({why}): ask for it again",
        kind=CHANGED,
    )
