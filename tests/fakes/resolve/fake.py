"""The fake: one Resolve with its projects, the gate that every call passes, and what a judge may ask."""

from __future__ import annotations

import copy
import threading
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

from .frozen import Frozen, frozen
from .project import Project, ProjectManager, Resolve
from .remote import Dialog, Remote
from .render import Heard, render
from .state import Bin, Edit, Film, Lane, Medium, Source
from .traps import Killed, Traps
from .wav import read_wav

__all__ = ["FakeResolve", "Heard", "Killed", "Project", "ProjectManager", "Traps"]


class FakeResolve:
    """`resolve` is what a script would get. `traps` may be changed at any time.

    calls      of the API so far; `names` tells them
    threads    that have called
    dialog     for `modal_at_call`: `shown` is set when a call waits, set `answered` to let it go on
    """

    def __init__(self, traps: Traps | None = None) -> None:
        self.traps = traps or Traps()
        self.films: list[Film] = []
        self.film: Film | None = None
        self.page = "edit"
        self.renders = False
        self.calls = 0
        self.names: list[str] = []
        self.threads: set[int] = set()
        self.dialog = Dialog()
        self.appends = 0
        self.vanished = 0
        self._numbers = 0
        self._poisoned = 0
        self._refused: set[str] = set()
        self._media: dict[str, Medium] = {}

    @property
    def resolve(self) -> Resolve:
        return Resolve(self)

    def attach(self) -> Resolve | None:
        """What `scriptapp("Resolve")` gives to another process."""
        return self.resolve if self.traps.may_attach else None

    @property
    def otio_constant(self) -> str | None:
        return "otio" if self.traps.number >= (18, 5) else None

    @property
    def edit(self) -> Edit:
        """The timeline that is open."""
        assert self.film is not None and self.film.current_edit is not None
        return self.film.current_edit

    # --- the gate ---

    def call(self, handle: Remote, name: str, studio: bool, act: Callable[[], Any]) -> Any:
        self.calls += 1
        number, traps = self.calls, self.traps
        self.names.append(name)
        self.threads.add(threading.get_ident())
        if number == traps.modal_at_call:
            self.dialog.wait(traps.modal_s)
        if number == traps.project_switched_at_call:
            self.switch_project()
        if number == traps.timeline_switched_at_call:
            self.switch_timeline()
        if number == traps.killed_at_call and not traps.killed_after:
            raise Killed(f"at call {number}, {name}")
        answer = self._answer(handle, name, studio, act)
        if number == traps.killed_at_call:
            raise Killed(f"after call {number}, {name}")
        return answer

    def _answer(self, handle: Remote, name: str, studio: bool, act: Callable[[], Any]) -> Any:
        if not handle._alive() or name in self.traps.none_from:
            return None
        if studio and self.traps.edition == "free":
            self._poisoned = self.traps.poisoned_calls
            return None
        if self._poisoned:
            self._poisoned -= 1
            return False
        if name in self.traps.flaky_false and name not in self._refused:
            self._refused.add(name)
            return False
        return act()

    # --- what somebody does in the program ---

    def switch_project(self) -> None:
        """Another project is opened; made when there is none."""
        others = [film for film in self.films if film is not self.film]
        self.film = others[0] if others else self.new_film("another project", timelines=("Timeline 1",))

    def switch_timeline(self) -> None:
        """Another timeline of the project is opened; made when there is none."""
        assert self.film is not None
        others = [edit for edit in self.film.edits if edit is not self.film.current_edit]
        if others:
            self.film.current_edit = others[0]
        else:
            self.new_edit(self.film, "another timeline")

    # --- making ---

    def ident(self, kind: str) -> str:
        self._numbers += 1
        return f"{kind}-{self._numbers:05}"

    def know(self, medium: Medium) -> Medium:
        """A file that need not be on the disk."""
        self._media[medium.path] = medium
        return medium

    def medium(self, path: str) -> Medium | None:
        """What a file holds; None where there is none that Resolve reads."""
        if path in self._media:
            return self._media[path]
        wav = read_wav(Path(path)) if Path(path).is_absolute() and path.lower().endswith(".wav") else None
        if wav is None:
            return None
        return Medium(
            path, timecode=wav.time_reference, samples=wav.samples, sample_rate=wav.sample_rate,
            channels=wav.channels,
        )  # fmt: skip

    def take_in(self, film: Film, target: Bin, path: object) -> Source | None:
        """The medium as an item of the bin; the one that is there already, if it is."""
        from .pool import wav_rate

        medium = self.medium(path) if isinstance(path, str) else None
        if medium is None:
            return None
        there = next((source for source in target.sources if source.medium.path == medium.path), None)
        if there is not None:
            return there
        if medium.fps is None:
            fps, text = wav_rate(self, film)
        else:
            from .clock import rate_text

            fps, text = medium.fps, rate_text(medium.fps)
        source = Source(self.ident("clip"), Path(medium.path).name, medium, fps, text)
        target.sources.append(source)
        return source

    def new_film(self, name: str, fps: Fraction = Fraction(24), timelines: tuple[str, ...] = ()) -> Film:
        root = Bin(self.ident("bin"), "Master")
        film = Film(self.ident("project"), name, fps, root, root)
        self.films.append(film)
        for one in timelines:
            self.new_edit(film, one)
        return film

    def new_edit(
        self,
        film: Film,
        name: str,
        *,
        fps: Fraction | None = None,
        start: int | None = None,
        drop_frame: bool = False,
        video: int = 1,
        audio: tuple[str, ...] = ("stereo",),
    ) -> Edit:
        """An empty timeline, current then; it begins at 01:00:00:00 unless `start` says otherwise."""
        from .clock import frame_of

        fps = fps or film.fps
        if start is None:
            start = frame_of("01:00:00:00", fps, drop_frame)
            assert start is not None
        edit = Edit(self.ident("timeline"), name, fps, start, drop_frame)
        for number in range(1, video + 1):
            edit.lanes.append(Lane(self.ident("track"), "video", f"Video {number}"))
        for number, subtype in enumerate(audio, 1):
            edit.lanes.append(Lane(self.ident("track"), "audio", f"Audio {number}", subtype))
        film.edits.append(edit)
        film.current_edit = edit
        return edit

    def copied(self, film: Film, edit: Edit, name: str) -> Edit:
        """A copy with idents of its own, current then."""
        made = copy.copy(edit)
        made.ident, made.name = self.ident("timeline"), name
        made.marks = copy.deepcopy(edit.marks)
        made.settings, made.selected = dict(edit.settings), []
        made.lanes, new = [], {}
        for lane in edit.lanes:
            twin = copy.copy(lane)
            twin.ident, twin.pieces = self.ident("track"), [copy.copy(piece) for piece in lane.pieces]
            for piece in twin.pieces:
                new[piece.ident] = piece.ident = self.ident("item")
            made.lanes.append(twin)
        for _, piece in made.pieces():
            piece.links = [new.get(link, link) for link in piece.links]
        film.edits.append(made)
        film.current_edit = made
        return made

    def save(self, film: Film) -> None:
        film.saves += 1
        for edit in film.edits:
            for lane in edit.lanes:
                lane.pieces = [piece for piece in lane.pieces if not piece.doomed]

    # --- judging ---

    def frozen(self) -> Frozen:
        """Everything that is the editor's, as values."""
        return frozen(self)

    def render(self, edit: Edit | None = None) -> tuple[Heard, ...]:
        """What sounds, in samples at 48 kHz from the timeline's start."""
        return render(edit or self.edit)
