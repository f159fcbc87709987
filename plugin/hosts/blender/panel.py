"""The side bar of the sequencer: what can be asked, how far it is, what came of it. bpy is given, so that
this loads without.
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..base import HostError
from .controls import controls_of
from .scoring import STAGES, Scoring

if TYPE_CHECKING:
    from .desk import Desk

# Width of a letter in a side bar at scale 1, pixels, rounded up; a margin and an icon.
_LETTER, _MARGIN = 7.0, 60.0
_FEWEST = 24


def classes(bpy: Any, desk: Desk) -> tuple[type, ...]:
    """`desk` is the Desk whose state is shown."""

    class HITPOINT_PT_score(bpy.types.Panel):
        bl_label = "Hitpoint"
        bl_space_type = "SEQUENCE_EDITOR"
        bl_region_type = "UI"
        bl_category = "hitpoint"

        def draw(self, context: Any) -> None:
            desk.looked_at()
            width = _letters(context)
            layout = self.layout
            scene = desk.scene()
            _controls(layout, controls_of(scene), desk, width)
            _work(layout, desk, width)
            _outcome(layout, desk, width)
            layout.separator()
            row = layout.row()
            row.operator("hitpoint.open_panel", icon="WINDOW")
            if desk.panel_says:
                _say(layout, desk.panel_says, width)

    return (HITPOINT_PT_score,)


def hits_told(summary: Mapping[str, Any]) -> list[str]:
    """One line a cue: hits met, and by chance."""
    lines = []
    for cue in summary.get("cues", ()):
        met, of, chance = cue.get("met", 0), cue.get("hits", 0), cue.get("chance")
        by_chance = f" (by chance {chance:.0%})" if isinstance(chance, int | float) else ""
        lines.append(f"{cue.get('name', 'cue')}: {met} of {of} hits met{by_chance}")
    return lines


def _controls(layout: Any, controls: Any, desk: Desk, width: int) -> None:
    column = layout.column()
    column.enabled = desk.scoring.phase != "working"
    column.row().prop(controls, "scope", expand=True)
    column.use_property_split = True
    column.use_property_decorate = False
    column.prop(controls, "model")
    why_not = desk.scoring.choices.missing.get(controls.model.strip())
    if why_not:
        _say(column, why_not, width, icon="INFO")
    column.prop(controls, "style")
    column.prop(controls, "mood")
    row = column.row()
    row.prop(controls, "seed")
    row.operator("hitpoint.seed", text="", icon="FILE_REFRESH")
    row = column.row(heading="Loudness")
    row.prop(controls, "has_loudness", text="")
    field = row.row()
    field.active = controls.has_loudness
    field.prop(controls, "loudness", text="")
    column.prop(controls, "markers")


def _work(layout: Any, desk: Desk, width: int) -> None:
    scoring = desk.scoring
    if scoring.phase == "working":
        stage = f"{scoring.stage} {STAGES.index(scoring.stage) + 1} of {len(STAGES)}" * (
            scoring.stage in STAGES
        )
        layout.progress(factor=scoring.fraction, text=f"{stage or 'starting'}, {scoring.seconds:.0f} s")
        if scoring.text:
            _say(layout, scoring.text, width)
        layout.operator("hitpoint.cancel", icon="X")
        return
    row = layout.row()
    row.scale_y = 1.4
    try:
        desk.python()
    except HostError as error:
        row.enabled = False
        row.operator("hitpoint.score", icon="SOUND")
        _say(layout, str(error), width, icon="ERROR")
        return
    row.operator("hitpoint.score", icon="SOUND")


def _outcome(layout: Any, desk: Desk, width: int) -> None:
    scoring = desk.scoring
    if scoring.sentence:
        icon = "ERROR" if scoring.phase in ("failed", "stale") else "INFO"
        _say(layout, scoring.sentence, width, icon=icon)
    for note in scoring.notes:
        _say(layout, note, width, icon="INFO")
    if scoring.phase == "stale":
        row = layout.row(align=True)
        row.operator("hitpoint.place", text="Place Anyway").anyway = True
        row.operator("hitpoint.discard")
        return
    if scoring.landing is None or scoring.phase not in ("made", "placed", "failed"):
        if scoring.phase != "working" and desk.has_music():
            # Placed before the file was opened, or from the panel.
            layout.operator("hitpoint.remove")
        return
    box = layout.box()
    _result(box, scoring, width)
    row = box.row(align=True)
    if scoring.phase == "placed":
        row.operator("hitpoint.place", text="Place")
        row.operator("hitpoint.remove", text="Remove")
        row = box.row(align=True)
        row.operator("hitpoint.markers", text="Show Hits").show = True
        row.operator("hitpoint.markers", text="Hide Hits").show = False
    else:
        row.operator("hitpoint.place", text="Place")
        row.operator("hitpoint.discard")


def _result(box: Any, scoring: Scoring, width: int) -> None:
    summary = scoring.summary
    why = summary.get("why")
    _say(box, f"{summary.get('generator', '')}: {why}" if why else str(summary.get("generator", "")), width)
    if summary.get("style"):
        _say(box, f"style {summary['style']}, {scoring.seconds:.0f} s", width)
    for line in hits_told(summary):
        _say(box, line, width)
    for line in summary.get("degraded", ()):
        _say(box, str(line), width, icon="INFO")
    row = box.row()
    row.label(text=f"seed {scoring.seed}")
    row.operator("hitpoint.seed", text="Keep", icon="PINNED").last = True


def _say(layout: Any, text: str, width: int, *, icon: str = "NONE") -> None:
    """A sentence over as many lines as it needs: labels do not wrap."""
    column = layout.column(align=True)
    for index, line in enumerate(textwrap.wrap(text, width) or [""]):
        column.label(text=line, icon=icon if index == 0 else ("BLANK1" if icon != "NONE" else "NONE"))


def _letters(context: Any) -> int:
    region = getattr(context, "region", None)
    scale = context.preferences.system.ui_scale or 1.0
    width = region.width if region is not None else 280
    return max(_FEWEST, int((width - _MARGIN * scale) / (_LETTER * scale)))
