"""A copy of a WAV file with silence around it: for a Resolve that counts its sound in frames which do not
begin where the music does. The copy lies in our folder; the take's own file is never changed."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from ....engine.errors import OutputError
from ....engine.store.durable import durable_file
from ..base import HostError

# Of the time reference inside a bext chunk (EBU Tech 3285).
_REFERENCE = 338
_BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class _Chunk:
    name: bytes
    at: int
    size: int


def padded(source: Path, target: Path, before: int, after: int) -> None:
    """Write `target`: `source` with so many samples of silence before its first and after its last. HostError
    where that cannot be."""
    try:
        with source.open("rb") as file:
            chunks = list(_chunks(file))
            align = _align(file, chunks)
            with durable_file(target) as out:
                _write(file, out, chunks, (before, after), align)
    except OutputError as error:
        raise HostError(str(error)) from error
    except (OSError, struct.error, ValueError) as error:
        raise HostError(f"'{source}' cannot be read as WAV ({error}): score the cue again") from error


def _chunks(file: BinaryIO) -> Iterator[_Chunk]:
    head = file.read(12)
    if head[:4] != b"RIFF" or head[8:] != b"WAVE":
        raise ValueError("it does not begin as one")
    at = 12
    while len(header := file.read(8)) == 8:
        name, size = header[:4], struct.unpack("<I", header[4:])[0]
        yield _Chunk(name, at + 8, size)
        at += 8 + size + (size & 1)
        file.seek(at)


def _align(file: BinaryIO, chunks: list[_Chunk]) -> int:
    """Bytes of one sample of all channels."""
    form = next((chunk for chunk in chunks if chunk.name == b"fmt "), None)
    if form is None or not any(chunk.name == b"data" for chunk in chunks):
        raise ValueError("it holds no sound")
    file.seek(form.at + 12)
    align: int = struct.unpack("<H", file.read(2))[0]
    if not align:
        raise ValueError("its samples have no size")
    return align


def _write(file: BinaryIO, out: BinaryIO, chunks: list[_Chunk], silence: tuple[int, int], align: int) -> None:
    before, after = (samples * align for samples in silence)
    sizes = [chunk.size + (before + after if chunk.name == b"data" else 0) for chunk in chunks]
    out.write(b"RIFF" + struct.pack("<I", 4 + sum(8 + size + (size & 1) for size in sizes)) + b"WAVE")
    for chunk, size in zip(chunks, sizes, strict=True):
        out.write(chunk.name + struct.pack("<I", size))
        if chunk.name == b"data":
            out.write(bytes(before))
        file.seek(chunk.at)
        left = chunk.size
        if chunk.name == b"bext" and chunk.size >= _REFERENCE + 8:
            body = bytearray(file.read(chunk.size))
            (reference,) = struct.unpack_from("<Q", body, _REFERENCE)
            struct.pack_into("<Q", body, _REFERENCE, max(0, reference - silence[0]))
            out.write(body)
            left = 0
        while left:
            block = file.read(min(left, _BLOCK))
            if not block:
                raise ValueError("it ends too early")
            out.write(block)
            left -= len(block)
        if chunk.name == b"data":
            out.write(bytes(after))
        if size & 1:
            out.write(b"\0")
