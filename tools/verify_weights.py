"""`make verify-weights`: published weights, fetched, checked, played for ten seconds. Needs a network.

    python -m tools.verify_weights [NAME ...] [--gvmgen DIR] [--out docs/verified-weights.md]

Writes a report to commit: every file's sum, the first tokens of a fixed question (the known answer: the same
on every machine, and the same as audiocraft's own where that is installed), what the ten seconds measure.
Music goes to out/verify, to be heard: no figure says that it is music.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version as package_version
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import soundfile

from hitpoint.engine.errors import HitpointError
from hitpoint.engine.manifest import version
from hitpoint.engine.models.download import get
from hitpoint.engine.models.export_audiocraft import export_audiocraft
from hitpoint.engine.models.generate.loop import generate_tokens
from hitpoint.engine.models.generate.sampling import Sampling
from hitpoint.engine.models.importing.model import Given, import_model
from hitpoint.engine.models.library import Installed, check, find, parts_dir
from hitpoint.engine.models.runtime.codec import Codec
from hitpoint.engine.models.runtime.decoder import OnnxDecoder
from hitpoint.engine.models.runtime.encoder import PictureEncoder, Temporal
from hitpoint.engine.models.runtime.text import TextEncoder
from hitpoint.engine.models.step import Condition
from hitpoint.engine.progress import Cancel
from hitpoint.engine.store.durable import durable_write

PROMPT = "slow piano and strings, a quiet morning by the sea"
STEPS_KNOWN = 20
SECONDS = 10
SEED = 1
REPORT = Path("docs") / "verified-weights.md"
MUSIC = Path("out") / "verify"
_FENCE = "```json\n"

# audiocraft asks transformers for T5 by a bare name: run in the folder of parts, the name is a folder there.
_AUDIOCRAFT = """
import json, sys, warnings
warnings.simplefilter("ignore")
from hitpoint.engine.models.generate.audiocraft_standins import audiocraft_imports
with audiocraft_imports():
    import torch
    from audiocraft.models import MusicGen
    model = MusicGen.get_pretrained(sys.argv[1], device="cpu")
    steps = int(sys.argv[3])
    model.set_generation_params(use_sampling=False, duration=steps / 50)
    tokens = model.generate([sys.argv[2]], return_tokens=True)[1]
    print(json.dumps(tokens[0, :, :steps].tolist()))
