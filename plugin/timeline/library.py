"""The child process in which OpenTimelineIO's adapters read foreign formats, and its caller.

The adapters raise exceptions of every class, some files end the process, and a small file can ask for all
memory: the child has limits and may die; the parent gets JSON or a sentence. Run as a module, it reads one
request from stdin and answers on stdout.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...engine.errors import EngineFault, InputError

_MEMORY_BYTES = 2 << 30
_CPU_S = 60
_WALL_S = 120


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
    request = {"adapter": adapter, "text": text, "path": str(path) if path else None, "rate": rate}
    foreign = ("PYTHON", "OTIO_")  # they could load other code into the child
    environment = {key: value for key, value in os.environ.items() if not key.upper().startswith(foreign)}
    try:
        done = subprocess.run(
            [sys.executable, "-I", "-m", f"{__package__}.library"],
            input=json.dumps(request).encode(),
            capture_output=True,
            timeout=_WALL_S,
            env=environment,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise InputError(
            f"'{name}' took more than {_WALL_S} s to read: export a shorter timeline, or .otio"
        ) from None
    except OSError as error:
        raise EngineFault(f"the reader of '{name}' could not be started ({error.strerror})") from error
    if b"No module named" in done.stderr and not done.stdout:
        raise EngineFault(
            f"the reader of '{name}' could not be started: {done.stderr.decode(errors='replace')[-200:]}"
        )
    try:
        answer = json.loads(done.stdout)
    except ValueError:
        raise InputError(
            f"'{name}' made its reader fail: the file is damaged; export it again, or as .otio"
        ) from None
    if "error" in answer:
        raise InputError(f"'{name}' could not be read ({answer['error']}): export it again, or as .otio")
    return Converted(answer["timeline"].encode(), tuple(answer["others"]))


def _limit() -> None:
    if sys.platform == "win32":
        return
    import resource

    for kind, most in (
        (resource.RLIMIT_CPU, _CPU_S),
        (resource.RLIMIT_AS, _MEMORY_BYTES),
        (resource.RLIMIT_CORE, 0),
    ):
        if sys.platform == "darwin" and kind == resource.RLIMIT_AS:
            continue  # refused there
        _, hard = resource.getrlimit(kind)
        resource.setrlimit(kind, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))


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


def main() -> None:
    """Answer the request on stdin. What adapters print goes to stderr, never between the answer's bytes."""
    answer_to = os.dup(1)
    os.dup2(2, 1)
    request = json.loads(sys.stdin.buffer.read())
    _limit()
    try:
        answer = _read(request)
    except Exception as error:  # noqa: BLE001  a process border: adapters raise every class there is
        text = " ".join(str(error).split())[:300]
        answer = {"error": f"{type(error).__name__}: {text}" if text else type(error).__name__}
    with os.fdopen(answer_to, "wb") as channel:
        channel.write(json.dumps(answer).encode())


if __name__ == "__main__":
    main()
