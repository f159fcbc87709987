"""The window: the picture, the controls, the strip with its lanes, and what is going on."""

from __future__ import annotations

from pathlib import PurePath
from typing import cast

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QKeyEvent
from PyQt6.QtWidgets import (
    QApplication,
    QFileDialog,
    QMainWindow,
    QSplitter,
    QStackedWidget,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from . import theme
from .edits import set_view
from .models.panel import PanelModel
from .observable import show
from .session import Session
from .text import tr
from .views.actions import model_actions
from .views.controls_view import ControlsView
from .views.cue_bar import CueBar
from .views.fit_view import FitView
from .views.host_bar import HostBar
from .views.menus import Menus
from .views.mix_view import MixView
from .views.notices import Notices
from .views.parts import named, push, row
from .views.place_sheet import PlaceSheet
from .views.strip import Strip
from .views.takes_lane import TakesLane
from .views.transport_bar import TransportBar
from .views.viewer import Viewer
from .views.welcome import Welcome
from .views.work_view import WorkView

_TIMELINES = "*.otio *.otioz *.otiod *.xml *.fcpxml *.edl *.aaf"
_ZOOM = 1.5
# Rows of work scroll beyond this.
_WORK_PX = 130
_TABS_PX = 96
_FILMS = "*.mp4 *.mov *.mkv *.mxf *.avi *.webm"


class Panel(QMainWindow):
    """Shows one PanelModel. `closed` when the user shuts it; the model is closed by whoever made it."""

    closed = pyqtSignal()

    def __init__(self, model: PanelModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self._theme: theme.ThemeChoice = "system"
        self._split: tuple[tuple[int, ...], ...] = ()
        self._dialog: QFileDialog | None = None
        self.setAcceptDrops(True)
        self.setMinimumSize(1024, 640)
        self.resize(1280, 720)

        self.welcome = Welcome(model, self.choose_file)
        self.notices = Notices(model)
        self.sheet = PlaceSheet(model)
        self.host_bar = HostBar(model, self.sheet.open)
        self.viewer = Viewer()
        self.mix = MixView(model)
        self.transport = TransportBar(model)
        self.controls = ControlsView(model)
        self.fit = FitView(model)
        self.generate = push("work.generate", model.work.generate, main=True)
        self.generate_all = push("work.generate_all", model.work.generate_all)
        self.work = WorkView(model)
        self.cue_bar = CueBar(model)
        self.strip = Strip(model)
        self.takes = TakesLane(model)
        self.pages = QStackedWidget()
        self.pages.addWidget(self.welcome)
        self.pages.addWidget(self._desk())
        self.setCentralWidget(self.pages)

        run = model_actions(model, self.takes) | {
            "open": self.choose_file,
            "preview_place": self.sheet.open,
            "quit": self.close,
            "add_hit": self.strip.add_hit,
            "zoom_in": lambda: self.strip.zoom_by(_ZOOM),
            "zoom_out": lambda: self.strip.zoom_by(1 / _ZOOM),
            "go_strip": self.strip.flag_lane.setFocus,
            "go_takes": self.takes.begin,
            "go_controls": lambda: self._go_tab(0),
            "go_fit": lambda: self._go_tab(1),
        }
        self.menus = Menus(self, model, run, self.choose_theme)
        model.transport.picture_changed.connect(self.viewer.show_picture)
        model.history.changed.connect(self._show_session)
        self._use_theme(self._theme)
        show(model, "state", self._show_state)
        show(model, "timeline", lambda _: self._show_title())

    def _desk(self) -> QWidget:
        """Everything that is there once a timeline is open."""
        picture = QWidget()
        left = QVBoxLayout(picture)
        left.setContentsMargins(4, 0, 4, 0)
        left.setSpacing(2)
        film = row(self.viewer, self.mix)
        film.setStretchFactor(self.viewer, 1)
        left.addLayout(film, 1)
        left.addWidget(self.transport)
        self.tabs = named(QTabWidget(), "panel.tabs", tip=False)
        self.tabs.addTab(self.controls, tr("controls.title"))
        self.tabs.addTab(self.fit, tr("fit.title"))
        # What is in it scrolls.
        self.tabs.setMinimumHeight(_TABS_PX)
        bar = self.tabs.tabBar()
        assert bar is not None
        named(bar, "panel.tabs", tip=False)
        side = QWidget()
        right = QVBoxLayout(side)
        right.setContentsMargins(0, 0, 4, 2)
        right.setSpacing(4)
        corner = QWidget()
        buttons = row(self.generate, self.generate_all, spacing=4)
        buttons.setContentsMargins(4, 0, 0, 3)
        corner.setLayout(buttons)
        self.tabs.setCornerWidget(corner)
        right.addWidget(self.tabs, 1)
        right.addWidget(self.work)
        self.work.setMaximumHeight(_WORK_PX)
        above = QSplitter(Qt.Orientation.Horizontal)
        above.addWidget(picture)
        above.addWidget(side)
        above.setStretchFactor(0, 1)
        above.setStretchFactor(1, 1)
        above.setSizes([600, 680])
        above.setChildrenCollapsible(False)
        below = QWidget()
        lanes = QVBoxLayout(below)
        lanes.setContentsMargins(0, 0, 0, 0)
        lanes.setSpacing(2)
        bar_line = row(self.cue_bar)
        bar_line.setContentsMargins(6, 2, 4, 0)
        lanes.addLayout(bar_line)
        tracks = QSplitter(Qt.Orientation.Vertical)
        tracks.addWidget(self.strip)
        tracks.addWidget(self.takes)
        # The strip is as high as its lanes are; takes have the rest.
        tracks.setStretchFactor(0, 0)
        tracks.setStretchFactor(1, 1)
        tracks.setSizes([220, 150])
        tracks.setChildrenCollapsible(False)
        lanes.addWidget(tracks, 1)
        halves = QSplitter(Qt.Orientation.Vertical)
        # The sheet takes the place of picture and controls: the lanes stay to be seen.
        self.upper = QStackedWidget()
        self.upper.addWidget(above)
        self.upper.addWidget(self.sheet)
        self.sheet.showing.connect(self.upper.setCurrentIndex)
        halves.addWidget(self.upper)
        halves.addWidget(below)
        halves.setStretchFactor(0, 1)
        halves.setStretchFactor(1, 1)
        halves.setChildrenCollapsible(False)
        halves.setSizes([226, 440])
        self._splitters = (halves, above, tracks)
        for splitter in self._splitters:
            splitter.splitterMoved.connect(self._keep_split)
        desk = QWidget()
        layout = QVBoxLayout(desk)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        line = row(self.host_bar)
        line.setContentsMargins(6, 3, 4, 0)
        layout.addLayout(line)
        told = row(self.notices)
        told.setContentsMargins(4, 0, 4, 0)
        layout.addLayout(told)
        layout.addWidget(halves, 1)
        return desk

    def choose_file(self) -> None:
        """Ask for a timeline; nothing waits for the dialog."""
        dialog = QFileDialog(self, tr("panel.open"))
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.setNameFilters(
            [
                f"{tr('panel.timelines')} ({_TIMELINES})",
                f"{tr('panel.films')} ({_FILMS})",
                f"{tr('panel.all')} (*)",
            ]
        )
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(self._model.open)
        self._dialog = dialog
        dialog.open()

    def choose_theme(self, choice: theme.ThemeChoice) -> None:
        """Light, dark, or as the desktop is; kept with the session."""
        session = self._model.history.value
        if session is not None and session.view.theme != choice:
            self._model.history.amend(set_view(session, theme=choice))
        self._use_theme(choice)

    def _use_theme(self, choice: theme.ThemeChoice) -> None:
        self._theme = choice
        app = cast(QApplication | None, QApplication.instance())
        if app is not None:
            theme.apply(app, choice)
        self.menus.show_theme(choice)

    def _keep_split(self) -> None:
        session = self._model.history.value
        if session is not None:
            self._split = tuple(tuple(splitter.sizes()) for splitter in self._splitters)
            self._model.history.amend(set_view(session, split=self._split))

    def _show_session(self, session: Session | None) -> None:
        if session is None:
            return
        if session.view.theme != self._theme:
            self._use_theme(session.view.theme)
        if session.view.split not in ((), self._split):
            self._split = session.view.split
            for splitter, sizes in zip(self._splitters, self._split, strict=False):
                splitter.setSizes(list(sizes))

    def _show_state(self, state: str) -> None:
        if state == "open":
            self.pages.setCurrentIndex(1)
            self.strip.flag_lane.setFocus()
        else:
            self.pages.setCurrentIndex(0)
            self.welcome.begin()

    def _show_title(self) -> None:
        timeline = self._model.timeline
        name = tr("panel.title")
        self.setWindowTitle(name if timeline is None else f"{PurePath(timeline.path).name} – {name}")

    def _go_tab(self, index: int) -> None:
        self.tabs.setCurrentIndex(index)
        if index == 0:
            self.controls.model.setFocus()
        else:
            (self.fit.list if self._model.fit.doubts else self.tabs.tabBar() or self.tabs).setFocus()

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        """Keys that nobody below wanted."""
        if event is None:
            return
        if event.key() == Qt.Key.Key_Escape and self._model.state == "open":
            self.strip.flag_lane.setFocus()
        elif not self.menus.press(event):
            super().keyPressEvent(event)

    def dragEnterEvent(self, event: QDragEnterEvent | None) -> None:
        if event is not None and _one_file(event):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent | None) -> None:
        if event is not None and (path := _one_file(event)):
            event.acceptProposedAction()
            self._model.open(path)

    def closeEvent(self, event: QCloseEvent | None) -> None:
        super().closeEvent(event)
        self.closed.emit()


def _one_file(event: QDropEvent) -> str:
    """The local file that is carried; "" for anything else, several files included, and for what this window
    itself gave away."""
    mime = event.mimeData()
    urls = mime.urls() if mime is not None and event.source() is None else []
    return urls[0].toLocalFile() if len(urls) == 1 else ""