"""


@dataclass(frozen=True)
class Verified:
    """What one model came to. `audiocraft`: whether its own code gives the same tokens; None: not asked."""

    name: str
    licence: str
    files: Mapping[str, Mapping[str, Any]]
    tokens: list[list[int]]
    distinct: int
    audiocraft: bool | None
    music: str
    music_sha256: str
    samples: int
    level_dbfs: float
    peak: float
    silent_share: float
    seconds_to_make: float


def main(arguments: Sequence[str] | None = None) -> int:
    """0 when all agreed, 1 when a model failed or an answer changed; the report is written either way."""
    parser = argparse.ArgumentParser(description="fetch, check and play published weights")
    parser.add_argument("names", nargs="*", metavar="NAME", help="of 'hitpoint models list'")
    parser.add_argument("--gvmgen", type=Path, metavar="DIR", help="a published GVMGen folder to import")
    parser.add_argument("--codec", type=Path, metavar="DIR", help="its EnCodec, where it only names one")
    parser.add_argument("--out", type=Path, default=REPORT)
    parser.add_argument("--music", type=Path, default=MUSIC)
    options = parser.parse_args(arguments)
    names = list(options.names)
    if not names and options.gvmgen is None:
        names = ["musicgen-small"]
    before = known_answers(options.out)
    done: list[Verified] = []
    faults: list[str] = []
    jobs = [(name, None) for name in names] + ([("gvmgen", options.gvmgen)] if options.gvmgen else [])
    for name, folder in jobs:
        try:
            done.append(_verify(name, folder, options.codec, options.music))
        except HitpointError as error:
            faults.append(f"{name}: {error}")
    for one in done:
        if one.name in before and before[one.name] != one.tokens:
            faults.append(f"{one.name}: the known answer differs from that of the last report")
        if one.audiocraft is False:
            faults.append(f"{one.name}: audiocraft gives other tokens from the same weights")
    durable_write(options.out, report(done, faults).encode())
    for fault in faults:
        print(fault, file=sys.stderr)
    print(f"{options.out}: {len(done)} models verified, {len(faults)} faults; listen to {options.music}")
    return 1 if faults else 0


def known_answers(path: Path) -> dict[str, list[list[int]]]:
    """The tokens of an earlier report by model; empty without one."""
    try:
        text = path.read_text(encoding="utf-8")
        data = json.loads(text.split(_FENCE, 1)[1].split("\n```", 1)[0])
        return {str(one["name"]): one["tokens"] for one in data["models"]}
    except (OSError, IndexError, ValueError, KeyError, TypeError):
        return {}


def report(done: Sequence[Verified], faults: Sequence[str]) -> str:
    """The page to commit."""
    machine = {
        "hitpoint": version(),
        "onnxruntime": package_version("onnxruntime"),
        "python": platform.python_version(),
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores",
        "day": time.strftime("%Y-%m-%d", time.gmtime()),
    }
    lines = [
        "# Published weights, verified",
        "",
        "Written by `make verify-weights`. The tokens are the greedy answer to one fixed question, in fp32",
        "with guidance 3; who runs it again compares with them. The music is sampled in int8, seed 1.",
        "",
        "| " + " | ".join(machine) + " |",
        "|" + "---|" * len(machine),
        "| " + " | ".join(machine.values()) + " |",
        "",
        "| model | weights' licence | audiocraft's tokens | distinct tokens | music | level | peak | silent "
        "| made in |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    told = {True: "the same", False: "**others**", None: "not asked"}
    for one in done:
        cells = (
            one.name,
            one.licence,
            told[one.audiocraft],
            str(one.distinct),
            f"{one.samples} samples",
            f"{one.level_dbfs:.1f} dBFS",
            f"{one.peak:.2f}",
            f"{100 * one.silent_share:.0f} %",
            f"{one.seconds_to_make:.0f} s",
        )
        lines.append("| " + " | ".join(cells) + " |")
    lines += ["", *[f"- fault: {fault}" for fault in faults], ""] if faults else [""]
    data = {"machine": machine, "prompt": PROMPT, "models": [asdict(one) for one in done]}
    return "\n".join(lines) + f"{_FENCE}{json.dumps(data, indent=1)}\n```\n"


def _verify(name: str, folder: Path | None, codec: Path | None, music: Path) -> Verified:
    print(f"{name}: fetching and converting", flush=True)
    if folder is None:
        card = get(name, precisions=("int8", "fp32"), tell=print).card
        assert card is not None, "a model, not a part"
    else:
        card = import_model(folder, Given(name=name, codec=codec, precisions=("int8", "fp32")))
    found = find(card.name)
    faults = check(found)
    if faults:
        raise HitpointError(faults[0])
    print(f"{name}: the known answer", flush=True)
    tokens = _tokens(found, "fp32", STEPS_KNOWN, Sampling(greedy=True))
    same = _audiocraft_agrees(found, tokens) if card.config.kind == "musicgen" else None
    print(f"{name}: {SECONDS} s of music", flush=True)
    start = time.perf_counter()
    sound = _play(found, _tokens(found, "int8", 50 * SECONDS, Sampling()))
    seconds = time.perf_counter() - start
    path = music / f"{name}.wav"
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, sound, card.config.encodec.sample_rate, "PCM_24")
    if not np.isfinite(sound).all():
        raise HitpointError(f"the music of '{name}' is not finite: the weights were not understood")
    blocks = sound[: len(sound) // 1600 * 1600].reshape(-1, 1600, sound.shape[1])
    return Verified(
        name=card.name,
        licence=card.weights_licence,
        files=dict(card.extra.get("downloaded", {})) or {"checkpoint": {"sha256": card.weights_sha256}},
        tokens=tokens.tolist(),
        distinct=len(np.unique(tokens)),
        audiocraft=same,
        music=path.name,
        music_sha256=_sha256(path),
        samples=len(sound),
        level_dbfs=float(20 * np.log10(max(1e-9, np.sqrt(np.mean(sound**2))))),
        peak=float(np.abs(sound).max()),
        silent_share=float(np.mean(np.sqrt((blocks**2).mean((1, 2))) < 1e-3)),
        seconds_to_make=seconds,
    )


def _tokens(found: Installed, precision: Any, steps: int, sampling: Sampling) -> npt.NDArray[np.int64]:
    config = found.card.config
    decoder = OnnxDecoder(found.folder, config.decoder, precision)
    return generate_tokens(
        decoder,
        _condition(found, precision),
        steps=steps,
        sampling=sampling,
        seed=SEED,
        told=lambda done: None,
        cancel=Cancel(),
    )[0]


def _condition(found: Installed, precision: Any) -> Condition:
    """The fixed question: a prompt, or ten made pictures from dark to bright."""
    config = found.card.config
    if config.visual is not None:
        encoder = PictureEncoder(found.folder, precision, "cpu")
        memory = encoder.memory(_pictures(config.visual.image))[None]
        encoder.close()
        mask = np.ones(memory.shape[:2], np.bool_)
    else:
        words = TextEncoder(found.folder, precision)
        memory, mask = words.memory([PROMPT])
        words.close()
    if config.melody is not None:
        from hitpoint.engine.models.runtime.chroma import MelodyPrefix

        return Condition(prefix=MelodyPrefix(found.folder, config.melody).of(memory, mask, None))
    memory, temporal_kv = Temporal(found.folder, precision, "cpu").project(memory, None)
    return Condition(temporal_kv, memory, mask)


def _pictures(size: int) -> npt.NDArray[np.float32]:
    """float32 [10, 3, size, size] as after a model's preprocessing: a slope that turns and brightens."""
    place = np.linspace(-1, 1, size, dtype=np.float32)
    frames = []
    for index in range(10):
        angle = np.float32(index * np.pi / 10)
        slope = np.cos(angle) * place[None, :] + np.sin(angle) * place[:, None] + np.float32(index / 5 - 1)
        frames.append(np.stack([slope, slope[::-1], -slope]))
    return np.stack(frames).astype(np.float32)


