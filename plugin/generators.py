"""Which generator makes the takes of a run, and why: said in the report's first line."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from ..engine.errors import OptionError, Problem
from ..engine.generator import USUAL, Generator, NeuralOptions
from ..engine.models.config import ModelConfig
from ..engine.sketch.fonts.library import Imported
from ..engine.sketch.fonts.library import find as find_sounds
from ..engine.store.stages import Stages
from .options import ScoreOptions

if TYPE_CHECKING:
    from ..engine.models.library import Installed

SKETCH = "sketch"
AUTO = "auto"


@dataclass(frozen=True, slots=True)
class Chosen:
    """`make` gives a generator whose work files go to a folder, and which keeps what it finishes where there
    are stages. `stems`: the most that a take has of them, or None where the style decides.
    """

    name: str
    why: str
    make: Callable[[Path, Stages | None], Generator]
    stems: int | None = None
    # As asked, with what was left to the model decided.
    neural: NeuralOptions = USUAL
    # The imported sound font that sketch plays, where it plays at all.
    sounds: Imported | None = None
    # What the user should know of the choice.
    problems: tuple[Problem, ...] = ()


def choose_generator(options: ScoreOptions) -> Chosen:
    """The generator that `options.model` names. OptionError when it is not here or may not be used."""
    if options.model == SKETCH:
        return _sketch("as asked for by --model", options)
    from ..engine.models.library import choose_auto, find
    from ..engine.models.licences import refuse_unless_allowed

    if options.model == AUTO:
        installed = choose_auto(options.use)
        if installed is None:
            return _sketch(f"since no neural model{_for(options.use)} is on this machine", options)
        why = f"with '{installed.card.name}', the best model on this machine{_for(options.use)}"
    else:
        installed = find(options.model)
        why = f"with '{installed.card.name}', as asked for by --model"
    refuse_unless_allowed(installed.card, options.use)
    config = installed.card.config
    neural = _decided(options.neural, config)
    _check(neural, config, installed.card.name)
    sounds, problems = _guide_sounds(options, neural, installed.card.name)
    _check_wishes(options, neural, config, installed.card.name)
    problems += _room(installed, neural, options)

    def make(folder: Path, stages: Stages | None) -> Generator:
        from ..engine.models.neural import NeuralGenerator

        if config.kind == "gvmgen":
            from ..engine.models.gvmgen import picture_conditioner

            return NeuralGenerator(installed, folder, picture_conditioner, stages)
        from ..engine.models.musicgen import text_conditioner

        return NeuralGenerator(installed, folder, text_conditioner, stages)

    return Chosen(
        config.kind,
        why,
        make,
        stems=3 if neural.separate else 1,
        neural=neural,
        sounds=sounds,
        problems=problems,
    )


def _room(installed: Installed, neural: NeuralOptions, options: ScoreOptions) -> tuple[Problem, ...]:
    """Nothing where the memory suffices. OptionError where it does not, unless it is to be tried anyway."""
    from ..engine.models.library import find
    from ..engine.models.library import installed as all_cards
    from ..engine.models.licences import allowed
    from ..engine.models.memory import shortage
    from ..engine.models.warm import WARM

    others = [
        find(card.name)
        for card in all_cards()
        if card.origin != "random" and not card.by_name_only and allowed(card, options.use)
    ]
    lacking = shortage(installed, neural, others)
    if lacking is not None and WARM.close_all():
        # What an earlier run left open is no reason to refuse this one.
        lacking = shortage(installed, neural, others)
    if lacking is None:
        return ()
    if not options.anyway:
        raise OptionError(f"{lacking.lack}: {lacking.ways}; --anyway starts all the same")
    return (Problem("memory", f"{lacking.lack}: it was started all the same, as --anyway asks"),)


def _for(use: str) -> str:
    return " that a client's film may use" if use == "client" else ""


def _sketch(why: str, options: ScoreOptions) -> Chosen:
    def make(folder: Path, stages: Stages | None) -> Generator:
        from ..engine.sketch.generator import SketchGenerator

        return SketchGenerator(folder)

    changed = [
        option
        for option, differs in _differences(options.neural).items()
        if differs and options.model == SKETCH
    ]
    if changed:
        raise OptionError(
            f"{changed[0]} is for neural models, and sketch reads none of it: leave it out, or name a model"
        )
    sounds, problems = _sounds(options)
    if sounds is not None:
        why = f"{why}, with the sounds '{sounds.card.name}'"
    return Chosen(SKETCH, why, make, sounds=sounds, problems=problems)


def _sounds(options: ScoreOptions) -> tuple[Imported | None, tuple[Problem, ...]]:
    """The font that sketch plays, None for the bundled one. OptionError when it is not here, or when music
    made with it may not be sold and is to be.
    """
    found = find_sounds(options.sounds)
    if found is None or options.use != "client":
        return found, ()
    card = found.card
    if card.forbids_sale:
        raise OptionError(
            f"the sounds '{card.name}' are not for films that are sold (they say '{card.licence}'): leave "
            "--use client out, or use --sounds bundled"
        )
    text = f"whether music played with the sounds '{card.name}' may be sold is yours to check: {card.licence}"
    return found, (Problem("sounds-licence", text),)


def _guide_sounds(
    options: ScoreOptions, neural: NeuralOptions, model: str
) -> tuple[Imported | None, tuple[Problem, ...]]:
    """A neural model hears sketch only when it is guided by its score."""
    if neural.guide == "score":
        return _sounds(options)
    if options.sounds_asked:
        raise OptionError(
            f"--sounds is for sketch, and '{model}' makes its own sound: leave it out, or add --model sketch"
        )
    return None, ()


def _differences(neural: NeuralOptions) -> dict[str, bool]:
    return {
        f"--{name.replace('_', '-')}": getattr(neural, name) != getattr(USUAL, name)
        for name in NeuralOptions.__dataclass_fields__
    }


def _decided(neural: NeuralOptions, config: ModelConfig) -> NeuralOptions:
    """A model that takes a plan gets it, unless the paper's way or audiocraft's decoder is asked."""
    if neural.guide is not None:
        return neural
    able = config.decoder.plan_channels and neural.mode == "default" and neural.decoder != "audiocraft"
    return replace(neural, guide="plan" if able else "none")


def _check_wishes(options: ScoreOptions, neural: NeuralOptions, config: ModelConfig, name: str) -> None:
    """Mood and temp track reach a model by the plan or by words."""
    if config.kind == "musicgen" or neural.guide in ("plan", "score"):
        return
    for option, value in (("--mood", options.mood), ("--like", options.like)):
        if value:
            raise OptionError(f"'{name}' follows pictures alone: leave {option} out, or use sketch")


def _check(neural: NeuralOptions, config: ModelConfig, name: str) -> None:
    if neural.prompt and config.kind != "musicgen":
        raise OptionError(f"'{name}' reads pictures and takes no words: leave --prompt out")
    if neural.guide == "score" and config.melody is None:
        raise OptionError(
            f"'{name}' cannot be guided by a score, melody checkpoints can: leave --guide out, "
            "or use musicgen-melody"
        )
    if neural.guide == "plan":
        if not config.decoder.plan_channels:
            raise OptionError(f"'{name}' was not trained to follow a plan: leave --guide out")
        if neural.mode == "published":
            raise OptionError("--guide plan is ours, and the paper has none: leave it out in published mode")
        if neural.decoder == "audiocraft":
            raise OptionError(
                "audiocraft's decoder cannot follow a plan: use --decoder onnx or torch, or leave --guide out"
            )
