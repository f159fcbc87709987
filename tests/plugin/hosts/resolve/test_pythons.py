"""The adapter at work in each Python that Resolve may bring."""

from __future__ import annotations

import os
import subprocess
import sys
import wave
from pathlib import Path

import pytest

import layers

CODE = """
import sys, types
root, tests, folder = sys.argv[1:]
package = types.ModuleType("hitpoint")
package.__path__ = [root]
sys.modules["hitpoint"] = package
sys.path.insert(0, tests)
from fakes.resolve.made import made
from hitpoint.engine.timebase import Rate
from hitpoint.engine.types import Placement
from hitpoint.plugin.hosts.base import HostMarker, Landing
from hitpoint.plugin.hosts.resolve.host import ResolveHost

fake = made(fps=25, project_fps=24)
host = ResolveHost(fake.resolve, folder=folder + "/media", sleep=lambda seconds: None)
before = fake.frozen()
read = host.read()
one = Placement("Stem: drums", "1m1", "drums", folder + "/drums.wav", "ab", 50, 130, 51, 200)
mark = HostMarker("1m1@60", 60, 61, "must: door")
music = Landing("job", "sketch, seed 7", Rate(25), (one,), (mark,), read.ident, read.seen)
print(host.place(music).added, host.verify("job"), host.selected().rule, host.playhead())
host.set_playhead(40)
host.set_playhead(30)
host.remove("job")
print(before.lost_in(fake.frozen()), host.glance().ident == read.ident)
print(sorted({name.partition(".")[0] for name in sys.modules} & {"numpy", "PyQt6", "opentimelineio"}))
"""


def interpreters() -> dict[str, str]:
    """By version; the one that runs the tests among them."""
    roots = [Path(root) for root in (os.environ.get("PYENV_ROOT"), Path.home() / ".pyenv") if root]
    found = {"this": sys.executable}
    for root in roots:
        for version in ("3.10", "3.11", "3.12", "3.13"):
            for path in sorted((root / "versions").glob(f"{version}.*")):
                found[version] = str(path / "bin" / "python")
    return found


@pytest.mark.parametrize("version", interpreters())
def test_it_reads_places_and_removes(version: str, tmp_path: Path) -> None:
    with wave.open(str(tmp_path / "drums.wav"), "wb") as file:
        file.setparams((2, 2, 48_000, 0, "NONE", ""))
        file.writeframes(bytes(4 * 48_000 * 8))
    done = subprocess.run(
        [
            interpreters()[version],
            "-I",
            "-c",
            CODE,
            str(layers.ROOT),
            str(layers.ROOT / "tests"),
            str(tmp_path),
        ],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "HITPOINT_HOME": str(tmp_path / "home")},
    )
    assert (done.stdout.splitlines(), done.stderr) == (
        ["('Stem: drums',) () the clips under Hitpoint's markers 30", "() True", "[]"],
        "",
    )
