"""Made pairs on disk, one file each, made by several processes; what is there is not made again."""

from __future__ import annotations

import io
import json
import zipfile
from functools import partial
from pathlib import Path

import numpy as np

from ...errors import InputError
from ...progress import Cancel, Progress, Step
from ...serial import from_json, pretty
from ...spread import spread
from ...store.durable import durable_write
from .pairs import Pair, PairFacts, make_pair
from .scenario import Split

_ENDING = ".pair"


def make_corpus(
    folder: Path,
    split: Split,
    count: int,
    *,
    first_seed: int,
    processes: int,
    progress: Progress,
    cancel: Cancel,
) -> list[Path]:
    """The pairs of `count` seeds from `first_seed` on; their files, in the seeds' order.

    Cancelled within one pair; those that are whole stay, and the next call goes on. OutputError by the disk.
    """
    paths = [folder / f"{split}-{first_seed + index:06}{_ENDING}" for index in range(count)]
    missing = [(path, first_seed + index) for index, path in enumerate(paths) if not path.is_file()]
    done = count - len(missing)
    if not missing:
        return paths

    def told(made: int) -> None:
        progress(Step("corpus", done + made, count, split))
        cancel.check()

    told(0)
    spread(partial(_make, split), missing, processes=processes, told=told)
    return paths


def pairs_in(folder: Path) -> list[Path]:
    """The pairs stored there, in their seeds' order; none where there is no folder."""
    return sorted(folder.glob(f"*{_ENDING}"))


def read_pair(path: Path) -> Pair:
    """InputError when the file is not whole, or another version's."""
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            facts = from_json(PairFacts, json.loads(arrays["facts"].tobytes()))
            return Pair(facts, arrays["frames"], arrays["sound"].astype(np.float32) / 32_767)
    except (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise InputError(
            f"the made pair '{path.name}' cannot be read: delete it, and make it again"
        ) from error


def write_pair(path: Path, pair: Pair) -> None:
    """The sound in 16 bits."""
    buffer = io.BytesIO()
    np.savez(
        buffer,
        facts=np.frombuffer(pretty(pair.facts), np.uint8),
        frames=pair.frames,
        sound=np.rint(pair.sound * 32_767).astype(np.int16),
    )
    durable_write(path, buffer.getvalue())


def _make(split: Split, job: tuple[Path, int]) -> None:
    path, seed = job
    write_pair(path, make_pair(split, seed))
