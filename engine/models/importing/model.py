"""Takes a foreign model into the library: read once, every weight accounted for, converted to our graphs."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ...errors import InputError, OptionError
from ...progress import Cancel, Progress, Step, silent
from ...serial import pretty
from ...store.durable import durable_file, durable_write, output_error
from ..card import ModelCard
from ..config import Kind, ModelConfig
from ..library import CARD, Installed, check, check_name, models_dir, read_card, sweep
from ..published import Published, find_published
from ..state import model_shapes
from . import audiocraft, huggingface
from .checkpoint import read_checkpoint
from .codec import find_codec
from .codec import inside as codec_inside
from .folder import files_sha256, open_weights, read_json, weight_files
from .graphs import check_precisions, need_extras
from .install import Origin, Parts, built_aside, install
from .keys import check_keys
from .text import find_text
from .text import inside as text_inside

FILE = "state_dict.bin"
_WHOSE: Mapping[Kind, str] = {"gvmgen": "a GVMGen", "musicgen": "a MusicGen"}
_COPY_BYTES = 1 << 22


@dataclass(frozen=True, slots=True)
class Given:
    """What the caller says beside the source. `codec` and `text` are folders, `entry` the manifest's."""

    name: str | None = None
    codec: Path | None = None
    text: Path | None = None
    precisions: Sequence[str] = ("int8",)
    entry: Published | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)


def import_model(
    source: Path,
    given: Given = Given(),
    *,
    progress: Progress = silent,
    cancel: Cancel | None = None,
) -> ModelCard:
    """Take the model at `source` into the library; one of the same name is replaced.

    Read are: a folder (or its `state_dict.bin`) in audiocraft's form, GVMGen's or MusicGen's; a Hugging Face
    MusicGen folder; a folder of our own. InputError names what is wrong with the source, OptionError what is
    missing on this machine, OutputError what the disk refused; the library is then as before.
    """
    cancel = cancel or Cancel()
    folder = source.parent if source.is_file() else source
    if not folder.is_dir():
        raise InputError(f"'{source}' is not there: give the folder of a model")
    if (folder / CARD).is_file():
        return _copy(folder, given, progress, cancel)
    precisions = check_precisions(given.precisions)
    need_extras()
    with _work_folder() as work:
        progress(Step("read", 0, 1, f"{folder.name}: weights"))
        if _audiocraft_file(source, folder) is not None:
            parts, sha256, extra = _audiocraft(source, folder, given, work, cancel)
        elif (folder / "config.json").is_file():
            parts, sha256, extra = _huggingface(folder, given, work, cancel)
        else:
            raise InputError(
                f"'{folder.name}' holds neither {FILE} nor a config.json with weights: give the folder of a "
                "published GVMGen, of an audiocraft export or of a Hugging Face MusicGen"
            )
        progress(Step("read", 1, 1, f"{folder.name}: {len(parts.state)} weights"))
        name = check_name(given.name or _usual_name(parts.config, folder))
        entry = given.entry or find_published(name)
        return install(
            parts,
            _origin(parts.config, folder, entry, sha256, {**extra, **given.extra}),
            name,
            models_dir() / name,
            precisions=precisions,
            progress=progress,
            cancel=cancel,
        )


def _audiocraft(
    source: Path, folder: Path, given: Given, work: Path, cancel: Cancel
) -> tuple[Parts, str, dict[str, Any]]:
    path = _audiocraft_file(source, folder)
    assert path is not None
    # The codec first: it is small, and often the one that is missing.
    codec = find_codec(folder, given.codec, work, cancel)
    stored = read_checkpoint(path, work, cancel)
    if stored.tensors is None:
        raise InputError(f"'{path.name}' only names another model, {stored.pretrained}: import that one")
    shapes = {
        name: shape for name, shape in stored.tensors.shapes().items() if name not in audiocraft.COMPUTED
    }
    config = audiocraft.model_config(shapes, stored.facts, path.name)
    check_keys(shapes, model_shapes(config), path.name, _WHOSE[config.kind])
    text = None
    if config.text is not None:
        text = find_text(folder, config.text.dim, given.text, work, cancel)
        config = replace(config, text=text.config)
    config = _with_codec(config, replace(codec.config, channels=config.encodec.channels), path.name)
    named = stored.facts.get("conditioners.description.t5.name")
    return (
        Parts(
            config,
            stored.tensors,
            codec.weights,
            text.weights if text else None,
            text.tokenizer if text else None,
        ),
        files_sha256([path], cancel),
        {"text_encoder": named} if isinstance(named, str) else {},
    )


