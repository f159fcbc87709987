"""Blender's extension as a zip: the host's side, a manifest, and a thin `__init__.py`. The same modules make
the same bytes.
"""

from __future__ import annotations

import io
import zipfile
from importlib import resources
from pathlib import Path

from ....engine.manifest import manifest, version
from ....engine.store.durable import durable_write
from ..package import BLENDER_SIDE, host_files

MANIFEST = "blender_manifest.toml"
# The oldest time that a zip can tell.
_TIME = (1980, 1, 1, 0, 0, 0)
_MODE = 0o100644 << 16

_INIT = '''"""Hitpoint: music whose accents land on the cuts, beside the sequencer."""

from .plugin.hosts.blender import addon


def register() -> None:
    addon.register(__package__)


def unregister() -> None:
    addon.unregister()
'''


def extension_name() -> str:
    return f"hitpoint-{version()}.zip"


def extension_files() -> dict[str, bytes]:
    """What is in the zip: bytes by path."""
    template = (resources.files(__package__) / MANIFEST).read_text(encoding="utf-8")
    told = template.replace("{version}", version()).replace("{tagline}", manifest()["tagline"])
    return {
        "__init__.py": _INIT.encode(),
        MANIFEST: told.encode(),
        **host_files(BLENDER_SIDE),
    }


def build_extension(target: Path) -> Path:
    """Write the zip: as file `target`, or under its usual name where that is a folder. OutputError where it
    cannot be written."""
    path = target / extension_name() if target.is_dir() else target
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, data in sorted(extension_files().items()):
            entry = zipfile.ZipInfo(name, _TIME)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = _MODE
            # The system that it was made on is part of the bytes otherwise.
            entry.create_system = 3
            archive.writestr(entry, data)
    durable_write(path, packed.getvalue())
    return path
