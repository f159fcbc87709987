"""The log of what went wrong: rotating JSON lines in the state folder, opened only when there is something to
write.
"""

from __future__ import annotations

import json
import logging
import logging.handlers
import secrets
import time
import traceback
from collections.abc import Mapping
from pathlib import Path

from .manifest import version
from .paths import state_dir

_MOST_BYTES = 1_000_000
_KEPT = 3


def log_path() -> Path:
    return state_dir() / "hitpoint.log"


def record_fault(error: BaseException) -> str:
    """Write the traceback of `error` to the log and return its id; "" when no log can be written."""
    return record("fault", {"trace": "".join(traceback.format_exception(error))})


def record(event: str, facts: Mapping[str, str]) -> str:
    """Write what happened to the log and return the entry's id; "" when no log can be written."""
    ident = secrets.token_hex(4)
    line = {
        "id": ident,
        "time": time.strftime("%Y-%m-%dT%H:%M:%S"),
        "version": version(),
        "event": event,
        **facts,
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
    return ident
