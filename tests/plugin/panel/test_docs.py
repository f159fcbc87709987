"""docs/panel.md says what is so."""

from __future__ import annotations

import re

import layers
from hitpoint.plugin import panel_command
from hitpoint.ui.text import tr
from hitpoint.ui.views.shortcuts import SHORTCUTS

PAGE = (layers.ROOT / "docs" / "panel.md").read_text(encoding="utf-8")
PLACES = {"anywhere": "", "strip": " (strip)", "takes": " (takes)"}


def table() -> str:
    rows = [
        f"| {' or '.join(f'`{key}`' for key in one.keys)} | {tr(f'action.{one.action}')}{PLACES[one.where]} |"
        for one in SHORTCUTS
        if one.keys
    ]
    return "\n".join(["| key | what |", "|---|---|", *rows])


def test_the_table_of_keys_is_that_of_the_panel() -> None:
    found = re.search(r"<!-- keys: .*?-->\n(.*?)\n<!-- end of keys -->", PAGE, re.DOTALL)
    assert found is not None
    assert found[1].strip() == table(), f"put this into docs/panel.md:\n{table()}"


def test_the_packages_that_qt_needs_are_those_that_the_command_and_ci_name() -> None:
    ci = " ".join((layers.ROOT / ".ci" / "run").read_text().replace("\\\n", " ").split())
    assert f"apt install {panel_command.LIBRARIES}\n" in PAGE
    assert set(panel_command.LIBRARIES.split()) <= set(ci.split())
    assert panel_command.INSTALL in PAGE
