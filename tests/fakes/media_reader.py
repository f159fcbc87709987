"""A media reader whose decoder does what the name of the file says: for tests of what becomes of it.

python -I media_reader.py PARENT
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Generator
from pathlib import Path
from typing import Any

import numpy as np

from hitpoint.engine.apart import fence, serving
from hitpoint.engine.apart.watch import Watch
from hitpoint.engine.errors import InputError
from hitpoint.engine.worker.channel import own_stdio
from hitpoint.engine.worker.life import die_with_parent


def items(given: dict[str, Any], watch: Watch) -> Generator[serving.Item]:
    """Numbers as pixels, until item `at`; then what the file is called after."""
    path = Path(given["path"])
    for number in range(given["count"]):
        if number == given["at"]:
            _act(path, watch)
        watch.alive()
        yield {"times_s": [str(number)]}, [np.full((1, 2, 2, 3), number, np.uint8)]


def _act(path: Path, watch: Watch) -> None:
    if path.stem == "crash":
        os.kill(os.getpid(), signal.SIGSEGV)
    elif path.stem == "crash-once" and not path.with_suffix(".died").exists():
        path.with_suffix(".died").touch()
        os.kill(os.getpid(), signal.SIGKILL)
    elif path.stem == "stall":
        time.sleep(3600)
    elif path.stem == "busy":
        while True:
            watch.alive()
    elif path.stem == "bomb":
        bytearray(64 << 30)
    elif path.stem == "refused":
        raise InputError(f"'{path.name}' is no film")
    elif path.stem == "garbage":
        os.write(int(os.environ["HITPOINT_TEST_PIPE"]), b"\xff" * 64)
    elif path.stem == "fault":
        raise AssertionError("a decoder's own mistake")


def main() -> None:
    reads, writes = own_stdio()
    os.environ["HITPOINT_TEST_PIPE"] = str(writes)
    die_with_parent(int(sys.argv[1]))
    fence.close_in()
    serving._OPENERS.update(dict.fromkeys(serving._OPENERS, items))
    serving.serve(reads, writes)


if __name__ == "__main__":
    main()
