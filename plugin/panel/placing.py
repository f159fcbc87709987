"""The takes that were chosen, onto the timeline: a run's folder as `hitpoint score` writes it, or a look at
what it would do.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

from ...engine.errors import InputError, Problem, SelectionError, StaleResult
from ...engine.manifest import version
from ...engine.models.tokens import TOKENS
from ...engine.plan.like import LIKE
from ...engine.progress import Cancel, Progress, Step
from ...engine.serial import pretty
from ...engine.store.durable import durable_write, output_error
from ...engine.store.journal import Journal
from ...engine.types import Take
from ...export.earlier import base_and_version, is_our_track, our_clips, root_shift
from ...export.nodes import noun
from ...export.report import CueResult, build_report
from ...export.timeline import Placed, place, placements
from ...ui.session import Controls, CueState, Session
from ..cue_names import renamed
from ..deliver import NAMES
from ..landing import landing_of, share
from ..master import MIX, handles_of
from ..options import ScoreOptions, Selection
from ..placed import note_placed
from ..runfolder import SESSION, RunFolder, default_folder
from ..score import Scored, Stopwatch
from ..stale import Ranges, differences
from ..timeline.document import Document
from ..timeline.read import read_timeline
from ..timeline.select import cut_from
from ..writing import sentences, write_run
from .letters import sealed
from .orders import MIDI, options_of
from .taking import Finished, finished_result

_Chosen = tuple[CueState, Finished, CueResult]


def place_takes(session: Session, progress: Progress, cancel: Cancel) -> dict[str, Any]:
    """The fields of a `ui.ports.Placed`: the chosen takes are then in the timeline's run folder.

    StaleResult when the edit under a take is another than the panel read, SelectionError when there is no
    take to place, UserError.
    """
    source = Path(session.source)
    progress(Step("read", 0, 1, source.name))
    document = read_timeline(source)
    chosen, drifted = _chosen(session, document, cancel)
    options = options_of(Controls(), None, source)
    folder = default_folder(source)
    if folder.is_dir() and not (folder / SESSION).exists():
        # It is saved behind what the user does; the folder is ours all the same.
        durable_write(folder / SESSION, pretty(session))
    with RunFolder(folder, source.name, cancel=cancel) as run:
        ranges = Ranges(
            document, [result.scored.cue for *_, result in chosen], Selection(), cancel, whole=False
        )
        progress(Step("export", 0, 1, "files"))
        results = [
            replace(result, scored=replace(result.scored, take=_laid(run.building, result, told, prefix)))
            for (_, told, result), prefix in zip(chosen, _prefixes(chosen), strict=True)
        ]
        watch = Stopwatch()
        degraded: list[str] = []

        def report_of(document: Document, problems: list[Problem]) -> dict[str, Any]:
            lost = [text for _, told, _ in chosen for text in told.degraded]
            degraded[:] = dict.fromkeys([*sentences([document.problems, drifted, problems], results), *lost])
            return _report(chosen, results, options, document, degraded, watch)

        score = results[0].scored.score
        assert score is not None
        files, report = write_run(results, score, ranges, options, run, watch, report_of, cancel=cancel)
        run.commit()
        note_placed(Journal(), Scored(run.final, files, report))
        weak = options.hit_markers == "all"
        landing = landing_of(results, run.final, editors=document.markers, weak=weak)
    progress(Step("export", 1, 1, str(run.final)))
    return {
        "folder": os.fspath(run.final),
        "timeline": os.fspath(run.final / NAMES["otio"]),
        "midi": os.fspath(run.final / MIDI),
        "problems": tuple(degraded),
        "landing": sealed(landing),
    }


def preview_place(session: Session, cancel: Cancel) -> list[dict[str, Any]]:
    """The fields of `ui.ports.PlaceRow`: what `place_takes` would do to the tracks. The same errors."""
    document = read_timeline(Path(session.source))
    chosen, _ = _chosen(session, document, cancel)
    folder = default_folder(Path(session.source))
    lanes = []
    for _, _, result in chosen:
        cue, take = result.scored.cue, result.scored.take
        for one in placements(cue, take, handles_of(cue, take)):
            lanes.append(replace(one, path=str(folder / one.path)))
    placed = place(
        document.data, lanes, rate=document.rate, start_timecode_frame=document.start_timecode_frame
    )
    names = _names_by_track(placed)
    rows = [
        _row("add", names.get(one.track, one.track), one.cue, one.stem, one.in_frame, one.out_frame_exclusive)
        for one in lanes
    ]
    return [*rows, *_earlier_rows(document, placed)]


def _chosen(
    session: Session, document: Document, cancel: Cancel
) -> tuple[list[_Chosen], tuple[Problem, ...]]:
    """The take of each cue that has one to be placed, in time, with what is other under it by now."""
    found: list[_Chosen] = []
    drifted = []
    for state in session.cues:
        picked = next((take for take in state.takes if take.id == state.approved), None)
        picked = picked or next(
            (take for take in state.takes if take.id == state.heard and not take.rejected), None
        )
        if picked is None:
            continue
        kept = finished_result(Path(picked.folder))
        if kept is None:
            raise InputError(
                f"the sound of '{picked.name}' of {state.name} is not in '{picked.folder}' any more: put it "
                "back, or make the take again"
            )
        told, order, result = kept
        if order.cue.out_frame_exclusive > document.frames:
            raise StaleResult(
                f"{state.name} ends after the timeline does by now: read it again and move the cue's end"
            )
        now = cut_from(document, order.cue.name, order.cue.in_frame, order.cue.out_frame_exclusive)
        changed = differences(order.cue, now, told.fingerprint, cancel)
        if changed:
            if session.sha256 != document.sha256:
                raise StaleResult(
                    f"the edit changed {' and '.join(changed)} since the panel read it: read it again, then "
                    "place, or make new takes first"
                )
            text = f"the edit changed {' and '.join(changed)} since '{picked.name}' of {state.name} was made"
            drifted.append(Problem("stale", f"{text}: its hits may be off, make a new take to follow it"))
        edges = order.cue.in_frame, order.cue.out_frame_exclusive
        if (state.in_frame, state.out_frame_exclusive) != edges:
            text = f"'{picked.name}' of {state.name} was made for other edges of the cue and lies at those"
            drifted.append(Problem("edges", text))
        found.append((state, told, renamed(result, state.name)))
    if not found:
        raise SelectionError("there is no take to place: generate one, and hear or approve it")
    found.sort(key=lambda one: one[2].scored.cue.in_frame)
    _check_apart(found)
    return found, tuple(drifted)


def _check_apart(chosen: Sequence[_Chosen]) -> None:
    for (one, _, first), (other, _, second) in pairwise(chosen):
        if first.scored.cue.out_frame_exclusive > second.scored.cue.in_frame:
            raise SelectionError(
                f"the music of {one.name} and {other.name} would overlap: move an edge and make a new take, "
                "or reject one"
            )


def _prefixes(chosen: Sequence[_Chosen]) -> list[str]:
    if len(chosen) == 1:
        return [""]
    return [f"cue{number:02}-" for number in range(1, len(chosen) + 1)]


def _laid(building: Path, result: CueResult, told: Finished, prefix: str) -> Take:
    """The take with its files in the run's folder, sharing their bytes where the disk can."""
    folder, take = Path(told.entry.folder), result.scored.take
    try:
        stems = []
        for stem in take.stems:
            relative = f"stems/{prefix}{Path(stem.path).name}"
            share(folder / stem.path, building / relative)
            stems.append(replace(stem, path=relative))
        share(folder / f"{MIX}.wav", building / f"{prefix}{MIX}.wav")
        extra = dict(take.extra)
        if TOKENS in extra:
            name = f"{prefix}{Path(extra[TOKENS]).name}"
            share(folder / extra[TOKENS], building / name)
            extra[TOKENS] = name
    except OSError as error:
        raise output_error(building, error) from error
    return replace(take, stems=tuple(stems), extra=extra)


