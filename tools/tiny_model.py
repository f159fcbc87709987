"""Installs models of toy size and random weights on this machine: python -m tools.tiny_model [name ...]

tiny-gvmgen tiny-musicgen tiny-melody tiny-stereo. They make noise; with `hitpoint score --model tiny-gvmgen`
every path of the neural engine runs in seconds.
"""

from __future__ import annotations

import sys

from hitpoint.engine.models.importing.random import install_random
from hitpoint.engine.models.tiny import TINY_MODELS


def main() -> None:
    for name in sys.argv[1:] or ["tiny-gvmgen"]:
        config, state = TINY_MODELS[name]()
        card = install_random(config, name, state=state)
        print(f"{card.name}: {sum(fact.bytes for fact in card.files.values()) / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