def _huggingface(folder: Path, given: Given, work: Path, cancel: Cancel) -> tuple[Parts, str, dict[str, Any]]:
    described = read_json(folder / "config.json")
    config = huggingface.model_config(described)
    weights = open_weights(folder, work, cancel)
    state, shapes = huggingface.published_names(weights, weights.shapes())
    check_keys(shapes, model_shapes(config), folder.name, _WHOSE[config.kind])
    if given.codec is not None:
        codec = find_codec(folder, given.codec, work, cancel)
    else:
        codec = codec_inside(config.encodec, weights, folder.name)
    assert config.text is not None
    if given.text is not None:
        text = find_text(folder, config.text.dim, given.text, work, cancel)
    else:
        text = text_inside(config.text, weights, folder)
    config = replace(config, text=text.config)
    config = _with_codec(config, replace(codec.config, channels=config.encodec.channels), folder.name)
    named = described.get("text_encoder", {}).get("_name_or_path")
    return (
        Parts(config, state, codec.weights, text.weights, text.tokenizer),
        files_sha256(weight_files(folder), cancel),
        {"text_encoder": named} if isinstance(named, str) and named else {},
    )


def _with_codec(config: ModelConfig, codec: Any, file_name: str) -> ModelConfig:
    decoder = config.decoder
    if codec.codebooks * codec.channels != decoder.codebooks or codec.cardinality != decoder.cardinality:
        raise InputError(
            f"the codec has {codec.codebooks} codebooks of {codec.cardinality} and '{file_name}' writes "
            f"{decoder.codebooks // codec.channels} of {decoder.cardinality}: give "
            "the codec it was trained with"
        )
    return replace(config, codec=codec)


def _audiocraft_file(source: Path, folder: Path) -> Path | None:
    """`state_dict.bin`, or the file itself that was given in its place."""
    if source.is_file() and source.suffix in (".bin", ".pt", ".th") and source.name != "pytorch_model.bin":
        return source if not source.name.startswith("compression_") else _state(folder)
    return _state(folder)


def _state(folder: Path) -> Path | None:
    return folder / FILE if (folder / FILE).is_file() else None


def _usual_name(config: ModelConfig, folder: Path) -> str:
    if config.kind == "gvmgen":
        return "gvmgen"
    # Hugging Face's own folders of a download are named by a hash.
    name = folder.resolve().name.lower().replace(" ", "-").replace("facebook--", "")
    return "musicgen" if len(name) == 40 else name


def _origin(
    config: ModelConfig, folder: Path, entry: Published | None, sha256: str, extra: Mapping[str, Any]
) -> Origin:
    known = entry if entry is not None and entry.kind == config.kind else None
    if known is None:
        return Origin(
            source=folder.name,
            code_licence="Apache-2.0" if config.kind == "gvmgen" else "MIT",
            weights_licence="not stated",
            commercial=None,
            weights_sha256=sha256,
            extra=extra,
        )
    return Origin(
        source=known.source,
        code_licence=known.code_licence,
        weights_licence=known.weights_licence,
        commercial=known.commercial,
        weights_sha256=sha256,
        extra=extra,
    )


def _copy(source: Path, given: Given, progress: Progress, cancel: Cancel) -> ModelCard:
    """A model that was converted elsewhere, after every file's hash was compared."""
    card = read_card(source)
    faults = check(Installed(card, source), progress=progress, cancel=cancel)
    if faults:
        raise InputError(faults[0])
    name = check_name(given.name or card.name)
    target = models_dir() / name
    if target.exists() and target.samefile(source):
        return card
    with built_aside(target) as building:
        for index, file in enumerate(card.files):
            progress(Step("import", index, len(card.files), file))
            with (source / file).open("rb") as read, durable_file(building / file) as write:
                while block := read.read(_COPY_BYTES):
                    cancel.check()
                    write.write(block)
        card = replace(card, name=name)
        durable_write(building / CARD, pretty(card))
        # Compared once more: the source may have changed while it was read.
        faults = check(Installed(card, building), cancel=cancel)
        if faults:
            raise InputError(faults[0])
    return card


@contextmanager
def _work_folder() -> Iterator[Path]:
    """Room for what a child has read, on the library's own disk; emptied when done."""
    from filelock import FileLock, Timeout

    try:
        models_dir().mkdir(mode=0o700, parents=True, exist_ok=True)
        sweep()
        folder = Path(tempfile.mkdtemp(prefix=".reading.", dir=models_dir()))
    except OSError as error:
        raise output_error(models_dir() / FILE, error) from error
    try:
        # Two at once would want the memory of both.
        with FileLock(models_dir() / ".lock", timeout=0):
            yield folder
    except Timeout as error:
        raise OptionError("another import is running on this machine: wait until it has ended") from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)
