"""After a run has been placed: what its timeline needs is noted, and room is made for the next."""

from __future__ import annotations

from ..engine.errors import HitpointError
from ..engine.log import record
from ..engine.progress import Cancel
from ..engine.store.journal import Journal
from ..engine.store.upkeep import tend
from .deliver import NAMES
from .score import Scored
from .settings import resolve


def note_placed(journal: Journal, done: Scored) -> None:
    """The scored timeline refers to its stems from now on: they are kept as long as it is there. OutputError
    for a broken journal."""
    stems = [stem["sha256"] for cue in done.report["cues"] for stem in cue["stems"]]
    for name in set(NAMES.values()) & set(done.files):
        journal.refer(str(done.folder / name), stems)


def make_room() -> None:
    """Bring what is kept under the limit of the settings, where it is over. The run is finished, so what goes
    wrong is for the log only."""
    try:
        tend(most_bytes(), Cancel())
    except HitpointError as error:
        record("no room made", {"how": str(error)})


def most_bytes() -> int:
    """Of kept results and other cached files. OptionError for a setting that cannot be."""
    limit_gb: float = resolve({})["cache_gb"]
    return round(limit_gb * 1e9)
