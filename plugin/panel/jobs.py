"""What the engine's process does for the panel. Answers are small; what is large goes as a file.

They are asked for again when a process dies and cost little or are kept on the way, so but for takes none is
in the journal. A take is: it goes on where a killed process left it, and is made once.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ...engine.store.journal import Journal
    from ..jobs import AtDesk

Params = dict[str, Any]
Job = Callable[[Params, "AtDesk"], dict[str, Any]]


def open_job(params: Params, desk: AtDesk) -> dict[str, Any]:
    """`source` -> `timeline`, a letter."""
    from .opening import open_timeline

    return {"timeline": open_timeline(Path(params["source"]), desk.progress)}


def demo_job(params: Params, desk: AtDesk) -> dict[str, Any]:
    """-> `source`"""
    from .opening import demo_timeline

    return {"source": str(demo_timeline(desk.progress, desk.cancel))}


def look_job(params: Params, desk: AtDesk) -> dict[str, Any]:
    """`cue`, a letter -> `path` and `sha256` of a picture file."""
    from ...engine.picture.look import look
    from ...engine.serial import from_json
    from ...engine.types import Cue
    from .letters import opened
    from .seen import keep_picture

    cue = from_json(Cue, opened(params["cue"]))
    path, sha256 = keep_picture(look(cue, progress=desk.progress, cancel=desk.cancel))
    return {"path": str(path), "sha256": sha256}


def warm_job(params: Params, desk: AtDesk) -> dict[str, Any]:
    """Load what plans are made with, before the first is asked for."""
    from . import listening, planning

    return {"loaded": [planning.__name__, listening.__name__]}


def plan_job(params: Params, desk: AtDesk) -> dict[str, Any]:
    """`source`, `takes`, `cue`, `picture`, `controls`, `seed`, and `before`, a letter of score and plan, or
    None -> `planned`, a letter.
    """
    from ...engine.errors import HitpointError
    from ...engine.progress import Cancel
    from .letters import sealed
    from .listening import get_ready
    from .planning import answer_plan

    def ready() -> None:
        with suppress(HitpointError):  # whoever asks for the passage is told
            get_ready(params, Cancel())

    answer = answer_plan(params, desk.progress, desk.cancel)
    if answer["full"]:
        desk.afterwards(ready)
    return {"planned": sealed(answer)}


def passage_job(params: Params, desk: AtDesk) -> dict[str, Any]:
    """`source`, `takes`, `order`, `picture`, `in_frame`, `out_frame_exclusive` -> `path` of a WAV."""
    from .listening import make_passage

    return {"path": str(make_passage(params, desk.progress, desk.cancel))}


def take_job(params: Params, desk: AtDesk) -> dict[str, Any]:
    """`source`, `takes` (the folder of all takes), `order`, `picture` -> `take`, a TakeEntry."""
    from ...engine.errors import InputError
    from ...engine.serial import canonical, from_json, to_json
    from ...engine.store.previews import lasting
    from ...engine.store.stages import Stages, stage_key
    from ..jobs import once
    from ..placed import make_room
    from .letters import opened
    from .orders import Commission
    from .planning import picture_at
    from .taking import finished_take, make_take

    order = from_json(Commission, opened(params["order"]))
    folder = Path(params["takes"]) / order.take_id

    def work(journal: Journal, fence: int) -> dict[str, Any]:
        picture = picture_at(params["picture"]["path"], params["picture"]["sha256"])
        entry = make_take(
            Path(params["source"]),
            folder,
            order,
            picture,
            stages=Stages(journal),
            progress=desk.progress,
            cancel=desk.cancel,
            heard=lasting(desk.preview),
        )
        return {"take": to_json(entry)}

    def is_there(result: dict[str, Any]) -> bool:
        try:
            return finished_take(folder) is not None
        except InputError:
            return False

    asked = {
        "source": params["source"],
        "folder": str(folder),
        "order": stage_key("order", canonical(order).decode(), params["picture"]["sha256"]),
    }
    result = once("take", asked, desk, work, is_there)
    make_room()
    return result


def unfinished_job(params: Params, desk: AtDesk) -> dict[str, Any]:
    """`takes`, `known` (ids) -> `orders`: letters of Commissions, each with its picture."""
    from .letters import sealed
    from .seen import keep_picture
    from .taking import unfinished_orders

    found = []
    for order, picture in unfinished_orders(Path(params["takes"]), frozenset(params["known"])):
        path, sha256 = keep_picture(picture)
        found.append({"order": sealed(order), "picture": {"path": str(path), "sha256": sha256}})
    return {"orders": found}


def peaks_job(params: Params, desk: AtDesk) -> dict[str, Any]:
    """`stems` (name, path, sha256), `head`, `samples`, `columns` -> `peaks`, a letter."""
    from .letters import sealed
    from .peaks import stem_peaks

    stems = [(name, path, sha256) for name, path, sha256 in params["stems"]]
    found = stem_peaks(stems, params["head"], params["samples"], params["columns"], desk.cancel)
    return {"peaks": sealed(found)}


def doubts_job(params: Params, desk: AtDesk) -> dict[str, Any]:
    """`folder` of a take -> `doubts`, a letter."""
    from .letters import sealed
    from .listening import find_doubts

    return {"doubts": sealed(find_doubts(Path(params["folder"])))}


def thumbs_job(params: Params, desk: AtDesk) -> dict[str, Any]:
    """`shots`, a letter; `frames`, `rate`, `height`. Each is told as a preview: path, record frame, 0."""
    from ...engine.serial import from_json
    from ...engine.timebase import Rate
    from ...engine.types import Shot
    from .letters import opened
    from .thumbs import make_thumbs

    shots = from_json(tuple[Shot, ...], opened(params["shots"]))
    made: dict[str, str] = {}

    def told(frame: int, path: Path) -> None:
        made[str(frame)] = str(path)
        desk.preview(str(path), frame, 0)

    make_thumbs(shots, params["frames"], Rate.parse(params["rate"]), params["height"], told, desk.cancel)
    return {"thumbs": made}


def proxy_job(params: Params, desk: AtDesk) -> dict[str, Any]:
    """`cue`, a letter -> `path`, `sound`, `frames`; what is there before is told as previews of the path."""
    from ...engine.serial import from_json
    from ...engine.types import Cue
    from .letters import opened
    from .proxy import SOUND, make_proxy

    cue = from_json(Cue, opened(params["cue"]))

    def told(path: Path, frames: int) -> None:
        desk.preview(str(path), 0.0, float(cue.rate.seconds(frames)))

    path, facts = make_proxy(cue, told, progress=desk.progress, cancel=desk.cancel)
    sound = str(path / SOUND) if facts.sound else ""
    return {"path": str(path), "sound": sound, "frames": facts.frames}


def rows_job(params: Params, desk: AtDesk) -> dict[str, Any]:
    """`use` -> `models`, the fields of ModelRows."""
    from .rows import model_rows

    return {"models": model_rows(params["use"])}


def preview_place_job(params: Params, desk: AtDesk) -> dict[str, Any]:
    """`session`, a letter -> `rows`, a letter."""
    from ...engine.serial import from_json
    from ...ui.session import Session
    from .letters import opened, sealed
    from .placing import preview_place

    session = from_json(Session, opened(params["session"]))
    return {"rows": sealed(preview_place(session, desk.cancel))}


def place_job(params: Params, desk: AtDesk) -> dict[str, Any]:
    """`session`, a letter -> the fields of a Placed."""
    from ...engine.serial import from_json, to_json
    from ...ui.session import Session
    from .letters import opened
    from .placing import place_takes

    session = from_json(Session, opened(params["session"]))
    placed: dict[str, Any] = to_json(place_takes(session, desk.progress, desk.cancel))
    return placed


PANEL_TABLE: dict[str, Job] = {
    "open": open_job,
    "demo": demo_job,
    "look": look_job,
    "warm": warm_job,
    "plan": plan_job,
    "passage": passage_job,
    "take": take_job,
    "unfinished": unfinished_job,
    "peaks": peaks_job,
    "doubts": doubts_job,
    "thumbs": thumbs_job,
    "proxy": proxy_job,
    "rows": rows_job,
    "preview_place": preview_place_job,
    "place": place_job,
}
