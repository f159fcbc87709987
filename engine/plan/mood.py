"""`--mood WORDS`: what a word of the field asks of light and force, and which styles it is at home in.

Two numbers for a word, after Russell's circumplex (J. Personality and Social Psychology 39, 1980): valence
makes modes brighter or darker, energy lifts or lowers the whole curve, whose shape stays the picture's.
"""

from __future__ import annotations

import difflib
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ..errors import OptionError
from ..style import style_names
from ..types import Score

Floats = npt.NDArray[np.float64]

# Where the words are kept in a Score.
MOOD = "mood"


class Word(NamedTuple):
    """Shares of the way to the brightest or darkest, and to the strongest or weakest; -1 to 1."""

    valence: float
    energy: float
    # The picture chooses among these where no style is given.
    styles: tuple[str, ...]


WORDS: Mapping[str, Word] = {
    "adventurous": Word(0.40, 0.45, ("cinematic", "trailer")),
    "aggressive": Word(-0.45, 0.70, ("rock", "trailer", "electronic")),
    "angry": Word(-0.60, 0.60, ("rock", "trailer")),
    "anxious": Word(-0.50, 0.20, ("tension",)),
    "bleak": Word(-0.70, -0.35, ("tension", "ambient", "piano")),
    "bright": Word(0.60, 0.10, ("corporate", "folk", "documentary")),
    "brooding": Word(-0.60, -0.15, ("tension", "cinematic")),
    "calm": Word(0.15, -0.55, ("ambient", "piano", "guofeng")),
    "carefree": Word(0.60, 0.20, ("folk", "comedy")),
    "cheerful": Word(0.65, 0.30, ("folk", "comedy", "corporate")),
    "cold": Word(-0.45, -0.20, ("ambient", "tension", "electronic")),
    "comic": Word(0.50, 0.25, ("comedy",)),
    "confident": Word(0.45, 0.35, ("corporate", "rock", "electronic")),
    "contemplative": Word(-0.05, -0.40, ("piano", "ambient", "guofeng")),
    "curious": Word(0.25, 0.05, ("documentary", "comedy")),
    "dark": Word(-0.65, 0.0, ("tension", "trailer", "cinematic")),
    "delicate": Word(0.20, -0.50, ("piano", "guofeng")),
    "determined": Word(0.10, 0.45, ("cinematic", "rock", "trailer")),
    "dramatic": Word(-0.30, 0.45, ("cinematic", "trailer")),
    "dreamy": Word(0.30, -0.45, ("ambient", "piano")),
    "driving": Word(0.0, 0.60, ("electronic", "rock")),
    "eerie": Word(-0.60, -0.30, ("tension", "ambient")),
    "elegant": Word(0.30, -0.20, ("piano", "guofeng")),
    "emotional": Word(-0.15, 0.10, ("piano", "cinematic")),
    "energetic": Word(0.25, 0.65, ("electronic", "rock")),
    "epic": Word(-0.05, 0.65, ("trailer", "cinematic")),
    "exciting": Word(0.35, 0.60, ("electronic", "trailer", "rock")),
    "fun": Word(0.60, 0.40, ("comedy", "folk")),
    "funny": Word(0.50, 0.25, ("comedy",)),
    "gentle": Word(0.30, -0.50, ("piano", "folk", "ambient")),
    "gloomy": Word(-0.65, -0.35, ("tension", "ambient")),
    "happy": Word(0.70, 0.30, ("folk", "corporate", "comedy")),
    "heroic": Word(0.40, 0.60, ("cinematic", "trailer")),
    "hopeful": Word(0.50, 0.05, ("documentary", "cinematic", "piano")),
    "humorous": Word(0.50, 0.25, ("comedy",)),
    "inspiring": Word(0.55, 0.25, ("corporate", "cinematic", "documentary")),
    "intense": Word(-0.25, 0.65, ("trailer", "tension", "rock")),
    "intimate": Word(0.10, -0.50, ("piano", "folk")),
    "joyful": Word(0.75, 0.40, ("folk", "corporate")),
    "light": Word(0.45, -0.20, ("documentary", "comedy", "folk")),
    "lively": Word(0.45, 0.45, ("folk", "comedy", "electronic")),
    "lonely": Word(-0.50, -0.45, ("piano", "ambient")),
    "majestic": Word(0.30, 0.50, ("cinematic", "trailer")),
    "meditative": Word(0.05, -0.60, ("ambient", "guofeng")),
    "melancholic": Word(-0.55, -0.30, ("piano", "folk")),
    "menacing": Word(-0.70, 0.30, ("tension", "trailer")),
    "mysterious": Word(-0.40, -0.20, ("tension", "ambient", "guofeng")),
    "neutral": Word(0.0, 0.0, ()),
    "nostalgic": Word(0.10, -0.25, ("piano", "folk", "documentary")),
    "ominous": Word(-0.70, 0.05, ("tension", "trailer")),
    "optimistic": Word(0.60, 0.20, ("corporate", "documentary")),
    "peaceful": Word(0.35, -0.60, ("ambient", "piano", "guofeng")),
    "playful": Word(0.55, 0.25, ("comedy",)),
    "positive": Word(0.55, 0.15, ("corporate", "documentary")),
    "powerful": Word(0.0, 0.65, ("trailer", "rock", "cinematic")),
    "quirky": Word(0.40, 0.20, ("comedy",)),
    "reflective": Word(-0.05, -0.35, ("piano", "documentary", "guofeng")),
    "relaxed": Word(0.35, -0.45, ("ambient", "folk")),
    "romantic": Word(0.35, -0.20, ("piano", "cinematic")),
    "sad": Word(-0.65, -0.35, ("piano", "cinematic")),
    "sentimental": Word(-0.10, -0.30, ("piano", "documentary")),
    "serene": Word(0.35, -0.60, ("ambient", "guofeng")),
    "serious": Word(-0.25, 0.0, ("documentary", "cinematic")),
    "soft": Word(0.15, -0.50, ("piano", "ambient")),
    "solemn": Word(-0.35, -0.30, ("cinematic", "piano")),
    "sombre": Word(-0.60, -0.35, ("piano", "cinematic")),
    "spooky": Word(-0.55, -0.15, ("tension",)),
    "suspenseful": Word(-0.50, 0.10, ("tension",)),
    "tender": Word(0.30, -0.45, ("piano", "folk")),
    "tense": Word(-0.50, 0.25, ("tension", "trailer")),
    "thoughtful": Word(0.0, -0.30, ("documentary", "piano")),
    "tragic": Word(-0.75, 0.0, ("cinematic", "piano")),
    "triumphant": Word(0.65, 0.60, ("cinematic", "trailer")),
    "uneasy": Word(-0.50, 0.0, ("tension",)),
    "uplifting": Word(0.65, 0.35, ("corporate", "cinematic", "folk")),
    "upbeat": Word(0.60, 0.50, ("corporate", "folk", "electronic")),
    "urgent": Word(-0.20, 0.55, ("tension", "electronic", "trailer")),
    "warm": Word(0.45, -0.10, ("documentary", "folk", "piano")),
    "whimsical": Word(0.50, 0.10, ("comedy",)),
    "wistful": Word(-0.20, -0.30, ("piano", "folk", "guofeng")),
}
# Between the words, and without a meaning of their own here.
_JOINS = frozenset({"and", "but", "yet", "with", "a", "the"})
_NEGATIONS = frozenset({"no", "not", "non", "never", "without", "nor", "neither", "less", "isn't", "don't"})
_BORDERS = re.compile(r"[\s,;/&+|_]+")