def _play(found: Installed, tokens: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
    codec = Codec(found.folder, found.card.config.encodec)
    sound = np.concatenate(list(codec.decode(tokens)))
    codec.close()
    return sound


def _audiocraft_agrees(found: Installed, tokens: npt.NDArray[np.int64]) -> bool | None:
    """Whether audiocraft, from our export of the same weights, answers the same. None where it is not there.

    Melody models are left out: audiocraft wants demucs' weights for them.
    """
    import importlib.util

    if importlib.util.find_spec("audiocraft") is None or found.card.config.melody is not None:
        return None
    print(f"{found.card.name}: the same question to audiocraft", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        export_audiocraft(found, Path(folder) / "model")
        done = subprocess.run(
            [sys.executable, "-c", _AUDIOCRAFT, str(Path(folder) / "model"), PROMPT, str(tokens.shape[1])],
            cwd=parts_dir(),
            env={**os.environ, "HF_HUB_OFFLINE": "1"},
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode:
        raise HitpointError(f"audiocraft failed on '{found.card.name}': {done.stderr.strip()[-400:]}")
    theirs: list[list[int]] = json.loads(done.stdout.splitlines()[-1])
    return theirs == tokens.tolist()


def _sha256(path: Path) -> str:
    from hitpoint.engine.store.identity import sha256_file

    return sha256_file(path)


if __name__ == "__main__":
    sys.exit(main())
