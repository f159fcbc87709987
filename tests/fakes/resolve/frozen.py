"""What is in the fake at a moment, as values: to compare before and after, and to say what was lost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .state import Edit, Film


@dataclass(frozen=True)
class Frozen:
    """`facts`: (what, ident) to its value. Equal when all is the same."""

    facts: Mapping[tuple[str, str], tuple[Any, ...]]

    def lost_in(self, later: Frozen) -> tuple[str, ...]:
        """What was here and is gone there, or is another; what came in addition is not told."""
        return tuple(
            f"{' '.join(key)}: {value} became {later.facts.get(key)}"
            for key, value in self.facts.items()
            if later.facts.get(key) != value
        )

    def added_in(self, later: Frozen) -> tuple[str, ...]:
        return tuple(" ".join(key) for key in later.facts if key not in self.facts)

    def without(self, *what: str) -> Frozen:
        return Frozen({key: value for key, value in self.facts.items() if key[0] not in what})


def frozen(fake: Any) -> Frozen:
    facts: dict[tuple[str, str], tuple[Any, ...]] = {
        ("open", "project"): (fake.film.ident if fake.film else "",),
        ("open", "page"): (fake.page,),
    }
    for film in fake.films:
        _film(facts, film)
    return Frozen(facts)


def _film(facts: dict[tuple[str, str], tuple[Any, ...]], film: Film) -> None:
    facts["project", film.ident] = (film.name, film.fps)
    facts["current bin", film.ident] = (film.current_bin.ident,)
    facts["current timeline", film.ident] = (film.current_edit.ident if film.current_edit else "",)
    for one in film.root.walk():
        facts["bin", one.ident] = (one.name,)
        for child in one.bins:
            facts["bin lies in", child.ident] = (one.ident,)
        for source in one.sources:
            facts["clip", source.ident] = (one.ident, source.name, source.medium, source.fps, source.colour)
    for edit in film.edits:
        _edit(facts, edit)


def _edit(facts: dict[tuple[str, str], tuple[Any, ...]], edit: Edit) -> None:
    facts["timeline", edit.ident] = (
        edit.name, edit.fps, edit.start, edit.drop_frame, edit.mark_in, edit.mark_out, tuple(edit.selected),
        tuple(sorted(edit.settings.items())),
    )  # fmt: skip
    facts["playhead", edit.ident] = (edit.playhead,)
    for kind in ("video", "audio", "subtitle"):
        for index, lane in enumerate(edit.of_kind(kind), 1):
            facts["track", lane.ident] = (
                edit.ident, kind, index, lane.name, lane.subtype, lane.locked, lane.enabled,
            )  # fmt: skip
            for piece in lane.sorted():
                facts["item", piece.ident] = (
                    lane.ident, piece.name, piece.kind, piece.start, piece.frames,
                    piece.source.ident if piece.source else "", piece.source_start, piece.source_end,
                    piece.colour, piece.enabled, tuple(sorted(piece.links)), piece.level_db,
                    tuple(sorted(piece.level_keys.items())), tuple(sorted(piece.properties.items())),
                )  # fmt: skip
    for mark in edit.marks:
        facts["marker", f"{edit.ident}@{mark.frame} {mark.name}"] = (
            mark.colour, mark.note, mark.frames, mark.custom,
        )  # fmt: skip
