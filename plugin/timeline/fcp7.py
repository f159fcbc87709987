"""Final Cut Pro 7 XML: what the library's reader leaves out and we need."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any
from xml.etree.ElementTree import Element

from ...engine.errors import OptionError, Problem
from ...engine.timebase import Rate
from . import otiojson
from .schemas import Json, noun


def drops(root: Element) -> bool:
    """Whether the first sequence counts in drop-frame timecode."""
    return root.findtext(".//sequence/timecode/displayformat", "").strip() == "DF"


def rate(root: Element) -> Rate | None:
    """The first sequence's rate: its clips count in those of their media."""
    sequence = root.find(".//sequence")
    base = sequence.findtext("rate/timebase", "") if sequence is not None else ""
    try:
        whole = Fraction(base)
        ntsc = sequence is not None and sequence.findtext("rate/ntsc", "").strip().upper() == "TRUE"
        return Rate.of(whole * 1000 / 1001 if ntsc else whole)
    except (ValueError, ZeroDivisionError, OptionError):
        return None


def add_speeds(timeline: Json) -> tuple[Problem, ...]:
    """Turn "timeremap" filters, which the reader keeps as unknown effects, into linear time warps, in place.

    In this format a clip's in point counts frames of the retimed clip: the source lies at in x speed.
    Of a variable speed the mean is taken, and said.
    """
    problems = []
    for clip in _clips(timeline["tracks"]):
        for effect in list(clip.get("effects") or ()):
            remap = (effect.get("metadata") or {}).get("fcp_xml")
            if not isinstance(remap, dict) or remap.get("effectid") != "timeremap":
                continue
            values = _parameters(remap)
            speed = _number(values.get("speed"))
            if speed is None:
                continue
            speed /= 100
            if str(values.get("reverse", "")).upper() == "TRUE":
                speed = -abs(speed)
            if str(values.get("variablespeed", "0")) not in ("0", "0.0", ""):
                text = f"'{clip.get('name') or ''}' changes its speed as it plays: its mean is looked at"
                problems.append(Problem("speed", text))
            _retime(clip, speed)
    return tuple(problems)


def _retime(clip: Json, speed: float) -> None:
    clip["effects"].append(otiojson.speed_effect(Fraction(speed)))
    span = clip.get("source_range")
    if span is None:
        return
    references = clip.get("media_references") or {}
    reference = references.get(clip.get("active_media_reference_key") or "DEFAULT_MEDIA") or {}
    available = reference.get("available_range")
    start = span["start_time"]
    zero = (
        available["start_time"]["value"] * start["rate"] / available["start_time"]["rate"]
        if available
        else 0.0
    )
    start["value"] = zero + (start["value"] - zero) * abs(speed)


def _parameters(effect: Json) -> dict[str, Any]:
    found = effect.get("parameter") or []
    if isinstance(found, dict):
        found = [found]
    return {str(item.get("parameterid")): item.get("value") for item in found if isinstance(item, dict)}


def _number(value: object) -> float | None:
    try:
        return float(str(value))
    except ValueError:
        return None


def _clips(item: Json) -> Iterator[Json]:
    for child in item.get("children") or ():
        if noun(child) == "Clip":
            yield child
        else:
            yield from _clips(child)
