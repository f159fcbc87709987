"""The codec on ONNX Runtime: what torch gives, whatever the pieces, with no seam and no growth."""

from __future__ import annotations

import itertools
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")

from hitpoint.engine.errors import EngineFault, InputError  # noqa: E402
from hitpoint.engine.models.codec_state import random_codec_state  # noqa: E402
from hitpoint.engine.models.config import CodecConfig  # noqa: E402
from hitpoint.engine.models.graphs.codec import export_codec  # noqa: E402
from hitpoint.engine.models.net.codec import load_codec  # noqa: E402
from hitpoint.engine.models.runtime.codec import DECODE_FILE, Codec  # noqa: E402
from hitpoint.engine.models.tiny import TINY_CODEC  # noqa: E402

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]
STEREO = replace(TINY_CODEC, channels=2)
# Convolutions that reach wider than the published ones, and two of them in a row.
WIDE = replace(TINY_CODEC, residual_layers=2, residual_kernel=5, ratios=(8, 5, 4, 4))
SEED = 5
PARITY = 1e-4


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[CodecConfig, Path]:
    torch.set_num_threads(1)
    out = {}
    for config in (TINY_CODEC, STEREO, WIDE):
        out[config] = tmp_path_factory.mktemp("model")
        export_codec(config, random_codec_state(config, SEED), out[config])
    return out


def random_codes(config: CodecConfig, steps: int) -> Ints:
    random = np.random.Generator(np.random.Philox(3))
    return random.integers(0, config.cardinality, (config.codebooks * config.channels, steps))


def random_sound(config: CodecConfig, samples: int) -> Floats:
    random = np.random.Generator(np.random.Philox(4))
    return (0.5 * random.standard_normal((samples, config.channels))).astype(np.float32)


def decoded(codec: Codec, codes: Ints) -> Floats:
    return np.concatenate(list(codec.decode(codes)))


def whole_sound(config: CodecConfig, codes: Ints) -> Floats:
    network = load_codec(config, random_codec_state(config, SEED))
    sound: Floats = network.decode(torch.from_numpy(codes[None]))[0].numpy().T
    return sound


@pytest.mark.parametrize("config", [TINY_CODEC, STEREO, WIDE], ids=["mono", "stereo", "wide"])
@pytest.mark.parametrize("steps", [1, 3, 19, 20, 21, 26, 41, 333])
def test_pieces_of_sound_are_the_whole(
    folders: dict[CodecConfig, Path], config: CodecConfig, steps: int
) -> None:
    codes = random_codes(config, steps)
    codec = Codec(folders[config], config, device="cpu", threads=1, chunk_steps=20)
    sound = decoded(codec, codes)
    whole = whole_sound(config, codes)
    assert sound.dtype == np.float32
    assert sound.shape == whole.shape == (640 * steps, config.channels)
    assert np.abs(sound - whole).max() < PARITY


def test_blocks_are_not_longer_than_a_piece(folders: dict[CodecConfig, Path]) -> None:
    codec = Codec(folders[TINY_CODEC], TINY_CODEC, device="cpu", threads=1, chunk_steps=30)
    lengths = [len(block) for block in codec.decode(random_codes(TINY_CODEC, 200))]
    assert len(lengths) > 5
    assert max(lengths) <= 640 * 33


