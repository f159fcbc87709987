"""What an editor wishes of one cue's music, as a value: hits moved, intensity drawn, "bigger" here, "no
melody" there. It travels in `Cue.extra`, so that a request stays whole. Standard library only.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Literal

from .errors import InputError, Problem
from .serial import from_json, to_json
from .types import Cue, HitKind

WISHES = "wishes"
# A base tempo that anybody can mean.
LEAST_BPM, MOST_BPM = 30.0, 300.0

# bigger, smaller     the energy of the stretch, a step up or down; `amount` steps
# less_busy, busier   fewer or more notes at the same energy; `amount` steps
# no_melody           the melody rests
# stop                the music stops at the stretch's beginning and comes back at its end
# redo                written anew, `amount` times so far; with `stem` that stem alone
SpanKind = Literal["bigger", "smaller", "less_busy", "busier", "no_melody", "stop", "redo"]


@dataclass(frozen=True, slots=True)
class HitWish:
    """A hit that the editor set: added, or moved from somewhere else."""

    frame: int
    kind: HitKind
    # 0..1
    strength: float = 1.0
    name: str = ""


@dataclass(frozen=True, slots=True)
class SpanWish:
    """A wish for the record frames `in_frame` up to and without `out_frame_exclusive`; it works on whole
    bars, those whose middle lies inside."""

    kind: SpanKind
    in_frame: int
    out_frame_exclusive: int
    amount: int = 1
    # For "redo": one stem, or "" for all.
    stem: str = ""


@dataclass(frozen=True, slots=True)
class Drawn:
    """One point of a drawn intensity curve; between points it is a straight line."""

    frame: int
    # 0..1
    value: float


@dataclass(frozen=True, slots=True)
class Wishes:
    """All that was wished of one cue.

    hits      set by the editor, in time; a cut or marker within 3 frames of one is spoken for
    removed   record frames of cuts and timeline markers that are no hits any more
    drawn     intensity from the first point to the last, in place of the picture's own there
    spans     in the order they were wished
    density   -1 (bare) .. 1 (busy), for the whole cue
    tempo_bpm lowest and highest base tempo; None: the style's
    tonic     pitch class, 0 is C; None: the score's
    mode      "major", "minor", or "" as the picture is read
    """

    SCHEMA: ClassVar[str] = "hitpoint.wishes.1"

    hits: tuple[HitWish, ...] = ()
    removed: tuple[int, ...] = ()
    drawn: tuple[Drawn, ...] = ()
    spans: tuple[SpanWish, ...] = ()
    density: float = 0.0
    tempo_bpm: tuple[float, float] | None = None
    tonic: int | None = None
    mode: Literal["", "major", "minor"] = ""
    extra: Mapping[str, Any] = field(default_factory=dict)


NO_WISHES = Wishes()


def with_wishes(cue: Cue, wishes: Wishes) -> Cue:
    """The cue with these wishes, in place of any that it carried."""
    extra = {key: value for key, value in cue.extra.items() if key != WISHES}
    if wishes != NO_WISHES:
        extra[WISHES] = to_json(wishes)
    return replace(cue, extra=extra)


def wishes_of(cue: Cue) -> Wishes:
    """InputError for wishes that Hitpoint did not write, or that nobody can mean."""
    if WISHES not in cue.extra:
        return NO_WISHES
    wishes = from_json(Wishes, cue.extra[WISHES])
    _check(cue, wishes)
    return wishes


def _check(cue: Cue, wishes: Wishes) -> None:
    shares = [*(hit.strength for hit in wishes.hits), *(point.value for point in wishes.drawn)]
    tempi = wishes.tempo_bpm or (MOST_BPM, MOST_BPM)
    wrong = {
        "a hit's strength or a drawn value is not from 0 to 1": any(not 0 <= one <= 1 for one in shares),
        "the density is not from -1 to 1": not -1 <= wishes.density <= 1,
        f"the tempo's range is not two rising numbers from {LEAST_BPM} to {MOST_BPM}": not (
            LEAST_BPM <= tempi[0] <= tempi[1] <= MOST_BPM and math.isfinite(tempi[1])
        ),
        "the tonic is not from 0 to 11": wishes.tonic is not None and not 0 <= wishes.tonic <= 11,
        "a wish is asked less than once": any(span.amount < 1 for span in wishes.spans),
        "a wish ends before it begins": any(
            span.out_frame_exclusive < span.in_frame for span in wishes.spans
        ),
    }
    for text, is_so in wrong.items():
        if is_so:
            raise InputError(f"the wishes of cue {cue.name} cannot be followed: {text}; change that")


# --- Who follows which
# ----------------------------------------------------------------------------------------

WishKind = Literal[SpanKind, "drawn", "density", "tempo", "key", "hits"]

_WORDS: Mapping[WishKind, str] = {
    "bigger": "bigger",
    "smaller": "smaller",
    "less_busy": "less busy",
    "busier": "busier",
    "no_melody": "no melody",
    "stop": "stop",
    "redo": "redo",
    "drawn": "drawn intensity",
    "density": "density",
    "tempo": "tempo",
    "key": "key",
    "hits": "moved hits",
}
# What reaches a model through the plan's columns: beats, hits, energy and chords.
_BY_PLAN: frozenset[WishKind] = frozenset({"bigger", "smaller", "drawn", "tempo", "key", "hits"})


def heeded(generator: str, *, plan_channels: bool) -> frozenset[WishKind]:
    """The wishes that a generator follows: `sketch` all; a model those that its plan tells it, when it has
    columns for one; any other model has its beats fitted to the hits afterwards.
    """
    if generator == "sketch":
        return frozenset(_WORDS)
    return _BY_PLAN if plan_channels else frozenset({"hits"})


def kinds_of(wishes: Wishes) -> frozenset[WishKind]:
    """What is wished at all."""
    asked: dict[WishKind, bool] = {
        "hits": bool(wishes.hits or wishes.removed),
        "drawn": bool(wishes.drawn),
        "density": wishes.density != 0,
        "tempo": wishes.tempo_bpm is not None,
        "key": wishes.tonic is not None or bool(wishes.mode),
    }
    return frozenset([kind for kind, is_so in asked.items() if is_so] + [span.kind for span in wishes.spans])


def unheeded(model: str, wishes: Wishes, followed: frozenset[WishKind]) -> tuple[Problem, ...]:
    """A sentence on the wishes that a model was given and does not follow."""
    left = kinds_of(wishes) - followed
    if not left:
        return ()
    words = ", ".join(f"'{word}'" for kind, word in _WORDS.items() if kind in left)
    text = f"the model {model} does not follow {words}: choose sketch for this cue, or take that wish back"
    return (Problem("wish-unheeded", text),)
