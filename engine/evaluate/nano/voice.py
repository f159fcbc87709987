"""A trained model as the evaluation asks it: one candidate, nothing fitted, pictures and plan given apart.

The parts are the product's own: the same graphs, conditioner, windows and sampling.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from ...models.backends import Backend
from ...models.config import FRAME_RATE
from ...models.generate.loop import generate_long
from ...models.generate.sampling import Sampling
from ...models.generate.windows import default_windowing
from ...models.gvmgen import PictureConditioner
from ...models.library import Installed, read_card
from ...models.neural import Told
from ...models.runtime.encoder import PictureEncoder, Temporal
from ...models.sound import open_codec
from ...models.visual.transform import prepare
from ...progress import Cancel

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]


class Voice:
    """The model in `folder`; `whole`: every window sees the whole film, as the paper has it.

    `exact`: the decoder in 32 bits by torch. Eight bits round so coarsely that a sum in another order ends in
    other tokens after some seconds.
    """

    def __init__(self, folder: Path, *, whole: bool, exact: bool = False) -> None:
        self._installed = Installed(read_card(folder), folder)
        config = self._installed.card.config
        self._config = config
        self._whole = whole
        self._encoder = PictureEncoder(folder, "fp32", "cpu")
        self._temporal = Temporal(folder, "fp32", "cpu")
        backend = Backend("torch", "cpu", "fp32", "fp32") if exact else Backend("onnx", "cpu", "int8", "fp32")
        self._decoder = backend.open(self._installed)
        self._codec = open_codec(folder, config)

    @property
    def sample_rate(self) -> int:
        return self._codec.sample_rate

    def look(self, pictures: npt.NDArray[np.uint8]) -> Floats:
        """Rows [N,D] of pictures [N,H,W,3], one a second."""
        size = self._encoder.image
        return self._encoder.memory(np.stack([prepare(picture, size) for picture in pictures]))

    def play(
        self, rows: Floats, plan: Floats | None, steps: int, *, seed: int, guidance: float | None = None
    ) -> Ints:
        """Tokens [K, steps] for memory rows [N,D] and plan columns [steps, C]."""
        windowing = default_windowing(self._config.max_duration_s)
        conditioner = PictureConditioner(
            rows,
            np.arange(len(rows), dtype=np.float64),
            self._temporal,
            head_s=0.0,
            whole=self._whole,
            told=Told(),
            plan=plan,
        )
        strength = self._config.guidance if guidance is None else guidance
        (tokens,) = generate_long(
            self._decoder,
            conditioner.condition,
            windowing.plan(steps),
            sampling=Sampling(top_k=self._config.top_k, guidance=strength),
            seed=seed,
            told=lambda done: None,
            cancel=Cancel(),
        )
        return np.asarray(tokens)

    def sound(self, tokens: Ints) -> Floats:
        """Mono float32 [640 * steps]."""
        return np.concatenate(list(self._codec.decode(tokens)))[:, 0]

    def resynthesised(self, sound: Floats) -> Floats:
        """What the codec makes of `sound` [n]; as long."""
        return self.sound(self._codec.encode(sound[:, None]))[: len(sound)]


def steps_of(sound: Floats, rate: int) -> int:
    return -(-len(sound) * FRAME_RATE // rate)
