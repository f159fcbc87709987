"""Pictures of the panel at work on the demo film, for the README: `python -m tools.screenshots [FOLDER]`.

The real panel with its engines; under a screen (or xvfb-run) with real windows, else offscreen.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

MOST_BYTES = 400_000
SIZE = (1280, 720)
# With the stems of a take under each other.
TALL = (1280, 900)
# Opening reads and looks at the film, a take is composed and played: minutes on a slow machine.
PATIENCE_MS = 600_000


def main(folder: Path) -> None:
    if "DISPLAY" not in os.environ and sys.platform.startswith("linux"):
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from PyQt6.QtCore import QDeadlineTimer, QEventLoop

    from hitpoint.plugin.panel.app import application, close_panel, make_panel

    app = application()
    window, model = make_panel()

    def wait(what: str, ready: Callable[[], bool]) -> None:
        deadline = QDeadlineTimer(PATIENCE_MS)
        while not ready():
            app.processEvents(
                QEventLoop.ProcessEventsFlag.AllEvents | QEventLoop.ProcessEventsFlag.WaitForMoreEvents, 50
            )
            if model.state == "failed" and model.problem is not None:
                sys.exit(f"the demo film was not opened: {model.problem.text}")
            if deadline.hasExpired():
                sys.exit(f"gave up waiting for {what}")

    def rest() -> None:
        """Until what came late, thumbnails above all, has been drawn."""
        deadline = QDeadlineTimer(3000)
        while not deadline.hasExpired():
            app.processEvents(QEventLoop.ProcessEventsFlag.AllEvents, 50)

    def take(seed: int) -> None:
        model.controls.set(seed=seed)
        before = len(model.takes.takes)
        model.work.generate()
        wait("a take", lambda: len(model.takes.takes) > before or failed())

    def failed() -> bool:
        for one in model.work.rows:
            if one.state == "failed" and one.problem is not None:
                sys.exit(f"no take was made: {one.problem.text}")
        return False

    def save(name: str) -> None:
        rest()
        path = folder / f"{name}.png"
        if not window.grab().save(str(path), "PNG", 0):
            sys.exit(f"{path} could not be written")
        print(f"{path}  {path.stat().st_size / 1000:.0f} KB")
        if path.stat().st_size > MOST_BYTES:
            sys.exit(f"{path} is larger than {MOST_BYTES / 1000:.0f} KB")

    folder.mkdir(parents=True, exist_ok=True)
    window.resize(*SIZE)
    window.show()
    try:
        model.open_demo()
        wait("the demo film", lambda: model.state == "open" and model.timeline is not None)
        if model.cues.current is None and model.timeline is not None:
            model.cues.add(0, model.timeline.frames)
        model.strip.fit_all()
        wait("the plan", lambda: model.spot.planned is not None and not model.spot.busy)
        take(1)
        take(2)
        wait("waveforms", lambda: len(model.takes.peaks) == len(model.takes.takes))
        if model.timeline is not None:
            model.transport.seek(model.timeline.frames // 3)
        for theme in ("light", "dark"):
            window.choose_theme(theme)  # type: ignore[arg-type]
            save(f"panel-{theme}")
        window.choose_theme("light")
        window.resize(*TALL)
        next(iter(window.takes.rows.values())).set_open(True)
        save("panel-takes")
    finally:
        close_panel(window, model)


if __name__ == "__main__":
    # Nothing of the user's own is touched or seen.
    with tempfile.TemporaryDirectory() as home:
        os.environ["HITPOINT_HOME"] = home
        main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path("docs/images"))
