"""Scoring from Blender's side bar: what is asked of the engine, how far it is, and what becomes of the take.

Nothing here knows bpy: `step` is called by a timer, or in a loop by a program without one. Standard library
only.
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from ....engine.errors import InputError
from ....engine.progress import Step
from ....engine.serial import from_json
from ....engine.types import Span
from ..base import Host, HostError, HostMarker, Landed, Landing, Read
from .asking import Asking, News

SCORE, MODELS = "score_host", "models"
AUTO, SKETCH = "auto", "sketch"
# The stages of a job, in the order in which they come.
STAGES = ("read", "picture", "plan", "generate", "finish", "export")
# What every program that reads a report keeps exact.
MOST_SEED = 2**53 - 1

# idle       nothing is asked
# working    the engine makes music
# made       it is there, and to be placed
# placed     it is on its channels
# stale      the edit is another than the one that was scored: nothing is placed unasked
# failed     `sentence` says why
# cancelled  by the user, or since another file was opened
Phase = Literal["idle", "working", "made", "placed", "stale", "failed", "cancelled"]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the user chose. `loudness` in LUFS, None for the usual one; `seed` None: that of the scene's music
    so far, else one is drawn; `use` is "any" or "client"."""

    model: str = AUTO
    style: str = AUTO
    mood: str = ""
    seed: int | None = None
    loudness: float | None = None
    use: str = "any"
    markers: bool = True

    def given(self) -> dict[str, str]:
        """As the engine's settings; what is left to it stays as its own are."""
        told = {
            name: value
            for name, value in (("model", self.model), ("style", self.style), ("mood", self.mood))
            if value not in ("", AUTO)
        }
        if self.use != "any":
            told["use"] = self.use
        if self.loudness is not None:
            told["loudness"] = f"{self.loudness:g}"
        return told


