"""The melody prefix against what transformers and audiocraft compute and in which order they put it."""

from __future__ import annotations

import importlib.util
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

pytest.importorskip("librosa")
pytest.importorskip("safetensors")

from hitpoint.engine.errors import InputError
from hitpoint.engine.models.config import MelodyConfig
from hitpoint.engine.models.runtime.chroma import (
    WEIGHTS_FILE,
    MelodyPrefix,
    chroma,
    fit_rows,
    silent_chroma,
)
from hitpoint.engine.models.state import MELODY, TEXT
from hitpoint.engine.models.tiny import tiny_musicgen

# transformers and audiocraft import modules that torch deprecates.
pytestmark = pytest.mark.filterwarnings(
    "ignore::DeprecationWarning", "ignore:.*weight_norm.* is deprecated:FutureWarning"
)

Floats = npt.NDArray[np.float32]
CONFIG = MelodyConfig()
RATE = CONFIG.sample_rate


def tones(*hertz: float, seconds_each: float = 2.0) -> Floats:
    at = np.arange(int(seconds_each * RATE)) / RATE
    random = np.random.Generator(np.random.Philox(1))
    sound = np.concatenate([np.sin(2 * np.pi * pitch * at) for pitch in hertz])
    return (0.4 * sound + 0.01 * random.standard_normal(len(sound))).astype(np.float32)


# Middle C, E, A: pitch classes 0, 4, 9.
MELODY_SOUND = tones(261.63, 329.63, 440.0)


