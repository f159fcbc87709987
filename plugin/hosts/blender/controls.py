"""What the user chooses in the side bar, kept with the scene. bpy is given, so that this loads without."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..base import HostError
from .scoring import AUTO, MOST_SEED, Wanted

if TYPE_CHECKING:
    from .desk import Desk

# Of the scene: a name that none of our custom properties has.
ATTRIBUTE = "hitpoint_controls"
_TEXT = 200


def classes(bpy: Any, desk: Desk) -> tuple[type, ...]:
    """`desk` is what the lists of names are asked from: `desk.scoring.choices`."""

    def models(self: Any, context: Any, typed: str) -> list[str]:
        return list(desk.scoring.choices.models)

    def styles(self: Any, context: Any, typed: str) -> list[str]:
        return list(desk.scoring.choices.styles)

    props = bpy.props

    class HITPOINT_PG_controls(bpy.types.PropertyGroup):
        __annotations__ = {
            "scope": props.EnumProperty(
                name="Score",
                items=(
                    ("SELECTED", "Selected Strips", "From the first selected strip to the last"),
                    ("WHOLE", "Whole Edit", "All of the edit"),
                ),
                default="SELECTED",
            ),
            "model": props.StringProperty(
                name="Generator",
                description="auto, sketch, or a model of 'hitpoint models list'",
                default=AUTO,
                maxlen=_TEXT,
                search=models,
            ),
            "style": props.StringProperty(
                name="Style",
                description="auto: chosen from the picture",
                default=AUTO,
                maxlen=_TEXT,
                search=styles,
            ),
            "mood": props.StringProperty(
                name="Mood", description="Words like dark, hopeful, epic", maxlen=_TEXT
            ),
            "seed": props.StringProperty(
                name="Seed",
                description="Empty: that of the scene's music so far, or a new one",
                maxlen=_TEXT,
            ),
            "has_loudness": props.BoolProperty(
                name="Set Loudness", description="Off: -16 LUFS, or 15 LU under speech"
            ),
            "loudness": props.FloatProperty(
                name="Loudness", description="Of the mix, in LUFS", min=-40, max=-6, default=-16, precision=1
            ),
            "markers": props.BoolProperty(
                name="Hit Markers", description="Mark the hits of the music on the timeline", default=True
            ),
        }

    return (HITPOINT_PG_controls,)


def attach(bpy: Any, group: type) -> None:
    setattr(bpy.types.Scene, ATTRIBUTE, bpy.props.PointerProperty(type=group))


def detach(bpy: Any) -> None:
    if hasattr(bpy.types.Scene, ATTRIBUTE):
        delattr(bpy.types.Scene, ATTRIBUTE)


def controls_of(scene: Any) -> Any:
    return getattr(scene, ATTRIBUTE)


def wanted_of(controls: Any, use: str) -> Wanted:
    """HostError where a text cannot be sent to the engine."""
    for text in (controls.model, controls.style, controls.mood):
        if not text.isprintable():
            raise HostError("generator, style and mood are words in one line: type them again")
    return Wanted(
        controls.model.strip() or AUTO,
        controls.style.strip() or AUTO,
        controls.mood.strip(),
        _seed(controls.seed.strip()),
        round(controls.loudness, 1) if controls.has_loudness else None,
        use,
        controls.markers,
    )


def _seed(text: str) -> int | None:
    if not text:
        return None
    if not text.isdecimal() or int(text) > MOST_SEED:
        raise HostError(f"the seed '{text}' is no whole number from 0 to {MOST_SEED}: type one, or none")
    return int(text)
