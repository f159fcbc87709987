"""Measures how long the held presets of the bundled sound font take to be heard, key by key.

python -m tools.make_attacks

To be run again when the font changes, or how the player sounds a held note: attack, swell, low-pass.
"""

from __future__ import annotations

import json

from hitpoint.engine.sketch.attacks import LENGTHS_S, ROOMS, SCHEMA, measure
from hitpoint.engine.sketch.fonts.casting import wanted_keys
from hitpoint.engine.sketch.instruments import INSTRUMENTS
from hitpoint.engine.sketch.sampler import Sampler
from hitpoint.engine.sketch.soundfont import SoundFont
from hitpoint.engine.sketch.voices import EFFECTS_BANK, Voice, bundled_font


def main() -> None:
    font = SoundFont(bundled_font())
    keys: dict[tuple[int, int], set[int]] = {}
    for facts in INSTRUMENTS.values():
        if facts.bank != EFFECTS_BANK and not facts.struck:
            keys.setdefault((facts.bank, facts.program), set()).update(wanted_keys(facts))
    presets = {}
    for preset in sorted(keys):
        sampler = Sampler(font, [Voice("one", "pads", *preset, held=True)], 0)
        presets["{}:{}".format(*preset)] = measure(sampler, "one", sorted(keys[preset]))
    path = bundled_font().with_name("attacks.json")
    rows = ",\n".join(f"  {json.dumps(name)}: {json.dumps(found)}" for name, found in presets.items())
    path.write_text(
        f'{{\n "schema": {json.dumps(SCHEMA)},\n "font_sha256": {json.dumps(font.sha256)},\n'
        f' "lengths_s": {json.dumps(LENGTHS_S)},\n "rooms": {json.dumps(ROOMS)},\n'
        f' "presets": {{\n{rows}\n }}\n}}\n',
        encoding="utf-8",
    )
    print(f"{path.name}: {sum(map(len, presets.values()))} keys of {len(presets)} presets")


if __name__ == "__main__":
    main()