@dataclass(frozen=True, slots=True)
class Choices:
    """What the engine can be asked for. `missing`: model -> one sentence, why it cannot."""

    models: tuple[str, ...] = (AUTO, SKETCH)
    styles: tuple[str, ...] = (AUTO,)
    missing: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Scoring:
    """One piece of work at a time. The fields are what the side bar shows."""

    asking: Asking
    clock: Callable[[], float] = time.monotonic
    phase: Phase = "idle"
    sentence: str = ""
    notes: tuple[str, ...] = ()
    stage: str = ""
    text: str = ""
    # 0..1 of the whole job; it never goes back.
    fraction: float = 0.0
    # Of the last music; None until it is known.
    seed: int | None = None
    landing: Landing | None = None
    # Of the music, whether or not they are wanted as markers.
    hits: tuple[HostMarker, ...] = ()
    summary: Mapping[str, Any] = field(default_factory=dict)
    choices: Choices = Choices()
    _job: str = ""
    _models_job: str = ""
    _read: Read | None = None
    _wanted: Wanted = Wanted()
    _began_s: float = 0.0
    _ended_s: float = 0.0

    @property
    def is_waiting(self) -> bool:
        """Whether an answer of the engine is still to come."""
        return bool(self._job or self._models_job)

    @property
    def seconds(self) -> float:
        """That the job took, or has taken so far."""
        return (self.clock() if self._job else self._ended_s) - self._began_s

    def begin(self, python: str, read: Read, spans: tuple[Span, ...], wanted: Wanted) -> None:
        """Ask for music for `spans` of what was read. HostError where something is made already."""
        if self._job:
            raise HostError("music is being made already: wait for it, or cancel it", kind="busy")
        self.seed = wanted.seed
        self._job = secrets.token_hex(16)
        self._read, self._wanted = read, wanted
        self.landing, self.summary = None, {}
        self.stage, self.text, self.fraction = "", "starting the engine", 0.0
        self.phase, self.sentence, self.notes = "working", "", read.problems
        self._began_s = self.clock()
        self.asking.ask(
            python,
            SCORE,
            self._job,
            {
                "source": read.path,
                "given": wanted.given(),
                "seed": wanted.seed,
                "spans": [[span.in_frame, span.out_frame_exclusive] for span in spans] or None,
                "out": None,
            },
        )

    def learn(self, python: str) -> None:
        """Ask what the engine can be asked for; the answer is in `choices` when it has come."""
        if not self._models_job:
            self._models_job = secrets.token_hex(16)
            self.asking.ask(python, MODELS, self._models_job, {})

    def cancel(self) -> None:
        self.asking.cancel(self._job)
        if self._job:
            self.text = "stopping"

    def step(self) -> bool:
        """Take what the engine has said since; whether there was anything. Never waits."""
        heard = False
        while not self.asking.news.empty():
            heard = True
            self._hear(self.asking.news.get())
        return heard

    def place(self, host: Host, *, anyway: bool = False) -> Landed:
        """Put the take on its channels. HostError where that is refused: `phase` and `sentence` say what to
        do then, the take is kept, and nothing was placed. `anyway`: on the edit as it is now."""
        landing = self.landing
        if landing is None:
            raise HostError("there is no music to place: score something first")
        try:
            if anyway:
                landing = self._renewed(landing, host.read())
            landed = host.place(landing)
        except HostError as error:
            self.phase = "stale" if error.kind == "stale" else "failed"
            self.sentence = str(error)
            raise
        self.landing = landing
        self.phase, self.sentence, self.notes = "placed", "", landed.problems
        return landed

    def removed(self) -> None:
        """The take was taken off its channels; it may be placed again."""
        if self.phase == "placed":
            self.phase, self.sentence, self.notes = "made", "", ()

    def discard(self) -> None:
        """Forget the take; its files stay."""
        self.phase, self.sentence, self.notes, self.landing = "idle", "", (), None

    def leave(self) -> None:
        """Another file is opened: what was made for this one is not placed there."""
        if self._job:
            self.asking.cancel(self._job)
            self._job = ""
            self._ended_s = self.clock()
            self.phase = "cancelled"
            self.sentence = "another file was opened while music was made: nothing was placed"
        else:
            self.phase, self.sentence = "idle", ""
        self.notes, self.landing = (), None

    def _hear(self, news: News) -> None:
        if news.kind == "told":
            # Of the engine, whoever asked it.
            self.notes = (*self.notes[-3:], news.text)
        elif news.job and news.job == self._models_job:
            self._learned(news)
        elif news.job and news.job == self._job:
            self._worked(news)

    def _learned(self, news: News) -> None:
        if news.kind == "step":
            return
        self._models_job = ""
        if news.kind == "done":
            self.choices = choices_of(news.result)
        elif self.phase == "idle":
            self.sentence = news.text

    def _worked(self, news: News) -> None:
        if news.step is not None:
            self.stage, self.text = news.step.stage, news.step.text
            self.fraction = max(self.fraction, _fraction(news.step))
            return
        self._job = ""
        self._ended_s = self.clock()
        if news.kind == "done":
            self._made(news.result)
        elif news.kind == "cancelled":
            self.phase, self.sentence = "cancelled", "cancelled: nothing was placed"
        else:
            self.phase, self.sentence = "failed", news.text

    def _made(self, result: Mapping[str, Any]) -> None:
        assert self._read is not None
        try:
            told = result["landing"]
            if told is None:
                # Too large for a message.
                told = json.loads(Path(result["landing_path"]).read_text(encoding="utf-8"))
            landing = from_json(Landing, told)
            self.summary = dict(result["summary"])
            self.seed = int(self.summary["seed"])
        except (InputError, OSError, KeyError, TypeError, ValueError) as error:
            self.phase = "failed"
            self.sentence = (
                f"the engine's answer cannot be read ({error}): install the extension and the engine from "
                "one release"
            )
            return
        self.hits = landing.markers
        self.landing = replace(
            landing,
            timeline=self._read.ident,
            seen=self._read.seen,
            markers=landing.markers if self._wanted.markers else (),
        )
        self.phase, self.fraction = "made", 1.0

    @staticmethod
    def _renewed(landing: Landing, read: Read) -> Landing:
        if read.ident != landing.timeline:
            raise HostError(
                f"the music was made for another scene than '{read.name}': go to that one, then place it",
                kind="stale",
            )
        return replace(landing, seen=read.seen)


def choices_of(result: Mapping[str, Any]) -> Choices:
    """From the engine's answer to `models`: those that can be used first, then those that are missing."""
    found = [one for one in result.get("models", ()) if one.get("kind") not in ("codec", "text")]
    usable = [str(one["name"]) for one in found if one.get("usable")]
    missing = {str(one["name"]): str(one.get("why_not", "")) for one in found if not one.get("usable")}
    styles = tuple(str(style) for style in result.get("styles", ()))
    return Choices((AUTO, SKETCH, *usable, *missing), (AUTO, *styles), missing)


def _fraction(step: Step) -> float:
    if step.stage not in STAGES:
        return 0.0
    done = step.done / step.total if step.total else 0.0
    return (STAGES.index(step.stage) + min(max(done, 0.0), 1.0)) / len(STAGES)
