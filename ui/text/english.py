"""English. Keys are "view.thing"; what follows decides how long a text may be: ".tip" 60 characters, ".says"
120 (a whole sentence: a state, or what a screen reader tells), everything else 25.
"""

from __future__ import annotations

from .english_models import MODELS
from .english_panel import PANEL
from .english_strip import STRIP

TEXTS: dict[str, str] = {**PANEL, **STRIP, **MODELS}
