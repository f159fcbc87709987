"""What goes through the pipes of a media reader: a JSON header, and arrays as raw little-endian bytes.

Not the frames of the protocol (`worker.frames`): those have no place for pictures, and a reader is ours
alone.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Sequence
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

Header = dict[str, Any]
Array = npt.NDArray[Any]

_LENGTHS = struct.Struct("<II")
_KINDS = ("|u1", "<f4")
# A request names the time of every picture that is wanted of a film.
_MOST_HEADER = 16 << 20
# A picture of 12288 x 8192 in three colours has 302 MB.
_MOST_BYTES = 320 << 20
_MOST_SIDES = 4


class WireError(Exception):
    """Bytes that a reader does not write: the connection is over."""


def write(out: BinaryIO, header: Header, arrays: Sequence[Array] = ()) -> None:
    """One message. OSError when the other end is gone."""
    bodies = [np.ascontiguousarray(array) for array in arrays]
    text = json.dumps(header | {"arrays": [[body.dtype.str, list(body.shape)] for body in bodies]}).encode()
    out.write(_LENGTHS.pack(len(text), sum(body.nbytes for body in bodies)) + text)
    for body in bodies:
        if body.size:
            out.write(body.reshape(-1).view(np.uint8).data)
    out.flush()


def read(source: BinaryIO) -> tuple[Header, list[Array]] | None:
    """The next message, None at the end. WireError for anything but messages.

    The arrays are views of one piece of memory, which may be written to.
    """
    head = source.read(_LENGTHS.size)
    if not head:
        return None
    if len(head) < _LENGTHS.size:
        raise WireError("the stream ends within a message")
    length, body = _LENGTHS.unpack(head)
    if length > _MOST_HEADER or body > _MOST_BYTES:
        raise WireError(f"a message of {length} and {body} bytes")
    try:
        header = json.loads(_exactly(source, length))
        kinds = [(str(kind), [int(side) for side in shape]) for kind, shape in header.pop("arrays")]
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise WireError(f"a header that is none ({error})") from error
    data = _exactly(source, body)
    arrays: list[Array] = []
    at = 0
    for kind, shape in kinds:
        if kind not in _KINDS or len(shape) > _MOST_SIDES or any(side < 0 for side in shape):
            raise WireError(f"an array of the kind {kind}, {shape}")
        dtype = np.dtype(kind)
        count = int(np.prod(shape, dtype=np.object_))
        if at + count * dtype.itemsize > body:
            raise WireError("an array longer than its message")
        arrays.append(np.frombuffer(data, dtype, count, at).reshape(shape))
        at += count * dtype.itemsize
    if at != body:
        raise WireError("bytes that belong to no array")
    return header, arrays


def _exactly(source: BinaryIO, count: int) -> bytearray:
    data = bytearray(count)
    view = memoryview(data)
    while view:
        got = source.readinto(view)  # type: ignore[attr-defined]
        if not got:
            raise WireError("the stream ends within a message")
        view = view[got:]
    return data
