"""`python -I -m hitpoint.engine.apart.child PARENT`: reads media for process PARENT, and may die of it."""

from __future__ import annotations

import faulthandler
import sys

from ..worker.channel import own_stdio
from ..worker.life import die_with_parent
from . import fence


def main() -> None:
    stdio = own_stdio()
    die_with_parent(int(sys.argv[1]))
    fence.close_in()
    fence.renew()
    faulthandler.enable(file=2)
    # Heavy, and inside the fence.
    from .serving import serve

    serve(*stdio)


if __name__ == "__main__":
    main()
