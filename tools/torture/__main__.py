"""What is done to the engine, and what held: `python -m tools.torture [--full] [--only GROUP] [--seconds N]`.

Without --full at most about N seconds (280): each group has its share, does as many trials as fit, and says
how many those were. With it the full counts. Ends with 1 when anything did not hold.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from .groups import GROUPS, Torture
from .scorecard import table

_SHORT_S = 280.0


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.torture", allow_abbrev=False)
    parser.add_argument("--full", action="store_true", help="the full counts: up to two hours")
    parser.add_argument("--only", action="append", choices=GROUPS, metavar="GROUP", help=", ".join(GROUPS))
    parser.add_argument("--seconds", type=float, default=_SHORT_S, help="of the short form, for all groups")
    parser.add_argument("--seed", type=int, default=1, help="other kills, other damage")
    parser.add_argument(
        "--folder", type=Path, help="work here, and leave what failed (default: nothing stays)"
    )
    options = parser.parse_args(arguments)
    if options.folder is not None:
        options.folder.mkdir(parents=True)
        return _torture(options, options.folder)
    with tempfile.TemporaryDirectory(prefix="hitpoint-torture-", ignore_cleanup_errors=True) as folder:
        return _torture(options, Path(folder))


def _torture(options: argparse.Namespace, folder: Path) -> int:
    torture = Torture(folder, full=options.full, seconds=options.seconds, seed=options.seed)
    torture.run(options.only or list(GROUPS))
    print(table(torture.rows))
    print(torture.report())
    return 0 if torture.whole else 1


if __name__ == "__main__":
    sys.exit(main())
