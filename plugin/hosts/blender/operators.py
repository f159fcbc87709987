"""What the buttons of the side bar do. bpy is given, so that this loads without."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..base import HostError
from .controls import controls_of
from .scoring import MOST_SEED

if TYPE_CHECKING:
    from .desk import Desk

Outcome = set[str]
_DONE: Outcome = {"FINISHED"}
_NOT: Outcome = {"CANCELLED"}


def classes(bpy: Any, desk: Desk) -> tuple[type, ...]:
    """They work at `desk`."""

    def told(operator: Any, work: Callable[[], object]) -> Outcome:
        """A HostError is shown as Blender shows errors; then there is nothing to undo."""
        try:
            work()
        except HostError as error:
            operator.report({"ERROR"}, str(error))
            return _NOT
        return _DONE

    class HITPOINT_OT_score(bpy.types.Operator):
        """Make music for the selected strips, or for the whole edit"""

        bl_idname = "hitpoint.score"
        bl_label = "Score"
        bl_options = {"REGISTER"}  # noqa: RUF012

        @classmethod
        def poll(cls, context: Any) -> bool:
            return desk.scoring.phase != "working"

        def execute(self, context: Any) -> Outcome:
            return told(self, desk.score)

    class HITPOINT_OT_cancel(bpy.types.Operator):
        """Stop making music; nothing is placed"""

        bl_idname = "hitpoint.cancel"
        bl_label = "Cancel"

        @classmethod
        def poll(cls, context: Any) -> bool:
            return desk.scoring.phase == "working"

        def execute(self, context: Any) -> Outcome:
            desk.scoring.cancel()
            return _DONE

    class HITPOINT_OT_place(bpy.types.Operator):
        """Put the music on free channels, one for each stem"""

        bl_idname = "hitpoint.place"
        bl_label = "Place Music"
        # One undo step for all strips and markers.
        bl_options = {"REGISTER", "UNDO"}  # noqa: RUF012
        __annotations__ = {
            "anyway": bpy.props.BoolProperty(
                name="Place Anyway",
                description="Though the edit is another than the one that was scored",
                options={"SKIP_SAVE"},
            )
        }

        @classmethod
        def poll(cls, context: Any) -> bool:
            return desk.scoring.landing is not None

        def execute(self, context: Any) -> Outcome:
            return told(self, lambda: desk.place(anyway=self.anyway))

    class HITPOINT_OT_remove(bpy.types.Operator):
        """Take the music away; strips that were worked on stay"""

        bl_idname = "hitpoint.remove"
        bl_label = "Remove Music"
        bl_options = {"REGISTER", "UNDO"}  # noqa: RUF012

        @classmethod
        def poll(cls, context: Any) -> bool:
            return desk.scoring.phase == "placed" or desk.has_music()

        def execute(self, context: Any) -> Outcome:
            return told(self, desk.remove)

    class HITPOINT_OT_markers(bpy.types.Operator):
        """Write the hits as markers, or take those away"""

        bl_idname = "hitpoint.markers"
        bl_label = "Hit Markers"
        bl_options = {"REGISTER", "UNDO"}  # noqa: RUF012
        __annotations__ = {"show": bpy.props.BoolProperty(name="Show", default=True, options={"SKIP_SAVE"})}

        @classmethod
        def poll(cls, context: Any) -> bool:
            return desk.scoring.phase == "placed"

        def execute(self, context: Any) -> Outcome:
            return told(self, lambda: desk.show_markers(self.show))

    class HITPOINT_OT_discard(bpy.types.Operator):
        """Forget this music; its files stay in their folder"""

        bl_idname = "hitpoint.discard"
        bl_label = "Discard"

        @classmethod
        def poll(cls, context: Any) -> bool:
            return desk.scoring.phase in ("stale", "failed", "made", "cancelled")

        def execute(self, context: Any) -> Outcome:
            desk.scoring.discard()
            return _DONE

    class HITPOINT_OT_seed(bpy.types.Operator):
        """Draw a new seed, or keep the one of the last music"""

        bl_idname = "hitpoint.seed"
        bl_label = "New Seed"
        bl_options = {"REGISTER", "UNDO"}  # noqa: RUF012
        __annotations__ = {"last": bpy.props.BoolProperty(name="Of the Last Music", options={"SKIP_SAVE"})}

        def execute(self, context: Any) -> Outcome:
            controls = controls_of(desk.scene())
            seed = desk.scoring.seed if self.last else secrets.randbelow(MOST_SEED + 1)
            controls.seed = "" if seed is None else str(seed)
            return _DONE

    class HITPOINT_OT_open_panel(bpy.types.Operator):
        """Open Hitpoint's own window beside Blender"""

        bl_idname = "hitpoint.open_panel"
        bl_label = "Open Panel"

        def execute(self, context: Any) -> Outcome:
            return told(self, desk.open_panel)

    return (
        HITPOINT_OT_score,
        HITPOINT_OT_cancel,
        HITPOINT_OT_place,
        HITPOINT_OT_remove,
        HITPOINT_OT_markers,
        HITPOINT_OT_discard,
        HITPOINT_OT_seed,
        HITPOINT_OT_open_panel,
    )