def _report(
    chosen: Sequence[_Chosen],
    results: Sequence[CueResult],
    options: ScoreOptions,
    document: Document,
    degraded: Sequence[str],
    watch: Stopwatch,
) -> dict[str, Any]:
    entries = [told.entry for _, told, _ in chosen]
    score = results[0].scored.score
    return build_report(
        results,
        input_name=document.path.name,
        input_sha256=document.sha256,
        generator=", ".join(dict.fromkeys(entry.generator for entry in entries)),
        why="; ".join(dict.fromkeys(entry.why for entry in entries)),
        seed=entries[0].seed,
        version=version(),
        request={
            "handles_s": options.handles,
            "format": options.format,
            "split": options.split,
            "takes": [
                {
                    "cue": state.name,
                    "take": told.entry.id,
                    "name": told.entry.name,
                    "made": told.entry.made,
                    "seed": told.entry.seed,
                    "style": told.entry.style,
                    "model": told.entry.model or told.entry.generator,
                }
                for state, told, _ in chosen
            ],
        },
        degraded=degraded,
        timings_s=watch.seconds,
        like=score.extra.get(LIKE) if score is not None else None,
    )


def _names_by_track(placed: Placed) -> dict[str, str]:
    """The name that each new track really gets: "Stem: drums v2" where "Stem: drums" was worked on."""
    return {base_and_version(name)[0]: name for name in placed.added}


def _earlier_rows(document: Document, placed: Placed) -> list[dict[str, Any]]:
    """What becomes of the tracks that an earlier run left."""
    stack = document.data["tracks"]
    shift = root_shift(stack, document.rate)
    disabled = {
        child["name"]
        for child in placed.data["tracks"]["children"]
        if is_our_track(child) and not child.get("enabled", True)
    }
    rows = []
    for track in stack["children"]:
        if noun(track) != "Track" or not is_our_track(track):
            continue
        name = str(track.get("name", ""))
        off = name in disabled and track.get("enabled", True)
        what = "replace" if name in placed.replaced else "disable" if off else "keep"
        text = {
            "replace": "",
            "disable": "it was changed by hand: it stays, switched off",
            "keep": "nothing new plays where it does",
        }[what]
        for laid in our_clips(track, document.rate, shift):
            rows.append(_row(what, name, laid.cue, "", laid.in_frame, laid.out_frame_exclusive, text))
    return rows


def _row(what: str, track: str, cue: str, stem: str, first: int, last: int, text: str = "") -> dict[str, Any]:
    return {
        "what": what,
        "track": track,
        "cue": cue,
        "stem": stem,
        "in_frame": first,
        "out_frame_exclusive": last,
        "text": text,
    }
