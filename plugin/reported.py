"""What of a report people and programs are told. Reads JSON, loads nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def strong_hits(cue: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Of a cue of the report, the hits that the tempo map is bent for: as `Hit.strong`."""
    return [
        hit
        for hit in cue["hits"]
        if hit["kind"] == "must" or (hit["kind"] == "would" and hit["strength"] >= 0.5)
    ]
