"""What a judge is made of and how it is taught. Standard library only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ...errors import OptionError

RATE = 10  # features a second, both sides
KERNEL = 5
DILATIONS = (1, 2, 4, 8)
# Frames that the valid convolutions take from each side; a tower sees 2 * EDGE + 1 = 61 frames.
EDGE = sum(DILATIONS) * (KERNEL - 1) // 2
# Times nearer than this to the right one are neither right nor wrong in the time loss: .1 to .5 s.
IGNORED_FRAMES = 5
FOREIGN_TIMES = 8
FIRST_TEMPERATURE = 0.07
LEAST_TEMPERATURE, MOST_TEMPERATURE = 0.01, 0.5
GALLERY = 16


@dataclass(frozen=True, slots=True)
class JudgeConfig:
    """metrics.md 5.1 and 5.2 by default; NANO for a few hundred made films on a small machine.

    video_components  0: the pictures' features as they are. Else those from `video_plain` on are projected
                      on so many principal components of the training set, and the first `video_plain`
                      stay: a thousand cells of a grid cannot be learned from few films.
    crop              frames of features in a training clip; EDGE of them are lost on each side
    *_shift           how far, in the features' own units, the channels up to `*_shifted` are moved at
                      random, all together: brightness of the picture, gain of the music
    """

    SCHEMA: ClassVar[str] = "hitpoint.judge.1"

    hidden: int = 512
    width: int = 256
    video_components: int = 0
    video_plain: int = 0
    crop: int = 160
    batch: int = 256
    learning_rate: float = 1e-4
    weight_decay: float = 0.01
    dropout: float = 0.1
    feature_noise: float = 0.0
    video_shift: float = 0.0
    video_shifted: int = 0
    music_shift: float = 0.0
    music_shifted: int = 0
    warm_up: int = 100
    # Share of the sources that training does not see; the weights of the best validation loss are kept.
    validation: float = 0.1
    check_every: int = 100
    # Checks without a better validation loss after which training ends.
    patience: int = 10

    def __post_init__(self) -> None:
        if self.crop <= 2 * EDGE + IGNORED_FRAMES:
            least = 2 * EDGE + IGNORED_FRAMES + 1
            raise OptionError(f"a crop of {self.crop} frames leaves no time to compare: use {least} or more")
        if self.batch < 2:
            raise OptionError(f"a batch of {self.batch} holds nothing to tell apart: use 2 or more")
        if not 0 < self.validation < 1:
            raise OptionError(f"a validation share of {self.validation:g} is not between 0 and 1")


def nano_config() -> JudgeConfig:
    """For a few hundred films of 20 to 36 s; the shifts fit the channels of `features`."""
    from .features import PICTURE_CHANNELS_PLAIN, SOUND_BANDS

    return JudgeConfig(
        hidden=96,
        width=96,
        video_components=12,
        video_plain=PICTURE_CHANNELS_PLAIN,
        crop=150,
        batch=48,
        learning_rate=1e-3,
        weight_decay=0.2,
        dropout=0.3,
        feature_noise=0.5,
        video_shift=4.0,
        video_shifted=1,
        music_shift=3.0,
        music_shifted=SOUND_BANDS,
        warm_up=60,
        validation=0.12,
        check_every=25,
        patience=8,
    )
