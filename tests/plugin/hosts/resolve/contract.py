"""What our adapter takes for granted of Resolve's scripting API, one assertion a function.

The suite runs them against the fake. In a real Studio: copy the four files `contract*.py` into a folder
`hitpoint-contract` in Fusion/Scripts/Utility, save your project, and choose Workspace > Scripts >
hitpoint-contract > contract. Keep `hitpoint-contract-VERSION.json`, which is written into the home folder:
for each assertion "holds", or what was found instead. It works in a project of its own, "hitpoint-contract",
deletes it at the end, and opens the project that was open. Standard library only; it makes the sounds that it
needs in a temporary folder.
"""

from __future__ import annotations

import inspect
import json
import sys
import traceback
from pathlib import Path
from typing import Any

# The Scripts menu neither sets __file__ nor looks for modules beside a script.
_HERE = str(Path(inspect.getfile(inspect.currentframe())).resolve().parent)  # type: ignore[arg-type]
if _HERE not in sys.path:
    sys.path.append(_HERE)

import contract_editing  # noqa: E402
import contract_files  # noqa: E402
from contract_bench import CHECKS, NAME, bench  # noqa: E402

CHECKED = (contract_editing, contract_files)


def run(resolve: Any) -> dict[str, str]:
    """What became of each assertion: "holds", or what was found."""
    told = {}
    with bench(resolve) as at:
        for name, act in CHECKS.items():
            at.new_timeline()
            try:
                act(at)
            except Exception:  # noqa: BLE001 -- a fact about this version, and the next check has its own timeline
                told[name] = traceback.format_exc(limit=-1)
            else:
                told[name] = "holds"
    return told


def main(resolve: Any) -> Path:
    report = {
        "schema": "hitpoint.resolve-contract.1",
        "product": resolve.GetProductName(),
        "version": resolve.GetVersionString(),
        "checks": run(resolve),
    }
    path = Path.home() / f"{NAME}-{report['version']}.json"
    path.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    held = sum(one == "holds" for one in report["checks"].values())
    print(f"{held} of {len(CHECKS)} hold; written to {path}")
    return path


if __name__ == "__main__":
    main(globals()["resolve"])
