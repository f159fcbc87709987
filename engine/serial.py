"""Dataclasses to JSON and back, exactly: fractions as "a/b", rates as text, unknown keys kept.

A class that carries `SCHEMA` ("hitpoint.<noun>.<n>") is stored with it. A field named `extra` collects the
keys that this version does not know, and gives them back on writing.
"""

from __future__ import annotations

import dataclasses
import json
import types
import typing
from collections import abc
from collections.abc import Callable, Mapping
from fractions import Fraction
from functools import cache
from pathlib import Path, PurePath
from typing import Any, TypeVar

from .errors import InputError
from .timebase import Rate

T = TypeVar("T")

# (noun, version) -> function from that version's JSON to the next version's. Filled when a schema changes.
UPGRADES: dict[tuple[str, int], Callable[[dict[str, Any]], dict[str, Any]]] = {}


def to_json(value: object) -> Any:
    """Plain lists, dicts, numbers and strings. TypeError for a type that has no exact form."""
    if value is None or isinstance(value, str | bool | int | float):
        return value
    if isinstance(value, Fraction | Rate | PurePath):
        return str(value)
    if isinstance(value, tuple | list):
        return [to_json(item) for item in value]
    if isinstance(value, Mapping):
        return {str(key): to_json(item) for key, item in value.items()}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        out: dict[str, Any] = {}
        schema = getattr(value, "SCHEMA", None)
        if schema is not None:
            out["schema"] = schema
        for field in dataclasses.fields(value):
            item = getattr(value, field.name)
            if field.name == "extra":
                out.update(item)
            else:
                out[field.name] = to_json(item)
        return out
    raise TypeError(f"{type(value).__name__} has no JSON form")


def from_json(cls: type[T], data: Any) -> T:
    """The dataclass `cls` from its JSON form. InputError when the data is of another kind or too new."""
    try:
        return typing.cast(T, _build(cls, data))
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(
            f"this is not a {cls.__name__} that Hitpoint wrote ({error}): make it again"
        ) from error


def canonical(value: object) -> bytes:
    """The one byte string of a value: what hashes are taken of."""
    return json.dumps(to_json(value), sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def pretty(value: object) -> bytes:
    """The form for files that people open."""
    return (json.dumps(to_json(value), indent=1, allow_nan=False, ensure_ascii=False) + "\n").encode()


@cache
def _hints(cls: type) -> dict[str, Any]:
    return typing.get_type_hints(cls)


def _build(kind: Any, data: Any) -> Any:
    origin = typing.get_origin(kind)
    if origin in (types.UnionType, typing.Union):
        if data is None:
            return None
        (inner,) = [arm for arm in typing.get_args(kind) if arm is not type(None)]
        return _build(inner, data)
    if origin is tuple:
        arms = typing.get_args(kind)
        if len(arms) == 2 and arms[1] is Ellipsis:
            return tuple(_build(arms[0], item) for item in data)
        return tuple(_build(arm, item) for arm, item in zip(arms, data, strict=True))
    if origin in (dict, abc.Mapping):
        arm = typing.get_args(kind)[1]
        return {key: _build(arm, item) for key, item in data.items()}
    if origin is typing.Literal:
        if data not in typing.get_args(kind):
            raise ValueError(f"'{data}' is none of {', '.join(map(str, typing.get_args(kind)))}")
        return data
    if kind is Fraction:
        return Fraction(data)
    if kind is Path:
        return Path(data)
    if kind is Rate:
        return Rate.parse(data)
    if dataclasses.is_dataclass(kind) and isinstance(kind, type):
        return _build_dataclass(kind, data)
    if kind is float:
        return float(data)
    if kind in (str, int, bool) and not isinstance(data, kind):
        raise ValueError(f"'{data}' is not of type {kind.__name__}")
    return data


def _build_dataclass(cls: type, data: Any) -> Any:
    data = _upgraded(cls, dict(data))
    hints = _hints(cls)
    names = {field.name for field in dataclasses.fields(cls)} - {"extra"}
    known = {name: _build(hints[name], data.pop(name)) for name in names & data.keys()}
    if "extra" in hints:
        known["extra"] = data
    return cls(**known)


def _upgraded(cls: type, data: dict[str, Any]) -> dict[str, Any]:
    schema = getattr(cls, "SCHEMA", None)
    if schema is None:
        return data
    noun, _, newest = schema.rpartition(".")
    stored_noun, _, version = str(data.pop("schema")).rpartition(".")
    if stored_noun != noun:
        raise ValueError(f"the schema is {stored_noun}, not {noun}")
    if int(version) > int(newest):
        raise ValueError(f"{noun}.{version} was written by a newer Hitpoint")
    for step in range(int(version), int(newest)):
        data = UPGRADES[noun, step](data)
    return data
