"""`make bench`: speed and memory in one table, with ratios of one run. Never pass or fail.

python -m tools.bench [picture sketch timeline hour]
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable

Row = tuple[str, str, str]


def _picture() -> Iterable[Row]:
    from .bench_picture import rows

    return rows()


def _sketch() -> Iterable[Row]:
    from .bench_sketch import rows

    return rows()


def _chain() -> Iterable[Row]:
    from .bench_chain import rows

    return rows()


PARTS: dict[str, Callable[[], Iterable[Row]]] = {"picture": _picture, "sketch": _sketch, "chain": _chain}


def main() -> None:
    chosen = sys.argv[1:] or list(PARTS)
    print(f"{'what':58} {'measured':>16}  target")
    for name in chosen:
        for what, measured, target in PARTS[name]():
            print(f"{what:58} {measured:>16}  {target}", flush=True)


if __name__ == "__main__":
    main()
