"""The models on this machine: a folder each, described by `model.json`. No torch, no runtime.

DATA/models/NAME/   model.json, weights, graphs
DATA/parts/NAME/    what several models are imported with (EnCodec, T5), as published
bundled/NAME/       models that come with Hitpoint, beside this file; a user's of that name goes first
"""

from __future__ import annotations

import json
import os
import re
import shutil
import time
from dataclasses import dataclass
from pathlib import Path

from ..errors import InputError, OptionError
from ..paths import data_dir
from ..progress import Cancel, Progress, Step, silent
from ..serial import from_json
from ..store.identity import sha256_file
from .card import ModelCard
from .config import PRECISIONS, Kind
from .licences import Use, allowed
from .published import find_published

CARD = "model.json"
PART_CARD = "part.json"
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
# Names with another meaning after --model, and names that Windows keeps for devices.
_TAKEN = re.compile(r"auto|sketch|con|nul|prn|aux|(com|lpt)[0-9]")
_MOST_CARD_BYTES = 4 << 20
_STALE_S = 86_400
# `auto` leaves room for the sound itself, the libraries and the editor beside us.
_SPARE_BYTES = 700_000_000
_ORDER: dict[Kind, int] = {"gvmgen": 1, "musicgen": 0}


@dataclass(frozen=True, slots=True)
class Installed:
    card: ModelCard
    folder: Path


def models_dir() -> Path:
    return data_dir() / "models"


def bundled_dir() -> Path:
    return Path(__file__).parent / "bundled"


def parts_dir() -> Path:
    return data_dir() / "parts"


def installed() -> tuple[ModelCard, ...]:
    """Every whole model, by name. Folders whose card cannot be read are left out: `broken` names them."""
    return tuple(found.card for found in _all())


def broken() -> tuple[str, ...]:
    """Names of model folders whose card cannot be read, or which lack a file."""
    return tuple(folder.name for folder in _folders() if _read(folder) is None)


def find(name_or_dir: str) -> Installed:
    """The model of that name, or of that folder. OptionError names what there is, or how to get it."""
    by_name = {found.card.name: found for found in _all()}
    if name_or_dir in by_name:
        return by_name[name_or_dir]
    folder = Path(name_or_dir).expanduser()
    if (folder / CARD).is_file():
        return _whole(folder)
    if folder.is_dir() and name_or_dir not in broken():
        raise OptionError(
            f"'{name_or_dir}' is not a model that Hitpoint can run: convert it once with "
            f"hitpoint models import {name_or_dir}"
        )
    if _NAME.fullmatch(name_or_dir):
        for place in (models_dir(), bundled_dir()):
            if (place / name_or_dir / CARD).is_file():
                return _whole(place / name_or_dir)
    entry = find_published(name_or_dir)
    if entry is not None and not entry.is_part:
        raise OptionError(
            f"the model '{name_or_dir}' is not on this machine: run hitpoint models get {name_or_dir}"
        )
    there = ", ".join(by_name) if by_name else "none yet, see hitpoint models list"
    raise OptionError(f"there is no model '{name_or_dir}': on this machine are {there}")


def find_part(name: str) -> Path | None:
    """The folder of a shared part, or None when it is not here."""
    folder = parts_dir() / name
    return folder if (folder / PART_CARD).is_file() else None


def check(found: Installed, *, progress: Progress = silent, cancel: Cancel | None = None) -> tuple[str, ...]:
    """A sentence for each file of a model that is missing or not the one that was imported."""
    faults = []
    facts = found.card.files
    total = sum(fact.bytes for fact in facts.values())
    done = 0
    for name, fact in facts.items():
        progress(Step("check", done, total, name))
        path = found.folder / name
        if not path.is_file():
            faults.append(f"'{name}' of the model '{found.card.name}' is missing: import the model again")
        elif path.stat().st_size != fact.bytes or sha256_file(path, cancel=cancel) != fact.sha256:
            faults.append(f"'{name}' of the model '{found.card.name}' has changed: import the model again")
        done += fact.bytes
    progress(Step("check", total, total, found.card.name))
    return tuple(faults)


