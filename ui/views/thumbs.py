"""Thumbnails in memory: read from their files a few at a time between events, the longest unseen let go."""

from __future__ import annotations

from collections import OrderedDict

from PyQt6.QtCore import QElapsedTimer, QObject, QSize, QTimer, pyqtSignal
from PyQt6.QtGui import QImage, QImageReader

# One is read in less than a millisecond: so long, ms, a turn of the event loop may go on reading.
_TURN_MS = 5


class ThumbCache(QObject):
    """Images by file, each scaled to a height in device pixels. `image` never reads: what is not there yet is
    read in later turns of the event loop, the newest wish first, and `arrived` tells when something is."""

    arrived = pyqtSignal()

    def __init__(self, parent: QObject | None = None, *, most_bytes: int = 48 << 20) -> None:
        super().__init__(parent)
        self._most = most_bytes
        self._bytes = 0
        self._images: OrderedDict[tuple[str, int], QImage] = OrderedDict()
        self._waiting: OrderedDict[tuple[str, int], None] = OrderedDict()
        self._turn = QTimer(self)
        self._turn.setInterval(0)
        self._turn.timeout.connect(self._read_some)

    @property
    def bytes(self) -> int:
        """Held now; never above `most_bytes`, as long as a single image is not."""
        return self._bytes

    @property
    def waiting(self) -> int:
        """Files that are still to be read."""
        return len(self._waiting)

    def image(self, path: str, height: int) -> QImage | None:
        """None while it is to be read, and for a file that holds no picture."""
        key = (path, height)
        held = self._images.get(key)
        if held is not None:
            self._images.move_to_end(key)
            return None if held.isNull() else held
        self._waiting[key] = None
        self._waiting.move_to_end(key)
        self._turn.start()
        return None

    def forget(self) -> None:
        """Of another timeline now."""
        self._waiting.clear()
        self._images.clear()
        self._bytes = 0

    def _read_some(self) -> None:
        clock = QElapsedTimer()
        clock.start()
        came = False
        while self._waiting and not (came and clock.elapsed() >= _TURN_MS):
            key, _ = self._waiting.popitem()
            self._keep(key, _read(*key))
            came = True
        if not self._waiting:
            self._turn.stop()
        if came:
            self.arrived.emit()

    def _keep(self, key: tuple[str, int], image: QImage) -> None:
        self._images[key] = image
        self._bytes += image.sizeInBytes()
        while self._bytes > self._most and len(self._images) > 1:
            _, old = self._images.popitem(last=False)
            self._bytes -= old.sizeInBytes()


def _read(path: str, height: int) -> QImage:
    """A null image where the file holds none: it is drawn as a shot without a picture."""
    reader = QImageReader(path)
    size = reader.size()
    if size.isValid() and size.height() > 0:
        reader.setScaledSize(QSize(max(1, size.width() * height // size.height()), height))
    image = reader.read()
    return image if image.isNull() else image.convertToFormat(QImage.Format.Format_RGB32)
