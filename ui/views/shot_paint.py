"""The pictures of the strip: shots at their true widths, gaps and offline ones drawn as such, cuts with their
strengths.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from math import floor, log2

from PyQt6.QtCore import QPointF, QRect, QRectF, Qt
from PyQt6.QtGui import QBrush, QColor, QFontMetricsF, QImage, QPainter, QPen

from ...engine.types import Cut, Shot
from .. import theme
from ..text import tr
from .axis import Axis
from .lane import faded

# Narrower than this a shot shows no picture, and than this no edge of its own.
PICTURE_PX = 18.0
EDGE_PX = 3.0
# A name needs so much room.
NAME_PX = 44.0
# A cut from this strength on is a strong one.
_STRONG = 0.5


def seen_shots(shots: Sequence[Shot], axis: Axis) -> Sequence[Shot]:
    """Those in view; shots follow each other without holes."""
    first = bisect_right(shots, axis.first_frame, key=lambda shot: shot.out_frame_exclusive)
    last = bisect_right(shots, axis.end_frame, key=lambda shot: shot.in_frame)
    return shots[first:last]


def shot_rect(axis: Axis, shot: Shot, top: float, height: float) -> QRectF:
    left = axis.x(shot.in_frame)
    return QRectF(left, top, axis.x(shot.out_frame_exclusive) - left, height)


def tiles(axis: Axis, shot: Shot, tile_px: float) -> Iterator[tuple[float, int]]:
    """(x, record frame) of the pictures that lie beside each other in a shot, those in view. Frames are
    multiples of a power of two within the shot, so that zooming asks for few new ones."""
    left, right = axis.x(shot.in_frame), axis.x(shot.out_frame_exclusive)
    every = 2 ** max(0, floor(log2(max(1.0, tile_px * axis.frames_per_pixel))))
    begin = max(0, floor((axis.left - left) / tile_px))
    for number in range(begin, begin + 10_000):
        x = left + number * tile_px
        if x >= min(right, axis.right):
            return
        frame = shot.in_frame + floor(number * tile_px * axis.frames_per_pixel) // every * every
        yield x, min(frame, shot.out_frame_exclusive - 1)


def paint_blocks(
    painter: QPainter, axis: Axis, shots: Sequence[Shot], top: float, height: float, colours: theme.Palette
) -> None:
    """Shots too narrow for pictures: a stretch of one kind at a time, edges where there is room for them."""
    fill = {
        "video": QBrush(faded(colours.dim, 0.35)),
        "still": QBrush(faded(colours.dim, 0.5)),
        "gap": QBrush(QColor(colours.background)),
        "offline": QBrush(faded(colours.warn, 0.6)),
    }
    # An hour has thousands: numbers first, one rectangle for each run of a kind.
    scale, origin = axis.frames_per_pixel, axis.left - axis.first_frame / axis.frames_per_pixel
    narrow, edge = PICTURE_PX * scale, EDGE_PX * scale
    runs: list[tuple[str, int, int]] = []
    edges: list[int] = []
    for shot in shots:
        begin, end = shot.in_frame, shot.out_frame_exclusive
        if end - begin >= narrow:
            continue
        left, right = floor(origin + begin / scale), floor(origin + end / scale)
        if runs and runs[-1][0] == shot.kind and runs[-1][2] >= left:
            runs[-1] = (shot.kind, runs[-1][1], right)
        else:
            # What is missing is seen, however short it is.
            wide = 1 if shot.kind == "offline" and left == right else 0
            runs.append((shot.kind, left, right + wide))
        if end - begin >= edge:
            edges.append(left)
    for kind, left, right in runs:
        if right > left:
            painter.fillRect(QRectF(left, top, right - left, height), fill[kind])
    painter.setPen(QColor(colours.panel))
    for x in edges:
        painter.drawLine(QPointF(x, top), QPointF(x, top + height))


def paint_frame(painter: QPainter, rect: QRectF, shot: Shot, colours: theme.Palette) -> None:
    """The ground of a shot that is wide enough to be itself."""
    if shot.kind == "gap":
        painter.fillRect(rect, QColor(colours.background))
        painter.fillRect(rect, QBrush(QColor(colours.line), Qt.BrushStyle.BDiagPattern))
    elif shot.kind == "offline":
        painter.fillRect(rect, faded(colours.warn, 0.18))
        painter.fillRect(rect, QBrush(faded(colours.warn, 0.7), Qt.BrushStyle.DiagCrossPattern))
    else:
        painter.fillRect(rect, faded(colours.dim, 0.3))


def paint_tile(painter: QPainter, x: float, rect: QRectF, tile_px: float, image: QImage) -> None:
    """One picture at `x`, cut where the shot ends; of another shape than the tile its middle is shown."""
    target = QRectF(x, rect.top(), tile_px, rect.height()) & rect
    if target.isEmpty():
        return
    scale = min(image.width() / tile_px, image.height() / rect.height())
    left, top = (image.width() - tile_px * scale) / 2, (image.height() - rect.height() * scale) / 2
    source = QRectF(left, top, target.width() * scale, rect.height() * scale)
    painter.drawImage(target, image, source)


def paint_name(
    painter: QPainter, rect: QRectF, axis: Axis, shot: Shot, metrics: QFontMetricsF, colours: theme.Palette
) -> None:
    """On a ground of its own, so that it is read on any picture; stays in view while the shot scrolls."""
    left = max(rect.left(), axis.left) + 3
    room = min(rect.right(), axis.right) - left - 4
    if room < NAME_PX:
        return
    said = {"gap": tr("shots.gap"), "offline": tr("shots.offline")}.get(shot.kind, "")
    text = said if shot.kind == "gap" else f"{said}: {shot.name}" if said else shot.name
    if not text:
        return
    text = metrics.elidedText(text, Qt.TextElideMode.ElideRight, room)
    box = QRectF(left - 2, rect.top() + 2, metrics.horizontalAdvance(text) + 6, metrics.height())
    painter.fillRect(box, faded(colours.panel, 0.82))
    painter.setPen(QColor(colours.warn if shot.kind == "offline" else colours.text))
    painter.drawText(QPointF(left + 1, box.top() + metrics.ascent()), text)


def paint_dissolve(painter: QPainter, axis: Axis, shot: Shot, rect: QRectF, colours: theme.Palette) -> None:
    """A wedge over the frames in which the shot before is still seen."""
    before, after = shot.dissolve_frames
    left, right = axis.x(shot.in_frame - before), axis.x(shot.in_frame + after)
    if right - left < EDGE_PX:
        return
    painter.fillRect(QRectF(left, rect.top(), right - left, rect.height()), faded(colours.panel, 0.35))
    painter.setPen(QPen(QColor(colours.text), 1))
    painter.drawLine(QPointF(left, rect.bottom()), QPointF(right, rect.top()))


def paint_cuts(
    painter: QPainter, axis: Axis, cuts: Sequence[Cut], top: float, height: float, colours: theme.Palette
) -> None:
    """Ticks as high as the cuts are strong, strong ones thicker; of those in one pixel the strongest."""
    strongest: dict[int, float] = {}
    first, last, scale = axis.first_frame, axis.end_frame, axis.frames_per_pixel
    for cut in cuts:
        if first <= cut.frame <= last:
            x = axis.left + round((cut.frame - first) / scale)
            if cut.strength > strongest.get(x, 0.0):
                strongest[x] = cut.strength
    bottom = round(top + height)
    strong: list[QRect] = []
    weak: list[QRect] = []
    for x, strength in strongest.items():
        tall = max(2, round(height * min(1.0, strength)))
        if strength >= _STRONG:
            strong.append(QRect(x, bottom - tall, 2, tall))
        else:
            weak.append(QRect(x, bottom - tall, 1, tall))
    painter.setPen(Qt.PenStyle.NoPen)
    for rects, colour in ((weak, colours.dim), (strong, colours.text)):
        if rects:
            painter.setBrush(QColor(colour))
            painter.drawRects(*rects)
