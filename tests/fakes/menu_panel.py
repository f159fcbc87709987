"""A panel without a window that does one round and ends: `python menu_panel.py LOG [WHAT]`, started by a
program. It reads the timeline, places a stem over its first two seconds, reads that back, and writes to LOG,
as JSON, what it was told. WHAT "stays": it does nothing until the program ends.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import time
import wave
from pathlib import Path

from hitpoint.engine.types import Placement
from hitpoint.engine.worker.channel import own_stdio
from hitpoint.plugin.hosts.base import Landing
from hitpoint.plugin.hosts.piped import PipedHost

_RATE_HZ = 48_000


def stem(folder: Path, seconds: int) -> Path:
    path = folder / "pads.wav"
    with wave.open(str(path), "wb") as file:
        file.setparams((2, 2, _RATE_HZ, 0, "NONE", ""))
        file.writeframes(b"\1\0\1\0" * (_RATE_HZ * seconds))
    return path


def main(log: Path, what: str) -> None:
    host = PipedHost("resolve", *own_stdio(), glance_s=0.05)
    facts = host.known_facts()
    told = {"title": facts.title, "road": facts.road, "python": facts.python, "pid": os.getpid()}
    if what == "stays":
        log.write_text(json.dumps(told))
        while host.standing().how != "gone":
            time.sleep(0.02)
        return
    read = host.read()
    path = stem(log.parent, 4)
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    placement = Placement("Stem: pads", "1m1", "pads", str(path), sha256, 0, 48, 0, 96)
    landing = Landing("job-1", "sketch, seed 7", read.rate, (placement,), (), read.ident, read.seen)
    told["added"] = list(host.place(landing).added)
    told["off"] = list(host.verify("job-1"))
    told["frames"] = read.frames
    log.write_text(json.dumps(told))
    host.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else "")
