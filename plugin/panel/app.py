"""The panel put together: who does what, for how long, and in which order it ends."""

from __future__ import annotations

import os
import secrets
import signal
from contextlib import ExitStack
from datetime import UTC, datetime

from PyQt6.QtCore import QObject, Qt, QTimer, pyqtSignal
from PyQt6.QtGui import QColor, QGuiApplication, QIcon, QPainter, QPixmap
from PyQt6.QtWidgets import QApplication

from ...engine.manifest import version
from ...ui.models.panel import PanelModel
from ...ui.panel import Panel
from ..hosts.piped import GONE, PipedHost
from ..hosts.wire import END, RAISE_WINDOW
from .fault import Faults, heed_qt
from .hosted import Hosted
from .player.player import FilmPlayer
from .programs import Beside, program_of
from .queue import Post
from .rubbish import Rubbish
from .store import SessionStore
from .studio import EngineStudio

_ALONE = Beside()
_PULSE_MS = 500
_ICON_SIZES = (16, 24, 32, 48, 64, 128, 256)


class Parts(QObject):
    """What one panel is made of. Belongs to its model."""

    def __init__(
        self, model: PanelModel, studio: EngineStudio, player: FilmPlayer, host: Hosted, store: SessionStore
    ) -> None:
        super().__init__(model)
        self._model = model
        self._studio = studio
        self._player = player
        self._host = host
        self._store = store
        self._closed = False
        self._rubbish = Rubbish(self)
        store.told.connect(lambda text: model.desk.notify("kept", text))

    def close(self) -> None:
        """In order: nothing new is begun, the session is saved, players and engines end. Again: nothing."""
        if self._closed:
            return
        self._closed = True
        self._model.close()
        self._player.close()
        self._studio.close()
        self._host.close()
        self._store.close()
        self._rubbish.close()


class Heeding(QObject):
    """Does what the program asks of the window. Belongs to the window; `gone` when the program is."""

    gone = pyqtSignal()

    def __init__(self, window: Panel, program: PipedHost) -> None:
        super().__init__(window)
        self._window = window
        self._post = Post(self)
        program.heed(lambda what: self._post.send(lambda: self._heed(what)))

    def _heed(self, what: str) -> None:
        if what == RAISE_WINDOW:
            self._window.setWindowState(self._window.windowState() & ~Qt.WindowState.WindowMinimized)
            self._window.show()
            self._window.raise_()
            self._window.activateWindow()
        elif what == END:
            # As the user closes it: all is saved.
            self._window.close()
        elif what == GONE:
            self.gone.emit()


def make_panel(source: str | None = None, beside: Beside = _ALONE) -> tuple[Panel, PanelModel]:
    """A panel whose window is not shown yet, opening the timeline with that absolute path, or what the
    program that it stands beside has open. Needs `application()`; ends with `close_panel`. UserError where
    the program refuses.
    """
    with ExitStack() as begun:
        program = program_of(beside)
        begun.callback(program.close)
        host = Hosted(program)
        begun.callback(host.close)
        store = SessionStore()
        begun.callback(store.close)
        studio = EngineStudio(store.folder)
        begun.callback(studio.close)
        player = FilmPlayer()
        begun.callback(player.close)
        model = PanelModel(studio, player, host, store, clock=_now, draw_seed=_draw_seed)
        Parts(model, studio, player, host, store)
        window = Panel(model)
        if isinstance(program, PipedHost):
            Heeding(window, program)
        # From here on they end with the panel.
        begun.pop_all()
    if source is not None:
        model.open(source)
    else:
        model.open_there()
    return window, model


def close_panel(window: Panel, model: PanelModel) -> None:
    """End all that `make_panel` began: what was done is saved when this returns."""
    window.close()
    for parts in model.findChildren(Parts):
        parts.close()


def run(source: str | None, beside: Beside = _ALONE) -> None:
    """Show the panel until it is closed. UserError where there is no screen, or the program refuses."""
    made = application()
    faults = Faults()
    window, model = make_panel(source, beside)
    faults.told.connect(lambda text: model.desk.notify("fault", text))
    faults.begin()
    heeding = window.findChild(Heeding)
    if heeding is not None and beside.stdio is not None:
        heeding.gone.connect(_quiet)
    try:
        # Python hears of a signal with its next step: here is one.
        pulse = QTimer()
        pulse.timeout.connect(lambda: None)
        pulse.start(_PULSE_MS)
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: made.quit())
        window.show()
        made.exec()
    finally:
        close_panel(window, model)
        faults.end()


def application() -> QApplication:
    """The one application of this process, made when there is none."""
    made = QApplication.instance()
    if isinstance(made, QApplication):
        return made
    # At 150 % a line is a line and a half wide, not two.
    QGuiApplication.setHighDpiScaleFactorRoundingPolicy(Qt.HighDpiScaleFactorRoundingPolicy.PassThrough)
    heed_qt()
    made = QApplication(["hitpoint"])
    made.setApplicationName("hitpoint")
    made.setApplicationDisplayName("Hitpoint")
    made.setApplicationVersion(version())
    made.setDesktopFileName("hitpoint")
    made.setWindowIcon(icon())
    return made


def icon() -> QIcon:
    """A flag on a bar line: a hit."""
    made = QIcon()
    for size in _ICON_SIZES:
        picture = QPixmap(size, size)
        picture.fill(Qt.GlobalColor.transparent)
        painter = QPainter(picture)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.scale(size / 16, size / 16)
        painter.setBrush(QColor(32, 34, 40))
        painter.drawRoundedRect(0, 0, 16, 16, 3, 3)
        painter.setBrush(QColor(120, 128, 145))
        for left, top in ((2, 10), (11, 8)):
            painter.drawRect(left, top, 2, 13 - top)
        painter.setBrush(QColor(255, 176, 60))
        painter.drawRect(6, 2, 1, 11)
        painter.drawRect(7, 2, 5, 4)
        painter.end()
        made.addPixmap(picture)
    return made


def _quiet() -> None:
    """Who started us reads no more what is printed: it goes nowhere, not into a broken pipe."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for descriptor in (1, 2):
        os.dup2(nowhere, descriptor)
    os.close(nowhere)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _draw_seed() -> int:
    return secrets.randbelow(2**31)
