"""The child process in which OpenTimelineIO's adapters read foreign formats, and its caller.

The adapters raise exceptions of every class, some files end the process, and a small file can ask for all
memory: the child has limits and may die; the parent gets JSON or a sentence.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...engine.errors import InputError
from ...engine.killable import answer, ask
from ...engine.progress import Cancel

_MEMORY_BYTES = 2 << 30
_WALL_S = 60


@dataclass(frozen=True, slots=True)
class Converted:
    """The first timeline of a file as OpenTimelineIO JSON, and the names of the others."""

    timeline: bytes
    others: tuple[str, ...]


def convert(
    adapter: str, name: str, *, text: str = "", path: Path | None = None, rate: float | None = None
) -> Converted:
    """Read `text`, or the file `path`, with an adapter in a child. InputError with the adapter's reason, or
    when it died.

    `name` names the file in sentences.
    """
    told = ask(
        f"{__package__}.library",
        {"adapter": adapter, "text": text, "path": str(path) if path else None, "rate": rate},
        name=name,
        memory_bytes=_MEMORY_BYTES,
        wall_s=_WALL_S,
        cancel=Cancel(),
        again="export it again, or as .otio",
    )
    if "error" in told:
        raise InputError(f"'{name}' could not be read ({told['error']}): export it again, or as .otio")
    return Converted(told["timeline"].encode(), tuple(told["others"]))


def _read(request: dict[str, Any]) -> dict[str, Any]:
    import opentimelineio as otio

    arguments = {} if request["rate"] is None else {"rate": request["rate"]}
    if request["path"] is not None:
        root = otio.adapters.read_from_file(
            request["path"],
            adapter_name=request["adapter"],
            media_linker_name=otio.media_linker.MediaLinkingPolicy.DoNotLinkMedia,
            **arguments,
        )
    else:
        root = otio.adapters.read_from_string(
            request["text"],
            adapter_name=request["adapter"],
            media_linker_name=otio.media_linker.MediaLinkingPolicy.DoNotLinkMedia,
            **arguments,
        )
    timelines = _timelines(root, otio.schema)
    if not timelines:
        return {"error": "it holds no timeline"}
    return {
        "timeline": timelines[0].to_json_string(),
        "others": [timeline.name or "" for timeline in timelines[1:]],
    }


def _timelines(item: Any, schema: Any) -> list[Any]:
    """All timelines of a project file, in its order."""
    if isinstance(item, schema.Timeline):
        return [item]
    if isinstance(item, schema.Stack | schema.Track):
        timeline = schema.Timeline(item.name)
        timeline.tracks = item if isinstance(item, schema.Stack) else schema.Stack(children=[item])
        return [timeline]
    found = []
    if isinstance(item, schema.SerializableCollection | list | tuple):
        for child in item:
            found += _timelines(child, schema) if not isinstance(child, schema.Clip) else []
    return found


def _told(request: dict[str, Any]) -> dict[str, Any]:
    try:
        return _read(request)
    except Exception as error:  # noqa: BLE001  a process border: adapters raise every class there is
        text = " ".join(str(error).split())[:300]
        return {"error": f"{type(error).__name__}: {text}" if text else type(error).__name__}


if __name__ == "__main__":
    answer(_told)
