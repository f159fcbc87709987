"""`hitpoint panel`: the window beside the timeline."""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..engine.errors import InputError, OptionError
from .settings import resolve

if TYPE_CHECKING:
    from .console import Console

Commands = Any  # argparse's own type of subparsers is private

HOSTS = ("files", "resolve", "blender")
INSTALL = "pip install 'hitpoint[panel]'"
# What Qt loads of a bare Debian or Ubuntu; the same names stand in docs/panel.md.
LIBRARIES = (
    "libegl1 libgl1 libxkbcommon0 libxkbcommon-x11-0 libxcb-cursor0 libxcb-icccm4 libxcb-keysyms1 "
    "libxcb-shape0 libxcb-xkb1 libxcb-render-util0 libxcb-image0 libxcb-randr0 libdbus-1-3 libpulse0 "
    "fonts-dejavu-core"
)
# All that the panel loads of PyQt6.
_PARTS = ("QtCore", "QtGui", "QtWidgets", "QtMultimedia")


def add_panel(commands: Commands) -> None:
    """`hitpoint panel [TIMELINE]`."""
    panel = commands.add_parser("panel", help="the panel: see, score and hear a cut", allow_abbrev=False)
    panel.add_argument("source", nargs="?", type=Path, metavar="TIMELINE", help="what to open")
    panel.add_argument(
        "--host", choices=HOSTS, default="files", help="the program that holds the timeline (default: files)"
    )
    panel.add_argument(
        "--watch", type=Path, metavar="DIR", help="offer timelines that the program exports into DIR"
    )
    panel.add_argument(
        "--connected", action="store_true", help="for the program that starts us: it answers on stdin, stdout"
    )
    panel.set_defaults(run=_panel)


def _panel(options: argparse.Namespace, console: Console) -> None:
    # Before anything else is loaded: what it prints must not come between messages.
    stdio = _stdio(options) if options.connected else None
    check_parts()
    check_screen()
    source = options.source.absolute() if options.source is not None else None
    if source is not None and not source.exists():
        raise InputError(f"'{source}' was not found: give a timeline like cut.otio, or a film")
    # A program that answers needs no exports.
    watched = _watched(options.watch) if stdio is None else ""
    from .panel.app import run
    from .panel.programs import Beside

    run(os.fspath(source) if source is not None else None, Beside(options.host, stdio, watched))


def _watched(given: Path | None) -> str:
    """The folder of the command line, else of the setting `watch`, as an absolute path; "" for none."""
    asked = resolve({"watch": given})["watch"]
    if not asked:
        return ""
    folder = Path(asked).expanduser().absolute()
    if not folder.is_dir():
        raise InputError(
            f"'{folder}' is no folder: make it, or give the one that timelines are exported into"
        )
    return os.fspath(folder)


def _stdio(options: argparse.Namespace) -> tuple[int, int]:
    if options.host == "files":
        raise OptionError("--connected needs the program that answers: --host resolve or --host blender")
    if options.watch is not None:
        raise OptionError("--watch is for programs that cannot answer: leave out --connected")
    if sys.stdin is not None and sys.stdin.isatty():
        raise OptionError(
            "--connected is for the program that starts the panel, and answers on its stdin: leave it out"
        )
    from ..engine.worker.channel import own_stdio

    return own_stdio()


def check_parts() -> None:
    """OptionError, with what to install, where PyQt6 or a library that it needs is missing."""
    for part in _PARTS:
        try:
            importlib.import_module(f"PyQt6.{part}")
        except ModuleNotFoundError as error:
            raise OptionError(f"the panel needs PyQt6: run {INSTALL}") from error
        except ImportError as error:
            # "libEGL.so.1: cannot open shared object file: No such file or directory"
            missing = str(error).partition(":")[0]
            raise OptionError(
                f"PyQt6 cannot be loaded ({missing}): on Debian and Ubuntu run apt install {LIBRARIES}"
            ) from error
        if part == "QtCore":
            from .panel.fault import heed_qt

            # Those that follow talk while they are loaded.
            heed_qt()


def check_screen() -> None:
    """OptionError where there is no screen to show a window on."""
    known = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    if sys.platform == "linux" and not any(os.environ.get(name) for name in known):
        raise OptionError(
            "there is no screen here for a window: start it on a desktop, or use hitpoint score without one"
        )
