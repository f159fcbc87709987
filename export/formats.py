"""A placed timeline as a file: .otio as it is, .otioz with its media, FCP7 XML for programs that know no
better.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from ..engine.errors import InputError, Problem
from ..engine.store.durable import durable_write
from ..engine.timebase import Rate
from ..engine.urls import is_relative
from .fcp7 import fcp7_xml
from .nodes import Json, noun, walk
from .otioz import write_otioz

Format = Literal["otio", "otioz", "fcp7"]


def write_timeline(
    data: Json, path: Path, format: Format, *, rate: Rate, base: Path, roots: Sequence[Path] = ()
) -> tuple[Problem, ...]:
    """Write the timeline `data` to `path`, whole or not at all, and say what the format could not hold.

    `base` is the folder of the timeline that was read: its relative urls count from there. An .otioz packs
    media that really lie below `base`, the folder of `path` or one of `roots`, nothing else. OutputError
    when the disk refuses, InputError when `data` holds what JSON cannot.
    """
    if format == "otioz":
        return write_otioz(data, path, base=base, roots=(base, path.parent, *roots))
    if format == "fcp7":
        xml, problems = fcp7_xml(data, rate, base)
        durable_write(path, xml)
        return problems
    durable_write(path, json_bytes(data))
    return _moved_away(data, path, base)


def json_bytes(data: Json) -> bytes:
    """The JSON of an .otio file. ASCII, so that text which is no valid Unicode survives as it was read."""
    try:
        return (json.dumps(data, indent=4, allow_nan=False) + "\n").encode("ascii")
    except ValueError as error:
        raise InputError(f"the timeline holds a value that no .otio file can ({error})") from error


def _moved_away(data: Json, path: Path, base: Path) -> tuple[Problem, ...]:
    """The editor's clips stay as they are, so relative media paths no longer fit when the file lies
    elsewhere.
    """
    if path.parent.resolve() == base.resolve():
        return ()
    urls = {node.get("target_url") for node in walk(data) if noun(node) == "ExternalReference"}
    relative = sum(1 for url in urls if isinstance(url, str) and is_relative(url))
    if not relative:
        return ()
    text = (
        f"{relative} media of the timeline are given relative to the folder '{base.name}': "
        f"copy '{path.name}' there before you open it"
    )
    return (Problem("relative_media", text),)
