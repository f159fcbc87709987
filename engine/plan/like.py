"""`--like`: what a temp track's sound decides in a Score, and what it does not, said in words.

A finding is taken where it is sure enough and the style can follow. It lies in the Score, so that one cue
scored again follows the same track.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from ..audio.likeness import Heard
from ..serial import from_json, to_json
from ..style import LEVELS, Style, load_style
from ..types import Bar, Cue, Score
from .asked import asked_mode, modes_like
from .mood import mood_of
from .palette import bright_palette

Floats = npt.NDArray[np.float64]

# Where it is kept in a Score.
LIKE = "like"
# The name of a curve that belongs to no stretch of the timeline: it is stretched over every cue.
WHOLE = ""
_SURE = 0.25
_VERY_SURE = 0.6
# The family around a followed tempo, and how far outside the style's range that may lie.
_FAMILY = 1.03
_OUTSIDE = math.log(1.10)
# A curve that moves less than this is none.
_FLAT_DB = 3.0
# The bass stem follows the low end beside sketch's usual one, by this much of it and not further.
_USUAL_LOW_DB, _LOW_SHARE, _MOST_LOW_DB = -6.0, 0.35, 2.0
TONICS = ("C", "C sharp", "D", "E flat", "E", "F", "F sharp", "G", "A flat", "A", "B flat", "B")


@dataclass(frozen=True, slots=True)
class Likeness:
    """What is followed. `bpm`, `mode` ("" for none), `palette`, `bass_db` and `enter` hold what was taken.

    source, sha256   what was heard
    energy           whether the curves are blended with the picture's energy
    enter            stem -> level from which it plays, LEVELS for never
    taken, left      for people: what is followed, and what is not and why
    """

    source: str
    sha256: str
    heard: Heard
    bpm: float | None = None
    key: bool = False
    mode: str = ""
    energy: bool = False
    palette: Mapping[str, str] = field(default_factory=dict)
    bass_db: float = 0.0
    enter: Mapping[str, int] = field(default_factory=dict)
    taken: tuple[str, ...] = ()
    left: tuple[str, ...] = ()


def with_likeness(score: Score, heard: Heard, *, source: str, sha256: str) -> Score:
    """The score that follows what was heard, as far as its style can."""
    style = load_style(score.style)
    followed = Likeness(source, sha256, heard)
    if heard.music != "yes":
        why = {
            "silent": "it is silent",
            "short": "it is shorter than 4 s",
            "noise": "there is neither a beat nor a tone in it",
            "speech": "somebody speaks in it, to no beat",
        }[heard.music]
        return _kept(score, replace(followed, left=(why,)))
    taken: list[str] = []
    left: list[str] = []
    bpm = _tempo(style, heard, taken, left)
    key, mode = _key(style, heard, bool((mood := mood_of(score)) and mood.valence), taken, left)
    energy = heard.range_db >= _FLAT_DB and bool(heard.curves)
    if energy:
        taken.append(f"energy (half of it, {heard.range_db:.0f} dB of range)")
    else:
        left.append("energy (its loudness hardly moves)")
    palette = bright_palette(style, heard.brightness)
    character = "dark" if heard.brightness < 1 / 3 else "bright" if heard.brightness > 2 / 3 else "middling"
    if palette:
        taken.append(f"{character} colours")
    else:
        left.append(f"{character} colours (the style has no others)")
    bass_db = _bass_db(style, heard)
    enter = _enter(style, heard, taken, left)
    followed = replace(
        followed,
        bpm=bpm,
        key=key,
        mode=mode,
        energy=energy,
        palette=palette,
        bass_db=bass_db,
        enter=enter,
        taken=tuple(taken),
        left=tuple(left),
    )
    family = score.tempo_family_bpm if bpm is None else (round(bpm / _FAMILY, 2), round(bpm * _FAMILY, 2))
    tonic = heard.tonic if key and heard.tonic is not None else score.tonic
    chosen = {**score.palette, **palette}
    return _kept(replace(score, tempo_family_bpm=family, tonic=tonic, palette=chosen), followed)


def _kept(score: Score, followed: Likeness) -> Score:
    return replace(score, extra={**score.extra, LIKE: to_json(followed)})


def likeness_of(score: Score) -> Likeness | None:
    """What a score follows. InputError when that was written by hand and wrongly."""
    stored = score.extra.get(LIKE)
    return None if stored is None else from_json(Likeness, stored)


def _tempo(style: Style, heard: Heard, taken: list[str], left: list[str]) -> float | None:
    """The tempo heard, an octave or two up or down, nearest to what the style plays."""
    bpm = heard.bpm
    if bpm is None:
        left.append("tempo (no steady beat)")
        return None
    low, high = style.tempo_bpm
    octaves = [bpm, bpm * 2, bpm / 2, bpm * 4, bpm / 4]
    outside = [max(math.log(low / octave), math.log(octave / high), 0.0) for octave in octaves]
    nearest = octaves[outside.index(min(outside))]
    if min(outside) > _OUTSIDE:
        left.append(f"tempo ({bpm:.0f} bpm, which {style.name} does not play)")
        return None
    asked = f", heard as {bpm:.0f}" if nearest != bpm else ""
    taken.append(f"{nearest:.0f} bpm ({_sure(heard.bpm_sure)}{asked})")
    return round(nearest, 2)


def _key(style: Style, heard: Heard, moody: bool, taken: list[str], left: list[str]) -> tuple[bool, str]:
    """Whether the tonic is taken, and the mode that is."""
    if heard.tonic is None or heard.key_sure < _SURE:
        left.append("key (not clear)")
        return False, ""
    mode = "minor" if heard.minor else "major"
    name = TONICS[heard.tonic]
    if moody:
        left.append(f"{mode} (the mood decides)")
    elif not modes_like(style, mode):
        left.append(f"{mode} ({style.name} has no such mode)")
    else:
        taken.append(f"{name} {mode} ({_sure(heard.key_sure)})")
        return True, mode
    taken.append(f"its tonic {name} ({_sure(heard.key_sure)})")
    return True, ""


def _bass_db(style: Style, heard: Heard) -> float:
    if "bass" not in style.enter:
        return 0.0
    wanted = _LOW_SHARE * (heard.low_db - _USUAL_LOW_DB)
    return round(max(-_MOST_LOW_DB, min(_MOST_LOW_DB, wanted)), 1)


def _enter(style: Style, heard: Heard, taken: list[str], left: list[str]) -> dict[str, int]:
    """Stems that enter earlier, later or never."""
    out: dict[str, int] = {}
    for stem, present in (("drums", heard.drums), ("bass", heard.bass)):
        usual = style.enter.get(stem)
        if present == "unclear":
            left.append(f"{stem} (unclear whether there are any)" if stem == "drums" else "bass (unclear)")
        elif usual is None:
            if present == "yes":
                left.append(f"{stem} ({style.name} has none)")
        elif present == "yes":
            out[stem] = max(0, usual - 1)
            taken.append(f"{stem} early on" if usual else stem)
        elif stem == "drums":
            out[stem] = LEVELS
            taken.append("no drums")
        else:
            # The harmony stands on it: it comes late, and is not left out.
            out[stem] = min(LEVELS - 1, usual + 2)
            taken.append("bass late")
    return out


def _sure(confidence: float) -> str:
    return "sure" if confidence >= _VERY_SURE else "likely"


def arranged(score: Score) -> Style:
    """The score's style, with what it follows and what is asked of it put in: modes, stems' entries, the
    bass's level."""
    style = load_style(score.style)
    followed = likeness_of(score)
    mode = asked_mode(score) or (followed.mode if followed is not None else "")
    if mode and (modes := modes_like(style, mode)):
        style = replace(style, harmony=replace(style.harmony, modes=modes))
    if followed is None:
        return style
    enter = {stem: level for stem, level in {**style.enter, **followed.enter}.items() if level < LEVELS}
    bass = {
        name: replace(mix, gain_db=mix.gain_db + followed.bass_db)
        for name, mix in style.mix.get("bass", {}).items()
    }
    return replace(style, enter=enter, mix={**style.mix, "bass": bass} if bass else style.mix)


