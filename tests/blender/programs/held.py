"""Makes music until it is killed, or ends while it is made: `held.py ORDER [quit]`, a JSON file: zip, python,
movies.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import bpy
from extension import desk, edit, engine, install, preferences, step_until, tell

order = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
install(order["zip"])
preferences().python = order["python"]
edit(order["movies"])
bpy.context.scene.hitpoint_controls.model = "sketch"
bpy.ops.hitpoint.score()
step_until(lambda: desk().scoring.stage in ("picture", "plan", "generate"))
pids = engine()
environments = [Path(f"/proc/{pid}/environ").read_bytes().split(b"\0") for pid in pids.values()]
tell(engine=pids, offline=all(b"HF_HUB_OFFLINE=1" in one for one in environments))
if sys.argv[-1] != "quit":
    sys.stdin.read()
