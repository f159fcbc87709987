"""The panel's tests need no screen, and keep their own files."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

if "DISPLAY" not in os.environ:
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HITPOINT_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("HITPOINT_DEBUG", raising=False)
    return tmp_path / "home"
