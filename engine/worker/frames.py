"""Messages as bytes: the base protocol of language servers, a `Content-Length` header and UTF-8 JSON.

Hosts speak it too, so this file keeps to the standard library and to the syntax of Python 3.6.
"""

import json
import re
from typing import Any, Dict, List, NoReturn

Message = Dict[str, Any]

# Sound never goes through the pipe: a result is a path and a hash.
MOST_BYTES = 1 << 20
MOST_DEPTH = 64
# Two header lines of language servers have a fifth of this.
_MOST_HEADER = 512
_END = b"\r\n\r\n"
_LENGTH = re.compile(rb"\A\s*content-length\s*:\s*([0-9]{1,9})\s*\Z", re.IGNORECASE)
_STRING = re.compile(rb'"(?:[^"\\]|\\.)*"', re.DOTALL)
_NO_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))


class FrameError(Exception):
    """Bytes that are no message. What follows them cannot be told apart either: the connection is over."""


def encode(message: Message) -> bytes:
    """One message, ready to be written. FrameError when it is larger or deeper than a reader would take."""
    try:
        body = json.dumps(message, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode("utf-8")
    except (ValueError, TypeError, RecursionError) as error:
        raise FrameError(f"a message cannot be written as JSON ({error})") from error
    _check(body)
    return b"Content-Length: %d%s%s" % (len(body), _END, body)


class Decoder:
    """Takes bytes as they come and gives the messages that are whole."""

    def __init__(self) -> None:
        self._bytes = bytearray()

    def feed(self, data: bytes) -> List[Message]:
        """The messages that `data` completes, in order. FrameError for anything but messages."""
        self._bytes += data
        found: List[Message] = []
        while True:
            head = self._bytes.find(_END, 0, _MOST_HEADER)
            if head < 0:
                if len(self._bytes) >= _MOST_HEADER:
                    raise FrameError(f"no header within {_MOST_HEADER} bytes")
                return found
            first = head + len(_END)
            last = first + _length(bytes(self._bytes[:head]))
            if len(self._bytes) < last:
                return found
            found.append(_parse(bytes(self._bytes[first:last])))
            del self._bytes[:last]

    @property
    def waiting(self) -> int:
        """Bytes of a message that is not whole yet."""
        return len(self._bytes)


def _length(header: bytes) -> int:
    lengths = [match for match in map(_LENGTH.match, header.split(b"\r\n")) if match]
    if len(lengths) != 1:
        raise FrameError("a header without one Content-Length")
    length = int(lengths[0].group(1))
    if length > MOST_BYTES:
        raise FrameError(f"a message of {length} bytes, {MOST_BYTES} are allowed")
    return length


def _check(body: bytes) -> None:
    if len(body) > MOST_BYTES:
        raise FrameError(f"a message of {len(body)} bytes, {MOST_BYTES} are allowed")
    depth = deepest = 0
    for bracket in _STRING.sub(b"", body).translate(None, _NO_BRACKETS):
        depth += 1 if bracket in b"[{" else -1
        deepest = max(deepest, depth)
    if deepest > MOST_DEPTH:
        raise FrameError(f"a message nested {deepest} levels deep, {MOST_DEPTH} are allowed")


def _parse(body: bytes) -> Message:
    _check(body)
    try:
        message = json.loads(body.decode("utf-8"), parse_constant=_no_number, parse_float=_finite)
    except (ValueError, RecursionError) as error:
        raise FrameError(f"a message that is no JSON ({error})") from error
    if not isinstance(message, dict):
        raise FrameError("a message that is no JSON object")
    return message


def _finite(text: str) -> float:
    value = float(text)
    if value in (float("inf"), float("-inf")):
        _no_number(text)
    return value


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"{text} is no number")
