"""Settings: one table that the command line, the environment and the config file share.

Command line > `HITPOINT_<NAME>` > `config.toml` in the data folder > default. What was resolved is part of
the request that the report keeps.
"""

from __future__ import annotations

import json
import os
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..engine.errors import OptionError
from ..engine.paths import data_dir
from ..engine.store.durable import durable_write

MODES = ("default", "published")
GUIDES = ("none", "plan", "score")
DECODERS = ("auto", "onnx", "torch", "audiocraft")
USES = ("any", "client")
STEMS = ("music", "separate")
GATES = ("all", "quick", "off")
FORMATS = ("otio", "otioz", "fcp7")
SPLITS = ("none", "cuts")
HIT_MARKERS = ("none", "strong", "all")
FITS = ("steady", "tight")


def _choice(*values: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text not in values:
            raise ValueError(f"choose one of {', '.join(values)}")
        return text

    return read


def _number(low: float, high: float) -> Callable[[str], float]:
    def read(text: str) -> float:
        value = float(text)
        if not low <= value <= high:
            raise ValueError(f"choose a number from {low:g} to {high:g}")
        return value

    return read


def _whole(low: int, high: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        value = int(text)
        if not low <= value <= high:
            raise ValueError(f"choose a whole number from {low} to {high}")
        return value

    return read


def _roots(text: str) -> tuple[str, ...]:
    return tuple(part for part in text.split(os.pathsep) if part)


@dataclass(frozen=True, slots=True)
class Setting:
    name: str
    read: Callable[[str], Any]
    default: Any
    help: str
    # What the command line calls its value; "" for a setting that has no option there.
    metavar: str = ""


SETTINGS = (
    Setting("model", str, "auto", "auto (default), sketch, or a model of 'hitpoint models list'", "NAME"),
    Setting(
        "use",
        _choice(*USES),
        "any",
        "any (default), or client: no weights for non-commercial use only",
        "WHAT",
    ),
    Setting("style", str, "auto", "a style's name, or auto (default): chosen from the picture", "NAME"),
    Setting(
        "mood", str, "", "words like dark, hopeful, epic: move mode, energy and the style of auto", "WORDS"
    ),
    Setting(
        "like", str, "", "a temp track to follow: a file with sound, or track:NAME; none: no longer", "FILE"
    ),
    Setting(
        "fit",
        _choice(*FITS),
        None,
        "steady: the groove stands; tight: it gives way to hits (by style)",
        "HOW",
    ),
    Setting(
        "sounds", str, "bundled", "what sketch plays: bundled (default), or of 'hitpoint sounds list'", "NAME"
    ),
    Setting("loudness", _number(-40, -6), None, "of the mix (default: -16; speech: 15 LU under)", "LUFS"),
    Setting("handles", _number(0, 30), 2.0, "of sound before and after each clip (default 2)", "SECONDS"),
    Setting("prompt", str, "", "words for a text model (default: written from picture and style)", "TEXT"),
    Setting(
        "guide",
        _choice(*GUIDES),
        None,
        "plan: beats and chords (usual where a model takes them); score: sketch's rendering; none",
        "NAME",
    ),
    Setting("mode", _choice(*MODES), "default", "published: exactly what the model's paper does", "NAME"),
    Setting(
        "decoder", _choice(*DECODERS), "auto", "auto (default), onnx, torch, or audiocraft (slow)", "NAME"
    ),
    Setting(
        "candidates", _whole(1, 16), None, "pieces made to choose from (default 2; 1 in published mode)", "N"
    ),
    Setting("temperature", _number(0.5, 1.5), 1.0, "of a neural model's choices (default 1)", "T"),
    Setting("top_k", _whole(0, 2048), None, "likeliest tokens to choose from, 0 for all (usually 250)", "N"),
    Setting("top_p", _number(0, 1), 0.0, "choose from this share of likelihood instead (default off)", "P"),
    Setting("guidance", _number(1, 6), None, "how closely a model follows what it sees or reads", "G"),
    Setting(
        "stems", _choice(*STEMS), "music", "separate: drums, bass and other of neural music by demucs", "NAME"
    ),
    Setting(
        "format", _choice(*FORMATS), "otio", "scored timeline: otio (default), otioz (packed) or fcp7", "NAME"
    ),
    Setting("split", _choice(*SPLITS), "none", "none (default), or cuts: one clip a shot", "WHERE"),
    Setting(
        "hit_markers",
        _choice(*HIT_MARKERS),
        "none",
        "hits as markers of the scored timeline: none (default), strong, all",
        "WHICH",
    ),
    Setting(
        "gates",
        _choice(*GATES),
        None,
        "of quality: all (usual for neural models), quick: by the notes alone (usual for sketch), off",
        "WHICH",
    ),
    Setting("media_roots", _roots, (), "folders whose media may be packed into an otioz"),
    Setting("watch", str, "", "a folder that editors export into: the panel offers what appears there"),
    Setting("cache_gb", _number(0.1, 100_000), 20.0, "GB of results and other cached files kept at most"),
)


def resolve(given: Mapping[str, object]) -> dict[str, Any]:
    """All settings; `given` is what the command line said (None where it said nothing).

    OptionError names the value and where it came from.
    """
    stored = _config_file()
    out: dict[str, Any] = {}
    for setting in SETTINGS:
        variable = f"HITPOINT_{setting.name.upper()}"
        if given.get(setting.name) is not None:
            out[setting.name] = _read(setting, given[setting.name], f"--{setting.name.replace('_', '-')}")
        elif os.environ.get(variable):
            out[setting.name] = _read(setting, os.environ[variable], variable)
        elif setting.name in stored:
            out[setting.name] = _read(setting, stored[setting.name], f"'{setting.name}' in config.toml")
        else:
            out[setting.name] = setting.default
    return out


def remember(name: str, value: str) -> None:
    """Set `name` in config.toml and leave all else in it as it is. OptionError when that cannot be done."""
    before = _config_file()
    path = config_path()
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    line = f"{name} = {json.dumps(value)}"
    # A function, since backslashes of a replacement's text would be read.
    new, found = re.subn(rf"^[ \t]*{name}[ \t]*=[^\n]*$", lambda _: line, text, count=1, flags=re.MULTILINE)
    if not found:
        new = f"{text}{'' if not text or text.endswith(chr(10)) else chr(10)}{line}\n"
    try:
        kept = tomllib.loads(new) == {**before, name: value}
    except tomllib.TOMLDecodeError:
        kept = False
    if not kept:
        raise OptionError(f"'{path}' cannot be changed safely: write {line} into it yourself")
    durable_write(path, new.encode())


def config_path() -> Path:
    return data_dir() / "config.toml"


def _config_file() -> dict[str, object]:
    path = config_path()
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise OptionError(f"'{path}' cannot be read ({error}): mend it or delete it") from error
    known = {setting.name for setting in SETTINGS}
    unknown = sorted(set(data) - known)
    if unknown:
        raise OptionError(
            f"'{path}' has the unknown setting '{unknown[0]}': known are {', '.join(sorted(known))}"
        )
    return data


def _read(setting: Setting, value: object, source: str) -> Any:
    text = os.pathsep.join(map(str, value)) if isinstance(value, list | tuple) else str(value)
    try:
        return setting.read(text)
    except ValueError as error:
        said = str(error) if "choose" in str(error) else "choose a number"
        raise OptionError(f"{source} cannot be '{text}': {said}") from None
