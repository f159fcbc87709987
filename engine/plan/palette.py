"""Which orchestrations of a style sound dark and which bright."""

from __future__ import annotations

from collections.abc import Mapping

from ..style import Part, Style

# Centre of an instrument's octaves, weighed by amplitude, log2 of Hz: four notes around the middle of its
# range at velocity 75, as our player sounds the bundled presets.
BRIGHTNESS: Mapping[str, float] = {
    "piano": 8.89, "epiano": 8.66, "celesta": 10.16, "vibraphone": 9.29, "guitar": 8.93,
    "acoustic_bass": 6.92, "finger_bass": 7.68, "synth_bass": 7.54, "cello": 8.64, "low_strings": 8.39,
    "contrabass": 7.19, "tremolo": 9.23, "pizzicato": 8.42, "contrabass_pizz": 7.20, "harp": 8.39,
    "short_strings": 9.23, "violins": 9.94, "slow_strings": 9.21, "choir": 9.37, "horn": 9.04,
    "clarinet": 10.44, "flute": 9.89, "square": 9.14, "saw": 9.52, "fantasia": 9.26, "warm_pad": 8.71,
}  # fmt: skip


def part_brightness(part: Part) -> float | None:
    """Mean of its instruments', each also by the register that the part lies in; None for drums."""
    known = [BRIGHTNESS[instrument] for instrument, _ in part.voices if instrument in BRIGHTNESS]
    return sum(known) / len(known) + (part.register - 60) / 24 if known else None


def bright_palette(style: Style, brightness: float) -> dict[str, str]:
    """For each stem with a choice, the orchestration nearest to `brightness`: 0 the style's darkest one,
    1 its brightest.
    """
    out = {}
    for stem in style.stems:
        known = [
            (bright, part.name) for part in style.parts.get(stem, ()) if (bright := part_brightness(part))
        ]
        if len(known) < 2:
            continue
        low, high = min(known)[0], max(known)[0]
        wanted = low + brightness * (high - low)
        out[stem] = min(known, key=lambda choice: (abs(choice[0] - wanted), choice[1]))[1]
    return out
