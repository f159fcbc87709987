"""The prompt that is written when none is given: style's instruments, picture's mood, plan's tempo."""

from __future__ import annotations

from dataclasses import replace

from hitpoint.engine.generator import NeuralOptions, TakeRequest
from hitpoint.engine.models.prompt import prompt_of, write_prompt
from hitpoint.engine.plan.mood import read_mood, with_mood
from hitpoint.engine.style import load_style, style_names
from hitpoint.engine.timebase import Rate
from hitpoint.engine.types import Cue, Picture, Plan, Score, TempoSegment


def picture(light: float) -> Picture:
    curve = (light,) * 24
    return Picture(Rate.of("24"), 0, curve, curve, curve, curve, curve, ())


def plan(energy: float) -> Plan:
    return Plan("cue01", 96_000, (), (TempoSegment(0, 96_000, (4,)),), (), (energy,), 0)


def score(style: str) -> Score:
    return Score(1, style, 0, (80.0, 120.0), (), {})


def test_every_style_has_words_and_they_come_first() -> None:
    for style in style_names():
        assert write_prompt(picture(0.5), plan(0.5), score(style)).startswith(load_style(style).words)


def test_dark_and_bright_calm_and_driving_pictures_are_told_apart() -> None:
    prompts = {
        write_prompt(picture(light), plan(energy), score("cinematic"))
        for light in (0.1, 0.5, 0.9)
        for energy in (0.1, 0.5, 0.9)
    }
    assert len(prompts) == 9
    assert "minor" in write_prompt(picture(0.1), plan(0.5), score("piano"))
    assert "major" in write_prompt(picture(0.9), plan(0.5), score("piano"))


def test_the_tempo_is_the_plans() -> None:
    assert ", 120 bpm," in write_prompt(picture(0.5), plan(0.5), score("piano"))
    assert "bpm" not in write_prompt(picture(0.5), replace(plan(0.5), segments=()), score("piano"))


def asked(words: str, *, prompt: str = "", light: float = 0.5) -> str:
    cue = Cue("cue01", Rate.of("24"), 0, 24, ())
    music = with_mood(score("piano"), read_mood(words))
    return prompt_of(TakeRequest(cue, picture(light), music, plan(0.5), neural=NeuralOptions(prompt=prompt)))


def test_words_of_mood_join_the_prompt_whoever_wrote_it() -> None:
    assert asked("") == write_prompt(picture(0.5), plan(0.5), score("piano"))
    assert asked("", prompt="a kazoo") == "a kazoo"
    assert asked("dark, epic", prompt="a kazoo") == "a kazoo, dark, epic"
    assert asked("hopeful").endswith(", hopeful")


def test_the_mood_decides_the_key_that_is_asked_for() -> None:
    assert "major" in asked("", light=0.6) and "minor" in asked("ominous", light=0.6)
    assert "minor" in asked("", light=0.3) and "major" in asked("joyful", light=0.3)
