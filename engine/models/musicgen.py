"""What a text-conditioned MusicGen attends to: a prompt, and for melody checkpoints the chroma of a guide."""

from __future__ import annotations

from pathlib import Path

from ..generator import TakeRequest
from ..progress import Cancel, Progress
from .backends import Backend
from .config import FRAME_RATE, MelodyConfig
from .generate.windows import Window
from .guide import render_guide
from .library import Installed
from .neural import Floats, Timing, Told
from .prompt import prompt_of
from .runtime.chroma import MelodyPrefix
from .step import Condition, Flags
from .warm import WarmTemporal, warm_text


def text_conditioner(
    installed: Installed,
    request: TakeRequest,
    timing: Timing,
    backend: Backend,
    folder: Path,
    progress: Progress,
    cancel: Cancel,
) -> TextConditioner | MelodyConditioner:
    """Reads the prompt, or writes one; renders the guide when `guide` asks for it."""
    config = installed.card.config
    prompt = prompt_of(request)
    told = Told(prompt=prompt)
    with warm_text(installed, backend.encoder_precision) as encoder:
        memory, mask = encoder.memory([prompt])
    if config.melody is None:
        temporal = WarmTemporal(installed, backend.encoder_precision, backend.graphs_device)
        memory, temporal_kv = temporal.project(memory, None)
        return TextConditioner(Condition(temporal_kv, memory, mask), told)
    guide = None
    if request.neural.guide == "score":
        guide = render_guide(
            request, folder / "guide", sample_rate=config.melody.sample_rate, progress=progress, cancel=cancel
        )
    prefix = MelodyPrefix(installed.folder, config.melody)
    return MelodyConditioner(prefix, config.melody, memory, mask, guide, told)


class TextConditioner:
    """One prompt for the whole piece: every window attends to the same."""

    def __init__(self, condition: Condition, told: Told) -> None:
        self._condition = condition
        self._told = told

    def condition(self, window: Window) -> Condition:
        return self._condition

    def told(self) -> Told:
        return self._told


class MelodyConditioner:
    """A prefix of prompt and chroma: each window hears its own stretch of the guide (None: no guide)."""

    def __init__(
        self,
        prefix: MelodyPrefix,
        config: MelodyConfig,
        memory: Floats,
        mask: Flags,
        guide: Floats | None,
        told: Told,
    ) -> None:
        self._prefix = prefix
        self._config = config
        self._memory = memory
        self._mask = mask
        self._guide = guide
        self._told = told

    def condition(self, window: Window) -> Condition:
        part = None
        if self._guide is not None:
            rate = self._config.sample_rate
            part = self._guide[window.start * rate // FRAME_RATE : window.end * rate // FRAME_RATE]
        return Condition(prefix=self._prefix.of(self._memory, self._mask, part))

    def told(self) -> Told:
        return self._told
