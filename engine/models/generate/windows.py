"""How music longer than a model was trained for is cut into windows that continue each other."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import ceil

from ...errors import OptionError
from ..config import FRAME_RATE

# audiocraft `MusicGen.set_generation_params(extend_stride=18)`.
PUBLISHED_STRIDE_S = 18
# Two fifths of a window are heard again as the prompt of the next.
STRIDE_SHARE = Fraction(3, 5)


@dataclass(frozen=True, slots=True)
class Window:
    """Steps [start, end) of the music, the first `prompt` of them written by the window before."""

    index: int
    start: int
    end: int
    prompt: int


@dataclass(frozen=True, slots=True)
class Windowing:
    """Length and stride in steps; `whole_last`: the last window begins earlier, so that it is whole."""

    window: int
    stride: int
    whole_last: bool

    def plan(self, total: int) -> tuple[Window, ...]:
        return plan_windows(total, self.window, self.stride, whole_last=self.whole_last)


def published_windowing(max_duration_s: float) -> Windowing:
    """As MusicGen and GVMGen extend: a last window as short as it comes."""
    return Windowing(int(FRAME_RATE * max_duration_s), FRAME_RATE * PUBLISHED_STRIDE_S, whole_last=False)


def default_windowing(max_duration_s: float) -> Windowing:
    """Stride 0.6 of the window, and no window shorter than what the model was trained on."""
    window = int(FRAME_RATE * max_duration_s)
    return Windowing(window, int(window * STRIDE_SHARE), whole_last=True)


def default_steps(duration_s: Fraction) -> int:
    """Token steps that cover a duration wholly."""
    return ceil(FRAME_RATE * duration_s)


def published_steps(duration_s: Fraction) -> int:
    """Token steps of a duration as published: what is left of a step is dropped."""
    return int(FRAME_RATE * duration_s)


def plan_windows(
    total_steps: int, window_steps: int, stride_steps: int, *, whole_last: bool = True
) -> tuple[Window, ...]:
    """Windows that cover [0, total_steps): one when it fits, else one every `stride_steps`.

    whole_last  a last window that would be shorter begins earlier and gets a longer prompt in return: the
                decoder then sees as much music and film as in training. False leaves it short, as published.
    OptionError when windows of that length cannot continue each other at that stride.
    """
    assert total_steps > 0, "nothing to generate"
    if total_steps <= window_steps:
        return (Window(0, 0, total_steps, 0),)
    if not 0 < stride_steps <= window_steps:
        raise OptionError(
            f"windows of {window_steps / FRAME_RATE:g} s cannot continue each other every "
            f"{stride_steps / FRAME_RATE:g} s: choose a stride above 0 and up to the window"
        )
    out: list[Window] = []
    written = 0
    while written < total_steps:
        start = len(out) * stride_steps
        if whole_last:
            start = min(start, total_steps - window_steps)
        end = min(start + window_steps, total_steps)
        out.append(Window(len(out), start, end, written - start))
        written = end
    return tuple(out)
