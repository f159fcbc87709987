"""The engine, asked by the panel: every question is a Task, and none of them stops the interface.

Four engines, each started when it is first needed: takes are made by one, plans come from another in no time
whatever that one does, a third reads timelines and looks at film, and the last makes what is only shown.
"""

from __future__ import annotations

import hashlib
import json
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, TypeVar

from PyQt6.QtCore import QObject, pyqtSignal

from ...engine.errors import Cancelled
from ...engine.progress import Step
from ...engine.serial import canonical, from_json, to_json
from ...engine.types import Cue
from ...ui.ports import (
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
from ...ui.session import Controls, Session, TakeEntry
from ...ui.task import Task
from ..client import Client
from ..runfolder import default_folder
from .letters import opened, sealed
from .orders import Commission, forget, takes_dir
from .queue import Ask, Lane, Piece, Post
from .seen import keep_picture, read_picture

T = TypeVar("T")
_Name = Literal["maker", "planner", "looker", "projector"]

# An editor comes back to the panel after minutes: pictures and plans that were read are still there.
_LIMITS = json.dumps({"idle_s": 900.0})
_ENDED = 16


class EngineStudio(QObject):
    """`ui.ports.Studio` over engine processes.

    told    what became of an engine: sentences for the user
    """

    told = pyqtSignal(str)

    def __init__(
        self,
        folder: Callable[[str], Path] | None = None,
        *,
        make_client: Callable[[Callable[[str], None]], Client] | None = None,
        parent: QObject | None = None,
    ) -> None:
        """`folder` of a timeline's path: where session and takes of it are kept, `NAME.hitpoint` else."""
        super().__init__(parent)
        self._folder = folder or (lambda source: default_folder(Path(source)))
        self._source = ""
        self._post = Post(self)
        self._live: set[Task] = set()
        # The lane that did one may hold it a moment longer: a QObject must not die in another thread.
        self._ended: deque[Task] = deque(maxlen=_ENDED)
        # The last plan of each cue that was asked for.
        self._plans: dict[str, Task] = {}
        make = make_client or (lambda told: Client(limits=_LIMITS, told=told))
        names: tuple[_Name, ...] = ("maker", "planner", "looker", "projector")
        self._lanes: dict[_Name, Lane] = {
            name: Lane(name, self._post, lambda: make(self._tell), self._forget) for name in names
        }

    # --- timelines and pictures

    def open(self, source: str) -> Task:
        self._source = source

        def work(ask: Ask) -> Timeline:
            told = ask.do("open", {"source": source})
            # Whoever has a timeline will want a plan: its engine starts meanwhile.
            self._post.send(lambda: self._put("planner", "start", lambda ask: ask.do("warm", {})))
            return from_json(Timeline, opened(told["timeline"]))

        return self._put("looker", f"open {Path(source).name}", work)

    def look(self, cue: Cue) -> Task:
        def work(ask: Ask) -> Looked:
            told = ask.do("look", {"cue": sealed(cue)})
            picture = read_picture(Path(told["path"]), told["sha256"])
            return Looked(picture, told["path"], told["sha256"])

        return self._put("looker", f"look at {cue.name}", work)

    def models(self) -> Task:
        def work(ask: Ask) -> tuple[ModelRow, ...]:
            return from_json(tuple[ModelRow, ...], ask.do("rows", {"use": "any"})["models"])

        return self._put("looker", "models", work)

    def demo(self) -> Task:
        return self._put("looker", "the demo film", lambda ask: str(ask.do("demo", {})["source"]))

    # --- plans

    def plan(self, cue: Cue, looked: Looked, controls: Controls, seed: int, before: Planned | None) -> Task:
        source, takes = self._source, self._takes(self._source)

        def work(ask: Ask) -> Planned:
            earlier = sealed({"score": before.score, "plan": before.plan}) if before is not None else None
            params = {
                "source": source,
                "takes": str(takes),
                "cue": sealed(cue),
                "picture": _picture_of(looked),
                "controls": to_json(controls),
                "seed": seed,
                "before": earlier,
            }
            return from_json(Planned, opened(ask.do("plan", params)["planned"]))

        older = self._plans.pop(cue.name, None)
        if older is not None:
            self._lanes["planner"].drop(older)
        task = self._plans[cue.name] = self._put("planner", f"plan {cue.name}", work)
        return task

    def sketch_passage(self, order: Order, in_frame: int, out_frame_exclusive: int) -> Task:
        source, takes = self._source, self._takes(self._source)

        def work(ask: Ask) -> str:
            params = {
                **_ordered(order, source, takes),
                "in_frame": in_frame,
                "out_frame_exclusive": out_frame_exclusive,
            }
            return str(ask.do("passage", params)["path"])

        return self._put("planner", f"{order.cue.name}, a passage", work)

    # --- takes

    def generate(self, order: Order) -> Task:
        source, takes = self._source, self._takes(self._source)

        def work(ask: Ask) -> TakeEntry:
            try:
                told = ask.do("take", _ordered(order, source, takes), job=_job_of(order, source, takes))
            except Cancelled:
                # Its process may have been killed over it, and left it as if it were to be gone on with.
                forget(takes / order.take_id)
                raise
            return from_json(TakeEntry, told["take"])

        return self._put("maker", f"{order.cue.name}, {order.name}", work)

    def unfinished(self, session: Session) -> Task:
        known = [take.id for cue in session.cues for take in cue.takes]
        takes = self._takes(session.source)

        def work(ask: Ask) -> tuple[Order, ...]:
            told = ask.do("unfinished", {"takes": str(takes), "known": known})
            return tuple(_order_of(one) for one in told["orders"])

        return self._put("looker", "unfinished takes", work)

    def peaks(self, take: TakeEntry, columns: int) -> Task:
        def work(ask: Ask) -> tuple[Peaks, ...]:
            params = {
                "stems": to_json(take.stems),
                "head": take.head,
                "samples": take.samples,
                "columns": columns,
            }
            return from_json(tuple[Peaks, ...], opened(ask.do("peaks", params)["peaks"]))

        return self._put("projector", f"{take.name}, waveforms", work)

    def doubts(self, cue: Cue, looked: Looked, take: TakeEntry) -> Task:
        def work(ask: Ask) -> tuple[Doubt, ...]:
            return from_json(tuple[Doubt, ...], opened(ask.do("doubts", {"folder": take.folder})["doubts"]))

        return self._put("projector", f"{take.name}, its fit", work)

    # --- what is shown

    def thumbs(self, timeline: Timeline, frames: tuple[int, ...], height: int) -> Task:
        def work(ask: Ask) -> dict[int, str]:
            wanted = set(frames)
            shots = [
                shot
                for shot in timeline.shots
                if any(shot.in_frame <= frame < shot.out_frame_exclusive for frame in wanted)
            ]
            params = {
                "shots": sealed(shots),
                "frames": sorted(wanted),
                "rate": str(timeline.rate),
                "height": height,
            }
            return {int(frame): str(path) for frame, path in ask.do("thumbs", params)["thumbs"].items()}

        def heard(task: Task, path: str, frame: float, _: float) -> None:
            done = task.step.done + 1 if task.step is not None else 1
            task.step_to(Step("thumbs", done, len(frames), f"{frame:.0f} {path}"))

        return self._put("projector", "thumbnails", work, heard=heard)

    def proxy(self, cue: Cue) -> Task:
        def work(ask: Ask) -> Proxy:
            told = ask.do("proxy", {"cue": sealed(cue)})
            return Proxy(told["path"], told["sound"], cue.in_frame, cue.out_frame_exclusive, told["frames"])

        return self._put("projector", f"{cue.name}, the film", work, gives_way=True)

    # --- out

    def preview_place(self, session: Session) -> Task:
        def work(ask: Ask) -> tuple[PlaceRow, ...]:
            told = ask.do("preview_place", {"session": sealed(session)})
            return from_json(tuple[PlaceRow, ...], opened(told["rows"]))

        return self._put("looker", "what placing would do", work)

    def place(self, session: Session) -> Task:
        def work(ask: Ask) -> Placed:
            return from_json(Placed, ask.do("place", {"session": sealed(session)}))

        return self._put("maker", "place", work, urgent=True)

    def close(self) -> None:
        """End the engines. A take that is being made stays begun, and is told as unfinished later."""
        left = [task for lane in self._lanes.values() for task in lane.end()]
        for lane in self._lanes.values():
            lane.join()
        self._post.close()
        for task in [*left, *self._live]:
            task.give_up()
        self._live.clear()

    def _takes(self, source: str) -> Path:
        return takes_dir(self._folder(source))

    def _put(
        self,
        lane: _Name,
        what: str,
        work: Callable[[Ask], object],
        *,
        heard: Callable[[Task, str, float, float], object] | None = None,
        gives_way: bool = False,
        urgent: bool = False,
    ) -> Task:
        task = Task(what)
        # Whoever asked need not keep it.
        self._live.add(task)
        tells = heard or (lambda task, path, from_s, to_s: task.heard.emit(path, from_s, to_s))
        self._lanes[lane].put(Piece(task, work, tells, gives_way, urgent))
        return task

    def _forget(self, task: Task) -> None:
        """It has ended, and everybody heard. What was connected to it holds it, more often than not."""
        self._live.discard(task)
        for name, plan in list(self._plans.items()):
            if plan is task:
                del self._plans[name]
        for signal in (task.started, task.progress, task.heard, task.done, task.failed, task.cancelled):
            if task.receivers(signal):
                signal.disconnect()
        self._ended.append(task)

    def _tell(self, text: str) -> None:
        self._post.send(lambda: self.told.emit(text))


def _picture_of(looked: Looked) -> dict[str, str]:
    """Its file, written again where the cache was cleaned."""
    if not Path(looked.path).exists():
        path, sha256 = keep_picture(looked.picture)
        return {"path": str(path), "sha256": sha256}
    return {"path": looked.path, "sha256": looked.sha256}


def _commission(order: Order) -> Commission:
    return Commission(
        order.cue,
        order.controls,
        order.seed,
        order.spotting,
        order.take_id,
        order.name,
        order.made,
        order.like_take,
    )


def _ordered(order: Order, source: str, takes: Path) -> dict[str, Any]:
    return {
        "source": source,
        "takes": str(takes),
        "order": sealed(_commission(order)),
        "picture": _picture_of(order.looked),
    }


def _job_of(order: Order, source: str, takes: Path) -> str:
    """The same for the same order, whoever asks for it when: what was begun is gone on with."""
    asked = [source, str(takes), order.looked.sha256, canonical(_commission(order)).decode()]
    return f"take-{hashlib.sha256(canonical(asked)).hexdigest()[:32]}"


def _order_of(told: dict[str, Any]) -> Order:
    asked = from_json(Commission, opened(told["order"]))
    path, sha256 = told["picture"]["path"], told["picture"]["sha256"]
    return Order(
        cue=asked.cue,
        looked=Looked(read_picture(Path(path), sha256), path, sha256),
        controls=asked.controls,
        seed=asked.seed,
        spotting=asked.spotting,
        take_id=asked.take_id,
        name=asked.name,
        made=asked.made,
        like_take=asked.like_take,
    )
