"""What the launcher in Resolve's menu hands over to: the host's side, in Resolve's own Python. Standard
library only.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping

from ....engine.errors import HitpointError
from ..base import HostError
from ..serving import open_panel
from .api import Resolve
from .seen import remember
from .starting import StartedHost


def serve(resolve: Resolve, installed: Mapping[str, str]) -> str:
    """Open the panel, and answer it until it or Resolve ends. `installed` is what the launcher was given (see
    `launcher.INSTALLED`). What the user has to know, "" without."""
    try:
        host = StartedHost(resolve, folder=installed["folder"], road="script")
        try:
            remember(host.facts())
            serving = open_panel(host, installed["python"], "resolve")
            serving.serve_forever()
            return serving.problem()
        finally:
            host.close()
    except HostError as error:
        if error.kind == "busy":
            # A second click: the window that came to the front says enough, and this is for the console.
            sys.stdout.write(f"Hitpoint: {error}\n")
            return ""
        return str(error)
    except HitpointError as error:
        return str(error)
