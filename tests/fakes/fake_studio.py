"""A Studio without an engine: deterministic answers a turn of the event loop later, or as the test wants.

studio.hold.add("look")     answers to `look` wait until `studio.release("look")`, in any order
studio.fail["plan"] = Problem(...)      the next `plan` fails with it, once
studio.delay_ms = 30        every answer takes this long
studio.crash()              what runs fails as it does when the engine dies
"""

from __future__ import annotations

import wave
from collections.abc import Callable
from pathlib import Path

from fakes.fake_plans import fake_picture, fake_planned
from fakes.timelines import made_timeline
from PyQt6.QtCore import QObject, QTimer, pyqtSignal
from PyQt6.QtGui import QColor, QImage

from hitpoint.engine.errors import Problem
from hitpoint.engine.progress import Step
from hitpoint.engine.types import Cue
from hitpoint.engine.wishes import wishes_of
from hitpoint.ui.ports import (
    Doubt,
    Looked,
    ModelRow,
    Order,
    Peaks,
    Placed,
    PlaceRow,
    Planned,
    Proxy,
    Timeline,
)
from hitpoint.ui.session import Controls, Session, TakeEntry
from hitpoint.ui.task import Task

STEMS = ("drums", "bass", "harmony", "melody", "pads", "hits")
CRASHED = Problem("crashed", "the engine ended while it worked: try again, it goes on where it was")
MODELS = (
    ModelRow("sketch", "Sketch", "sketch", "free", True, 400 << 20, True, "", False, True),
    ModelRow("gvmgen-nano", "GVMGen nano", "gvmgen", "MIT", True, 600 << 20, True, "", False),
    ModelRow(
        "musicgen-small",
        "MusicGen small",
        "musicgen",
        "CC-BY-NC 4.0",
        False,
        4 << 30,
        False,
        "fetch its weights: hitpoint models get musicgen-small",
        True,
    ),
)


