"""Pieces played with imported fonts: balanced, whole, the same each time, and what is lacking is said."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
from fakes.gm_fonts import LICENCE, gm_font, preset, read_in_process
from fakes.sound_fonts import sine, write_sf2

from hitpoint.engine.errors import EngineFault, InputError
from hitpoint.engine.progress import Cancel, silent
from hitpoint.engine.serial import pretty
from hitpoint.engine.sketch.composer import compose
from hitpoint.engine.sketch.fonts.card import FontCard, Part
from hitpoint.engine.sketch.fonts.ensemble import Casting, Ensemble, instrument_of, told
from hitpoint.engine.sketch.fonts.library import Imported, find, import_font, sounds_dir
from hitpoint.engine.sketch.generator import SketchGenerator
from hitpoint.engine.sketch.instruments import INSTRUMENTS
from hitpoint.engine.sketch.sampler import Sampler
from hitpoint.engine.sketch.soundfont import SoundFont
from hitpoint.engine.sketch.voices import EFFECTS_BANK, Voice, bundled_font
from hitpoint.engine.store.identity import sha256_file
from hitpoint.engine.style import style_names
from hitpoint.engine.types import Note, Take
from plans import make_plan, make_request

PLAN = make_plan((("A", 3, 0.7, 0.5),), hit_bars=(2,), must_bars=())
STYLE = "cinematic"


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HITPOINT_HOME", str(tmp_path / "home"))
    read_in_process(monkeypatch)


def taken(folder: Path, sounds: str | None, style: str = STYLE) -> Take:
    request = replace(make_request(PLAN, style=style), sounds=sounds)
    return SketchGenerator(folder).generate(request, progress=silent, cancel=Cancel())


def hashes(take: Take) -> list[str]:
    return [stem.sha256 for stem in take.stems]


def card_of(parts: dict[str, Part], file: str = "f.sf2") -> FontCard:
    return FontCard("f", file, "0" * 64, 1, "", "", "", {}, parts, file, "0")


def test_the_bundled_font_imported_sounds_bit_for_bit_as_the_bundled_one(tmp_path: Path) -> None:
    sha256 = sha256_file(bundled_font())
    sounds_dir().mkdir(parents=True)
    shutil.copyfile(bundled_font(), sounds_dir() / f"{sha256}.sf3")
    # Its levels and attacks are those of the tables, as other tests measure.
    attacks = json.loads(bundled_font().with_name("attacks.json").read_text(encoding="utf-8"))["presets"]
    parts = {
        name: Part(
            facts.bank,
            facts.program,
            "",
            "own",
            facts.level_lufs,
            attacks_ms=attacks.get(f"{facts.bank}:{facts.program}", {}),
        )
        for name, facts in INSTRUMENTS.items()
    }
    size = bundled_font().stat().st_size
    card = FontCard("copy", f"{sha256}.sf3", sha256, size, "", "", "", {}, parts, "copy.sf3", "0")
    (sounds_dir() / f"{sha256}.json").write_bytes(pretty(card))
    own, bundled = taken(tmp_path / "a", sha256), taken(tmp_path / "b", None)
    assert hashes(own) == hashes(bundled)
    assert own.problems == bundled.problems == ()
    assert list(own.provenance.sounds) == ["copy.sf3"]
    assert list(bundled.provenance.sounds) == ["hitpoint.sf3"]


def test_another_font_is_heard_named_and_said_to_lack_what_it_lacks(tmp_path: Path) -> None:
    without = [(0, 43), (0, 73), (0, 60), (128, 48)]
    card, _ = import_font(gm_font(tmp_path / "small.sf2", without=without))
    takes = [taken(tmp_path / name, card.sha256) for name in ("a", "b")]
    assert hashes(takes[0]) == hashes(takes[1])
    take, plain = takes[0], taken(tmp_path / "c", None)
    assert take.notes == plain.notes
    assert hashes(take) != hashes(plain)
    by_name = {stem.name: stem for stem in take.stems}
    # Drums are the bundled ones, effects are made: these stems are as they were.
    for name in ("drums", "hits"):
        before = next(stem for stem in plain.stems if stem.name == name)
        assert by_name[name].sha256 == before.sha256
    assert take.provenance.sounds["small.sf2"] == f"{card.sha256} Nobody 2020; CC0 1.0"
    assert "MIT" in take.provenance.sounds["hitpoint.sf3"]
    texts = [problem.text for problem in take.problems if problem.kind == "sounds-lacking"]
    playing = {note.instrument for note in take.notes}
    assert ("drums orchestral kit" in playing) == any("no orchestral kit" in text for text in texts)
    assert ("bass contrabass" in playing) == any(
        "have no contrabass: their 'cello' (0:42) plays the contrabass" in text for text in texts
    )
    assert not any("violins" in text for text in texts)


@pytest.mark.parametrize("style", style_names())
def test_every_voice_of_every_style_stands_for_an_instrument(style: str) -> None:
    for voice in compose(make_request(PLAN, style=style)).voices:
        if voice.bank != EFFECTS_BANK:
            facts = INSTRUMENTS[instrument_of(voice)]
            assert (facts.bank, facts.program) == (voice.bank, voice.program)


def test_stems_stand_as_loud_as_with_the_bundled_font(tmp_path: Path) -> None:
    loud = [preset(0, program, attenuation=600) for program in (42, 49)]
    font = gm_font(tmp_path / "f.sf2", without=[(0, 42), (0, 49)], more=loud)
    card, _ = import_font(font)
    voices = [Voice("melody cello", "melody", 0, 42), Voice("melody slow strings", "melody", 0, 49)]
    voices.append(Voice("melody violins", "melody", 0, 48))
    found = find(card.name)
    assert found is not None
    ours, theirs = Sampler(SoundFont(bundled_font()), voices, 0), Ensemble(Casting(found, voices), voices, 0)
    for voice in voices:
        levels = []
        for player in (ours, theirs):
            notes = [
                player.note(player.note_key(voice.name, key, 75, 48_000))[:48_000] for key in range(58, 70, 2)
            ]
            levels.append(10 * np.log10(np.mean(np.concatenate(notes) ** 2)))
        # A sine is no string: loudness was matched, energy follows it within a few dB.
        assert abs(levels[0] - levels[1]) < 5, voice.name


def test_a_key_that_the_font_does_not_reach_is_the_bundled_fonts(tmp_path: Path) -> None:
    path = write_sf2(tmp_path / "f.sf2", [sine()], [preset(0, 73, "Flute", keys=(60, 70))])
    card = card_of({"flute": Part(0, 73, "Flute", "own", -32.5, bundled_keys=((83, 96),))})
    voice = Voice("melody flute", "melody", 0, 73)
    casting = Casting(Imported(card, path), [voice])
    player = Ensemble(casting, [voice], 0)
    bundled = Sampler(SoundFont(bundled_font()), [voice], 0)
    low, high = (player.note_key("melody flute", key, 80, 9_600) for key in (65, 90))
    assert np.array_equal(player.note(high), bundled.note(high))
    assert not np.array_equal(player.note(low)[:4_800], bundled.note(low)[:4_800])
    assert low in player and high in player
    player.forget(high)
    assert high not in player
    notes = [Note("melody", 0, 9_600, pitch, 80, "melody flute") for pitch in (65, 90)]
    assert casting.uses(notes[:1]) == (True, False)
    assert casting.uses(notes) == (True, True)
    assert casting.problems(notes[:1], [voice]) == ()
    (problem,) = casting.problems(notes, [voice])
    assert "has nothing near keys 83 to 96: the bundled sounds play these of the flute" in problem.text


def test_effects_belong_to_no_font(tmp_path: Path) -> None:
    path = write_sf2(tmp_path / "f.sf2", [sine()], [preset(0, 73)])
    voices = [Voice("fx:impact", "hits", EFFECTS_BANK, 2)]
    casting = Casting(Imported(card_of({}), path), voices)
    note = Note("hits", 0, 9_600, 48, 80, "fx:impact")
    assert casting.uses([note]) == (False, False)
    assert casting.problems([note], voices) == ()
    player = Ensemble(casting, voices, 0)
    assert player.exclusive_class("fx:impact", 48, 80) == 0
    assert len(player.note(player.note_key("fx:impact", 48, 80, 9_600)))
    with pytest.raises(EngineFault, match="which no voice plays"):
        player.voice("nobody")


def test_a_voice_that_is_not_the_composers_is_our_fault(tmp_path: Path) -> None:
    path = write_sf2(tmp_path / "f.sf2", [sine()], [preset(0, 73)])
    with pytest.raises(EngineFault, match="stands for no instrument"):
        Casting(Imported(card_of({}), path), [Voice("melody kazoo", "melody", 0, 3)])


def test_an_instrument_younger_than_the_card_is_played_by_the_bundled_font(tmp_path: Path) -> None:
    path = write_sf2(tmp_path / "f.sf2", [sine()], [preset(0, 73)])
    voice = Voice("melody flute", "melody", 0, 73)
    casting = Casting(Imported(card_of({}), path), [voice])
    assert casting.is_bundled("melody flute", 70)
    (problem,) = casting.problems([Note("melody", 0, 9_600, 70, 80, "melody flute")], [voice])
    assert "import them again" in problem.text


@pytest.mark.parametrize(
    ("part", "said"),
    [
        (Part(0, 73, "Flute", "own", -30.0), ()),
        (Part(0, 73, "", "bundled", -30.0), ("have no flute: the bundled sounds play the flute",)),
        (Part(0, 72, "Piccolo", "near", -30.0), ("have no flute: their 'Piccolo' (0:72) plays the flute",)),
        (Part(3, 9, "Fl", "named", -30.0), ("have no flute at 0:73: their 'Fl' (3:9) plays the flute",)),
        (
            Part(0, 73, "Flute", "own", -30.0, ((60, 60),), ((90, 92), (94, 94))),
            ("has no sample for key 60", "has nothing near keys 90 to 92, 94"),
        ),
    ],
)
def test_what_a_font_lacks_is_said_by_name(part: Part, said: tuple[str, ...]) -> None:
    texts = told(card_of({}), "flute", part)
    assert len(texts) == len(said)
    for text, piece in zip(texts, said, strict=True):
        assert piece in text and "the sounds 'f'" in text


def test_sounds_that_are_gone_are_a_sentence_and_no_other_font_plays(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="not on this machine any more"):
        taken(tmp_path / "a", "0" * 64)
    assert not (tmp_path / "a").exists()


def test_stems_are_whole(tmp_path: Path) -> None:
    card, _ = import_font(gm_font(tmp_path / "f.sf2", info=LICENCE))
    for stem in taken(tmp_path / "a", card.sha256, "electronic").stems:
        sound = soundfile.read(stem.path, dtype="float32")[0]
        assert len(sound) == stem.samples == PLAN.samples + sum(stem.handle_samples)
        assert np.all(np.isfinite(sound))
