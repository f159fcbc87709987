"""Which sound plays an instrument of the score: a preset of the sound font, or one of the made effects."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

EFFECTS_BANK = -1
PERCUSSION_BANK = 128

# The presets that the bundled sound font holds, by (bank, program); bank 128 is percussion.
PRESETS: dict[tuple[int, int], str] = {
    (0, 0): "acoustic grand piano",
    (0, 4): "electric piano",
    (0, 8): "celesta",
    (0, 9): "glockenspiel",
    (0, 10): "music box",
    (0, 11): "vibraphone",
    (0, 12): "marimba",
    (0, 14): "tubular bells",
    (0, 24): "nylon guitar",
    (0, 32): "acoustic bass",
    (0, 33): "fingered bass",
    (0, 38): "synth bass",
    (0, 42): "cello",
    (0, 43): "contrabass",
    (0, 44): "tremolo strings",
    (0, 45): "pizzicato strings",
    (0, 46): "harp",
    (0, 47): "timpani",
    (0, 48): "strings",
    (0, 49): "slow strings",
    (0, 50): "synth strings",
    (0, 52): "choir aahs",
    (0, 56): "trumpet",
    (0, 57): "trombone",
    (0, 60): "french horns",
    (0, 68): "oboe",
    (0, 71): "clarinet",
    (0, 73): "flute",
    (0, 80): "square lead",
    (0, 81): "saw lead",
    (0, 88): "fantasia pad",
    (0, 89): "warm pad",
    (0, 95): "sweep pad",
    (128, 0): "standard kit",
    (128, 25): "analogue kit",
    (128, 48): "orchestral kit",
}


@dataclass(frozen=True, slots=True)
class Voice:
    """How notes of one instrument sound: `Note.instrument` is `name`.

    Bank -1 are the made effects (`effects.py`): the name alone says which, `program` is not looked at.
    """

    name: str
    stem: str
    bank: int
    program: int
    gain_db: float = 0.0
    # -1 left to 1 right, added to the preset's own positions.
    pan: float = 0.0
    # Level of the room beside the dry sound, 0..1.
    room: float = 0.2
    # 0 draws a preset's own left and right to the middle, 1 leaves them.
    width: float = 1.0
    # Whether it lasts as long as it is held: such notes swell, and are played early by their attack.
    held: bool = False

    @property
    def drums(self) -> bool:
        return self.bank == PERCUSSION_BANK


def bundled_font() -> Path:
    """The sound font that comes with the package."""
    return Path(__file__).parent / "sounds" / "hitpoint.sf3"
