"""Reads the files named on its stdin, and says of each what came of it: `python -m tools.torture.reader`."""

from __future__ import annotations

import sys
from pathlib import Path

from hitpoint.engine.errors import UserError
from hitpoint.engine.timebase import Rate
from hitpoint.plugin.timeline.read import read_timeline
from hitpoint.plugin.timeline.select import select_cues


def said(path: Path) -> str:
    """ "read", "refused: SENTENCE", or "fault: CLASS": the last must never be."""
    try:
        document = read_timeline(path, rate=Rate(25) if path.suffix == ".edl" else None)
        select_cues(document)
    except UserError as error:
        return f"refused: {error}"
    except Exception as error:  # noqa: BLE001  it is what we look for
        return f"fault: {type(error).__name__}: {error}"
    return "read"


def main() -> None:
    for line in sys.stdin:
        answer = said(Path(line.rstrip("\n")))
        print(" ".join(answer.split()), flush=True)


if __name__ == "__main__":
    main()