def choose_auto(use: Use) -> Installed | None:
    """The best model that `use` allows and whose weights fit the memory: GVMGen first, then the larger.

    None when there is none: random and nano models are never chosen.
    """
    memory = _memory_bytes()
    able = [
        found
        for found in _all()
        if found.card.origin != "random"
        and not found.card.by_name_only
        and allowed(found.card, use)
        and needed_bytes(found.card) <= memory
    ]
    return max(able, key=_rank, default=None)


def needed_bytes(card: ModelCard) -> int:
    """A bound on the memory that running the model takes: its largest graph of the least precision it has."""
    for precision in reversed(PRECISIONS):
        sizes: dict[str, int] = {}
        for name, fact in card.files.items():
            graph, dash, rest = name.partition(f"-{precision}.")
            if dash and rest:
                sizes[graph] = sizes.get(graph, 0) + fact.bytes
        if sizes:
            # Read once, and laid out anew for the processor.
            return 2 * max(sizes.values()) + _SPARE_BYTES
    return sum(fact.bytes for fact in card.files.values()) + _SPARE_BYTES


def sweep() -> None:
    """Remove what interrupted imports have left, once nothing has been written there for a day."""
    try:
        left = [path for path in models_dir().iterdir() if path.is_dir() and path.name[0] == "."]
        stale = [path for path in left if time.time() - path.stat().st_mtime > _STALE_S]
    except OSError:
        return
    for path in stale:
        shutil.rmtree(path, ignore_errors=True)


def check_name(name: str) -> str:
    """`name` when a model may be called that, else OptionError."""
    if not _NAME.fullmatch(name) or _TAKEN.fullmatch(name.split(".")[0]) or name.endswith("."):
        raise OptionError(
            f"a model cannot be called '{name}': use small letters, digits, dots and hyphens, at most 64, "
            "and not auto or sketch"
        )
    return name


def read_card(folder: Path) -> ModelCard:
    """InputError when `model.json` is missing, damaged, or names files outside its folder."""
    path = folder / CARD
    try:
        if path.stat().st_size > _MOST_CARD_BYTES:
            raise InputError(f"'{CARD}' of '{folder.name}' is far too long: import the model again")
        card = from_json(ModelCard, json.loads(path.read_bytes()))
    except OSError as error:
        raise InputError(f"'{folder.name}' has no readable '{CARD}': import the model again") from error
    except (ValueError, RecursionError) as error:
        raise InputError(f"'{CARD}' of '{folder.name}' is damaged: import the model again") from error
    for name in card.files:
        if Path(name).name != name or name in ("", ".", ".."):
            raise InputError(f"'{CARD}' of '{folder.name}' names a file elsewhere, '{name}': import it again")
    return card


def _rank(found: Installed) -> tuple[int, int, str]:
    decoder = found.card.config.decoder
    return _ORDER[found.card.config.kind], decoder.layers * decoder.dim**2, found.card.name


def _memory_bytes() -> int:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        # Windows has no such call; a machine that edits film has at least this.
        return 8 << 30


def _whole(folder: Path) -> Installed:
    """OptionError when a file is not there or not of its size; `check` compares the bytes."""
    try:
        card = read_card(folder)
    except InputError as error:
        raise OptionError(str(error)) from error
    for name, fact in card.files.items():
        path = folder / name
        if not path.is_file() or path.stat().st_size != fact.bytes:
            raise OptionError(
                f"the model '{card.name}' is damaged, '{name}' is missing or cut short: import it again"
            )
    return Installed(card, folder)


def _read(folder: Path) -> Installed | None:
    try:
        return _whole(folder)
    except OptionError:
        return None


def _folders() -> list[Path]:
    """By name; of two of one name the user's."""
    found: dict[str, Path] = {}
    for place in (bundled_dir(), models_dir()):
        try:
            # Folders that are being built start with a dot.
            found |= {path.name: path for path in place.iterdir() if path.is_dir() and path.name[0] != "."}
        except OSError:
            continue
    return [found[name] for name in sorted(found)]


def _all() -> list[Installed]:
    return [found for folder in _folders() if (found := _read(folder)) is not None]