@dataclass(frozen=True, slots=True)
class Mood:
    """Words of `WORDS`, in their order, each once, and what they ask together."""

    words: tuple[str, ...]
    valence: float
    energy: float

    @property
    def text(self) -> str:
        return ", ".join(self.words)


def read_mood(text: str) -> Mood | None:
    """The mood that some words ask for; None for an empty text. OptionError names a word that is not known,
    and those near to it, or a negation.
    """
    if not text.strip():
        return None
    found: list[str] = []
    for token in _BORDERS.split(text.casefold()):
        word = token.strip(".!?\"'()").replace("’", "'")
        if not word or word in _JOINS:
            continue
        if word in _NEGATIONS or word.startswith(("non-", "not-")):
            raise OptionError(
                f"--mood understands no negations like '{word}': say what the music is to be, "
                "'bright' in place of 'not dark'"
            )
        if word not in WORDS:
            raise OptionError(f"--mood does not know '{word}': {_near(word)}")
        found.append(word)
    if not found:
        raise OptionError(f"--mood '{text.strip()}' says no mood: {_near('')}")
    words = tuple(dict.fromkeys(found))
    return Mood(
        words,
        _together(WORDS[word].valence for word in words),
        _together(WORDS[word].energy for word in words),
    )


def _near(word: str) -> str:
    if word in style_names():
        return f"it is a style, ask for it with --style {word}"
    near = difflib.get_close_matches(word, WORDS, 3)
    if near:
        return f"did you mean {' or '.join(repr(other) for other in near)}?"
    return "words are for example dark, bright, hopeful, tense, sad, warm, playful, epic, calm, mysterious"


def _together(shares: Iterable[float]) -> float:
    """Words that agree go further than one, and never beyond the end; those that disagree meet between."""
    up = down = 1.0
    for share in shares:
        if share > 0:
            up *= 1 - share
        else:
            down *= 1 + share
    return down - up


def lift(values: Floats, share: float) -> Floats:
    """Values of 0..1 moved by a share of what is left above them (below them when negative): in order, and
    as like the curve of before as before.
    """
    return np.asarray(values + share * (1 - values) if share > 0 else values * (1 + share))


def with_mood(score: Score, mood: Mood | None) -> Score:
    """The score that asks for `mood`; None leaves it as it is."""
    return score if mood is None else replace(score, extra={**score.extra, MOOD: mood.text})


def mood_of(score: Score) -> Mood | None:
    """The mood that a score asks for. OptionError when it was written by hand and wrongly."""
    return read_mood(str(score.extra.get(MOOD, "")))


def leanings(mood: Mood | None) -> tuple[str, ...]:
    """The styles that most of the words are at home in, in order of name; none without such words."""
    votes = Counter(style for word in (mood.words if mood else ()) for style in WORDS[word].styles)
    most = max(votes.values(), default=0)
    return tuple(sorted(style for style, count in votes.items() if count == most))
