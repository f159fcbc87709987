"""What we export, audiocraft itself loads and generates from."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import checkpoints
from hitpoint.engine.errors import OptionError, OutputError
from hitpoint.engine.models.config import SpectralConfig
from hitpoint.engine.models.export_audiocraft import export_audiocraft, model_words
from hitpoint.engine.models.generate.loop import generate_tokens
from hitpoint.engine.models.generate.sampling import Sampling
from hitpoint.engine.models.importing.model import Given, import_model
from hitpoint.engine.models.importing.random import install_random
from hitpoint.engine.models.library import Installed, find
from hitpoint.engine.models.runtime.decoder import OnnxDecoder
from hitpoint.engine.models.runtime.encoder import Temporal
from hitpoint.engine.models.runtime.text import TextEncoder
from hitpoint.engine.models.step import Condition
from hitpoint.engine.models.tiny import tiny_gvmgen
from hitpoint.engine.models.weights import Tensors
from hitpoint.engine.progress import Cancel

# audiocraft asks transformers for T5 by a bare name: in this folder the name is that of a local folder.
_GENERATE = """
import json, sys, warnings
warnings.simplefilter("ignore")
from hitpoint.engine.models.generate.audiocraft_standins import audiocraft_imports
with audiocraft_imports():
    import torch
    torch.set_num_threads(1)
    from audiocraft.models import MusicGen
    model = MusicGen.get_pretrained("exported", device="cpu")
    model.set_generation_params(use_sampling=False, duration=0.4)
    torch.manual_seed(0)
    audio, tokens = model.generate(["slow piano"], return_tokens=True)
    print(json.dumps({"audio": list(audio.shape), "rate": model.sample_rate, "tokens": tokens[0].tolist(),
                      "level": float(audio.std())}))
"""


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HITPOINT_HOME", str(tmp_path / "home"))
    checkpoints.read_in_process(monkeypatch)


def _ours(found: Installed, prompt: str, steps: int) -> Any:
    """Greedy tokens [K, steps] of the imported model, on ONNX Runtime."""
    memory, mask = TextEncoder(found.folder, "fp32").memory([prompt])
    memory, temporal_kv = Temporal(found.folder, "fp32", "cpu").project(memory, None)
    decoder = OnnxDecoder(found.folder, found.card.config.decoder, "fp32")
    tokens = generate_tokens(
        decoder,
        Condition(temporal_kv, memory, mask),
        steps=steps,
        sampling=Sampling(greedy=True),
        seed=0,
        told=lambda done: None,
        cancel=Cancel(),
    )
    return tokens[0]


@pytest.mark.parametrize("stereo", [False, True])
def test_audiocraft_generates_our_tokens_from_an_exported_musicgen(tmp_path: Path, stereo: bool) -> None:
    checkpoints.write_musicgen(tmp_path / "mg", stereo=stereo)
    checkpoints.write_text(tmp_path / "t5-small", whole=False)
    import_model(tmp_path / "mg", Given(text=tmp_path / "t5-small", precisions=("fp32",)))
    facts = export_audiocraft(find("mg"), tmp_path / "exported")
    assert set(facts) == {"state_dict.bin", "compression_state_dict.bin"}
    done = subprocess.run(
        [sys.executable, "-c", _GENERATE],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": "/usr/bin:/bin", "HF_HUB_OFFLINE": "1", "HOME": str(tmp_path)},
    )
    assert done.returncode == 0, done.stderr[-2000:]
    said = json.loads(done.stdout.splitlines()[-1])
    assert said["rate"] == 32_000
    assert said["audio"] == [1, 2 if stereo else 1, 12_800]
    assert np.array(said["tokens"]).shape == (8 if stereo else 4, 20)
    assert len(np.unique(said["tokens"])) > 5
    assert said["level"] > 1e-3
    assert said["tokens"] == _ours(find("mg"), "slow piano", 20).tolist()


def test_an_exported_gvmgen_comes_back_with_every_weight(tmp_path: Path) -> None:
    config, state = checkpoints.write_gvmgen(tmp_path / "gv")
    import_model(tmp_path / "gv", Given(precisions=("fp32",)))
    export_audiocraft(find("gvmgen"), tmp_path / "out")
    card = import_model(tmp_path / "out", Given(name="again", precisions=("fp32",)))
    assert card.config == config
    weights = Tensors(find("again").folder / "weights.safetensors")
    assert all(np.array_equal(weights[name], state[name]) for name in state)
    first, second = (Tensors(find(name).folder / "codec.safetensors") for name in ("gvmgen", "again"))
    assert all(np.array_equal(first[name], second[name]) for name in first)
    with pytest.raises(OutputError, match="is there already: choose another folder"):
        export_audiocraft(find("gvmgen"), tmp_path / "out")


def test_a_melody_export_holds_the_window_that_audiocraft_expects(tmp_path: Path) -> None:
    checkpoints.write_musicgen(tmp_path / "mg", melody=True)
    checkpoints.write_text(tmp_path / "t5")
    import_model(tmp_path / "mg", Given(text=tmp_path / "t5", precisions=("fp32",)))
    export_audiocraft(find("mg"), tmp_path / "out")
    state = torch.load(tmp_path / "out" / "state_dict.bin", weights_only=True)["best_state"]
    window = state["condition_provider.conditioners.self_wav.chroma.spec.window"]
    assert torch.equal(window, torch.hann_window(16_384))
    words = model_words(find("mg").card.config)
    assert words["fuser"]["prepend"] == ["self_wav", "description"]
    assert words["conditioners"]["self_wav"]["chroma_stem"]["radix2_exp"] == 14


def test_a_text_encoder_that_audiocraft_cannot_name_is_refused(tmp_path: Path) -> None:
    from hitpoint.engine.models.tiny import tiny_musicgen

    with pytest.raises(OptionError, match="no name for a text encoder 32 wide"):
        model_words(tiny_musicgen()[0])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"decoder": tiny_gvmgen(plan=True)[0].decoder}, "'tiny' takes a plan at its decoder's input"),
        ({"codec": None, "spectral": SpectralConfig()}, "'tiny' has a codec that audiocraft does not know"),
    ],
)
def test_what_audiocraft_has_no_place_for_is_refused_in_a_sentence(
    tmp_path: Path, change: dict[str, Any], said: str
) -> None:
    config, state = tiny_gvmgen()
    install_random(config, "tiny", state=state, precisions=("fp32",))
    found = find("tiny")
    found = replace(found, card=replace(found.card, config=replace(config, **change)))
    with pytest.raises(OptionError, match=said):
        export_audiocraft(found, tmp_path / "out")
    assert not (tmp_path / "out").exists()
