"""demucs on random weights: its separation is nonsense, the way there and back is what counts."""

from __future__ import annotations

import hashlib
import json
import pickle
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("demucs")

import torch
from demucs.htdemucs import HTDemucs
from safetensors.torch import save_file

from hitpoint.engine.audio.wav import WorkWriter, work_blocks, work_frames
from hitpoint.engine.errors import Cancelled
from hitpoint.engine.models import separate as module
from hitpoint.engine.models.separate import STEMS, separate
from hitpoint.engine.progress import Cancel, Step, silent
from hitpoint.engine.types import Plan, Provenance, Stem, Take

pytestmark = pytest.mark.filterwarnings(
    # torch's own, in its STFT and its weight initialisation.
    "ignore::UserWarning:torch",
    "ignore::FutureWarning:torch",
)
SOURCES = ["drums", "bass", "other", "vocals"]
SIZES: dict[str, Any] = {
    "channels": 8, "growth": 2, "t_layers": 1, "t_heads": 4, "segment": Fraction(1), "bottom_channels": 0,
}  # fmt: skip


@pytest.fixture(autouse=True)
def own_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("HITPOINT_HOME", str(home))
    monkeypatch.setenv("TORCH_HOME", str(home / "torch"))
    monkeypatch.setattr("huggingface_hub.try_to_load_from_cache", lambda *_: None)
    torch.set_num_threads(1)
    return home


@pytest.fixture(scope="module")
def package() -> dict[str, Any]:
    """What demucs writes into a .th file, with random weights."""
    generator_state = torch.get_rng_state()
    torch.manual_seed(5)
    model = HTDemucs(SOURCES, **SIZES)
    torch.set_rng_state(generator_state)
    state = {name: value.half() for name, value in model.state_dict().items()}
    return {"klass": HTDemucs, "args": (SOURCES,), "kwargs": SIZES, "state": state, "training_args": {}}


def _place(home: Path, package: Any, name: str = "955717e8") -> Path:
    folder = home / "data" / "models" / "demucs"
    folder.mkdir(parents=True, exist_ok=True)
    plain = folder / "plain.th"
    torch.save(package, plain)
    digest = hashlib.sha256(plain.read_bytes()).hexdigest()[:8]
    return plain.rename(folder / f"{name}-{digest}.th")


def _take(folder: Path, *, seconds: float = 2.5, rate: int = 32_000, channels: int = 1) -> Take:
    random = np.random.Generator(np.random.PCG64(2))
    frames = round(seconds * rate)
    sound = (0.2 * random.standard_normal((frames, channels))).astype(np.float32)
    path = folder / "music.wav"
    with WorkWriter(path, frames, channels=channels, sample_rate=rate) as out:
        out.write(sound)
    stem = Stem("music", str(path), out.sha256, frames, (8_000, 4_000), rate)
    plan = Plan("cue", 48_000, (), (), (), (), 0)
    return Take("cue", (stem,), plan, Provenance("gvmgen", "0", 1), beats="own", extra={"tokens": "t"})


def _sound(stem: Stem) -> np.ndarray:
    return np.concatenate(list(work_blocks(Path(stem.path))))


@pytest.mark.parametrize(("rate", "channels"), [(32_000, 1), (44_100, 2), (48_000, 2)])
def test_stems_add_up_to_the_music_at_its_own_rate_length_and_channels(
    own_home: Path, package: dict[str, Any], tmp_path: Path, rate: int, channels: int
) -> None:
    _place(own_home, package)
    take = _take(tmp_path, rate=rate, channels=channels)
    found = separate(take, tmp_path, progress=silent, cancel=Cancel())
    assert found.problems == () and tuple(stem.name for stem in found.stems) == STEMS
    for stem in found.stems:
        assert work_frames(Path(stem.path)) == (take.stems[0].samples, rate)
        assert stem.handle_samples == (8_000, 4_000) and stem.samples == take.stems[0].samples
        assert hashlib.sha256(Path(stem.path).read_bytes()).hexdigest() == stem.sha256
    total = sum(_sound(stem) for stem in found.stems)
    assert np.abs(total - _sound(take.stems[0])).max() < 1e-6
    assert found.beats == "own" and found.extra["tokens"] == "t"
    assert found.extra["separation"]["stems"] == list(STEMS)


def test_windows_give_what_demucs_itself_gives(
    own_home: Path, package: dict[str, Any], tmp_path: Path
) -> None:
    from demucs.apply import apply_model

    _place(own_home, package)
    take = _take(tmp_path, rate=44_100, channels=2, seconds=3.3)
    found = separate(take, tmp_path, progress=silent, cancel=Cancel())
    model = HTDemucs(SOURCES, **SIZES)
    model.load_state_dict(package["state"])
    mix = torch.from_numpy(_sound(take.stems[0]).T.copy())
    mono = mix.mean(0)
    scaled = (mix - mono.mean()) / mono.std(correction=0)
    own = apply_model(model, scaled[None], shifts=0, split=True)[0] * mono.std(correction=0) + mono.mean()
    for place, stem in enumerate(found.stems[:2]):
        assert np.abs(_sound(stem) - own[place].numpy().T).max() < 1e-4


