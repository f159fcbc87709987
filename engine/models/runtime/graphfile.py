"""A graph's file as the bytes that ONNX Runtime is given: read once, its hash compared, nothing followed.

Given a path, the runtime reads whatever other file a graph names (measured with 1.31.1: it refuses `../`,
links and absolute paths, but follows a hard link); given bytes it has only what we hand it. What a graph may
hold is looked at without protobuf's library: the fields are those of
https://github.com/onnx/onnx/blob/main/onnx/onnx.proto.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Collection, Iterator
from pathlib import Path

from ...errors import InputError
from ..library import CARD, read_card

# What protobuf can hold.
_MOST_BYTES = 2**31 - 1
# Of graphs within graphs: ours have none.
_MOST_DEPTH = 8
_DOMAINS = frozenset(("", "ai.onnx", "com.microsoft"))
_MICROSOFT_OPERATORS = frozenset(
    (
        "DynamicQuantizeMatMul",
        "GroupQueryAttention",
        "MatMulIntegerToFloat",
        "MatMulNBits",
        "MultiHeadAttention",
        "QuickGelu",
        "SkipLayerNormalization",
    )
)
# TensorProto.DataLocation.EXTERNAL
_EXTERNAL = 1

# Field numbers.
_MODEL_GRAPH, _MODEL_OPSET, _MODEL_FUNCTION, _MODEL_TRAINING = 7, 8, 25, 20
_OPSET_DOMAIN = 1
_GRAPH_NODE, _GRAPH_TENSOR, _GRAPH_SPARSE = 1, 5, 15
_NODE_OPERATOR, _NODE_ATTRIBUTE, _NODE_DOMAIN = 4, 5, 7
_ATTRIBUTE_TENSORS, _ATTRIBUTE_GRAPHS, _ATTRIBUTE_SPARSE = (5, 10), (6, 11), (22, 23)
_TENSOR_NAME, _TENSOR_EXTERNAL, _TENSOR_LOCATION = 8, 13, 14


def read_graph(path: Path, given: Collection[str]) -> bytes:
    """The bytes of the graph `path`. `given` are the names of the weights that are handed over from memory.

    InputError when it is not a file of its folder or not the one that was imported, is no graph, holds an
    operator that Hitpoint does not use, or takes weights from another file.
    """
    data = _bytes(path)
    try:
        _check_model(memoryview(data), frozenset(given))
    except _NoGraph as error:
        raise damaged(path) from error
    except _Refused as refused:
        raise InputError(
            f"'{path.name}' of the model '{path.parent.name}' {refused}: import the model again with "
            "hitpoint models import"
        ) from None
    return data


def damaged(path: Path) -> InputError:
    """The sentence for a graph that cannot be run."""
    return InputError(
        f"'{path.name}' of the model '{path.parent.name}' is damaged, or another version's: "
        "import the model again"
    )


class _NoGraph(ValueError):
    """Bytes that are not a graph."""


class _Refused(Exception):
    """The text continues a sentence that names the graph."""


def _bytes(path: Path) -> bytes:
    """Of a plain file that lies in its folder itself, and is the one that the folder's card names."""
    elsewhere = InputError(
        f"'{path.name}' of the model '{path.parent.name}' is a link to another place: import the model again"
    )
    fact = read_card(path.parent).files.get(path.name) if (path.parent / CARD).is_file() else None
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    if path.is_symlink():
        raise elsewhere
    try:
        descriptor = os.open(path, flags | getattr(os, "O_BINARY", 0))
    except OSError as error:
        raise InputError(f"'{path}' cannot be read ({error.strerror}): import the model again") from error
    with os.fdopen(descriptor, "rb") as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode) or status.st_size > _MOST_BYTES:
            raise damaged(path)
        # A hash makes sure of the content; package managers link the files that they install.
        if fact is None and status.st_nlink > 1:
            raise elsewhere
        # Not more than is there: room for as much as is asked is taken first.
        data = file.read(status.st_size + 1)
    if fact is not None and hashlib.sha256(data).hexdigest() != fact.sha256:
        raise InputError(
            f"'{path.name}' of the model '{path.parent.name}' is damaged, or has changed since it was "
            "imported: import the model again"
        )
    return data


