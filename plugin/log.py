"""The log of our faults: rotating JSON lines in the state folder, opened only when there is something to
write.
"""

from __future__ import annotations

import json
import logging
import logging.handlers
import secrets
import time
import traceback
from pathlib import Path

from ..engine.manifest import version
from ..engine.paths import state_dir

_MOST_BYTES = 1_000_000
_KEPT = 3


def log_path() -> Path:
    return state_dir() / "hitpoint.log"


def record_fault(error: BaseException) -> str:
    """Write the traceback of `error` to the log and return its id; "" when no log can be written."""
    fault = secrets.token_hex(4)
    line = {
        "id": fault,
        "time": time.strftime("%Y-%m-%dT%H:%M:%S"),
        "version": version(),
        "trace": "".join(traceback.format_exception(error)),
    }
    try:
        log_path().parent.mkdir(parents=True, exist_ok=True)
        handler = logging.handlers.RotatingFileHandler(
            log_path(), maxBytes=_MOST_BYTES, backupCount=_KEPT, encoding="utf-8"
        )
    except OSError:
        return ""
    try:
        handler.emit(logging.makeLogRecord({"msg": json.dumps(line), "levelno": logging.ERROR}))
    finally:
        handler.close()
    return fault
