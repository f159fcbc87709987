"""Where previews lie: outside the run's folder, which moves when it is finished while somebody still listens.

A preview can be made again and belongs to nothing: it may be removed at any time, and its age says when.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from ..paths import cache_dir
from ..progress import Heard, nobody
from .durable import durable_write

# 128 bits name a file that is never looked up by its name.
_NAME = 32


def previews_dir() -> Path:
    return cache_dir() / "previews"


def lasting(heard: Heard) -> Heard:
    """Tells `heard` of copies that stay; nobody, where nobody hears."""
    if heard is nobody:
        return nobody
    return lambda path, from_s, to_s: heard(str(keep_preview(Path(path))), from_s, to_s)


def keep_preview(path: Path) -> Path:
    """A copy of the WAV `path` that stays when that goes, named by its bytes: the same sound lies there once.

    OutputError when the disk refuses.
    """
    data = path.read_bytes()
    kept = previews_dir() / f"{hashlib.sha256(data).hexdigest()[:_NAME]}.wav"
    durable_write(kept, data)
    return kept
