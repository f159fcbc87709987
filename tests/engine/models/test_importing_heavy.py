"""A published GVMGen of the small size, with random weights: imported and run, with its peak of memory."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
import yaml

import checkpoints
from hitpoint.engine.models.config import SMALL, CodecConfig, ModelConfig, VisualConfig
from hitpoint.engine.models.export_audiocraft import model_words
from hitpoint.engine.models.state import model_shapes, parameters

_CONFIG = ModelConfig(kind="gvmgen", decoder=SMALL, codec=CodecConfig(), visual=VisualConfig())

# Not ru_maxrss, which a child takes over from its parent.
_IMPORT = """
import re, resource, sys
from pathlib import Path
from hitpoint.engine.models.importing.model import Given, import_model
card = import_model(Path(sys.argv[1]), Given(precisions=("int8",)))
own = int(re.findall(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[0]) / 1024
child = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
print(f"import: peak {own:.0f} MiB here, {child:.0f} MiB in the child (files that are mapped counted in)")
"""

_RUN = """
import re, time
from pathlib import Path
import numpy as np
from hitpoint.engine.models.generate.loop import generate_tokens
from hitpoint.engine.models.generate.sampling import Sampling
from hitpoint.engine.models.library import find
from hitpoint.engine.models.runtime.codec import Codec
from hitpoint.engine.models.runtime.decoder import OnnxDecoder
from hitpoint.engine.models.runtime.encoder import PictureEncoder, Temporal
from hitpoint.engine.models.step import Condition
from hitpoint.engine.progress import Cancel
found = find("gvmgen")
encoder = PictureEncoder(found.folder, "int8", "cpu")
memory = encoder.memory(np.random.default_rng(0).standard_normal((2, 3, 336, 336), np.float32))[None]
encoder.close()
memory, temporal_kv = Temporal(found.folder, "int8", "cpu").project(memory, None)
start = time.perf_counter()
tokens = generate_tokens(OnnxDecoder(found.folder, found.card.config.decoder), Condition(temporal_kv, memory),
                         steps=100, sampling=Sampling(), seed=0, told=lambda done: None, cancel=Cancel())
seconds = time.perf_counter() - start
sound = np.concatenate(list(Codec(found.folder, found.card.config.codec).decode(tokens[0])))
assert sound.shape == (64_000, 1), sound.shape
assert np.isfinite(sound).all()
peak = int(re.findall(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[0]) / 1024
print(f"run: 2 pictures, 2 s of music, {1000 * seconds / 103:.1f} ms a step, peak {peak:.0f} MiB")
"""


@pytest.mark.heavy
def test_the_small_size_imports_and_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HITPOINT_HOME", str(tmp_path / "home"))
    shapes = model_shapes(_CONFIG)
    assert parameters(shapes) == 797_130_752
    generator = torch.Generator().manual_seed(0)
    # As MusicGen's exports, in half precision.
    state = {
        name: (torch.randn(shape, generator=generator) * 0.02 + float("norm" in name)).half()
        for name, shape in shapes.items()
    }
    checkpoints.save(
        tmp_path / "gv" / "state_dict.bin",
        {"best_state": state, "xp.cfg": yaml.safe_dump(model_words(_CONFIG))},
    )
    del state
    checkpoints.write_codec(tmp_path / "gv", CodecConfig())
    for script in (_IMPORT, _RUN):
        start = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-c", script, str(tmp_path / "gv")], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr[-2000:]
        print(f"{done.stdout.strip()}, {time.perf_counter() - start:.0f} s")
