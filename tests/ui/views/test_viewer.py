"""Pictures in the viewer, waveforms, thumbnails in memory."""

from __future__ import annotations

from pathlib import Path

from PyQt6.QtCore import QRectF
from PyQt6.QtGui import QColor, QImage, QPainter
from pytestqt.qtbot import QtBot

from hitpoint.ui.ports import Peaks
from hitpoint.ui.views.thumbs import ThumbCache
from hitpoint.ui.views.viewer import Viewer
from hitpoint.ui.views.waveform import paint_waveform

RED, GREEN, BLACK = QColor("#ff0000"), QColor("#00ff00"), QColor("#000000")


def picture(width: int, height: int, colour: QColor = RED) -> QImage:
    image = QImage(width, height, QImage.Format.Format_RGB32)
    image.fill(colour)
    return image


def grabbed(viewer: Viewer) -> QImage:
    return viewer.grab().toImage()


def test_a_wide_picture_keeps_its_shape_between_black_bars(qtbot: QtBot) -> None:
    viewer = Viewer()
    qtbot.addWidget(viewer)
    viewer.resize(400, 400)
    viewer.show_picture(picture(1920, 800))
    rect = viewer.picture_rect()
    assert rect.width() == 400 and abs(rect.height() - 400 * 800 / 1920) <= 1
    image = grabbed(viewer)
    assert image.pixelColor(200, 200) == RED
    assert image.pixelColor(200, 20) == BLACK and image.pixelColor(200, 380) == BLACK


def test_an_overlay_is_let_through_at_its_opacity_over_the_picture_alone(qtbot: QtBot) -> None:
    viewer = Viewer()
    qtbot.addWidget(viewer)
    viewer.resize(400, 400)
    viewer.show_picture(picture(200, 100))
    viewer.show_overlay(picture(10, 5, GREEN), 0.5)
    image = grabbed(viewer)
    middle = image.pixelColor(200, 200)
    assert abs(middle.red() - 127) <= 2 and abs(middle.green() - 127) <= 2
    assert image.pixelColor(200, 20) == BLACK
    viewer.show_overlay(None)
    assert grabbed(viewer).pixelColor(200, 200) == RED


def test_without_a_picture_it_is_black(qtbot: QtBot) -> None:
    viewer = Viewer()
    qtbot.addWidget(viewer)
    viewer.resize(320, 180)
    viewer.show_picture(picture(16, 9))
    viewer.show_picture(None)
    assert grabbed(viewer).pixelColor(160, 90) == BLACK


# --- Waveforms


def drawn(peaks: Peaks, clip: QRectF | None = None, rect: QRectF | None = None) -> QImage:
    image = picture(100, 40, BLACK)
    painter = QPainter(image)
    if clip is not None:
        painter.setClipRect(clip)
    paint_waveform(painter, rect or QRectF(0, 0, 100, 40), peaks, "#ff0000")
    painter.end()
    return image


def inked(image: QImage, x: int) -> int:
    return sum(image.pixelColor(x, y) != BLACK for y in range(image.height()))


def test_full_scale_fills_the_height_and_silence_is_a_line() -> None:
    loud = drawn(Peaks("mix", (-1.0,) * 200, (1.0,) * 200))
    silent = drawn(Peaks("mix", (0.0,) * 200, (0.0,) * 200))
    assert inked(loud, 50) >= 39
    assert 1 <= inked(silent, 50) <= 2


def test_a_loud_moment_is_seen_however_narrow_the_waveform_is_drawn() -> None:
    high = [0.0] * 100_000
    high[50_000] = 1.0
    image = drawn(Peaks("mix", (0.0,) * 100_000, tuple(high)))
    assert max(inked(image, x) for x in range(48, 53)) >= 18


def test_nothing_is_drawn_outside_the_clip_or_the_cue() -> None:
    loud = Peaks("mix", (-1.0,) * 50, (1.0,) * 50)
    clipped = drawn(loud, QRectF(20, 0, 10, 40), QRectF(-5000, 0, 10_000, 40))
    assert [x for x in range(100) if inked(clipped, x)] == list(range(20, 30))
    short = drawn(loud, None, QRectF(10, 0, 30, 40))
    assert max(x for x in range(100) if inked(short, x)) <= 41


# --- Thumbnails


def files(folder: Path, count: int) -> list[str]:
    out = []
    for number in range(count):
        path = folder / f"{number}.jpg"
        assert picture(160, 90).save(str(path))
        out.append(str(path))
    return out


def test_a_thumbnail_is_read_later_and_never_at_once(qtbot: QtBot, tmp_path: Path) -> None:
    cache = ThumbCache()
    [path] = files(tmp_path, 1)
    with qtbot.waitSignal(cache.arrived):
        assert cache.image(path, 45) is None
    image = cache.image(path, 45)
    assert image is not None and (image.width(), image.height()) == (80, 45)


def test_memory_is_bounded_and_the_newest_are_kept(qtbot: QtBot, tmp_path: Path) -> None:
    cache = ThumbCache(most_bytes=10 * 80 * 45 * 4)
    paths = files(tmp_path, 40)
    for path in paths:
        cache.image(path, 45)
    qtbot.waitUntil(lambda: cache.waiting == 0)
    assert 0 < cache.bytes <= 10 * 80 * 45 * 4
    assert sum(cache.image(path, 45) is not None for path in paths) == 10


def test_a_damaged_file_is_no_picture_and_not_read_again(qtbot: QtBot, tmp_path: Path) -> None:
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"\xff\xd8\xff no picture")
    cache = ThumbCache()
    with qtbot.waitSignal(cache.arrived):
        cache.image(str(broken), 45)
    assert cache.image(str(broken), 45) is None
    assert cache.waiting == 0


def test_another_timeline_forgets_them(qtbot: QtBot, tmp_path: Path) -> None:
    cache = ThumbCache()
    [path] = files(tmp_path, 1)
    with qtbot.waitSignal(cache.arrived):
        cache.image(path, 45)
    cache.forget()
    assert cache.bytes == 0
