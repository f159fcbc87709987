"""Pieces that the built-in composer makes of a small made film."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import pytest

from hitpoint.engine.evaluate.gates.piece import Piece
from tools.gate_takes import take


@cache
def _sketched(style: str, seed: int) -> Piece:
    return take(style, seed).piece


@pytest.fixture(scope="session")
def sketched() -> Callable[[str, int], Piece]:
    """`sketched(style, seed)`: a 24-s film scored by the built-in composer and finished, two seconds of
    handle on both sides; made once a run."""
    return _sketched
