"""`hitpoint sounds` and `--sounds` as a user sees them: plain lines, one sentence for a mistake."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from fakes.gm_fonts import LICENCE, gm_font, preset, read_in_process
from fakes.sound_fonts import sine, write_sf2

from films import timeline
from hitpoint.engine.errors import OptionError
from hitpoint.engine.sketch.fonts.library import sounds_dir
from hitpoint.plugin.cli import main
from hitpoint.plugin.settings import config_path, remember, resolve
from neural_models import tiny_home

# A font without bowed strings.
STRINGS = [(0, 42), (0, 43), (0, 48), (0, 49)]


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HITPOINT_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("HITPOINT_DEBUG", raising=False)
    monkeypatch.delenv("HITPOINT_SOUNDS", raising=False)
    monkeypatch.chdir(tmp_path)
    read_in_process(monkeypatch)


def _run(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, str, str]:
    capsys.readouterr()
    code = main([str(word) for word in words])
    out, err = capsys.readouterr()
    return code, out, err


def small(path: Path, **info: str) -> Path:
    return write_sf2(path, [sine()], [preset(0, 73, "Flute")], info=info or LICENCE)


def scored(out: Path, film: Path, *words: object) -> dict[str, Any]:
    arguments = ["score", film, "-o", out, "--seed", 3, "--range", "0", "6", "--model", "sketch", *words]
    assert main([str(word) for word in arguments]) == 0
    report: dict[str, Any] = json.loads((out / "report.json").read_text())
    return report


def test_the_bundled_sounds_are_listed_and_in_use_from_the_first_day(
    capsys: pytest.CaptureFixture[str],
) -> None:
    code, out, _ = _run(capsys, "sounds", "list")
    assert code == 0
    assert out.splitlines()[1].split() == ["bundled", "yes", "36", "11.0", "MB", "MIT"]
    assert not sounds_dir().exists()


def test_a_font_is_imported_listed_chosen_and_left_again(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    source = gm_font(tmp_path / "Big One.sf2", without=[(0, 43), (0, 73)])
    code, out, err = _run(capsys, "sounds", "import", source)
    assert code == 0, err
    assert "'big-one' is on this machine" in out
    assert "(Nobody 2020; CC0 1.0): hitpoint sounds use big-one" in out
    lacking = "note: the sounds 'big-one' have no contrabass: their 'cello' (0:42) plays the contrabass"
    assert lacking in out.splitlines()
    _, out, _ = _run(capsys, "sounds", "import", source)
    assert "'big-one' was already on this machine" in out
    code, out, _ = _run(capsys, "sounds", "use", "big-one")
    assert (code, resolve({})["sounds"]) == (0, "big-one")
    assert out.startswith("sketch plays with 'big-one' from now on")
    _, out, _ = _run(capsys, "sounds", "list")
    assert [line.split()[:2] for line in out.splitlines()[1:3]] == [["bundled", "no"], ["big-one", "yes"]]
    assert lacking in out.splitlines()
    assert "the sounds 'big-one' have no flute: the bundled sounds play the flute" in out
    assert _run(capsys, "sounds", "use", "bundled")[0] == 0
    assert resolve({})["sounds"] == "bundled"


def test_list_tells_what_is_damaged_and_what_is_gone(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    _run(capsys, "sounds", "import", small(tmp_path / "a.sf2"))
    _run(capsys, "sounds", "use", "a")
    (font,) = sounds_dir().glob("*.sf2")
    font.unlink()
    code, out, _ = _run(capsys, "sounds", "list")
    assert code == 0
    assert f"{font.stem}.json' or its font is damaged: import the sound font again" in out
    assert "the sounds 'a' are chosen and not on this machine" in out


def test_a_variable_that_goes_before_the_choice_is_named(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _run(capsys, "sounds", "import", small(tmp_path / "a.sf2"))
    monkeypatch.setenv("HITPOINT_SOUNDS", "bundled")
    _, out, _ = _run(capsys, "sounds", "use", "a")
    assert "HITPOINT_SOUNDS is set to 'bundled' and goes before it" in out


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("sounds", "use", "nothing"), "there are no sounds called 'nothing': on this machine are bundled"),
        (("sounds", "import", "gone.sf2"), "'gone.sf2' cannot be read (No such file or directory)"),
        (("sounds", "import", "text.sf2"), "'text.sf2' is no sound font"),
        (("sounds", "import", "a.sf2", "--name", "bundled"), "sounds cannot be called 'bundled'"),
        (("score", "cut.otio", "--model", "sketch", "--sounds", "x"), "there are no sounds called 'x'"),
    ],
)
def test_a_mistake_is_one_sentence_and_exit_code_2(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, words: tuple[str, ...], sentence: str
) -> None:
    (tmp_path / "text.sf2").write_text("hello")
    small(tmp_path / "a.sf2")
    timeline(tmp_path)
    code, out, err = _run(capsys, *words)
    assert code == 2
    assert sentence in err
    assert err.count("hitpoint: ") == 1
    assert out == ""
    assert not sounds_dir().exists() and not config_path().exists()
    assert not (tmp_path / "cut.hitpoint").exists()


def test_a_film_is_scored_with_other_sounds_once_or_from_now_on(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    film = timeline(tmp_path)
    _run(capsys, "sounds", "import", gm_font(tmp_path / "other.sf2", without=STRINGS))
    plain = scored(tmp_path / "plain", film, "--style", "cinematic")
    once = scored(tmp_path / "once", film, "--style", "cinematic", "--sounds", "other")
    assert resolve({})["sounds"] == "bundled"
    _run(capsys, "sounds", "use", "other")
    always = scored(tmp_path / "always", film, "--style", "cinematic")

    def sound(report: dict[str, Any]) -> list[str]:
        return [stem["sha256"] for stem in report["cues"][0]["stems"]]

    assert sound(plain) != sound(once) == sound(always)
    assert "sounds" not in plain["request"]
    assert once["request"]["sounds"]["name"] == "other"
    assert once["request"]["sounds"]["licence"] == "Nobody 2020; CC0 1.0"
    assert once["why"].endswith("with the sounds 'other'")
    assert any(
        text.startswith("the sounds 'other' have no ") and ": the bundled sounds play the " in text
        for text in once["degraded"]
    )
    assert not any("sounds" in text for text in plain["degraded"])
    credits = json.loads((tmp_path / "once" / "credits.json").read_text())
    sha256 = once["request"]["sounds"]["sha256"]
    assert credits["sounds"]["other.sf2"] == f"{sha256} Nobody 2020; CC0 1.0"
    assert any("Small Orchestra" in notice for notice in credits["notices"])
    assert "hitpoint.sf3" in credits["sounds"]  # it played the bass
    assert any("Frank Wen" in notice for notice in credits["notices"])


def test_sounds_that_forbid_selling_are_no_clients(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    film = timeline(tmp_path)
    _run(capsys, "sounds", "import", small(tmp_path / "nc.sf2", INAM="x", ICMT="CC BY-NC 3.0"))
    words = ("score", film, "--model", "sketch", "--use", "client", "--sounds", "nc", "-o", tmp_path / "out")
    code, _, err = _run(capsys, *words)
    assert code == 2
    assert "the sounds 'nc' are not for films that are sold (they say 'CC BY-NC 3.0')" in err
    assert not (tmp_path / "out").exists()
    _run(capsys, "sounds", "import", small(tmp_path / "free.sf2", INAM="x"))
    report = scored(tmp_path / "out", film, "--use", "client", "--sounds", "free", "--style", "folk")
    assert any(
        "with the sounds 'free' may be sold is yours to check: licence not stated" in text
        for text in report["degraded"]
    )


def test_a_neural_model_makes_its_own_sound(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = tmp_path / "home" / "data"
    data.mkdir(parents=True)
    (data / "models").symlink_to(tiny_home("tiny-gvmgen") / "data" / "models")
    _run(capsys, "sounds", "import", small(tmp_path / "a.sf2"))
    words = ("score", timeline(tmp_path), "--model", "tiny-gvmgen", "--sounds", "a", "-o", tmp_path / "out")
    code, _, err = _run(capsys, *words)
    assert code == 2
    assert "--sounds is for sketch, and 'tiny-gvmgen' makes its own sound" in err


CONFIG = '# mine\nhandles = 1  # seconds\nsounds = "old"\nstyle = "piano"\n'


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", 'sounds = "new"\n'),
        ("# only words\n", '# only words\nsounds = "new"\n'),
        ("handles = 1", 'handles = 1\nsounds = "new"\n'),
        (CONFIG, CONFIG.replace('"old"', '"new"')),
        ("sounds='old'", 'sounds = "new"'),
    ],
)
def test_a_choice_changes_one_line_of_the_settings(before: str, after: str) -> None:
    config_path().parent.mkdir(parents=True)
    config_path().write_text(before)
    remember("sounds", "new")
    assert config_path().read_text() == after
    assert resolve({})["sounds"] == "new"


def test_settings_that_cannot_be_changed_safely_are_left_alone() -> None:
    config_path().parent.mkdir(parents=True)
    text = 'prompt = """\nsounds = 1\n"""\n'
    config_path().write_text(text)
    with pytest.raises(OptionError, match='write sounds = "new" into it yourself'):
        remember("sounds", "new")
    assert config_path().read_text() == text
