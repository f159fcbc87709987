"""The generators that can be chosen in the panel, each with what an editor wants to know of it."""

from __future__ import annotations

from collections.abc import Set
from typing import Any, Literal

from ...engine.models.library import choose_auto, installed
from ..generators import SKETCH
from ..model_list import ListedModel, listed_models

# What models are imported with, and nobody chooses.
_PARTS = frozenset({"codec", "text"})


def model_rows(use: Literal["any", "client"]) -> list[dict[str, Any]]:
    """The fields of `ui.ports.ModelRow`: sketch first, then what can be used now, then the rest."""
    best = choose_auto(use)
    auto = best.card.name if best is not None else SKETCH
    sketch = {
        "name": SKETCH,
        "title": "Sketch",
        "kind": SKETCH,
        "licence": "MIT",
        "commercial": True,
        "memory_bytes": None,
        "usable": True,
        "why_not": "",
        "reads_words": False,
        "is_auto": auto == SKETCH,
    }
    found = [model for model in listed_models() if model.kind not in _PARTS]
    plans = {card.name for card in installed() if card.config.decoder.plan_channels}
    rows = [_row(model, auto, plans) for model in sorted(found, key=lambda model: not model.usable)]
    return [sketch, *rows]


def _row(model: ListedModel, auto: str, plans: Set[str]) -> dict[str, Any]:
    return {
        "name": model.name,
        "title": model.name,
        "kind": model.kind,
        "licence": model.weights_licence,
        "commercial": model.commercial,
        "memory_bytes": model.memory_bytes,
        "usable": model.usable,
        "why_not": model.why_not,
        "reads_words": model.kind == "musicgen",
        "is_auto": model.name == auto,
        "follows_plan": model.name in plans,
    }