def stretch_name(in_frame: int, out_frame_exclusive: int) -> str:
    """The name of a curve that lies at these record frames."""
    return f"{in_frame}-{out_frame_exclusive}"


def followed_energy(followed: Likeness, cue: Cue, bars: Sequence[Bar], energy: Floats) -> Floats:
    """The bars' energy, [bars], blended half and half with that of the temp track where it sounds."""
    if not followed.energy:
        return energy
    out = energy.copy()
    for name, curve in followed.heard.curves.items():
        first, last = _reach(name, cue)
        if not first <= 0 < cue.samples <= last:
            continue
        for index, bar in enumerate(bars):
            shares = ((at - first) / (last - first) for at in (bar.start_sample, bar.end_sample_exclusive))
            heard = _under(curve, *shares)
            if heard is not None:
                out[index] = (energy[index] + heard) / 2
    return out


def _reach(name: str, cue: Cue) -> tuple[int, int]:
    """Where a curve begins and ends, in samples of the cue."""
    if name == WHOLE:
        return 0, cue.samples
    in_frame, _, out_frame = name.partition("-")
    return cue.sample(int(in_frame)), cue.sample(int(out_frame))


def _under(curve: Sequence[float | None], start: float, end: float) -> float | None:
    """Mean of a curve between two shares of its length, its ends go on; None where it is silent."""
    first = min(max(0, math.floor(start * len(curve))), len(curve) - 1)
    last = min(max(first + 1, math.ceil(end * len(curve))), len(curve))
    heard = [value for value in curve[first:last] if value is not None]
    return sum(heard) / len(heard) if heard else None
