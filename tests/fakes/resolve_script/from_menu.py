"""Runs a script as Resolve's Scripts menu does: `python from_menu.py SCRIPT`, with `resolve`, `fusion`, `bmd`
and `app` as globals of it."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path
from types import SimpleNamespace

sys.path.insert(0, str(Path(__file__).resolve().parent))

import DaVinciResolveScript as script


def main(words: list[str]) -> None:
    resolve = script.fake_resolve().resolve
    fusion = SimpleNamespace(GetResolve=lambda: resolve)
    bmd = SimpleNamespace(scriptapp=lambda name: resolve if name == "Resolve" else None)
    sys.argv = words
    sys.path.pop(0)
    given = {"resolve": resolve, "fusion": fusion, "fu": fusion, "bmd": bmd, "app": fusion}
    runpy.run_path(words[0], init_globals=given, run_name="__main__")


if __name__ == "__main__":
    main(sys.argv[1:])
