"""The panel's tests need no screen."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from fakes.kit import Kit, make_kit
from PyQt6.QtWidgets import QApplication

if "DISPLAY" not in os.environ:
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")


@pytest.fixture
def kit(qapp: QApplication, tmp_path: Path) -> Iterator[Kit]:
    """A panel on fakes with a made timeline of 12 shots of 48 frames, not opened yet."""
    made = make_kit(tmp_path)
    yield made
    made.model.close()
