"""The check that every foreign timeline passes before anything else reads it.

OpenTimelineIO 0.18 ends the process on some damaged files, where no `except` helps: 45 bytes are enough
(`{"OTIO_SCHEMA": "Timeline.1", "tracks": null}`, then `duration()`). Behind this check it did not crash on
any of 40,000 mutated timelines. It is pure Python and bounded in time and memory.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from typing import Any, NoReturn

from ...engine.errors import InputError
from .schemas import KNOWN, Json, noun

MAX_BYTES = 64 << 20
MAX_DEPTH = 64
MAX_NODES = 2_000_000
MAX_RATE = 768_000
# 115 days: beyond it is a damaged number, not a film.
MAX_SECONDS = 10_000_000
MAX_SPEED = 1_000_000
_CHILDREN = ("Clip", "Gap", "Stack", "Track", "Transition")

_STRING = re.compile(rb'"(?:[^"\\]|\\.)*"', re.DOTALL)


def check(data: bytes, name: str, *, again: str = "export the timeline again") -> Json:
    """The parsed timeline of an .otio file's bytes.

    `name` names the file in sentences, `again` is what to do about it. InputError when it is not a timeline,
    too big or too deep, or holds a time, a range or a child that is none.
    """
    root = _parse(data, name, again)
    if noun(root) != "Timeline":
        what = noun(root) or "no OpenTimelineIO object"
        raise InputError(f"'{name}' is not a timeline: it holds {what}; export a timeline as .otio")
    if noun(root.get("tracks")) != "Stack":
        raise InputError(f"'{name}' is damaged: its timeline has no stack of tracks; {again}")
    _walk(root, name, again)
    return root


def _parse(data: bytes, name: str, again: str) -> Json:
    if len(data) > MAX_BYTES:
        raise InputError(
            f"'{name}' has {len(data) >> 20} MB, and a timeline may have {MAX_BYTES >> 20}: split it"
        )
    if not data.strip():
        raise InputError(f"'{name}' is empty: {again}")
    if _nodes(data) > MAX_NODES and _nodes(_STRING.sub(b"", data)) > MAX_NODES:
        raise InputError(f"'{name}' holds more than {MAX_NODES:,} values: split it into shorter timelines")
    try:
        root = json.loads(
            data.decode("utf-8-sig"),
            parse_constant=_no_number,
            parse_float=_finite,
        )
        if b"\\ud" in data or b"\\uD" in data:  # halves of characters, which no file can hold
            json.dumps(root, ensure_ascii=False).encode()
    except RecursionError:
        raise InputError(f"'{name}' is nested deeper than {MAX_DEPTH} levels: {again}") from None
    except UnicodeError:
        raise InputError(f"'{name}' is not a timeline: its text is not Unicode (UTF-8); {again}") from None
    except _NotANumber as error:
        raise InputError(f"'{name}' is damaged: it holds the number {error}; {again}") from None
    except ValueError as error:
        raise InputError(f"'{name}' is not a timeline: it is not JSON ({error}); {again}") from None
    if not isinstance(root, dict):
        raise InputError(f"'{name}' is not a timeline: it holds no OpenTimelineIO object; {again}")
    return root


class _NotANumber(ValueError):
    pass


def _no_number(text: str) -> NoReturn:
    raise _NotANumber(text)


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise _NotANumber(text[:40])
    return value


def _nodes(data: bytes) -> int:
    """At least the number of values, counting also what looks like one inside strings."""
    return data.count(b",") + data.count(b"{") + data.count(b"[") + 1


def _walk(root: Json, name: str, again: str) -> None:
    stack: list[tuple[Any, int]] = [(root, 1)]
    while stack:
        value, depth = stack.pop()
        if depth > MAX_DEPTH:
            raise InputError(f"'{name}' is nested deeper than {MAX_DEPTH} levels: {again}")
        if type(value) is dict:
            if "OTIO_SCHEMA" in value:
                _check_object(value, name, again)
            items = value.values()
        else:
            items = value
        depth += 1
        stack.extend([(item, depth) for item in items if type(item) is dict or type(item) is list])


def _check_object(value: Json, name: str, again: str) -> None:
    kind = noun(value)
    if kind == "RationalTime":
        if not _is_time(value):
            raise InputError(
                f"'{name}' is damaged: it holds the time {_short(value.get('value'))} at the rate "
                f"{_short(value.get('rate'))}; {again}"
            )
        return
    if not kind:
        raise InputError(f"'{name}' is damaged: it holds the schema {_short(value['OTIO_SCHEMA'])}; {again}")
    shape = _SHAPES.get(kind, _ANY)
    for key, good in shape.items():
        if key in value and not good(value[key]):
            label = value.get("name")
            which = f" '{label}'" if isinstance(label, str) and label else ""
            raise InputError(f"'{name}' is damaged: its {kind}{which} has an unreadable '{key}'; {again}")
    for key in _REQUIRED.get(kind, ()):
        if key not in value:
            raise InputError(f"'{name}' is damaged: a {kind} in it has no '{key}'; {again}")


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 40 else text[:37] + "..."


def _is_number(value: object) -> bool:
    return type(value) is int or type(value) is float


def _is_time(value: object) -> bool:
    if type(value) is not dict:
        return False
    number, rate = value.get("value"), value.get("rate")
    if number is None or rate is None or not _is_number(number) or not _is_number(rate):
        return False
    return bool(1 <= rate <= MAX_RATE and abs(number) <= MAX_SECONDS * rate)


def _is_time_object(value: object) -> bool:
    return noun(value) == "RationalTime" and _is_time(value)


def _is_range(value: object) -> bool:
    if noun(value) != "TimeRange":
        return False
    assert isinstance(value, dict)
    start, duration = value.get("start_time"), value.get("duration")
    return _is_time_object(start) and _is_time_object(duration) and duration["value"] >= 0  # type: ignore[index]


def _or_null(good: Callable[[object], bool]) -> Callable[[object], bool]:
    return lambda value: value is None or good(value)


def _is_object(value: object) -> bool:
    # A reference to another object of the file could make a stack contain itself.
    return noun(value) not in ("", "SerializableObjectRef")


def _is_objects(value: object) -> bool:
    return type(value) is list and all(_is_object(item) for item in value)


def _is_children(value: object) -> bool:
    """What lies in tracks and stacks; of unknown schemas anything may."""
    return type(value) is list and all(
        _is_object(item) and (noun(item) in _CHILDREN or noun(item) not in KNOWN) for item in value
    )


def _is_markers(value: object) -> bool:
    return type(value) is list and all(noun(item) == "Marker" for item in value)


def _is_padding(value: object) -> bool:
    return type(value) is int and 0 <= value <= 20


def _is_references(value: object) -> bool:
    return type(value) is dict and all(item is None or _is_object(item) for item in value.values())


def _is_text(value: object) -> bool:
    return type(value) is str


def _is_whole(value: object) -> bool:
    return type(value) is int and abs(value) < 1 << 31


def _is_switch(value: object) -> bool:
    return type(value) is bool


def _is_object_map(value: object) -> bool:
    return type(value) is dict


def _is_stack(value: object) -> bool:
    return noun(value) == "Stack"


def _is_file_rate(value: object) -> bool:
    return (type(value) is int or type(value) is float) and 1 <= value <= MAX_RATE


def _is_speed(value: object) -> bool:
    return (type(value) is int or type(value) is float) and abs(value) <= MAX_SPEED


_Shape = dict[str, Callable[[object], bool]]

# Whatever its schema: these words always mean the same, and the reader looks at them.
_ANY: _Shape = {
    "name": _or_null(_is_text),
    "metadata": _or_null(_is_object_map),
    "children": _is_children,
    "source_range": _or_null(_is_range),
    "available_range": _or_null(_is_range),
    "target_url": _or_null(_is_text),
    "effects": _or_null(_is_objects),
    "markers": _or_null(_is_markers),
    "enabled": _is_switch,
}
_SHAPES: dict[str, _Shape] = {
    "Timeline": {**_ANY, "tracks": _is_stack, "global_start_time": _or_null(_is_time_object)},
    "SerializableCollection": {**_ANY, "children": _is_objects},
    "Track": {**_ANY, "kind": _or_null(_is_text)},
    "Clip": {
        **_ANY,
        "media_reference": _or_null(_is_object),
        "media_references": _is_references,
        "active_media_reference_key": _is_text,
    },
    "Transition": {**_ANY, "in_offset": _or_null(_is_time_object), "out_offset": _or_null(_is_time_object)},
    "Marker": {**_ANY, "marked_range": _is_range, "range": _is_range, "comment": _or_null(_is_text)},
    "TimeRange": {**_ANY, "start_time": _is_time_object, "duration": _is_time_object},
    "LinearTimeWarp": {**_ANY, "time_scalar": _is_speed},
    "GeneratorReference": {**_ANY, "generator_kind": _or_null(_is_text)},
    "ImageSequenceReference": {
        **_ANY,
        "target_url_base": _or_null(_is_text),
        "name_prefix": _or_null(_is_text),
        "name_suffix": _or_null(_is_text),
        "start_frame": _is_whole,
        "frame_step": _is_whole,
        "frame_zero_padding": _is_padding,
        "rate": _is_file_rate,
    },
}
_REQUIRED = {"TimeRange": ("start_time", "duration"), "LinearTimeWarp": ("time_scalar",)}