def test_the_hub_s_format_and_torch_s_own_cache_are_found(
    own_home: Path, package: dict[str, Any], tmp_path: Path
) -> None:
    take = _take(tmp_path, seconds=1.2)
    cache = own_home / "torch" / "hub" / "checkpoints"
    cache.mkdir(parents=True)
    _place(own_home, package).rename(cache / "955717e8.th")
    from_cache = separate(take, tmp_path, progress=silent, cancel=Cancel())
    assert from_cache.extra["separation"]["model"] == "955717e8.th"
    drums = _sound(from_cache.stems[0])
    sizes = {**SIZES, "segment": {"_type": "fraction", "numerator": 1, "denominator": 1}}
    told = {
        "klass": "demucs.htdemucs.HTDemucs", "args": json.dumps([SOURCES]), "kwargs": json.dumps(sizes)
    }  # fmt: skip
    save_file(package["state"], own_home / "data" / "models" / "demucs" / "955717e8.safetensors", told)
    hub = separate(take, tmp_path, progress=silent, cancel=Cancel())
    assert hub.extra["separation"]["model"] == "955717e8.safetensors"
    assert np.array_equal(_sound(hub.stems[0]), drums)


def test_a_bag_of_models_is_their_mean(own_home: Path, package: dict[str, Any], tmp_path: Path) -> None:
    take = _take(tmp_path, seconds=1.2)
    path = _place(own_home, package, "aaaa0001")
    alone = _sound(separate(take, tmp_path, progress=silent, cancel=Cancel()).stems[0])
    _place(own_home, package, "aaaa0002")
    (path.parent / "both.yaml").write_text("models: ['aaaa0001', 'aaaa0002']\n")
    found = separate(take, tmp_path, progress=silent, cancel=Cancel())
    assert found.extra["separation"]["model"].count(".th") == 2
    assert np.allclose(_sound(found.stems[0]), alone, atol=1e-5)


def test_without_weights_the_take_keeps_its_music_and_says_what_to_do(own_home: Path, tmp_path: Path) -> None:
    take = _take(tmp_path)
    found = separate(take, tmp_path, progress=silent, cancel=Cancel())
    assert found.stems == take.stems and "separation" not in found.extra
    (problem,) = found.problems
    assert problem.kind == "stems" and "955717e8" in problem.text
    assert str(own_home / "data" / "models" / "demucs") in problem.text


def test_without_demucs_the_take_keeps_its_music_and_names_the_extra(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module.importlib.util, "find_spec", lambda name: None)
    found = separate(_take(tmp_path), tmp_path, progress=silent, cancel=Cancel())
    assert "pip install 'hitpoint[stems]'" in found.problems[0].text


class _Bomb:
    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (Path("exploded"),)


@pytest.mark.parametrize("fault", ["pickle that runs code", "cut short", "wrong digits", "other shapes"])
def test_a_damaged_or_hostile_file_is_named_and_the_music_kept(
    own_home: Path, package: dict[str, Any], tmp_path: Path, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    if fault == "pickle that runs code":
        path = _place(own_home, {**package, "args": _Bomb()})
    elif fault == "other shapes":
        path = _place(own_home, {**package, "kwargs": {**SIZES, "channels": 16}})
    else:
        path = _place(own_home, package)
        data = path.read_bytes()
        changed = data[: len(data) // 2] if fault == "cut short" else data + b" "
        path.write_bytes(changed)
        if fault == "cut short":
            path = path.rename(path.with_name("955717e8.th"))
    take = _take(tmp_path)
    found = separate(take, tmp_path, progress=silent, cancel=Cancel())
    assert found.stems == take.stems
    assert str(path) in found.problems[0].text and "download it again" in found.problems[0].text
    assert not (tmp_path / "exploded").exists()


def test_a_raw_pickle_is_refused(own_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    folder = own_home / "data" / "models" / "demucs"
    folder.mkdir(parents=True)
    (folder / "955717e8.th").write_bytes(pickle.dumps(_Bomb()))
    found = separate(_take(tmp_path), tmp_path, progress=silent, cancel=Cancel())
    assert len(found.problems) == 1 and not (tmp_path / "exploded").exists()


def test_it_stops_between_windows_and_leaves_no_stem(
    own_home: Path, package: dict[str, Any], tmp_path: Path
) -> None:
    _place(own_home, package)
    cancel = Cancel()

    def progress(step: Step) -> None:
        cancel.set()

    with pytest.raises(Cancelled):
        separate(_take(tmp_path), tmp_path, progress=progress, cancel=cancel)
    assert [path.name for path in tmp_path.glob("*.wav")] == ["music.wav"]
