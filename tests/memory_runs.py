"""How much memory a run took, beside what was reckoned for it: in a child, which has no other past."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

_CHILD = """
import json, re, sys
from pathlib import Path
from hitpoint.engine.models import memory, warm
from hitpoint.engine.models.backends import candidates_of, choose_backend
from hitpoint.engine.models.library import find
from hitpoint.plugin import score
from hitpoint.plugin.cli import main

def status(name):
    return int(re.search(name + r":\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) * 1024

seen = {}
real = score.choose_generator

def spy(options):
    chosen = real(options)
    found = find(options.model)
    backend = choose_backend(found, chosen.neural)
    wanted = memory.need(found, backend, candidates_of(chosen.neural))
    seen.update(before=status("VmRSS"), reckoned=wanted.ram, phases={p.name: p.ram for p in wanted.phases})
    return chosen

score.choose_generator = spy
# Each phase by itself, as where memory is short.
warm.WARM.holds = False
assert main(["score", *sys.argv[1:], "--in-process", "--json"]) == 0
print(json.dumps({**seen, "peak": status("VmHWM")}), file=sys.__stdout__)
"""


@dataclass(frozen=True)
class Measured:
    """Bytes on top of the process as it was when the reckoning was made."""

    reckoned: int
    taken: int
    phases: dict[str, int]

    @property
    def ratio(self) -> float:
        return self.reckoned / self.taken


def measured(film: Path, out: Path, home: Path, *options: str) -> Measured:
    done = subprocess.run(
        [sys.executable, "-c", _CHILD, str(film), "-o", str(out), *options],
        capture_output=True,
        text=True,
        env={**os.environ, "HITPOINT_HOME": str(home), "HITPOINT_DEBUG": "1"},
    )
    assert done.returncode == 0, done.stderr[-2000:]
    told = json.loads(done.stdout.splitlines()[-1])
    return Measured(told["reckoned"], told["peak"] - told["before"], told["phases"])
