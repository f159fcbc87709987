"""`python -I -m hitpoint.engine.worker.main --parent PID [--limits JSON] -- WORD...`: the supervisor.

WORD... starts a worker; the supervisor adds its own number.
"""

from __future__ import annotations

import argparse
import os

from ..log import record_fault
from .channel import Channel, own_stdio
from .life import watch_parent
from .limits import Limits
from .supervisor import Supervisor


def main() -> None:
    stdio = own_stdio()
    parser = argparse.ArgumentParser()
    parser.add_argument("--parent", type=int, required=True)
    parser.add_argument("--limits", type=Limits.of, default=Limits())
    parser.add_argument("words", nargs="+")
    options = parser.parse_args()
    supervisor = Supervisor(options.words, options.limits)
    # Not the system's tie: it is to the thread that started us, and a client's threads come and go.
    watch_parent(options.parent, os.getppid, lambda: supervisor.events.put(("client", 0, None)))
    supervisor.client = Channel(*stdio, lambda message: supervisor.events.put(("client", 0, message)))
    supervisor.client.start()
    try:
        supervisor.run()
    except Exception as error:
        record_fault(error)  # the client sees its pipe close, and the log has why
        raise


if __name__ == "__main__":
    main()
