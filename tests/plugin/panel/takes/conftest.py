"""A small film that is opened, and takes of it: made once, in this process."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from films import timeline
from hitpoint.engine.picture.look import look
from hitpoint.engine.progress import Cancel, nobody, silent
from hitpoint.engine.serial import from_json
from hitpoint.engine.store.stages import Stages
from hitpoint.engine.types import Cue, Picture
from hitpoint.engine.wishes import NO_WISHES
from hitpoint.plugin.panel.letters import opened
from hitpoint.plugin.panel.opening import open_timeline
from hitpoint.plugin.panel.orders import Commission, takes_dir
from hitpoint.plugin.panel.taking import make_take
from hitpoint.plugin.runfolder import default_folder
from hitpoint.ui.ports import Timeline
from hitpoint.ui.session import Controls, CueState, Session, TakeEntry

MADE = "2026-01-01T00:00:00Z"


@pytest.fixture(scope="module", autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """One for the tests of a file: what one of them kept another may find."""
    folder = tmp_path_factory.mktemp("home")
    with mock.patch.dict(os.environ, {"HITPOINT_HOME": str(folder)}):
        os.environ.pop("HITPOINT_DEBUG", None)
        yield folder


@dataclass(frozen=True)
class Film:
    """A timeline of stills, 336 frames at 24 a second, and one cue of it."""

    source: Path
    timeline: Timeline
    cue: Cue
    picture: Picture

    @property
    def takes(self) -> Path:
        return takes_dir(default_folder(self.source))

    def order(self, take_id: str, **changes: Any) -> Commission:
        asked = Commission(
            cue=self.cue,
            controls=Controls(model="sketch", style="piano"),
            seed=3,
            spotting=((self.cue.name, self.cue.in_frame, self.cue.out_frame_exclusive),),
            take_id=take_id,
            name=f"Take {int(take_id[1:] or 0)}",
            made=MADE,
        )
        return replace(asked, **changes)

    def take(self, take_id: str, *, cancel: Cancel | None = None, **changes: Any) -> TakeEntry:
        return make_take(
            self.source,
            self.takes / take_id,
            self.order(take_id, **changes),
            self.picture,
            stages=Stages(),
            progress=silent,
            cancel=cancel or Cancel(),
            heard=nobody,
        )

    def session(self, *takes: TakeEntry, heard: str = "", approved: str = "") -> Session:
        state = CueState(
            self.cue.name,
            self.cue.in_frame,
            self.cue.out_frame_exclusive,
            takes=takes,
            heard=heard,
            approved=approved,
        )
        return Session(
            str(self.source), {"name": self.source.name}, self.timeline.sha256, (state,), self.cue.name
        )


@pytest.fixture(scope="module")
def new_film(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Film]:
    def make() -> Film:
        source = timeline(tmp_path_factory.mktemp("film"))
        read = from_json(Timeline, opened(open_timeline(source, silent)))
        cue = read.cue("1m1", 0, 144, NO_WISHES)
        return Film(source, read, cue, look(cue, progress=silent, cancel=Cancel()))

    return make


@pytest.fixture(scope="module")
def film(new_film: Callable[[], Film]) -> Film:
    return new_film()
