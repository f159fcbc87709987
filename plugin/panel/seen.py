"""A Picture as a file: its curves as numbers that a machine reads at once, the rest as JSON.

An hour's curves as JSON are 4 MB, whose reading would stop the panel for a tenth of a second.
"""

from __future__ import annotations

import array
import hashlib
import json
import struct
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from ...engine.serial import from_json, to_json
from ...engine.store.durable import durable_write
from ...engine.types import Picture
from ...engine.worker.messages import EngineError
from ..parcel import CHANGED
from .letters import letters_dir

_CURVES = ("motion", "luminance", "warmth", "saturation", "change")
_MAGIC = b"HPPIC1"
# Bytes of the JSON part, frames.
_HEAD = struct.Struct("<6sQQ")


def keep_picture(picture: Picture) -> tuple[Path, str]:
    """Write it among the letters; its path and sha256. OutputError when the disk refuses."""
    data = packed(picture)
    sha256 = hashlib.sha256(data).hexdigest()
    path = letters_dir() / f"{sha256}.picture"
    if not path.exists():
        durable_write(path, data)
    return path, sha256


def read_picture(path: Path, sha256: str = "") -> Picture:
    """EngineError when these are not its bytes, or are none of ours."""
    try:
        data = path.read_bytes()
        if sha256 and hashlib.sha256(data).hexdigest() != sha256:
            raise ValueError("its bytes are others")
        return unpacked(data)
    except (OSError, ValueError, struct.error) as error:
        raise EngineError(
            f"'{path.name}' is not the picture that the engine wrote ({error}): open the timeline again",
            kind=CHANGED,
        ) from error


def packed(picture: Picture) -> bytes:
    frames = len(picture.motion)
    bare: dict[str, Any] = dict.fromkeys(_CURVES, ())
    text = json.dumps(to_json(replace(picture, **bare)), allow_nan=False).encode()
    out = [_HEAD.pack(_MAGIC, len(text), frames), text]
    for name in _CURVES:
        curve = array.array("d", getattr(picture, name))
        if len(curve) != frames:
            raise ValueError(f"the curve '{name}' has {len(curve)} values, not {frames}")
        out.append(_little(curve).tobytes())
    return b"".join(out)


def unpacked(data: bytes) -> Picture:
    """ValueError, struct.error for what was not packed here."""
    magic, text, frames = _HEAD.unpack_from(data)
    if magic != _MAGIC or len(data) != _HEAD.size + text + len(_CURVES) * frames * 8:
        raise ValueError("it is no picture")
    bare = from_json(Picture, json.loads(data[_HEAD.size : _HEAD.size + text]))
    at = _HEAD.size + text
    curves: dict[str, Any] = {}
    for name in _CURVES:
        curve = array.array("d")
        curve.frombytes(data[at : at + frames * 8])
        curves[name] = tuple(_little(curve))
        at += frames * 8
    return replace(bare, **curves)


def _little(curve: array.array[float]) -> array.array[float]:
    if sys.byteorder == "big":
        curve.byteswap()
    return curve
