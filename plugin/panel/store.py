"""Where the panel keeps its work: `NAME.hitpoint/session.json` beside the timeline, a list of recent ones."""

from __future__ import annotations

import json
import os
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

from PyQt6.QtCore import QObject, pyqtSignal

from ...engine.errors import InputError, UserError
from ...engine.paths import state_dir
from ...engine.serial import from_json, pretty
from ...engine.store.durable import durable_write, output_error
from ...ui.session import CueState, Session, TakeEntry
from ..runfolder import SESSION, default_folder, in_place, input_of
from . import recent
from .lock import OpenHere, timeline_key
from .writer import Writer


class SessionUnreadable(UserError):
    """A session is there and must not be written over: it cannot be read now, or not by this release."""


class SessionStore(QObject):
    """A timeline is this panel's own from `load` until `close`, or until another is loaded.

    told    one sentence: where the work is kept when not beside the timeline, or why it could not be saved
    """

    told = pyqtSignal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._writer = Writer(self.told.emit)
        self._open: OpenHere | None = None
        # The folder of each timeline, asked once: a disk is not asked at every save.
        self._folders: dict[str, Path] = {}

    def load(self, source: str) -> Session | None:
        """The session of the timeline with this absolute path; None where it was never open.

        OpenElsewhere when another panel has it. InputError when its file is damaged: that is put aside, and a
        new session can begin. SessionUnreadable when it cannot be read and must stay as it is.
        """
        if self._open is None or self._open.source != source:
            mine = OpenHere(source)
            self.close()
            self._open = mine
            self._writer.put("owner", mine.tell)
        else:
            self.flush()
        self._folders.pop(source, None)
        folder = self.folder(source)
        found = _newest([folder, _beside(source), _apart(source)], Path(source).name)
        self._writer.put("recent", lambda: recent.remember(source))
        if folder == _apart(source):
            self.told.emit(_told_apart(source, folder))
        if found is None:
            return None
        return _moved(_read(found, source), source, found)

    def save(self, session: Session) -> None:
        """Durable, in another thread; the newest wins."""
        path = self.folder(session.source) / SESSION
        self._writer.put(str(path), lambda: _write(path, session))

    def flush(self) -> None:
        self._writer.flush()

    def recent(self) -> tuple[str, ...]:
        return recent.recent()

    def is_first_run(self) -> bool:
        return recent.is_first_run()

    def folder(self, source: str) -> Path:
        """Where session.json and the takes of a timeline are kept: beside it, or in the state folder where
        that cannot be written or belongs to another timeline."""
        if source not in self._folders:
            beside = _beside(source)
            takes = input_of(beside) in (None, Path(source).name) and _can_write(beside)
            self._folders[source] = beside if takes else _apart(source)
        return self._folders[source]

    def close(self) -> None:
        """Save what waits and let the timeline go."""
        self.flush()
        if self._open is not None:
            self._open.close()
            self._open = None


def _beside(source: str) -> Path:
    return default_folder(Path(source))


def _apart(source: str) -> Path:
    return state_dir() / "sessions" / timeline_key(source)


def _told_apart(source: str, folder: Path) -> str:
    beside = _beside(source)
    owner = input_of(beside)
    if owner not in (None, Path(source).name):
        why = f"'{beside.name}' holds the music of '{owner}'"
    else:
        why = f"'{beside.parent}' cannot be written"
    return (
        f"{why}: takes and session are kept in '{folder}', and placing needs another folder for the timeline"
    )


def _can_write(folder: Path) -> bool:
    """Whether files can be made in it, or it can be made."""
    if folder.exists() and not folder.is_dir():
        return False
    there = folder if folder.exists() else folder.parent
    try:
        # The right to write is not asked for but tried: network shares and read-only disks say yes.
        with tempfile.TemporaryFile(dir=there):
            return True
    except OSError:
        return False


def _newest(folders: list[Path], name: str) -> Path | None:
    """The session that was saved last: a disk that could not be written once may be writable now."""
    found = []
    for folder in dict.fromkeys(folders):
        if not folder.is_dir() and not folder.parent.is_dir():
            continue
        try:
            with in_place(folder):
                path = folder / SESSION
                if path.is_file() and input_of(folder) in (None, name):
                    found.append((path.stat().st_mtime_ns, path))
        except OSError as error:
            raise SessionUnreadable(
                f"'{folder}' cannot be read ({error.strerror}): give yourself the right to"
            ) from error
    return max(found)[1] if found else None


def _read(path: Path, source: str) -> Session:
    name = Path(source).name
    try:
        data = path.read_bytes()
    except OSError as error:
        raise SessionUnreadable(
            f"'{path}' cannot be read ({error.strerror}): give yourself the right to, or move it away"
        ) from error
    try:
        told = json.loads(data)
        if _is_newer(told):
            raise SessionUnreadable(
                f"the session of '{name}' was kept by a newer Hitpoint: update this one, or move '{path}' "
                "away"
            )
        return from_json(Session, told)
    except (InputError, ValueError, AttributeError, OverflowError, RecursionError) as error:
        aside = _set_aside(path)
        raise InputError(
            f"the session of '{name}' is damaged: it was put aside as '{aside.name}', its takes are "
            "untouched, and a new one begins"
        ) from error


def _is_newer(told: Any) -> bool:
    noun, _, newest = Session.SCHEMA.rpartition(".")
    schema = told.get("schema") if isinstance(told, dict) else None
    if not isinstance(schema, str):
        return False
    found, _, version = schema.rpartition(".")
    return found == noun and version.isdecimal() and int(version) > int(newest)


def _set_aside(path: Path) -> Path:
    number = 1
    while (aside := path.with_name(f"{path.stem}.damaged-{number}{path.suffix}")).exists():
        number += 1
    try:
        path.rename(aside)
    except OSError as error:
        raise SessionUnreadable(
            f"'{path}' is damaged and cannot be put aside ({error.strerror}): move it away"
        ) from error
    return aside


def _moved(session: Session, source: str, found: Path) -> Session:
    """The session with its takes where they are now, when the folder was moved or renamed with them."""
    if session.source == source:
        return session
    was, now = os.fspath(_beside(session.source)), os.fspath(found.parent)

    def path(text: str) -> str:
        return now + text[len(was) :] if text.startswith((was + "/", was + os.sep)) else text

    def take(entry: TakeEntry) -> TakeEntry:
        stems = tuple((name, path(file), sha256) for name, file, sha256 in entry.stems)
        return replace(entry, folder=path(entry.folder), stems=stems, mix=path(entry.mix))

    def cue(state: CueState) -> CueState:
        return replace(state, takes=tuple(take(entry) for entry in state.takes))

    name = {**session.input, "name": Path(source).name}
    return replace(session, source=source, input=name, cues=tuple(cue(state) for state in session.cues))


def _write(path: Path, session: Session) -> None:
    try:
        with in_place(path.parent):
            durable_write(path, pretty(session))
    except OSError as error:
        raise output_error(path, error) from error
