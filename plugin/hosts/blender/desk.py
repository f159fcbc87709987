"""What the side bar works at: the adapter, the engine, the panel, and the timer that collects from both.

All of it in Blender's own thread. bpy is given, so that this loads without.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from typing import Any

from ....engine.log import record_fault
from ....engine.types import Span
from ..base import Host, HostError, HostMarker, Landed, Landing
from ..serving import Serving, open_panel
from . import api
from .asking import Asking
from .controls import controls_of, wanted_of
from .host import BlenderHost
from .preferences import interpreter
from .scoring import Scoring
from .table import table_of

PERIOD_S = 0.1
# Work of the user's that must not be broken into: what drags strips.
_DRAGGING = ("TRANSFORM_OT_", "SEQUENCER_OT_", "ANIM_OT_change_frame")
_NAME = "blender"
# The panel is answered for this long at a time, so that Blender stays quick.
_ANSWER_S = 0.05


class Desk:
    """One while the extension is enabled."""

    def __init__(self, bpy: Any, package: str, *, asking: Asking | None = None) -> None:
        """`package` is the extension's module."""
        self._bpy = bpy
        # One object: Blender knows its timers by that, and a method is another with every look.
        self.timer = self.step
        self._package = package
        self.scoring = Scoring(asking or Asking())
        self.panel_says = ""
        self._serving: Serving | None = None
        self._host: Host | None = None
        self._looked_at = False
        self._asked_choices = False
        self._wants_place = False
        # Whether the hits were shown apart from placing.
        self._wrote_markers = False

    @property
    def host(self) -> Host:
        if self._host is None:
            # The only folder of ours that an extension may write, for files that have none of their own yet.
            folder = self._bpy.utils.extension_path_user(self._package, path="unsaved", create=True)
            self._host = BlenderHost(self._bpy, folder_of_unsaved=folder)
        return self._host

    @property
    def serving(self) -> Serving | None:
        """The open panel."""
        return self._serving

    def scene(self) -> Any:
        """Whose strips the sequencer shows."""
        return api.scene_of(self._bpy.context)

    def preferences(self) -> Any:
        return self._bpy.context.preferences.addons[self._package].preferences

    def python(self) -> str:
        """The engine's interpreter. HostError tells what to do without."""
        return interpreter(self.preferences().python)

    def score(self) -> None:
        """Ask for music for what is chosen. HostError tells why not."""
        python = self.python()
        controls = controls_of(self.scene())
        use = "client" if self.preferences().client else "any"
        wanted = wanted_of(controls, use)
        read = self.host.read()
        if not read.seen:
            raise HostError("there is nothing to score: put movies or pictures on the sequencer first")
        spans: tuple[Span, ...] = ()
        if controls.scope != "WHOLE":
            selected = self.host.selected()
            spans = selected.spans
            read = replace(read, problems=(selected.rule, *read.problems))
        self.scoring.begin(python, read, spans, wanted)
        self.start()

    def place(self, *, anyway: bool = False) -> None:
        """Inside an operator: it makes the undo step."""
        self.scoring.place(self.host, anyway=anyway)

    def has_music(self) -> bool:
        """Whether music of ours lies in the scene, whenever it was placed."""
        return bool(table_of(self.scene()).jobs)

    def remove(self) -> None:
        """The music that was placed last; where that is not known any more, all music of ours."""
        landing = self.scoring.landing
        if landing is None or self.scoring.phase != "placed":
            self._remove_all()
            return
        landed = self.host.remove(landing.job)
        if self._wrote_markers and not landed.kept:
            # Those that came with the music went with it.
            self._write_markers(landing, ())
        self.scoring.removed()
        self.scoring.notes = _stays(landed)

    def _remove_all(self) -> None:
        jobs = tuple(table_of(self.scene()).jobs)
        if not jobs:
            raise HostError("there is no music of Hitpoint in this scene")
        self.scoring.notes = tuple(note for job in jobs for note in _stays(self.host.remove(job)))

    def show_markers(self, show: bool) -> None:
        landing = self.scoring.landing
        if landing is None:
            raise HostError("no music of this session is placed: its hits are not known any more")
        self._write_markers(landing, self.scoring.hits if show else ())
        self._wrote_markers = show

    def _write_markers(self, landing: Landing, markers: tuple[HostMarker, ...]) -> None:
        for cue in sorted({one.cue for one in landing.placements}):
            own = tuple(one for one in markers if one.ident.startswith(f"{cue}@"))
            self.host.write_markers(own, f"{cue}@")

    def open_panel(self) -> None:
        """Hitpoint's window, or the one that is open already, to the front."""
        python = self.python()
        if self._serving is not None and self._serving.alive:
            self._serving.raise_window()
            return
        self.panel_says = ""
        # A panel of a Blender that has crashed gives way.
        self._serving = open_panel(Undoing(self.host, self.push_undo), python, _NAME, many=True)
        self.start()

    def looked_at(self) -> None:
        """The side bar is drawn: what the engine can do is asked for once."""
        if not self._looked_at:
            self._looked_at = True
            self.start()

    def start(self) -> None:
        """Have the timer run; again: nothing."""
        if not self._bpy.app.timers.is_registered(self.timer):
            self._bpy.app.timers.register(self.timer, first_interval=PERIOD_S, persistent=True)

    def step(self) -> float | None:
        """Collect what engine and panel have said: the timer's function. Seconds until it wants to be called
        again, None when there is nothing to wait for."""
        try:
            self._collect()
        except Exception as error:  # noqa: BLE001  a timer's function that raises is never called again
            self._wants_place = False
            self.scoring.phase = "failed"
            self.scoring.sentence = f"a fault of ours (log {record_fault(error)}): score again"
            self._redraw()
        if self.scoring.is_waiting or self._wants_place or self._serving is not None:
            return PERIOD_S
        return None

    def leave_file(self) -> None:
        """Another file is about to be opened: what is made is not placed into that one."""
        self._wants_place = False
        self.scoring.leave()

    def end(self) -> None:
        """End panel and engine: their pipes are closed, and what does not end then is killed."""
        if self._bpy.app.timers.is_registered(self.timer):
            self._bpy.app.timers.unregister(self.timer)
        serving, self._serving = self._serving, None
        if serving is not None:
            serving.end()
        self.scoring.asking.end()
        host, self._host = self._host, None
        if host is not None:
            host.close()

    def _collect(self) -> None:
        if self._looked_at and not self._asked_choices:
            self._ask_choices()
        heard = self.scoring.step()
        if heard and self.scoring.phase == "made":
            self._wants_place = True
        if self._wants_place and not self._is_busy():
            self._wants_place = False
            self._place_by_operator()
        self._step_panel()
        if heard or self.scoring.phase == "working":
            self._redraw()

    def _ask_choices(self) -> None:
        self._asked_choices = True
        try:
            self.scoring.learn(self.python())
        except HostError:
            # Without an engine there is nothing to choose from; the side bar says so already.
            self._looked_at = self._asked_choices = False

    def _step_panel(self) -> None:
        serving = self._serving
        if serving is None:
            return
        try:
            alive = serving.step(_ANSWER_S)
        except Exception as error:  # noqa: BLE001  a timer's function that raises is never called again
            self.panel_says = (
                f"the panel was let go of after a fault (log {record_fault(error)}): open it again"
            )
            serving.let_go()
            alive = False
        if not alive:
            self._serving = None
            self.panel_says = self.panel_says or serving.problem()
            self._redraw()

    def _place_by_operator(self) -> None:
        """By our own operator, which makes one undo step."""
        with self._in_window():
            try:
                self._bpy.ops.hitpoint.place("EXEC_DEFAULT", True)
            except RuntimeError as error:
                # An operator's report comes as this; where it was a HostError, it is told already.
                if self.scoring.phase == "made":
                    self.scoring.phase = "failed"
                    self.scoring.sentence = (
                        f"Blender did not place the music (log {record_fault(error)}): try Place again"
                    )

    def push_undo(self, what: str) -> None:
        """What was done since the last step of Blender's undo becomes one."""
        with self._in_window():
            self._bpy.ops.ed.undo_push(message=f"Hitpoint: {what}")

    def _in_window(self) -> AbstractContextManager[object]:
        """As if the user had asked there: a timer's function has no window, and operators want one."""
        windows = list(self._bpy.context.window_manager.windows)
        for window in windows:
            for area in window.screen.areas:
                if area.type == "SEQUENCE_EDITOR":
                    override: AbstractContextManager[object] = self._bpy.context.temp_override(
                        window=window, area=area
                    )
                    return override
        return self._bpy.context.temp_override(window=windows[0]) if windows else nullcontext()

    def _is_busy(self) -> bool:
        """Whether the user is in the middle of something: a drag, or a render."""
        if api.is_rendering(self._bpy):
            return True
        return any(
            operator.bl_idname.startswith(_DRAGGING)
            for window in self._bpy.context.window_manager.windows
            for operator in window.modal_operators
        )

    def _redraw(self) -> None:
        for window in self._bpy.context.window_manager.windows:
            for area in window.screen.areas:
                if area.type == "SEQUENCE_EDITOR":
                    area.tag_redraw()


def _stays(landed: Landed) -> tuple[str, ...]:
    return tuple(f"'{name}' was worked on: it stays" for name in landed.kept)


class Undoing:
    """A host whose changes are undone in one step each: what a panel asks for is no operator's work."""

    def __init__(self, host: Host, push: Callable[[str], None]) -> None:
        self._host = host
        self._push = push
        self.facts = host.facts
        self.read = host.read
        self.glance = host.glance
        self.selected = host.selected
        self.playhead = host.playhead
        self.set_playhead = host.set_playhead
        self.markers = host.markers
        self.verify = host.verify
        self.save = host.save
        self.close = host.close

    def write_markers(self, markers: tuple[HostMarker, ...], idents: str) -> None:
        self._host.write_markers(markers, idents)
        self._push("hit markers")

    def place(self, landing: Landing) -> Landed:
        landed = self._host.place(landing)
        self._push("place music")
        return landed

    def remove(self, job: str) -> Landed:
        landed = self._host.remove(job)
        self._push("remove music")
        return landed
