"""What Resolve does that a script does not expect, each under a name that a test can switch.

Two kinds. Facts of every Resolve are on from the start; switched off, the fake is the Resolve that folklore
knows, and forgives the naive way. Faults that come and go are off from the start. `CASES` has for every
trap the pair of worlds without and with it.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any


class Killed(BaseException):
    """Our process ended here; no `except Exception` may catch it."""


@dataclass(frozen=True)
class Traps:
    """`*_at_call` counts calls of the API from 1; 0 is never. Names in the frozensets are API methods."""

    version: str = "21.1.0.14"
    edition: str = "studio"  # or "free"
    # None: by edition and version, as the table of editions says.
    attaches: bool | None = None

    # --- facts ---
    # A record frame below the timeline's start is taken, reads back well and renders nothing.
    record_is_absolute: bool = True
    # Off: a marker's frame from the start frame on is understood as absolute.
    markers_are_relative: bool = True
    # One marker a frame: AddMarker says False for the second.
    marker_per_frame: bool = True
    # Frames and lengths of markers come back as floats.
    marker_floats: bool = True
    # GetMarkInOut leaves out what is not set.
    unset_marks_omitted: bool = True
    # Off: the folklore, where the frame `endFrame` sounds too.
    end_is_exclusive: bool = True
    # A fractional frame: None for the whole batch. Off: rounded down.
    fractions_refused: bool = True
    # Source frames of a WAV count at the project's rate of the moment it was imported. Off: at the rate of
    # the timeline that is current.
    wav_rate_frozen: bool = True
    # The length on the record is rounded down. Off: to the nearest frame.
    lengths_floored: bool = True
    # What overlaps an earlier item is dropped, its handle dead. Off: both lie there.
    overlap_dropped: bool = True
    # A locked track takes nothing: empty list.
    locked_refused: bool = True
    # AddTrack("audio") makes a mono track.
    mono_default: bool = True
    # An index beyond the last track appends. Off: the tracks between are made.
    index_appends: bool = True
    # ImportMedia fills the bin that is current. Off: the bin made last.
    import_into_current: bool = True
    # Of a list with a bad path the rest is imported, the answer is shorter. Off: None stands in its place.
    bad_path_shortens: bool = True
    # AppendToTimeline fills the timeline that is current. Off: the one that a track was added to last.
    append_to_current: bool = True
    # ImportTimelineFromFile says None for these.
    taken_name_refused: bool = True
    missing_medium_refused: bool = True
    relative_path_refused: bool = True
    zero_based_refused: bool = True
    file_url_refused: bool = True
    # OTIO import: clips of a picture track bring no sound.
    picture_only: bool = True
    # OTIO import: the start timecode is non-drop.
    drop_frame_lost: bool = True
    # OTIO import: a marker's comment is lost unless it stands in Resolve_OTIO.Note.
    comments_need_note: bool = True
    # OTIO export: levels that are as they were made have no parameters.
    parameters_empty: bool = True
    # OTIO: level keys count from the clip's start. Off: from the medium's frame 0.
    keys_from_clip: bool = True
    # Any name can be had from any object, as None; only dir() is honest.
    hasattr_lies: bool = True
    transitions_listed: bool = True
    generators_listed: bool = True
    # Deleting a picture item leaves its sound.
    linked_stays: bool = True
    # GetProperty("Speed") is None.
    speed_hidden: bool = True
    # On the free edition: so many calls after a Studio-only one answer False.
    poisoned_calls: int = 4
    # "text": "29.97"; "df": "29.97 DF" where drop-frame exists; "number": 29.97
    rate_as: str = "text"
    # OTIO export: "decimal" 23.976, or "exact" 24000/1001
    otio_rate: str = "decimal"

    # --- faults ---
    # WAVs count at 24, whatever the project says.
    wav_always_24: bool = False
    # The handles that AppendToTimeline returns are dead though all went well.
    handles_dead: bool = False
    # So many appends, from that one on, are dropped without a reason.
    dropped_at_append: int = 0
    dropped_appends: int = 1
    # So many of the items appended since the last save vanish at the next.
    vanishing: int = 0
    # Items of an imported XML: source frames 0 to 0.
    zero_sources: bool = False
    # The first call of each says False and does nothing.
    flaky_false: frozenset[str] = frozenset()
    # They say None and do nothing, always.
    none_from: frozenset[str] = frozenset()
    # At that call somebody opens another project, or another timeline.
    project_switched_at_call: int = 0
    timeline_switched_at_call: int = 0
    # That call waits for a dialog: so many seconds, or (0) until
    # `FakeResolve.dialog.answered` is set.
    modal_at_call: int = 0
    modal_s: float = 0.0
    killed_at_call: int = 0
    # Killed after the call did its work, before its answer came.
    killed_after: bool = False

    @classmethod
    def none(cls) -> Traps:
        """The Resolve that folklore knows: every fact switched off."""
        off = _off(*(one.name for one in fields(cls) if one.default is True))
        return replace(cls(poisoned_calls=0, otio_rate="exact"), **off)

    @classmethod
    def all(cls) -> Traps:
        """Every trap at once that a right adapter overcomes."""
        flaky = {"AddMarker", "AddTrack", "AppendToTimeline", "DeleteClips", "ImportMedia", "SaveProject"}
        return cls(
            handles_dead=True,
            zero_sources=True,
            dropped_at_append=2,
            rate_as="df",
            flaky_false=frozenset(flaky | {"SetCurrentFolder", "SetCurrentTimeline", "SetTrackName"}),
        )

    @property
    def number(self) -> tuple[int, ...]:
        return tuple(int(part) for part in self.version.split(".")[:3])

    @property
    def may_attach(self) -> bool:
        if self.attaches is not None:
            return self.attaches
        return self.edition == "studio" or self.number < (19, 1)


def _off(*names: str) -> dict[str, Any]:
    return dict.fromkeys(names, False)


def _cases() -> dict[str, tuple[Traps, Traps]]:
    usual = Traps()
    found = {
        one.name: (replace(usual, **_off(one.name)), usual) for one in fields(Traps) if one.default is True
    }
    faults: dict[str, Traps] = {
        "wav_always_24": Traps(wav_always_24=True),
        "handles_dead": Traps(handles_dead=True),
        "dropped_append": Traps(dropped_at_append=1),
        "vanishes_on_save": Traps(vanishing=1),
        "zero_sources": Traps(zero_sources=True),
        "delete_false_once": Traps(flaky_false=frozenset({"DeleteClips"})),
        "save_false_once": Traps(flaky_false=frozenset({"SaveProject"})),
        "rate_drop_frame": Traps(rate_as="df"),
        "rate_number": Traps(rate_as="number"),
        "none_project": Traps(none_from=frozenset({"GetCurrentProject"})),
        "none_timeline": Traps(none_from=frozenset({"GetCurrentTimeline"})),
        "project_switched": Traps(project_switched_at_call=8),
        "timeline_switched": Traps(timeline_switched_at_call=8),
        "no_selection_call": Traps(version="21.0.3.8"),
        "no_otio_constant": Traps(version="18.1.4.9"),
        "free_edition": Traps(edition="free"),
        "free_cannot_attach": Traps(edition="free", version="19.1.3.7"),
        "modal": Traps(modal_at_call=5, modal_s=0.05),
        "killed": Traps(killed_at_call=9),
    }
    return found | {name: (usual, trap) for name, trap in faults.items()}


CASES: dict[str, tuple[Traps, Traps]] = _cases()
