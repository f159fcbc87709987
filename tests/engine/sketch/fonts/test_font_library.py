"""Fonts are checked, heard, kept by content, found by name; a bad one is a sentence and leaves nothing."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
import soundfile
from fakes.gm_fonts import LICENCE, gm_font, preset, read_in_process
from fakes.sound_fonts import Preset, Sample, impulse, sf2_bytes, sine, write_sf2

from hitpoint.engine.errors import InputError, OptionError
from hitpoint.engine.serial import pretty
from hitpoint.engine.sketch import soundfont as sf
from hitpoint.engine.sketch.fonts import library
from hitpoint.engine.sketch.fonts.card import FontCard
from hitpoint.engine.sketch.fonts.library import (
    broken,
    by_hash,
    find,
    import_font,
    imported,
    notices,
    sounds_dir,
)
from hitpoint.engine.sketch.instruments import INSTRUMENTS
from hitpoint.engine.sketch.voices import bundled_font
from hitpoint.engine.store.identity import sha256_file


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HITPOINT_HOME", str(tmp_path / "home"))
    read_in_process(monkeypatch)


def flute(path: Path, *, info: dict[str, str] = LICENCE, samples: list[Sample] | None = None) -> Path:
    """The smallest font of use: one preset."""
    return write_sf2(path, samples or [sine()], [preset(0, 73, "Flute")], info=info)


def test_an_imported_font_has_a_card_that_says_all(tmp_path: Path) -> None:
    quiet = preset(0, 0, "Grand Piano", attenuation=500)
    source = gm_font(tmp_path / "My Font (v2).sf2", without=[(0, 0), (0, 43), (0, 73)], more=[quiet])
    card, new = import_font(source)
    assert new
    assert card.name == "my-font-v2"
    assert card.sha256 == sha256_file(source)
    assert card.licence == "Nobody 2020; CC0 1.0"
    assert (card.title, card.source) == ("Small Orchestra", "My Font (v2).sf2")
    assert card.presets["0:42"] == "cello"
    assert (sounds_dir() / card.file).read_bytes() == source.read_bytes()
    assert card.file == f"{card.sha256}.sf2"
    parts = card.parts
    assert parts["contrabass"].how == "near"
    assert parts["flute"].how == "bundled"
    assert parts["flute"].level_lufs == INSTRUMENTS["flute"].level_lufs
    # 500 cB at 0.4 is 20 dB: cello and piano are the same sine.
    difference = (parts["cello"].level_lufs - INSTRUMENTS["cello"].level_lufs) - (
        parts["piano"].level_lufs - INSTRUMENTS["piano"].level_lufs
    )
    assert 10 < difference < 30
    found = find("my-font-v2")
    assert found is not None and found.card == card
    assert find("bundled") is None


def test_the_same_font_twice_is_one_and_takes_a_new_name_when_given_one(tmp_path: Path) -> None:
    import_font(flute(tmp_path / "a.sf2"))
    card, new = import_font(flute(tmp_path / "b.sf2"))
    assert (card.name, new) == ("a", False)
    card, new = import_font(tmp_path / "b.sf2", "other")
    assert (card.name, new) == ("other", False)
    assert [font.card.name for font in imported()] == ["other"]
    assert len(list(sounds_dir().iterdir())) == 2


def test_two_fonts_cannot_share_a_name(tmp_path: Path) -> None:
    import_font(flute(tmp_path / "a.sf2"))
    (tmp_path / "elsewhere").mkdir()
    other = flute(tmp_path / "elsewhere" / "a.sf2", info={"INAM": "another"})
    with pytest.raises(OptionError, match="sounds called 'a' already"):
        import_font(other)
    assert len(list(sounds_dir().iterdir())) == 2
    import_font(other, "a-2")
    assert [font.card.name for font in imported()] == ["a", "a-2"]


@pytest.mark.parametrize("name", ["bundled", "hitpoint", "Big", "../up", "", "a" * 65, "dot."])
def test_a_name_that_cannot_be_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(OptionError, match="cannot be called"):
        import_font(flute(tmp_path / "a.sf2"), name)
    assert not sounds_dir().exists()


def test_sf3_samples_are_unpacked_once_and_counted(tmp_path: Path) -> None:
    card, _ = import_font(write_sf3(tmp_path / "a.sf3"))
    assert card.parts["flute"].how == "own"
    assert card.file.endswith(".sf3")


def write_sf3(path: Path, *, cut: int = 0, frames: int | None = None) -> Path:
    """A font of one Vorbis sample; `cut` bytes of it are missing, `frames` is what its last page claims."""
    whole = sine(periods=200)
    out = path.with_suffix(".ogg")
    soundfile.write(out, whole.sound, 48_000, format="OGG", subtype="VORBIS")
    ogg = bytearray(out.read_bytes())
    if frames is not None:
        last = ogg.rfind(b"OggS")
        ogg[last + 6 : last + 14] = frames.to_bytes(8, "little")
    data = bytes(ogg[: len(ogg) - cut])
    data += bytes(len(data) % 2)
    # As 16-bit words, so that the writer stores the very bytes.
    font = bytearray(sf2_bytes([impulse()], [preset(0, 73, "Flute")], info=LICENCE))
    at = font.index(b"sdta") - 8
    end = at + 8 + int.from_bytes(font[at + 4 : at + 8], "little")
    smpl = b"smpl" + len(data).to_bytes(4, "little") + data
    sdta = b"LIST" + (4 + len(smpl)).to_bytes(4, "little") + b"sdta" + smpl
    font[at:end] = sdta
    header = font.index(b"shdr") + 8
    record = [0, len(data), 100, 20_000]
    for number, value in enumerate(record):
        font[header + 20 + 4 * number : header + 24 + 4 * number] = value.to_bytes(4, "little")
    font[header + 44 : header + 46] = (1 | sf.VORBIS).to_bytes(2, "little")
    font[4:8] = (len(font) - 8).to_bytes(4, "little")
    path.write_bytes(font)
    return path


def _backwards(data: bytes) -> bytes:
    at = data.index(b"ibag") + 8
    return data[:at] + (9).to_bytes(2, "little") + data[at + 2 :]


def _outside(data: bytes) -> bytes:
    at = data.index(b"shdr") + 8 + 24
    return data[:at] + (1 << 30).to_bytes(4, "little") + data[at + 4 :]


SOUND = sf2_bytes([sine()], [preset(0, 73, "Flute")])
BAD = {
    "empty": (b"", "is no sound font"),
    "text": (b"hello there, editor" * 9, "is no sound font"),
    "wave": (b"RIFF\x24\0\0\0WAVEfmt ", "is no sound font"),
    "zip": (b"PK\x03\x04" + bytes(99), "is packed: unpack it"),
    "cut": (SOUND[: len(SOUND) // 2], "is cut off"),
    "headless": (SOUND[:12], "is missing"),
    "backwards": (_backwards(SOUND), "run backwards"),
    "outside": (_outside(SOUND), "lies outside the file"),
    "parts": (SOUND[:12] + b"junk\0\0\0\0" * 2000, "too many parts"),
    "useless": (sf2_bytes([sine()], [preset(5, 99, "Bagpipe")]), "no preset that the composer can use"),
    "unlinked": (sf2_bytes([sine()], [Preset([{sf.SAMPLE: 7}], program=73)]), "no usable sound font"),
}


@pytest.mark.parametrize("kind", sorted(BAD))
def test_a_bad_file_is_one_sentence_and_leaves_nothing(tmp_path: Path, kind: str) -> None:
    data, said = BAD[kind]
    (tmp_path / f"{kind}.sf2").write_bytes(data)
    with pytest.raises(InputError, match=said) as caught:
        import_font(tmp_path / f"{kind}.sf2")
    assert f"{kind}.sf2" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not sounds_dir().exists()


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ({"frames": 1 << 40}, "claims to be hours long"),
        ({"frames": 1 << 20}, "ends after|to more than it says|cannot be decoded|no usable"),
        ({"cut": 100}, "ends after|cannot be decoded|no usable"),
    ],
)
def test_a_compressed_sample_that_lies_is_refused(tmp_path: Path, how: dict[str, int], said: str) -> None:
    with pytest.raises(InputError, match=said):
        import_font(write_sf3(tmp_path / "bomb.sf3", **how))
    assert not sounds_dir().exists()


def test_a_file_larger_than_the_format_is_refused_unread(tmp_path: Path) -> None:
    with (tmp_path / "huge.sf2").open("wb") as file:
        file.truncate(5 << 30)  # sparse: takes no room
    with pytest.raises(InputError, match="larger than a sound font can be"):
        import_font(tmp_path / "huge.sf2")


@pytest.mark.skipif(os.name == "nt", reason="links and pipes need rights there")
def test_links_that_lead_nowhere_and_pipes_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.sf2").symlink_to(tmp_path / "b.sf2")
    (tmp_path / "b.sf2").symlink_to(tmp_path / "a.sf2")
    os.mkfifo(tmp_path / "pipe.sf2")
    for name, said in (
        ("a.sf2", "cannot be read"),
        ("pipe.sf2", "plain file"),
        ("gone.sf2", "cannot be read"),
    ):
        with pytest.raises(InputError, match=said):
            import_font(tmp_path / name)
    with pytest.raises(InputError, match="plain file"):
        import_font(tmp_path)


def test_stereo_links_in_a_circle_are_harmless(tmp_path: Path) -> None:
    data = bytearray(sf2_bytes([sine(), sine()], [preset(0, 73, "Flute")], info=LICENCE))
    header = data.index(b"shdr") + 8
    for number, link in ((0, 1), (1, 0)):
        at = header + 46 * number + 42
        data[at : at + 4] = link.to_bytes(2, "little") + (4 if number else 2).to_bytes(2, "little")
    (tmp_path / "a.sf2").write_bytes(data)
    assert import_font(tmp_path / "a.sf2")[0].parts["flute"].how == "own"


def test_a_font_that_changed_or_went_is_said(tmp_path: Path) -> None:
    card, _ = import_font(flute(tmp_path / "a.sf2"))
    assert by_hash(card.sha256).card == card
    path = sounds_dir() / card.file
    data = path.read_bytes()
    path.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    with pytest.raises(InputError, match="'a' has changed"):
        by_hash(card.sha256)
    path.write_bytes(data[:-1])
    assert imported() == ()
    assert broken() == (f"{card.sha256}.json",)
    with pytest.raises(OptionError, match="no sounds called 'a'"):
        find("a")
    path.unlink()
    with pytest.raises(InputError, match="not on this machine"):
        by_hash(card.sha256)


@pytest.mark.parametrize("change", [{"file": "../elsewhere.sf2"}, {"schema": "hitpoint.sounds.99"}, None])
def test_a_damaged_card_is_no_font(tmp_path: Path, change: dict[str, str] | None) -> None:
    card, _ = import_font(flute(tmp_path / "a.sf2"))
    path = (sounds_dir() / card.file).with_suffix(".json")
    path.write_text("{" if change is None else json.dumps({**json.loads(path.read_text()), **change}))
    assert imported() == ()
    assert broken() == (path.name,)


def test_notices_are_those_of_the_fonts_that_were_heard(tmp_path: Path) -> None:
    card, _ = import_font(flute(tmp_path / "a.sf2"))
    both = {"a.sf2": f"{card.sha256} {card.licence}", bundled_font().name: "0 MIT"}
    theirs, ours = notices(both)
    assert "Small Orchestra" in theirs and "CC0 1.0" in theirs and card.sha256 in theirs
    assert "Frank Wen" in ours
    assert notices({}) == []


@pytest.mark.parametrize(
    ("text", "forbids"),
    [("CC BY-NC 4.0", True), ("Free for non-commercial use", True), ("CC0", False), ("", False)],
)
def test_a_font_that_forbids_selling_is_known_by_its_words(tmp_path: Path, text: str, forbids: bool) -> None:
    card = FontCard("a", "f", "0", 1, "", "", text, {}, {}, "f", "0")
    assert card.forbids_sale is forbids
    assert card.licence == (text or "licence not stated")
    assert b"hitpoint.sounds.1" in pretty(card)


def test_a_real_child_reads_the_font(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    monkeypatch.setenv("HITPOINT_HOME", str(tmp_path / "home"))
    card, _ = import_font(flute(tmp_path / "a.sf2"))
    assert (card.name, card.parts["flute"].how, card.parts["piano"].how) == ("a", "own", "bundled")
    (tmp_path / "bad.sf2").write_bytes(BAD["outside"][0])
    with pytest.raises(InputError, match=r"'bad\.sf2' is no usable sound font .*outside"):
        import_font(tmp_path / "bad.sf2")
    assert library.BUNDLED == "bundled"
