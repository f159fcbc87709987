"""What each action of the table does."""

from __future__ import annotations

from collections.abc import Callable

from ..models.panel import PanelModel
from ..session import TakeEntry
from .takes_lane import TakesLane
from .transport_bar import toggle_loop

_TEN = 10

Run = Callable[[], object]


def model_actions(model: PanelModel, lane: TakesLane) -> dict[str, Run]:
    """By the name in the table: those that need no more than the models and the current take."""
    transport, takes, strip, work = model.transport, model.takes, model.strip, model.work
    return {
        "demo": model.open_demo,
        "read_again": model.host.read_again,
        "undo": model.history.undo,
        "redo": model.history.redo,
        "play": transport.toggle,
        "back": lambda: transport.shuttle(-1),
        "stop": transport.stop,
        "forward": lambda: transport.shuttle(1),
        "left": lambda: transport.step(-1),
        "right": lambda: transport.step(1),
        "left_ten": lambda: transport.step(-_TEN),
        "right_ten": lambda: transport.step(_TEN),
        "first": transport.home,
        "last": transport.end,
        "previous_hit": transport.previous_hit,
        "next_hit": transport.next_hit,
        "loop": lambda: toggle_loop(model, transport.loop is None),
        "click": lambda: takes.set_mix(click=not takes.mix.click),
        "set_in": transport.set_in,
        "set_out": transport.set_out,
        "make_cue": transport.make_cue,
        "next_cue": lambda: step_cue(model, 1),
        "previous_cue": lambda: step_cue(model, -1),
        "lock": lambda: _lock(model),
        "remove_cue": lambda: _remove_cue(model),
        "audition": model.controls.audition,
        "generate": work.generate,
        "generate_all": work.generate_all,
        "temp": takes.swap,
        "next_take": lambda: lane.go(1),
        "previous_take": lambda: lane.go(-1),
        "approve": lambda: _of(lane, lambda take: takes.approve(take.id, takes.approved != take.id)),
        "reject": lambda: _of(lane, lambda take: takes.reject(take.id, not take.rejected)),
        "more_like": lambda: _of(lane, lambda take: takes.more_like(take.id)),
        "open_there": model.host.open_there,
        "use_selected": model.there.use_selected,
        "go_there": model.there.go_there,
        "show_there": model.there.show_there,
        "show_hits": model.there.show_hits,
        "take_hits": model.there.take_hits,
        "fit_cue": strip.fit_cue,
        "fit_all": strip.fit_all,
        "snap": lambda: strip.set_snap(not strip.snap),
    }


def step_cue(model: PanelModel, step: int) -> None:
    """Work on the cue so many further on in the list."""
    names, current = [cue.name for cue in model.cues.cues], model.cues.current
    if names:
        at = names.index(current.name) + step if current is not None and current.name in names else 0
        model.cues.select(names[min(max(at, 0), len(names) - 1)])


def _lock(model: PanelModel) -> None:
    if model.cues.current is not None:
        model.cues.lock(model.cues.current.name, not model.cues.current.locked)


def _remove_cue(model: PanelModel) -> None:
    if model.cues.current is not None:
        model.cues.remove(model.cues.current.name)


def _of(lane: TakesLane, run: Callable[[TakeEntry], object]) -> None:
    if lane.current is not None:
        run(lane.current)
