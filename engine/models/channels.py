"""The plan as columns that stand beside the tokens: what `--guide plan` adds at the decoder's input.

One row a token step (1/50 s). Row i describes the step that begins i / 50 s after the window's start, and
repeats what the plan says 12 and 24 steps later, so that an accent can be prepared.
"""

from __future__ import annotations

# Of one moment, in order: pulses (1 in the step that a beat, a downbeat or a strong hit falls into; a hit's is
# its strength), phases of beat and bar on the circle, the bar's energy 0..1, chroma of the chord from C.
MOMENT = (
    "beat", "downbeat", "hit", "beat_cos", "beat_sin", "bar_cos", "bar_sin", "energy",
    *(f"chroma_{pc}" for pc in range(12)),
)  # fmt: skip
AHEAD_STEPS = (0, 12, 24)
CHANNELS = len(MOMENT) * len(AHEAD_STEPS)