def _padded(sound: Floats) -> Floats:
    missing = max(0, CONFIG.window - len(sound))
    return np.pad(sound, (missing // 2, missing - missing // 2))


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, dict[str, Floats], Path]:
    from safetensors.numpy import save_file

    config, state = tiny_musicgen(2, melody=True)
    folder = tmp_path_factory.mktemp("model")
    save_file(state, folder / WEIGHTS_FILE)
    return config, state, folder


def test_the_loudest_pitch_of_every_moment_is_found() -> None:
    rows = chroma(MELODY_SOUND, CONFIG)
    assert rows.shape == (1 + len(MELODY_SOUND) // CONFIG.hop, 12)
    assert (rows.sum(axis=1) == 1).all()
    loudest = rows.argmax(axis=1)
    for second, pitch in ((1, 0), (3, 4), (5, 9)):
        assert loudest[second * RATE // CONFIG.hop] == pitch


@pytest.mark.parametrize("argmax", [True, False])
@pytest.mark.parametrize("samples", [len(MELODY_SOUND), 20_001, 9_999, 1, 0])
def test_chroma_is_that_of_transformers(samples: int, argmax: bool) -> None:
    torch = pytest.importorskip("torch")
    pytest.importorskip("transformers")
    from transformers.audio_utils import chroma_filter_bank
    from transformers.models.musicgen_melody.feature_extraction_musicgen_melody import (
        MusicgenMelodyFeatureExtractor,
    )

    window = torch.hann_window(CONFIG.window)

    def spectrogram(sound: Any) -> Any:
        """torchaudio's `Spectrogram(power=2, normalized=True)`, which does not install beside our torch."""
        parts = torch.stft(sound, CONFIG.window, CONFIG.hop, window=window, center=True, return_complex=True)
        return (parts / window.square().sum().sqrt()).abs().square()

    bank = chroma_filter_bank(sampling_rate=RATE, num_frequency_bins=CONFIG.window, tuning=0, num_chroma=12)
    extractor = SimpleNamespace(
        n_fft=CONFIG.window,
        spectrogram=spectrogram,
        chroma_filters=torch.from_numpy(bank).float(),
    )
    sound = MELODY_SOUND[:samples]
    ours = chroma(sound, replace(CONFIG, argmax=argmax))
    extract = MusicgenMelodyFeatureExtractor._torch_extract_fbank_features
    theirs = extract(extractor, torch.from_numpy(sound[None]))[0].numpy()
    if argmax:
        assert ours.shape == theirs.shape
        # A tie of two pitches between two tones may fall either way.
        assert np.mean((ours == theirs).all(axis=1)) > 0.97
    else:
        # What transformers returns is one-hot whatever one asks: its input is what we compare.
        raw = bank.astype(np.float32) @ spectrogram(torch.from_numpy(_padded(sound)[None]))[0].numpy()
        theirs = (raw / np.maximum(raw.max(axis=0), 1e-6)).T
        assert np.abs(ours - theirs).max() < 1e-3


def test_rows_fill_thirty_seconds_by_repeating_and_are_cut_there() -> None:
    wanted = 1 + 30 * RATE // CONFIG.hop
    rows = chroma(MELODY_SOUND, CONFIG)
    filled = fit_rows(rows, CONFIG)
    assert filled.shape == (wanted, 12) == silent_chroma(CONFIG).shape
    assert np.array_equal(filled[len(rows) : 2 * len(rows)], rows)
    assert len(fit_rows(np.tile(rows, (9, 1)), CONFIG)) == wanted


def test_a_null_guide_is_the_first_pitch_throughout() -> None:
    assert (silent_chroma(CONFIG)[:, 0] == 1).all()


def test_prefix_is_that_of_transformers(model: tuple[Any, dict[str, Floats], Path]) -> None:
    torch = pytest.importorskip("torch")
    transformers = pytest.importorskip("transformers")
    config, state, folder = model
    text = transformers.T5Config(vocab_size=32, d_model=32, d_kv=8, d_ff=64, num_layers=1, num_heads=4)
    decoder = transformers.MusicgenMelodyDecoderConfig(
        vocab_size=64, num_hidden_layers=1, ffn_dim=64, num_attention_heads=4, hidden_size=config.decoder.dim
    )
    audio = transformers.EncodecConfig(num_filters=4, hidden_size=16, codebook_dim=16, codebook_size=64)
    names = transformers.MusicgenMelodyConfig(
        text_encoder=text.to_dict(), audio_encoder=audio.to_dict(), decoder=decoder.to_dict(),
        num_chroma=12, chroma_length=235,
    )  # fmt: skip
    theirs = transformers.MusicgenMelodyForConditionalGeneration(names).eval()
    with torch.no_grad():
        for layer, prefix in ((theirs.enc_to_dec_proj, TEXT), (theirs.audio_enc_to_dec_proj, MELODY)):
            layer.weight.copy_(torch.from_numpy(state[f"{prefix}output_proj.weight"]))
            layer.bias.copy_(torch.from_numpy(state[f"{prefix}output_proj.bias"]))
        ids, mask = torch.tensor([[5, 9, 3, 1, 0]]), torch.tensor([[1, 1, 1, 1, 0]])
        hidden = theirs.text_encoder(input_ids=ids, attention_mask=mask).last_hidden_state
        memory = (theirs.enc_to_dec_proj(hidden) * mask[..., None]).numpy()
        for sound in (MELODY_SOUND, None):
            given: dict[str, Any] = {"attention_mask": mask}
            if sound is not None:
                given["input_features"] = torch.from_numpy(chroma(sound, CONFIG)[None])
            expected = theirs._prepare_encoder_hidden_states_kwargs_for_generation(
                ids, given, "input_ids", transformers.GenerationConfig(guidance_scale=3.0)
            )["encoder_hidden_states"].numpy()
            ours = MelodyPrefix(folder, CONFIG).of(memory, mask.numpy().astype(bool), sound)
            assert ours.shape == (2, 235 + 5, config.decoder.dim)
            assert np.abs(ours - expected).max() < 1e-5


def test_the_guide_stands_before_the_prompt_as_in_audiocraft(
    model: tuple[Any, dict[str, Floats], Path],
) -> None:
    torch = pytest.importorskip("torch")
    if importlib.util.find_spec("audiocraft") is None:
        pytest.skip("audiocraft is not installed")
    from hitpoint.engine.models.generate.audiocraft_standins import audiocraft_imports

    config, _, folder = model
    memory = np.ones((1, 4, config.decoder.dim), np.float32)
    prefix = MelodyPrefix(folder, CONFIG).of(memory, np.ones((1, 4), np.bool_), MELODY_SOUND)
    with audiocraft_imports():
        from audiocraft.modules.conditioners import ConditionFuser

        fuser = ConditionFuser({"prepend": ["self_wav", "description"], "cross": [], "sum": []})
        # In the order in which audiocraft tokenizes them: words, then sound.
        words, guide = torch.from_numpy(memory), torch.from_numpy(prefix[:1, :235])
        fused, _ = fuser(
            torch.zeros((1, 1, config.decoder.dim)), {"description": (words, None), "self_wav": (guide, None)}
        )
    assert np.array_equal(fused[:, :-1].numpy(), prefix[:1])


def test_a_folder_without_weights_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=WEIGHTS_FILE):
        MelodyPrefix(tmp_path, CONFIG)
