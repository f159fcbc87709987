"""Timelines packed with their media: .otioz (a zip) and .otiod (a folder).

Of a zip only `content.otio` and the media that the timeline shows are unpacked, within caps, into the cache.
"""

from __future__ import annotations

import contextlib
import shutil
import zipfile
import zlib
from pathlib import Path, PurePosixPath

from ...engine.errors import InputError
from ...engine.paths import cache_dir
from ...engine.store.durable import durable_file
from . import precheck
from .urls import _SCHEME  # noqa: F401  replaced below

CONTENT = "content.otio"
