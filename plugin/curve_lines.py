"""What a cue's groove costs in hits, for the console: the same curve that `--fit` chooses on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any


def curve_lines(report: Mapping[str, Any]) -> Iterator[str]:
    """A line for each cue that has a curve; an asterisk marks what is played."""
    for cue in report["cues"]:
        points = cue.get("groove_curve", ())
        if points:
            name = f" of {cue['name']}" if len(report["cues"]) > 1 else ""
            yield f"hits against groove{name}: " + "; ".join(_point(point) for point in points)


def _point(point: Mapping[str, Any]) -> str:
    mark = "*" if point["chosen"] else ""
    bars = "bar" if point["odd_bars"] == 1 else "bars"
    return (
        f"{mark}{point['reach']} {point['met']} of {point['hits']} hits, {point['odd_bars']} odd {bars} "
        f"of {point['bars']}, steps to {point['step']:.1%}"
    )
