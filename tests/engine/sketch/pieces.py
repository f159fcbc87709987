"""Composed pieces and ways to look into them."""

from __future__ import annotations

from hitpoint.engine.sketch.composer import Composition, compose
from hitpoint.engine.style import style_names
from hitpoint.engine.types import Note, Plan
from plans import make_plan, make_request

STYLES = style_names()
NEAR = 1_000  # samples: more than a player's drift on a beat


def composed(style: str, seed: int = 1, plan: Plan | None = None, tonic: int = 2) -> Composition:
    return compose(make_request(plan or make_plan(), style=style, seed=seed, tonic=tonic))


def onsets(notes: list[Note], sample: int, near: int = NEAR) -> list[Note]:
    return [note for note in notes if abs(note.start_sample - sample) <= near]


def of(composition: Composition, *stems: str) -> list[Note]:
    return [note for note in composition.notes if note.stem in stems]
