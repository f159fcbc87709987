"""A panel without a window, started by a program: `python made_panel.py LOG [WHAT]`.

A line of LOG each for what it is told, and for its own steps. WHAT: "asks" reads the timeline without end,
"once" reads it and ends, "babbles" writes what is no message, "fails" ends at once with a sentence, "deaf"
does not end when asked to.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from pathlib import Path

from hitpoint.engine.worker.channel import own_stdio
from hitpoint.plugin.hosts.base import HostError
from hitpoint.plugin.hosts.piped import PipedHost
from hitpoint.plugin.hosts.wire import END

_LOG = Path(sys.argv[1])


def say(text: str) -> None:
    with _LOG.open("a") as file:
        file.write(f"{os.getpid()} {text}\n")


def main(what: str) -> None:
    stdio = own_stdio()
    if what == "fails":
        sys.stderr.write("a line before\nhitpoint: the panel needs a screen:\nplug one in\n")
        sys.exit(2)
    if what == "babbles":
        os.write(stdio[1], b"HTTP/1.1 200 OK\r\n\r\n" * 40)
        time.sleep(60)
    over = threading.Event()

    def told(event: str) -> None:
        say(event)
        if event == END and what != "deaf":
            over.set()

    host = PipedHost("resolve", *stdio, glance_s=0.05)
    host.heed(told)
    say(f"opened {host.known_facts().title}")
    while not over.wait(0.001):
        if what in ("asks", "once"):
            try:
                host.read()
                say("read")
                if what == "once":
                    break
            except HostError as error:
                say(f"{error.kind} {host.standing().how}")
                over.wait(60)
    host.close()
    say("ended")


if __name__ == "__main__":
    main(sys.argv[2] if len(sys.argv) > 2 else "")