def _check_model(data: memoryview, given: frozenset[str]) -> None:
    graphs = 0
    for number, value in _fields(data):
        if number == _MODEL_GRAPH:
            graphs += 1
            _check_graph(_message(value), given, 0)
        elif number == _MODEL_OPSET:
            for inner, domain in _fields(_message(value)):
                if inner == _OPSET_DOMAIN:
                    _check_domain(_text(domain))
        elif number in (_MODEL_FUNCTION, _MODEL_TRAINING):
            raise _Refused("brings operators of its own")
    if graphs != 1:
        raise _NoGraph("no graph")


def _check_graph(data: memoryview, given: frozenset[str], depth: int) -> None:
    if depth > _MOST_DEPTH:
        raise _Refused("is nested too deep")
    for number, value in _fields(data):
        if number == _GRAPH_NODE:
            _check_node(_message(value), given, depth)
        elif number == _GRAPH_TENSOR:
            # Those of a graph within take no weights from memory.
            _check_tensor(_message(value), given if depth == 0 else frozenset())
        elif number == _GRAPH_SPARSE:
            raise _Refused("holds sparse weights")


def _check_node(data: memoryview, given: frozenset[str], depth: int) -> None:
    domain = operator = ""
    for number, value in _fields(data):
        if number == _NODE_DOMAIN:
            domain = _text(value)
        elif number == _NODE_OPERATOR:
            operator = _text(value)
        elif number == _NODE_ATTRIBUTE:
            for inner, held in _fields(_message(value)):
                if inner in _ATTRIBUTE_TENSORS:
                    _check_tensor(_message(held), frozenset())
                elif inner in _ATTRIBUTE_GRAPHS:
                    _check_graph(_message(held), given, depth + 1)
                elif inner in _ATTRIBUTE_SPARSE:
                    raise _Refused("holds sparse weights")
    _check_domain(domain)
    if domain == "com.microsoft" and operator not in _MICROSOFT_OPERATORS:
        raise _Refused(f"uses the operator {operator!r}, which Hitpoint does not")


def _check_domain(domain: str) -> None:
    if domain not in _DOMAINS:
        raise _Refused(f"uses custom operators ({domain!r})")


def _check_tensor(data: memoryview, given: frozenset[str]) -> None:
    name = ""
    outside = False
    for number, value in _fields(data):
        if number == _TENSOR_NAME:
            name = _text(value)
        elif number == _TENSOR_EXTERNAL or (number == _TENSOR_LOCATION and value == _EXTERNAL):
            outside = True
    if outside and name not in given:
        raise _Refused(f"takes the weight {name!r} from another file")


def _fields(data: memoryview) -> Iterator[tuple[int, int | memoryview]]:
    """(field number, value) of a protobuf message: a number, or the bytes of text, numbers or a message.

    https://protobuf.dev/programming-guides/encoding/
    """
    at = 0
    while at < len(data):
        key, at = _varint(data, at)
        number, kind = key >> 3, key & 7
        if kind == 0:
            value, at = _varint(data, at)
            yield number, value
            continue
        if kind == 2:
            length, at = _varint(data, at)
        elif kind in (1, 5):
            length = 8 if kind == 1 else 4
        else:
            raise _NoGraph("a kind of field that is not used any more")
        if length > len(data) - at:
            raise _NoGraph("cut short")
        yield number, data[at : at + length]
        at += length


def _varint(data: memoryview, at: int) -> tuple[int, int]:
    out = 0
    for shift in range(0, 70, 7):
        if at >= len(data):
            raise _NoGraph("cut short")
        byte = data[at]
        at += 1
        out |= (byte & 0x7F) << shift
        if byte < 0x80:
            return out, at
    raise _NoGraph("a number without an end")


def _message(value: int | memoryview) -> memoryview:
    if isinstance(value, int):
        raise _NoGraph("a number for a message")
    return value


def _text(value: int | memoryview) -> str:
    return bytes(_message(value)).decode("utf-8", errors="replace")
