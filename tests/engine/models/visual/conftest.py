from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def own_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Every test has a cache of its own."""
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("HITPOINT_HOME", str(home))
    return home
