"""Gets a published model: says what it is and what may be done with it, downloads, checks, imports."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..errors import InputError, OptionError
from ..paths import data_dir
from ..progress import Cancel, Progress, Step, silent
from ..serial import pretty, to_json
from ..store.durable import durable_write, output_error, sync_folder
from .card import FileFact, ModelCard
from .fetch import Announced, Hub, NotThere
from .importing.codec import PART as CODEC_PART
from .importing.codec import CodecMissing
from .importing.graphs import check_precisions, need_extras
from .importing.model import Given, import_model
from .library import PART_CARD, find_part, parts_dir
from .published import Published, PublishedFile, find_published, published

_SEEN = "seen.json"
PART_SCHEMA = "hitpoint.part.1"

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Got:
    """What `get` came to: the card of a model, or the folder of a part; each file with its sum."""

    name: str
    card: ModelCard | None
    files: Mapping[str, FileFact]


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A file as the hub has it: under which name, and what is known of it."""

    name: str
    announced: Announced
    file: PublishedFile

    @property
    def size(self) -> int | None:
        return self.file.bytes if self.file.bytes is not None else self.announced.bytes


def downloads_dir() -> Path:
    return data_dir() / "downloads"


def get(
    name: str,
    *,
    base: str | None = None,
    precisions: Sequence[str] = ("int8",),
    tell: Tell,
    progress: Progress = silent,
    cancel: Cancel | None = None,
) -> Got:
    """Get the model or part `name`, with the parts it needs, and import it.

    `tell` is given a line of size and licences for each, before a byte of it is fetched. OptionError for a
    name that is none, or one that the user brings; InputError when the hub or a file fails.
    """
    cancel = cancel or Cancel()
    entry = find_published(name)
    if entry is None:
        known = ", ".join(other.name for other in published() if other.repository)
        raise OptionError(f"there is no model '{name}' to get: choose {known}")
    if entry.repository is None:
        raise OptionError(
            f"the weights of '{name}' lie where their makers put them, linked from {entry.source}: download "
            f"that folder yourself, then run hitpoint models import DIR --name {name}"
        )
    hub = Hub(base)
    if entry.is_part:
        return Got(name, None, _get_part(hub, entry, tell, progress, cancel))
    need_extras()
    check_precisions(precisions)
    for part in entry.parts:
        _need_part(hub, part, tell, progress, cancel)
    folder, files = _download(hub, entry, tell, progress, cancel)
    given = Given(
        name=name,
        precisions=precisions,
        entry=entry,
        extra={"downloaded": {file: to_json(fact) for file, fact in files.items()}},
    )
    try:
        card = import_model(folder, given, progress=progress, cancel=cancel)
    except CodecMissing:
        _need_part(hub, CODEC_PART, tell, progress, cancel)
        card = import_model(folder, given, progress=progress, cancel=cancel)
    shutil.rmtree(folder, ignore_errors=True)
    return Got(name, card, files)


def licence_line(entry: Published, size: int | None) -> str:
    """What is said of a model before a byte of it is fetched."""
    amount = "size not known" if size is None else f"{size / 1e6:,.0f} MB"
    use = {True: "commercial work allowed", False: "no commercial work", None: "commercial use not stated"}
    return (
        f"{entry.name}: {amount} from {entry.source}, weights {entry.weights_licence} "
        f"({use[entry.commercial]}), code {entry.code_licence}"
    )


def _need_part(hub: Hub, name: str, tell: Tell, progress: Progress, cancel: Cancel) -> None:
    entry = find_published(name)
    assert entry is not None, name
    if find_part(name) is None:
        _get_part(hub, entry, tell, progress, cancel)


def _get_part(
    hub: Hub, entry: Published, tell: Tell, progress: Progress, cancel: Cancel
) -> Mapping[str, FileFact]:
    folder, files = _download(hub, entry, tell, progress, cancel)
    card = {
        "schema": PART_SCHEMA,
        "name": entry.name,
        "source": entry.source,
        "code_licence": entry.code_licence,
        "weights_licence": entry.weights_licence,
        "files": files,
    }
    durable_write(folder / PART_CARD, pretty(card))
    final = parts_dir() / entry.name
    try:
        final.parent.mkdir(parents=True, exist_ok=True)
        old = final.with_name(f".{entry.name}.old")
        shutil.rmtree(old, ignore_errors=True)
        if final.exists():
            final.rename(old)
        folder.rename(final)
        sync_folder(final.parent)
        shutil.rmtree(old, ignore_errors=True)
    except OSError as error:
        raise output_error(final, error) from error
    return files


def _download(
    hub: Hub, entry: Published, tell: Tell, progress: Progress, cancel: Cancel
) -> tuple[Path, dict[str, FileFact]]:
    """All files of `entry` in one folder."""
    assert entry.repository is not None
    wanted = [_look(hub, entry.repository, file) for file in entry.files]
    sizes = [file.size for file in wanted]
    total = None if None in sizes else sum(size for size in sizes if size is not None)
    tell(licence_line(entry, total))
    folder = downloads_dir() / entry.name
    facts: dict[str, FileFact] = {}
    done = 0
    for file in wanted:

        def told(here: int, name: str = file.name, before: int = done) -> None:
            megabytes = (before + here) / 1e6
            progress(Step("download", megabytes, max(megabytes, (total or 0) / 1e6), f"{entry.name}: {name}"))

        key = f"{entry.repository}/{file.name}"
        seen = _seen().get(key)
        fact = hub.fetch(
            entry.repository,
            file.name,
            folder / file.name,
            size=file.size,
            # The manifest's sum is of its own name, not of a file that stands in for it.
            sha256=(file.file.sha256 if file.name == file.file.name else None) or file.announced.sha256,
            told=told,
            cancel=cancel,
        )
        if seen is not None and seen != fact.sha256:
            (folder / file.name).unlink(missing_ok=True)
            raise InputError(
                f"'{key}' has changed since it was first downloaded: if its makers published another one, "
                f"delete '{downloads_dir() / _SEEN}' and get it again"
            )
        _remember(key, fact.sha256)
        facts[file.name] = fact
        done += fact.bytes
    return folder, facts


def _look(hub: Hub, repository: str, file: PublishedFile) -> _Wanted:
    try:
        return _Wanted(file.name, hub.announced(repository, file.name), file)
    except NotThere:
        if file.instead is None:
            raise
        return _Wanted(file.instead, hub.announced(repository, file.instead), PublishedFile(file.instead))


def _seen() -> dict[str, str]:
    """The sums of files at their first download, by repository and name."""
    try:
        data = json.loads((downloads_dir() / _SEEN).read_bytes())
    except (OSError, ValueError):
        return {}
    return {str(key): str(value) for key, value in data.items()} if isinstance(data, dict) else {}


def _remember(key: str, sha256: str) -> None:
    durable_write(downloads_dir() / _SEEN, pretty(dict(sorted({**_seen(), key: sha256}.items()))))
