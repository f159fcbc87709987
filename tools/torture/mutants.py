"""Damaged inputs: trees with a part exchanged, bytes with a bit turned, files cut short."""

from __future__ import annotations

import json
import random
from typing import Any


def mutate(value: Any, random_: random.Random) -> Any:
    """The value with one part exchanged, removed, doubled or moved."""
    paths: list[tuple[Any, ...]] = []

    def walk(part: Any, path: tuple[Any, ...]) -> None:
        if path:
            paths.append(path)
        items = part.items() if isinstance(part, dict) else enumerate(part) if isinstance(part, list) else ()
        for key, inner in items:
            walk(inner, (*path, key))

    value = json.loads(json.dumps(value))
    walk(value, ())

    def at(path: tuple[Any, ...]) -> Any:
        part = value
        for key in path:
            part = part[key]
        return part

    path = random_.choice(paths)
    parent, key = at(path[:-1]), path[-1]
    action = random_.randrange(4)
    if action == 0:
        parent[key] = random_.choice(
            [
                None,
                {},
                [],
                "",
                "x",
                0,
                -1,
                1.5,
                1e9,
                -1e30,
                True,
                2**63,
                {"OTIO_SCHEMA": "Clip.2"},
                [None],
                [[]],
            ]
        )
    elif action == 1:
        del parent[key]
    elif action == 2:
        parent[key] = json.loads(json.dumps(at(random_.choice(paths))))
    else:
        schemas = [
            "Clip.2",
            "Track.1",
            "Stack.1",
            "Gap.1",
            "Timeline.1",
            "Marker.2",
            "Nothing.9",
            "RationalTime.1",
        ]
        holder = parent[key] if isinstance(parent[key], dict) else parent
        if isinstance(holder, dict):
            holder["OTIO_SCHEMA"] = random_.choice(schemas)
    return value


def damage(data: bytes, random_: random.Random) -> bytes:
    """The bytes cut short, with bits turned, a stretch removed, doubled or replaced by noise."""
    out = bytearray(data)
    for _ in range(random_.choice([1, 1, 2, 8])):
        if not out:
            break
        at = random_.randrange(len(out))
        size = min(random_.choice([1, 1, 4, 64, 4_096]), len(out) - at)
        action = random_.randrange(5)
        if action == 0:
            out[at] ^= 1 << random_.randrange(8)
        elif action == 1:
            del out[at : at + size]
        elif action == 2:
            out[at:at] = out[at : at + size]
        elif action == 3:
            out[at : at + size] = random_.randbytes(size)
        elif len(out) > 16:
            del out[at:]
    return bytes(out)
