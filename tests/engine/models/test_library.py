"""What is on this machine is found, checked and chosen; what is not is said."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from hitpoint.engine.errors import InputError, OptionError
from hitpoint.engine.models import library
from hitpoint.engine.models.card import FileFact, ModelCard
from hitpoint.engine.models.config import MEDIUM, SMALL
from hitpoint.engine.models.library import (
    Installed,
    broken,
    check,
    choose_auto,
    find,
    find_part,
    installed,
    models_dir,
    needed_bytes,
    parts_dir,
    read_card,
    sweep,
)
from hitpoint.engine.models.licences import allowed, refuse_unless_allowed
from hitpoint.engine.models.tiny import tiny_gvmgen, tiny_musicgen
from hitpoint.engine.serial import pretty


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HITPOINT_HOME", str(tmp_path / "home"))
    # What comes with Hitpoint has tests of its own below.
    monkeypatch.setattr(library, "bundled_dir", lambda: tmp_path / "bundled")


def _card(name: str, **more: object) -> ModelCard:
    config = tiny_musicgen()[0] if name.startswith("mus") else tiny_gvmgen()[0]
    card = ModelCard(
        name=name,
        config=config,
        source="test",
        code_licence="MIT",
        weights_licence="CC-BY-NC-4.0",
        commercial=False,
        weights_sha256="0" * 64,
        files={},
        version="0",
    )
    return replace(card, **more)  # type: ignore[arg-type]


def _put(card: ModelCard, files: dict[str, bytes] | None = None) -> Path:
    from hashlib import sha256

    files = {"decoder-int8.onnx": b"decoder", "weights.safetensors": b"weights"} if files is None else files
    folder = models_dir() / card.name
    folder.mkdir(parents=True)
    for name, data in files.items():
        (folder / name).write_bytes(data)
    facts = {name: FileFact(sha256(data).hexdigest(), len(data)) for name, data in files.items()}
    (folder / "model.json").write_bytes(pretty(replace(card, files=facts)))
    return folder


def test_an_empty_machine_has_no_models_and_makes_no_folder() -> None:
    assert installed() == ()
    assert choose_auto("any") is None
    assert not models_dir().exists()
    with pytest.raises(OptionError, match="on this machine are none yet, see hitpoint models list"):
        find("mine")


def test_a_model_is_found_by_name_and_by_folder(tmp_path: Path) -> None:
    folder = _put(_card("mine"))
    assert find("mine").folder == folder
    assert find(str(folder)).card.name == "mine"
    assert [card.name for card in installed()] == ["mine"]


def test_a_published_model_that_is_not_here_says_how_to_get_it() -> None:
    with pytest.raises(OptionError, match="run hitpoint models get musicgen-small"):
        find("musicgen-small")


def test_an_unknown_name_says_what_there_is() -> None:
    _put(_card("mine"))
    with pytest.raises(OptionError, match="no model 'yours': on this machine are mine"):
        find("yours")


def test_a_foreign_folder_says_how_to_convert_it(tmp_path: Path) -> None:
    (tmp_path / "foreign").mkdir()
    with pytest.raises(OptionError, match="convert it once with hitpoint models import"):
        find(str(tmp_path / "foreign"))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"[" * 100_000,
        b'{"schema": "hitpoint.model.9"}',
        b'{"schema": "other.1"}',
        b"{}",
        b"\xff",
    ],
)
def test_a_card_that_cannot_be_read_hides_the_model_and_names_it(content: bytes) -> None:
    folder = _put(_card("mine"))
    (folder / "model.json").write_bytes(content)
    assert installed() == ()
    assert broken() == ("mine",)
    with pytest.raises(InputError, match="again"):
        read_card(folder)
    with pytest.raises(OptionError):
        find("mine")


@pytest.mark.parametrize("name", ["../x", "a/b", "..", ""])
def test_a_card_never_names_a_file_elsewhere(name: str) -> None:
    folder = _put(_card("mine"))
    data = json.loads((folder / "model.json").read_bytes())
    data["files"] = {name: {"sha256": "0" * 64, "bytes": 1}}
    (folder / "model.json").write_text(json.dumps(data))
    with pytest.raises(InputError, match="names a file elsewhere"):
        read_card(folder)


def test_a_missing_or_short_file_is_found_at_once_and_a_changed_one_by_check() -> None:
    folder = _put(_card("mine"))
    found = find("mine")
    assert check(found) == ()
    (folder / "decoder-int8.onnx").write_bytes(b"decodeR")
    assert [fault.split(":")[0] for fault in check(found)] == [
        "'decoder-int8.onnx' of the model 'mine' has changed"
    ]
    (folder / "decoder-int8.onnx").unlink()
    with pytest.raises(OptionError, match=r"'decoder-int8.onnx' is missing or cut short"):
        find("mine")
    assert broken() == ("mine",)
    assert "is missing" in check(found)[0]


def test_auto_takes_a_picture_model_before_a_text_model_and_the_larger_one() -> None:
    small, medium = (replace(tiny_gvmgen()[0], decoder=size) for size in (SMALL, MEDIUM))
    _put(_card("musicgen-large"))
    _put(_card("a-small", config=small))
    _put(_card("b-medium", config=medium))
    _put(_card("c-tiny"))
    chosen = choose_auto("any")
    assert chosen is not None
    assert chosen.card.name == "b-medium"


def test_auto_never_takes_random_or_nano_models_nor_what_the_use_forbids() -> None:
    _put(_card("noise", origin="random"))
    _put(_card("nano", by_name_only=True))
    assert choose_auto("any") is None
    _put(_card("musicgen-nc"))
    assert choose_auto("client") is None
    _put(_card("musicgen-free", commercial=True))
    chosen = choose_auto("client")
    assert chosen is not None
    assert chosen.card.name == "musicgen-free"


def test_auto_leaves_out_what_does_not_fit_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    _put(_card("a-small"))
    big = {"decoder-int8.onnx": FileFact("0" * 64, 3 << 30), "decoder-fp32.onnx": FileFact("0" * 64, 9 << 30)}
    assert needed_bytes(_card("big", files=big)) == 2 * (3 << 30) + 700_000_000
    monkeypatch.setattr(library, "_memory_bytes", lambda: 600_000_000)
    assert choose_auto("any") is None
    monkeypatch.setattr(library, "_memory_bytes", lambda: 2_000_000_000)
    assert choose_auto("any") is not None


def test_a_clients_film_is_refused_with_the_licence_named() -> None:
    card = _card("mine")
    refuse_unless_allowed(card, "any")
    with pytest.raises(OptionError, match="--use client refuses the model 'mine': its weights are CC-BY-NC"):
        refuse_unless_allowed(card, "client")
    with pytest.raises(OptionError, match="nobody said whether music made with its weights"):
        refuse_unless_allowed(replace(card, commercial=None), "client")
    refuse_unless_allowed(replace(card, commercial=True), "client")
    assert not allowed(replace(card, commercial=None), "client")


def test_a_part_is_whole_when_its_card_is_there() -> None:
    (parts_dir() / "encodec").mkdir(parents=True)
    assert find_part("encodec") is None
    (parts_dir() / "encodec" / "part.json").write_text("{}")
    assert find_part("encodec") == parts_dir() / "encodec"


def test_what_an_import_left_is_swept_after_a_day_and_not_before() -> None:
    import os
    import time

    fresh, stale = models_dir() / ".reading.a", models_dir() / ".mine.b.part"
    for folder in (fresh, stale):
        folder.mkdir(parents=True)
    long_ago = time.time() - 100_000
    os.utime(stale, (long_ago, long_ago))
    sweep()
    assert fresh.exists()
    assert not stale.exists()


def test_a_card_survives_writing_and_reading() -> None:
    card = _card("mine", extra={"later": 1})
    folder = _put(card)
    assert read_card(folder) == replace(card, files=read_card(folder).files)
    assert isinstance(find("mine"), Installed)


def test_models_that_come_with_hitpoint_are_found_and_a_users_of_that_name_goes_first(tmp_path: Path) -> None:
    mine = _put(_card("nano"))
    bundled = tmp_path / "bundled" / "nano"
    bundled.parent.mkdir()
    mine.rename(bundled)
    assert find("nano").folder == bundled and [card.name for card in installed()] == ["nano"]
    mine = _put(_card("nano", source="mine"))
    assert find("nano").folder == mine and [card.source for card in installed()] == ["mine"]


def test_a_bundled_model_that_is_damaged_is_named(tmp_path: Path) -> None:
    bundled = tmp_path / "bundled" / "nano"
    bundled.parent.mkdir()
    _put(_card("nano")).rename(bundled)
    (bundled / "weights.safetensors").unlink()
    assert broken() == ("nano",)
    with pytest.raises(OptionError, match=r"'weights\.safetensors' is missing or cut short"):
        find("nano")
