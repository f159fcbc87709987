"""Installs the extension, turns it off and on, and takes it away: `life.py ZIP PYTHON`."""

from __future__ import annotations

import sys

import bpy
from extension import MODULE, desk, drawn, install, preferences, step_until, tell

NAMES = ("HITPOINT_PT_score", "HITPOINT_OT_score", "HITPOINT_OT_place", "HITPOINT_OT_open_panel")


def there() -> list[bool]:
    """Whether Blender has anything of ours."""
    return [
        *(hasattr(bpy.types, name) for name in NAMES),
        hasattr(bpy.types.Scene, "hitpoint_controls"),
        any(MODULE in str(handler.__module__) for handler in bpy.app.handlers.load_pre),
    ]


def main() -> None:
    # Found once bpy is loaded.
    import addon_utils

    before = set(sys.modules)
    install(sys.argv[1])
    loaded = {name.partition(".")[0] for name in set(sys.modules) - before}
    tell(loaded=sorted(loaded - set(sys.stdlib_module_names)))
    tell(enabled=there(), online=bpy.app.online_access, timers=bpy.app.timers.is_registered(desk().timer))
    layout = drawn()
    tell(without_engine=layout.said)
    preferences().python = sys.argv[2]
    layout = drawn()
    tell(with_engine=layout.said, asked=layout.asked, timers=bpy.app.timers.is_registered(desk().timer))
    step_until(lambda: len(desk().scoring.choices.styles) > 1 or bool(desk().scoring.sentence))
    tell(models=list(desk().scoring.choices.models), styles=list(desk().scoring.choices.styles))
    tell(missing=dict(desk().scoring.choices.missing))
    for _ in range(2):
        timer = desk().timer
        addon_utils.disable(MODULE, default_set=True)
        tell(disabled=there(), timers=bpy.app.timers.is_registered(timer))
        addon_utils.enable(MODULE, default_set=True)
        tell(enabled=there())
    addon = sys.modules[f"{MODULE}.plugin.hosts.blender.addon"]
    addon.register(MODULE)
    tell(enabled=there())
    repos = bpy.context.preferences.extensions.repos
    number = next(index for index, repo in enumerate(repos) if repo.module == "user_default")
    done = bpy.ops.extensions.package_uninstall(repo_index=number, pkg_id="hitpoint")
    tell(uninstalled=sorted(done), disabled=there())


main()
