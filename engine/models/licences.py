"""What may be done with the music of a model."""

from __future__ import annotations

from typing import Literal

from ..errors import OptionError
from .card import ModelCard

Use = Literal["any", "client"]


def refuse_unless_allowed(card: ModelCard, use: Use) -> None:
    """OptionError when `use` is "client" and the weights' licence does not allow music that is sold."""
    if use != "client" or card.commercial:
        return
    if card.commercial is None:
        raise OptionError(
            f"--use client refuses the model '{card.name}': nobody said whether music made with its weights "
            f"({card.weights_licence}) may be sold; choose another with --model, or sketch"
        )
    raise OptionError(
        f"--use client refuses the model '{card.name}': its weights are {card.weights_licence}, which "
        "forbids commercial work; choose another with --model, or sketch"
    )


def allowed(card: ModelCard, use: Use) -> bool:
    return use != "client" or card.commercial is True
