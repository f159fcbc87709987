"""The folder of a run: built aside, swapped in by rename; an earlier run moves to `earlier/NNN/`."""

from __future__ import annotations

import json
import os
import secrets
import shutil
from pathlib import Path
from types import TracebackType

from ..engine.errors import OutputError
from ..engine.store.durable import output_error, sync_folder

REPORT = "report.json"
ANALYSIS = "analysis.json"
_EARLIER = "earlier"
# What a run writes: everything else in the folder is the user's and stays where it is.
_OURS = {
    REPORT, ANALYSIS, "credits.json", "score.json", "score.mid", "fit.png", "mix.wav", "stems", "takes",
    "cuesheet.csv", "markers.csv", "scored.otio", "scored.otioz", "scored.xml",
}  # fmt: skip


def default_folder(source: Path) -> Path:
    return source.with_name(f"{source.stem}.hitpoint")


class RunFolder:
    """`with RunFolder(...) as run:` build inside `run.building`, then `run.commit()`; else nothing is left.

    OutputError when `final` belongs to another input, holds files that are not ours and no run, or cannot
    be made.
    """

    def __init__(self, final: Path, input_name: str) -> None:
        # Not resolve(): links stay, for the name the user chose is the name we write.
        self.final = Path(os.path.abspath(final))  # noqa: PTH100
        self._check_owner(input_name)
        self.building = self.final.with_name(f".{self.final.name}.{secrets.token_hex(6)}.part")
        self._made: list[Path] = []

    def __enter__(self) -> RunFolder:
        try:
            missing = self.final.parent
            while not missing.exists():
                self._made.append(missing)
                missing = missing.parent
            self.building.mkdir(parents=True)
        except OSError as error:
            raise output_error(self.building, error) from error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        shutil.rmtree(self.building, ignore_errors=True)
        if kind is not None:
            for folder in self._made:
                if folder.is_dir() and not any(folder.iterdir()):
                    folder.rmdir()

    def need_space(self, needed: int) -> None:
        """OutputError when the disk has less than `needed` bytes, half as much again for safety."""
        free = shutil.disk_usage(self.building).free
        if free < needed * 3 // 2:
            raise OutputError(
                f"no space left for this run on the disk of '{self.final.parent}': it needs "
                f"{needed * 3 // 2 / 1e6:,.0f} MB and {free / 1e6:,.0f} MB are free"
            )

    def earlier_file(self, name: str) -> Path | None:
        """A file that the run now in place has left."""
        path = self.final / name
        return path if path.is_file() else None

    def commit(self) -> None:
        """Put the finished run in place."""
        try:
            if self.final.exists():
                self._keep_earlier()
            self.building.rename(self.final)
            sync_folder(self.final.parent)
        except OSError as error:
            raise output_error(self.final, error) from error

    def _check_owner(self, input_name: str) -> None:
        if not self.final.exists():
            return
        if not self.final.is_dir():
            raise OutputError(f"'{self.final}' is a file: choose a folder with -o")
        if not any(self.final.iterdir()):
            return
        owner = next((name for name in map(self._input_of, (REPORT, ANALYSIS)) if name is not None), None)
        if owner is None:
            raise OutputError(
                f"'{self.final}' has files that Hitpoint did not write: choose an empty folder with -o"
            )
        if owner != input_name:
            raise OutputError(
                f"'{self.final}' holds the music of '{owner}', not of '{input_name}': "
                "choose another folder with -o"
            )

    def _input_of(self, name: str) -> str | None:
        try:
            data = json.loads((self.final / name).read_text(encoding="utf-8"))
            return str(data["input"]["name"])
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def _keep_earlier(self) -> None:
        """Move the old folder whole into the new one: only renames, so that no moment loses anything."""
        earlier = self.building / _EARLIER
        earlier.mkdir()
        old = earlier / "old"
        self.final.rename(old)
        for run in sorted((old / _EARLIER).iterdir()) if (old / _EARLIER).is_dir() else []:
            run.rename(earlier / run.name)
        if (old / _EARLIER).is_dir():
            (old / _EARLIER).rmdir()
        for entry in old.iterdir():
            if not _is_ours(entry.name):
                entry.rename(self.building / entry.name)
        if any(old.iterdir()):
            taken = [int(run.name) for run in earlier.iterdir() if run.name.isdigit()]
            old.rename(earlier / f"{max(taken, default=0) + 1:03}")
        else:
            old.rmdir()
        if not any(earlier.iterdir()):
            earlier.rmdir()


def _is_ours(name: str) -> bool:
    # Several cues: cue01-mix.wav and the like.
    return name in _OURS or any(name.endswith(f"-{ours}") for ours in _OURS)