def test_borders_step_no_more_than_the_music_does(folders: dict[CodecConfig, Path]) -> None:
    """A seam would be a jump at a border; a piece without its neighbours, the control, has them."""
    codes = random_codes(TINY_CODEC, 400)
    codec = Codec(folders[TINY_CODEC], TINY_CODEC, device="cpu", threads=1, chunk_steps=20)
    whole = whole_sound(TINY_CODEC, codes)[:, 0]
    borders = np.cumsum([len(block) for block in codec.decode(codes)])[:-1]

    def steps_at_borders(sound: Floats) -> float:
        return float(
            np.abs((sound[borders] - sound[borders - 1]) - (whole[borders] - whole[borders - 1])).max()
        )

    assert steps_at_borders(decoded(codec, codes)[:, 0]) < 1e-5
    edges = [0, *(borders // 640), codes.shape[1]]
    apart = [decoded(codec, codes[:, a:b])[:, 0] for a, b in itertools.pairwise(edges)]
    assert steps_at_borders(np.concatenate(apart)) > 0.01


@pytest.mark.parametrize("config", [TINY_CODEC, STEREO, WIDE], ids=["mono", "stereo", "wide"])
@pytest.mark.parametrize("samples", [2000, 2560, 12_799, 12_801, 13_500, 100_001])
def test_pieces_of_codes_are_the_whole(
    folders: dict[CodecConfig, Path], config: CodecConfig, samples: int
) -> None:
    sound = random_sound(config, samples)
    network = load_codec(config, random_codec_state(config, SEED))
    whole = network.encode(torch.from_numpy(sound.T[None].copy()))[0].numpy()
    codes = Codec(folders[config], config, device="cpu", threads=1, chunk_steps=20).encode(sound)
    assert codes.dtype == np.int64
    assert codes.shape == whole.shape == (config.codebooks * config.channels, -(-samples // 640))
    assert np.mean(codes == whole) > 0.999


def test_what_is_no_music_is_refused(folders: dict[CodecConfig, Path], tmp_path: Path) -> None:
    codec = Codec(folders[TINY_CODEC], TINY_CODEC, device="cpu", threads=1)
    codes = random_codes(TINY_CODEC, 9)
    special = codes.copy()
    special[1, 4] = TINY_CODEC.cardinality
    for wrong in (codes[:3], codes[None], codes[:, :0], special, codes - 3000):
        with pytest.raises(EngineFault, match="code"):
            decoded(codec, wrong)
    with pytest.raises(EngineFault, match="channels"):
        codec.encode(random_sound(STEREO, 9000))
    with pytest.raises(InputError, match="80 ms"):
        codec.encode(random_sound(TINY_CODEC, 1900))
    with pytest.raises(InputError, match=DECODE_FILE):
        decoded(Codec(tmp_path, TINY_CODEC), codes)


def test_a_closed_codec_opens_again(folders: dict[CodecConfig, Path]) -> None:
    codec = Codec(folders[TINY_CODEC], TINY_CODEC, device="cpu", threads=1)
    codes = random_codes(TINY_CODEC, 30)
    first = decoded(codec, codes)
    codec.close()
    assert np.array_equal(first, decoded(codec, codes))


# Not ru_maxrss, which a child takes over from its parent.
_LONG = """
import re, sys
from pathlib import Path
import numpy as np
from hitpoint.engine.models.config import CodecConfig
from hitpoint.engine.models.runtime.codec import Codec
codes = np.random.Generator(np.random.Philox(1)).integers(0, 2048, (4, 50 * int(sys.argv[2])))
codec = Codec(Path(sys.argv[1]), CodecConfig(), device="cpu", threads=2)
print(sum(len(block) for block in codec.decode(codes)))
print(int(re.findall(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[0]) // 1024)
assert "torch" not in sys.modules and "onnx" not in sys.modules
"""


@pytest.mark.heavy
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="peak memory is read from Linux's /proc")
def test_the_published_size_is_exact_and_stays_under_600_megabytes(tmp_path: Path) -> None:
    config = CodecConfig()
    export_codec(config, random_codec_state(config, SEED), tmp_path)
    codes = random_codes(config, 520)
    codec = Codec(tmp_path, config, device="cpu", threads=2)
    assert np.abs(decoded(codec, codes) - whole_sound(config, codes)).max() < PARITY
    peaks = []
    for seconds in (30, 150):
        command = [sys.executable, "-c", _LONG, str(tmp_path), str(seconds)]
        text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        samples, peak_mb = map(int, text.split())
        assert samples == 32_000 * seconds
        peaks.append(peak_mb)
    print("peak MB of 30 s and 150 s:", peaks)
    assert peaks[1] < 600
    assert peaks[1] - peaks[0] < 40
