"""The models that there are and those on this machine, for programs: the answer to `models`."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ListedModel:
    """One model. None where nobody told us.

    kind            gvmgen, musicgen; codec and text are parts that models are imported with
    commercial      whether music made with it may be sold
    weights_sha256  of the checkpoint as it was imported; "" where it is not on this machine
    bytes           of all its files
    memory_bytes    a bound on what running it takes
    origin          published, random (noise, for tests), trained (by Hitpoint)
    usable          whether `hitpoint score --model NAME` would run it now
    why_not         where it would not: what to do, one sentence
    """

    name: str
    kind: str
    weights_licence: str
    commercial: bool | None
    weights_sha256: str
    bytes: int | None
    memory_bytes: int | None
    origin: str
    usable: bool
    why_not: str = ""


def listed_models() -> list[ListedModel]:
    """Published ones first, in the manifest's order, then a user's own by name, then what is damaged."""
    from ..engine.models.library import broken, find_part, installed, needed_bytes
    from ..engine.models.published import published

    here = {
        card.name: ListedModel(
            card.name,
            card.config.kind,
            card.weights_licence,
            card.commercial,
            card.weights_sha256,
            sum(fact.bytes for fact in card.files.values()),
            needed_bytes(card),
            card.origin,
            usable=True,
        )
        for card in installed()
    }
    damaged = {
        name: ListedModel(
            name, "", "", None, "", None, None, "", usable=False,
            why_not=f"'{name}' is damaged: import it again (hitpoint models check says what is wrong)",
        )
        for name in broken()
    }  # fmt: skip
    found = []
    for entry in published():
        if entry.name in here:
            found.append(here.pop(entry.name))
            continue
        if entry.name in damaged:
            why_not = damaged.pop(entry.name).why_not
        elif entry.is_part and find_part(entry.name) is not None:
            why_not = f"'{entry.name}' is a part that models are imported with: choose a model"
        elif entry.repository:
            why_not = f"'{entry.name}' is not on this machine: run hitpoint models get {entry.name}"
        else:
            why_not = f"'{entry.name}' is not on this machine: run hitpoint models import DIR"
        found.append(
            ListedModel(
                entry.name,
                entry.kind,
                entry.weights_licence,
                entry.commercial,
                "",
                entry.bytes,
                entry.memory_bytes,
                "published",
                usable=False,
                why_not=why_not,
            )
        )
    return [*found, *here.values(), *damaged.values()]
