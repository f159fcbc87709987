"""From a document to the cues to score: a range, named clips, ranged markers, or the whole."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise

from ...engine.cutting import cut_cue
from ...engine.errors import OptionError, SelectionError
from ...engine.names import slug, unique
from ...engine.timebase import Rate, format_timecode, is_timecode, parse_timecode
from ...engine.types import Cue, Shot, Span
from .clock import nearest
from .document import Document

# "cue", "music", "cue: 1m1"
_CUE_MARKER = re.compile(r"\s*(?:cue|music)\s*(?::\s*(.*?)\s*)?", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class _Stretch:
    in_frame: int
    out_frame_exclusive: int
    # "" where nobody gave one.
    name: str = ""


def select_cues(
    document: Document,
    *,
    range_text: tuple[str, str] | None = None,
    clips: tuple[str, ...] = (),
    markers: bool = False,
    spans: Sequence[Span] = (),
    names: Sequence[str] = (),
) -> tuple[Cue, ...]:
    """The cues in record order, with unique names that are safe as file names.

    `range_text` is in and out: timecodes count from the timeline's start timecode, plain numbers are seconds
    from its frame 0, the out is exclusive. `clips` are names of clips; chosen shots that touch make one cue.
    `markers` takes every marker with a length that is called "cue" or "music", or "cue: NAME". `spans` of
    record frames are a cue each, called `names` where there are any. SelectionError when nothing, or nothing
    inside the timeline, is selected, or more than one of these is asked for.
    """
    asked = [range_text is not None, bool(clips), markers, bool(spans)]
    if sum(asked) > 1:
        raise SelectionError("--range, --clips and --markers exclude each other: give one of them")
    if range_text is not None:
        stretches = [_range(document, *range_text)]
    elif clips:
        stretches = _clips(document, clips)
    elif markers:
        stretches = _markers(document)
    elif spans:
        stretches = _spans(document, spans, names)
    else:
        stretches = [_Stretch(0, document.frames)]
    called = unique(
        slug(stretch.name) if stretch.name else f"cue{number:02}"
        for number, stretch in enumerate(stretches, 1)
    )
    return tuple(
        cut_from(document, name, stretch.in_frame, stretch.out_frame_exclusive)
        for stretch, name in zip(stretches, called, strict=True)
    )


def _range(document: Document, in_text: str, out_text: str) -> _Stretch:
    in_frame, out_frame = (_frame(document, text) for text in (in_text, out_text))
    if out_frame == in_frame:
        raise SelectionError(
            f"the range {in_text} to {out_text} is empty: its end is exclusive, give a later one"
        )
    if out_frame < in_frame:
        raise SelectionError(f"the range {in_text} to {out_text} ends before it begins: swap the two")
    if in_frame < 0 or out_frame > document.frames:
        raise SelectionError(
            f"the range {in_text} to {out_text} is outside of '{document.path.name}', which goes from "
            f"{_timecode(document, 0)} to {_timecode(document, document.frames)} "
            f"(0 to {_seconds(document.rate, document.frames)} s): give a range inside"
        )
    return _Stretch(in_frame, out_frame)


def _frame(document: Document, text: str) -> int:
    """A record frame from a timecode, or from seconds."""
    text = text.strip()
    if is_timecode(text):
        try:
            return parse_timecode(text, document.rate) - document.start_timecode_frame
        except OptionError as error:
            raise SelectionError(str(error)) from None
    try:
        # Fraction also takes "1/3" and "1e400": seconds are written as 12 or 12.5.
        if not re.fullmatch(r"-?\d{1,9}(\.\d{1,9})?", text):
            raise ValueError(text)
        return nearest(Fraction(text) * document.rate.fps)
    except ValueError:
        raise SelectionError(
            f"'{text}' is neither a timecode like {_timecode(document, 0)} nor a number of seconds: give one"
        ) from None


def _timecode(document: Document, frame: int) -> str:
    return format_timecode(frame + document.start_timecode_frame, document.rate, drop=document.drop_frame)


def _seconds(rate: Rate, frame: int) -> str:
    return f"{float(rate.seconds(frame)):.3f}".rstrip("0").rstrip(".")


def _clips(document: Document, names: Sequence[str]) -> list[_Stretch]:
    shots = [shot for shot in document.shots if shot.kind != "gap"]
    known = {shot.name.casefold() for shot in shots}
    for name in names:
        if name.casefold() not in known:
            raise SelectionError(f"no visible clip is called '{name}': {_near(name, shots)}")
    # Names that differ only in case are one choice, unless the exact one exists.
    exact = {shot.name for shot in shots}
    chosen = {name for name in names if name in exact}
    folded = {name.casefold() for name in names if name not in exact}
    stretches: list[_Stretch] = []
    for shot in shots:
        if shot.name not in chosen and shot.name.casefold() not in folded:
            continue
        if stretches and stretches[-1].out_frame_exclusive == shot.in_frame:
            stretches[-1] = replace(stretches[-1], out_frame_exclusive=shot.out_frame_exclusive)
        else:
            stretches.append(_Stretch(shot.in_frame, shot.out_frame_exclusive, shot.name))
    return stretches


def _near(name: str, shots: Iterable[Shot]) -> str:
    names = {shot.name.casefold(): shot.name for shot in shots if shot.name}
    alike = difflib.get_close_matches(name.casefold(), names, n=3, cutoff=0.4)
    found = [names[match] for match in alike] or list(names.values())[:3]
    if not found:
        return "its clips have no names; use --range"
    return (
        "there are " + ", ".join(f"'{each}'" for each in found) + (" ..." if len(names) > len(found) else "")
    )


def _markers(document: Document) -> list[_Stretch]:
    stretches = []
    seen_points = 0
    for marker in document.markers:
        match = _CUE_MARKER.fullmatch(marker.name)
        if match is None:
            continue
        if marker.out_frame_exclusive - marker.in_frame < 2:
            seen_points += 1
            continue
        out_frame = min(document.frames, marker.out_frame_exclusive)
        stretches.append(_Stretch(marker.in_frame, out_frame, match[1] or ""))
    if stretches:
        return sorted(stretches, key=lambda stretch: stretch.in_frame)
    if seen_points:
        raise SelectionError(
            f"the cue markers of '{document.path.name}' have no length: drag them over what is to be scored"
        )
    raise SelectionError(
        f"no marker of '{document.path.name}' makes a cue: call one that has a length 'cue' or 'cue: NAME'"
    )


def _spans(document: Document, spans: Sequence[Span], names: Sequence[str]) -> list[_Stretch]:
    if names and len(names) != len(spans):
        raise SelectionError(f"{len(spans)} stretches were given {len(names)} names: give each its own")
    called = names or [""] * len(spans)
    inside = spans if names else sorted(spans, key=lambda span: span.in_frame)
    stretches = [
        _Stretch(span.in_frame, min(span.out_frame_exclusive, document.frames), name)
        for span, name in zip(inside, called, strict=True)
    ]
    stretches.sort(key=lambda stretch: stretch.in_frame)
    for one in stretches:
        if not 0 <= one.in_frame < one.out_frame_exclusive <= document.frames:
            raise SelectionError(
                f"frames {one.in_frame} to {one.out_frame_exclusive} are no stretch of "
                f"'{document.path.name}', which has frames 0 to {document.frames}: select inside of it"
            )
    for one, other in pairwise(stretches):
        if other.in_frame < one.out_frame_exclusive:
            raise SelectionError(
                f"the stretches that begin at frames {one.in_frame} and {other.in_frame} overlap: select "
                "them apart"
            )
    return stretches


def cut_from(document: Document, name: str, in_frame: int, out_frame: int) -> Cue:
    """Record frames `in_frame` up to and without `out_frame` as a cue."""
    return cut_cue(
        name,
        in_frame,
        out_frame,
        rate=document.rate,
        shots=document.shots,
        sounds=document.sounds,
        markers=document.markers,
        start_timecode_frame=document.start_timecode_frame,
        drop_frame=document.drop_frame,
        find_cuts=document.find_cuts,
        problems=document.problems,
    )
