"""Ends with one sentence where Qt lacks something of the system: pytest-qt would end with a traceback."""

from __future__ import annotations

import sys

from hitpoint.engine.errors import OptionError
from hitpoint.plugin.panel_command import check_parts


def main() -> int:
    try:
        check_parts()
    except OptionError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