class FakeStudio(QObject):
    """`asked` lists the methods that were called, `tasks` the tasks beside them, `orders` what was to be
    made."""

    told = pyqtSignal(str)

    def __init__(self, folder: Path, timeline: Timeline | None = None) -> None:
        super().__init__()
        self.folder = folder
        # By path; others do not exist.
        self.timelines: dict[str, Timeline] = {}
        if timeline is not None:
            self.timelines[timeline.path] = timeline
        self.models_there = MODELS
        self.unfinished_orders: tuple[Order, ...] = ()
        self.hold: set[str] = set()
        self.fail: dict[str, Problem] = {}
        self.delay_ms = 0
        self.asked: list[str] = []
        self.tasks: list[Task] = []
        self.orders: list[Order] = []
        self.passages: list[tuple[Order, int, int]] = []
        self.befores: list[Planned | None] = []
        self.closed = False
        self._held: list[tuple[str, Task, Callable[[], None]]] = []
        # A cancelled task that is held ends all the same.
        self._watch = QTimer(self)
        self._watch.setInterval(2)
        self._watch.timeout.connect(self._end_cancelled)

    # What a test does to it.

    def release(self, method: str, index: int = 0) -> None:
        """Answer the `index`th call of the method that is held."""
        held = [entry for entry in self._held if entry[0] == method]
        entry = held[index]
        self._held.remove(entry)
        entry[2]()

    def waiting(self, method: str) -> int:
        """How many calls of the method are held."""
        return sum(name == method for name, _, _ in self._held)

    @property
    def under_way(self) -> list[Task]:
        """What will end by itself: all but what is held and not cancelled."""
        held = [task for _, task, _ in self._held if not task.flag.asked]
        return [task for task in self.tasks if not task.ended and task not in held]

    def crash(self) -> None:
        self._held.clear()
        for task in list(self.tasks):
            task.fail(CRASHED)
        self.told.emit("the engine ended; it was started again")

    def count(self, method: str) -> int:
        return self.asked.count(method)

    # Studio

    def open(self, source: str) -> Task:
        def timeline() -> object:
            if source not in self.timelines:
                return Problem("InputError", f"{source} does not exist: choose another timeline")
            return self.timelines[source]

        return self._work("open", f"open {source}", timeline)

    def look(self, cue: Cue) -> Task:
        return self._work("look", cue.name, lambda: Looked(fake_picture(cue), "/cache/picture", "b" * 64))

    def plan(self, cue: Cue, looked: Looked, controls: Controls, seed: int, before: Planned | None) -> Task:
        for name, older in zip(self.asked, self.tasks, strict=True):
            if name == "plan" and older.what == cue.name and not older.ended:
                older.cancel()
                QTimer.singleShot(0, older.give_up)
        self.befores.append(before)
        return self._work(
            "plan",
            cue.name,
            lambda: fake_planned(cue, looked.picture, controls, seed, full=before is None),
        )

    def generate(self, order: Order) -> Task:
        self.orders.append(order)
        folder = self.folder / order.take_id
        preview = folder / "preview.wav"

        def steps(task: Task) -> None:
            _write_wav(preview)
            task.step_to(Step("compose", 1, 1, "composed"))
            task.step_to(Step("render", 1, 2, "half of it"))
            task.heard.emit(str(preview), 0.0, 4.0)

        return self._work("generate", f"{order.cue.name}, {order.name}", lambda: self._take(order), steps)

    def sketch_passage(self, order: Order, in_frame: int, out_frame_exclusive: int) -> Task:
        self.passages.append((order, in_frame, out_frame_exclusive))
        path = self.folder / f"passage-{in_frame}.wav"

        def passage() -> object:
            _write_wav(path)
            return str(path)

        return self._work("sketch_passage", order.cue.name, passage)

    def peaks(self, take: TakeEntry, columns: int) -> Task:
        shape = tuple(((index * 7) % 10) / 10 for index in range(columns))
        low = tuple(-value for value in shape)
        return self._work(
            "peaks", take.id, lambda: tuple(Peaks(name, low, shape) for name, _, _ in take.stems)
        )

    def thumbs(self, timeline: Timeline, frames: tuple[int, ...], height: int) -> Task:
        seen = {
            frame: self.folder / f"thumb-{frame}-{height}.jpg"
            for frame in frames
            for shot in timeline.shots
            if shot.in_frame <= frame < shot.out_frame_exclusive and shot.kind in ("video", "still")
        }

        def steps(task: Task) -> None:
            for number, (frame, path) in enumerate(seen.items()):
                picture = QImage(height * 16 // 9, height, QImage.Format.Format_RGB32)
                picture.fill(QColor.fromHsv(frame * 7 % 360, 120, 160))
                picture.save(str(path))
                task.step_to(Step("thumbs", number + 1, len(seen), f"{frame} {path}"))

        answer = {frame: str(path) for frame, path in seen.items()}
        return self._work("thumbs", timeline.path, lambda: answer, steps)

    def proxy(self, cue: Cue) -> Task:
        path = str(self.folder / f"proxy-{cue.in_frame}-{cue.out_frame_exclusive}")
        return self._work(
            "proxy",
            cue.name,
            lambda: Proxy(path, "", cue.in_frame, cue.out_frame_exclusive, cue.frames),
            lambda task: task.heard.emit(path, 0.0, 2.0),
        )

    def doubts(self, cue: Cue, looked: Looked, take: TakeEntry) -> Task:
        middle = (cue.in_frame + cue.out_frame_exclusive) // 2
        return self._work(
            "doubts",
            take.id,
            lambda: (
                Doubt("hit", cue.in_frame + 48, cue.in_frame + 49, 0.9, "the hit is 3 frames late"),
                Doubt("energy", middle, middle + 48, 0.5, "loud music over a still picture"),
            ),
        )

    def models(self) -> Task:
        return self._work("models", "models", lambda: self.models_there)

    def preview_place(self, session: Session) -> Task:
        return self._work("preview_place", session.source, lambda: _place_rows(session))

    def place(self, session: Session) -> Task:
        folder = str(self.folder / "made.hitpoint")
        return self._work(
            "place",
            session.source,
            lambda: Placed(folder, f"{folder}/scored.otio", f"{folder}/score.mid", ()),
        )

    def demo(self) -> Task:
        def path() -> object:
            demo = made_timeline(8, path="/films/demo.otio")
            self.timelines[demo.path] = demo
            return demo.path

        return self._work("demo", "demo", path)

    def unfinished(self, session: Session) -> Task:
        return self._work("unfinished", session.source, lambda: self.unfinished_orders)

    def close(self) -> None:
        self.closed = True
        for task in self.tasks:
            task.cancel()
            task.give_up()

    # How it answers.

    def _work(
        self,
        method: str,
        what: str,
        result: Callable[[], object],
        steps: Callable[[Task], None] | None = None,
    ) -> Task:
        task = Task(what, self)
        self.asked.append(method)
        self.tasks.append(task)
        problem = self.fail.pop(method, None)

        def begin() -> None:
            if task.ended:
                return
            if task.flag.asked:
                task.give_up()
                return
            task.begin()
            if steps is not None:
                steps(task)
            if method in self.hold:
                self._held.append((method, task, end))
                self._watch.start()
            else:
                QTimer.singleShot(self.delay_ms, end)

        def end() -> None:
            if task.ended:
                return
            if task.flag.asked:
                task.give_up()
            elif problem is not None:
                task.fail(problem)
            else:
                found = result()
                if isinstance(found, Problem):
                    task.fail(found)
                else:
                    task.finish(found)

        QTimer.singleShot(0, begin)
        return task

    def _end_cancelled(self) -> None:
        for task in self.tasks:
            if task.flag.asked:
                task.give_up()
        self._held = [entry for entry in self._held if not entry[1].ended]
        if not self._held:
            self._watch.stop()

    def _take(self, order: Order) -> TakeEntry:
        folder = self.folder / order.take_id
        stems = []
        neural = order.controls.model.startswith("gvmgen")
        for name in ("music",) if neural else STEMS:
            path = folder / "stems" / f"{name}.wav"
            _write_wav(path)
            stems.append((name, str(path), "c" * 64))
        mix, midi = folder / "mix.wav", folder / "score.mid"
        _write_wav(mix)
        midi.write_bytes(b"MThd")
        auto = order.controls.model == "auto"
        return TakeEntry(
            id=order.take_id,
            name=order.name,
            made=order.made,
            folder=str(folder),
            generator="gvmgen" if neural else "sketch",
            model=order.controls.model if neural else "",
            style="cinematic" if order.controls.style == "auto" else order.controls.style,
            seed=order.seed,
            stems=tuple(stems),
            head=0,
            samples=order.cue.samples,
            lufs=-16.0,
            true_peak_dbtp=-1.0,
            why="the best that runs on this machine" if auto else "as chosen",
            wishes=wishes_of(order.cue),
            controls=order.controls,
            mix=str(mix),
            hits_met=4,
            hits=5,
        )


def _place_rows(session: Session) -> tuple[PlaceRow, ...]:
    rows = []
    for cue in session.cues:
        for take in cue.takes:
            if take.id == (cue.approved or cue.heard):
                rows += [
                    PlaceRow("add", f"Hitpoint {name}", cue.name, name, cue.in_frame, cue.out_frame_exclusive)
                    for name, _, _ in take.stems
                ]
    return tuple(rows)


def _write_wav(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as out:
        out.setnchannels(2)
        out.setsampwidth(2)
        out.setframerate(48_000)
        out.writeframes(bytes(4 * 480))
