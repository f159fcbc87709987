"""Hitpoint's entry in DaVinci Resolve's menu Workspace > Scripts.

The copy that 'hitpoint hosts install resolve' puts there runs in whatever Python Resolve has found: this file
keeps to Python 3.6 and the standard library, and everything else lies in a folder of Hitpoint's own.
"""
# ruff: noqa: UP006, UP035, UP045

import builtins
import importlib
import os
import shutil
import subprocess
import sys
import types
from pathlib import Path
from typing import Any, Dict, Optional

# Filled in by the installation; empty in Hitpoint's own copy, which does nothing.
#   side     folder of the host's side       python   the engine's interpreter
#   version  of Hitpoint                     home     HITPOINT_HOME, "" without
#   folder   for timelines and stems, "" for the usual one
#   modules  folder of DaVinciResolveScript.py
INSTALLED = {}  # type: Dict[str, str]

OLDEST = (3, 10)
TITLE = "Hitpoint"
AGAIN = "run 'hitpoint hosts install resolve' again"


def main(given: Dict[str, Any], installed: Dict[str, str]) -> str:
    """Serve Resolve to the panel until either ends. `given` are the names that Resolve gives its scripts.
    What the user has to know, "" without."""
    why = not_here(installed)
    if why:
        return why
    resolve = find_resolve(given, installed["modules"])
    if resolve is None:
        return (
            "DaVinci Resolve does not answer: start Hitpoint from its menu Workspace > Scripts; the edition "
            "of the Mac App Store cannot run scripts"
        )
    if installed["home"]:
        # Set in a terminal, and unknown to programs that are started from a menu.
        os.environ.setdefault("HITPOINT_HOME", installed["home"])
    written, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        run = load(installed["side"])
        return str(run.serve(resolve, installed))
    finally:
        sys.dont_write_bytecode = written


def not_here(installed: Dict[str, str]) -> str:
    """Why nothing can be started here, "" where it can."""
    if sys.version_info[:2] < OLDEST:
        return (
            "DaVinci Resolve runs its scripts with Python {}.{}, and Hitpoint needs 3.10 or newer there: "
            "install Python 3.12 from python.org and start Resolve again; 'hitpoint hosts doctor resolve' "
            "says more"
        ).format(*sys.version_info[:2])
    if not Path(installed["side"]).is_dir():
        return "Hitpoint's folder '{}' is gone: {}".format(installed["side"], AGAIN)
    if not Path(installed["python"]).is_file():
        return "the engine's Python '{}' is gone: {}".format(installed["python"], AGAIN)
    return ""


def find_resolve(given: Dict[str, Any], modules: str) -> Optional[Any]:
    """The first of Resolve's own ways that has an answer; None where none has."""
    if given.get("resolve") is not None:
        return given["resolve"]
    for name, method, words in (
        ("bmd", "scriptapp", ("Resolve",)),
        ("fusion", "GetResolve", ()),
        ("app", "GetResolve", ()),
    ):
        # Asked by dir: these objects say yes to any name.
        if method in dir(given.get(name)):
            found = getattr(given[name], method)(*words)
            if found is not None:
                return found
    return script_module(modules)


def script_module(modules: str) -> Optional[Any]:
    """Resolve by the vendor's own module, from folder `modules` where it cannot be imported otherwise."""
    added = Path(modules).is_dir() and modules not in sys.path
    if added:
        sys.path.append(modules)
    try:
        return importlib.import_module("DaVinciResolveScript").scriptapp("Resolve")
    except ImportError:
        return None
    finally:
        if added:
            sys.path.remove(modules)


def load(side: str) -> Any:
    """The module that serves, from folder `side` and from nowhere else: what an earlier click has loaded may
    be of an earlier version."""
    for name in [name for name in sys.modules if name.partition(".")[0] == "hitpoint"]:
        del sys.modules[name]
    package = types.ModuleType("hitpoint")
    package.__path__ = [side]
    sys.modules["hitpoint"] = package
    return importlib.import_module("hitpoint.plugin.hosts.resolve.run")


def tell(text: str) -> None:
    """Print for Resolve's console, which is mostly closed, and show a window of the system: windows made by
    Resolve are for Studio only."""
    print(f"{TITLE}: {text}")  # noqa: T201  it is what Resolve shows of a script
    if sys.platform == "win32":
        import ctypes

        ctypes.windll.user32.MessageBoxW(None, text, TITLE, 0x40)
        return
    if sys.platform != "darwin" and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        return
    for words in windows(text):
        if shutil.which(words[0]):
            clean = {key: value for key, value in os.environ.items() if key != "LD_LIBRARY_PATH"}
            subprocess.call(words, env=clean, stderr=subprocess.DEVNULL)
            return


def windows(text: str) -> Any:
    """Commands that show `text` and wait until it was read, the system's own first."""
    if sys.platform == "darwin":
        shown = 'display dialog (item 1 of argv) with title "{}" buttons {{"OK"}} default button 1'
        lines = ["on run argv", shown.format(TITLE), "end run"]
        return [["osascript"] + [word for line in lines for word in ("-e", line)] + [text]]
    return [
        ["zenity", "--info", "--no-markup", "--title", TITLE, "--text", text],
        ["kdialog", "--title", TITLE, "--msgbox", text],
        ["xmessage", "-center", text],
    ]


def start(given: Dict[str, Any], installed: Dict[str, str]) -> None:
    """What a click on the menu does."""
    try:
        said = main(given, installed)
    except Exception as error:  # noqa: BLE001  the border to Resolve: nobody sees a traceback there
        said = f"Hitpoint could not be started ({type(error).__name__}: {error}): {AGAIN}"
    if said:
        tell(said)


if INSTALLED:
    start(dict(vars(builtins), **globals()), INSTALLED)
