"""A curve while it is drawn with the mouse."""

from __future__ import annotations

from collections.abc import Sequence

Point = tuple[int, float]


class Stroke:
    """Where the mouse went: one value a frame that it passed, what it passes again is drawn over. Values are
    0..1."""

    def __init__(self, frame: int, value: float) -> None:
        self._values: dict[int, float] = {frame: _unit(value)}
        self._last: Point = (frame, _unit(value))

    def to(self, frame: int, value: float) -> None:
        """A straight line from the last point, over all frames between."""
        begin, from_value = self._last
        value = _unit(value)
        way = 1 if frame >= begin else -1
        for at in range(begin, frame, way):
            self._values[at] = from_value + (value - from_value) * (at - begin) / (frame - begin)
        self._values[frame] = value
        self._last = (frame, value)

    def points(self, tolerance: float = 0.01) -> tuple[Point, ...]:
        """In time, those left out that lie within `tolerance` of a straight line between their neighbours."""
        return simplified(sorted(self._values.items()), tolerance)


def simplified(points: Sequence[Point], tolerance: float) -> tuple[Point, ...]:
    """Douglas and Peucker, measured upright: no value moves by more than `tolerance`."""
    if len(points) < 3:
        return tuple(points)
    kept = {0, len(points) - 1}
    open_runs = [(0, len(points) - 1)]
    while open_runs:
        first, last = open_runs.pop()
        (begin, low), (end, high) = points[first], points[last]
        slope = (high - low) / (end - begin)
        worst, at = tolerance, -1
        for number in range(first + 1, last):
            frame, value = points[number]
            off = abs(low + slope * (frame - begin) - value)
            if off > worst:
                worst, at = off, number
        if at >= 0:
            kept.add(at)
            open_runs += [(first, at), (at, last)]
    return tuple(points[at] for at in sorted(kept))


def bridged(stroke: Sequence[Point], drawn: Sequence[int], shown: Sequence[Point]) -> tuple[Point, ...]:
    """The stroke, and where it lies apart from the frames that were `drawn` before, the curve between as it
    is `shown`: what is drawn is one curve from its first point to its last, and the middle is to stay."""
    if not stroke or not drawn:
        return tuple(stroke)
    first, last = stroke[0][0], stroke[-1][0]
    begin, end = min(drawn), max(drawn)
    low, high = (last, begin) if last < begin else (end, first)
    between = [point for point in shown if low < point[0] < high]
    return tuple(sorted((*between, *stroke)))


def _unit(value: float) -> float:
    return min(1.0, max(0.0, value))
