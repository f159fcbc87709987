"""Downloads from a server of our own: whole, resumed, cut, changed, absent. Nothing leaves this machine."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import checkpoints
from hitpoint.engine.errors import Cancelled, InputError, OptionError, OutputError
from hitpoint.engine.models import download, fetch
from hitpoint.engine.models.card import ModelCard
from hitpoint.engine.models.download import downloads_dir, get
from hitpoint.engine.models.fetch import Hub
from hitpoint.engine.models.library import check, find, find_part
from hitpoint.engine.models.published import Published, published
from hitpoint.engine.progress import Cancel
from hubs import Shop, serve_folder, serving

DATA = bytes(range(256)) * 12_000
SUM = hashlib.sha256(DATA).hexdigest()


@pytest.fixture
def shop() -> Shop:
    return Shop({"them/model/a.bin": DATA})


@pytest.fixture
def base(shop: Shop) -> Iterator[str]:
    with serving(shop) as address:
        yield address


@pytest.fixture(autouse=True)
def _quick(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HITPOINT_HOME", str(tmp_path / "home"))
    checkpoints.read_in_process(monkeypatch)
    monkeypatch.delenv(fetch.VARIABLE, raising=False)
    monkeypatch.setattr(fetch, "_PAUSE_S", 0.0)
    monkeypatch.setattr(fetch, "_BLOCK_BYTES", 1 << 16)


def _fetch(base: str, path: Path, **how: Any) -> Any:
    told: list[int] = []
    arguments = {"size": None, "sha256": None, "told": told.append, "cancel": Cancel(), **how}
    fact = Hub(base).fetch("them/model", "a.bin", path, **arguments)
    assert path.read_bytes() == DATA
    assert not list(path.parent.glob("*.part*"))
    return fact, told


class TestOneFile:
    def test_it_comes_whole_with_its_sum(self, base: str, tmp_path: Path) -> None:
        fact, told = _fetch(base, tmp_path / "a.bin", size=len(DATA), sha256=SUM)
        assert (fact.bytes, fact.sha256) == (len(DATA), SUM)
        assert told[0] == 0
        assert told[-1] == len(DATA)

    def test_a_cut_connection_is_continued_where_it_was_cut(
        self, base: str, shop: Shop, tmp_path: Path
    ) -> None:
        shop.cuts = [1_000_000, 700_000]
        _fetch(base, tmp_path / "a.bin")
        assert [asked[2] for asked in shop.asked] == [None, "bytes=1000000-", "bytes=1700000-"]

    def test_a_later_run_continues(self, base: str, shop: Shop, tmp_path: Path) -> None:
        shop.cuts = [1_000_000, 0, 0, 0]
        with pytest.raises(
            InputError, match=r"broke off after 1.0 MB of 'a.bin'.*what has come so far is kept"
        ):
            _fetch(base, tmp_path / "a.bin")
        shop.cuts.clear()
        shop.asked.clear()
        _, told = _fetch(base, tmp_path / "a.bin")
        assert [asked[2] for asked in shop.asked] == ["bytes=1000000-"]
        assert told[0] == 1_000_000

    def test_a_cancel_keeps_the_part(self, base: str, shop: Shop, tmp_path: Path) -> None:
        cancel = Cancel()

        def told(done: int) -> None:
            if done > 500_000:
                cancel.set()

        with pytest.raises(Cancelled):
            _fetch(base, tmp_path / "a.bin", told=told, cancel=cancel)
        assert 500_000 < (tmp_path / "a.bin.part").stat().st_size < len(DATA)
        _fetch(base, tmp_path / "a.bin")
        assert shop.asked[-1][2] is not None

    def test_a_file_that_changed_between_is_fetched_anew(self, base: str, shop: Shop, tmp_path: Path) -> None:
        (tmp_path / "a.bin.part").write_bytes(b"old" * 1000)
        (tmp_path / "a.bin.part.json").write_text(json.dumps({"etag": '"zero"'}))
        _, told = _fetch(base, tmp_path / "a.bin")
        assert told[0] == 0

    def test_a_part_of_unknown_origin_is_not_continued(self, base: str, shop: Shop, tmp_path: Path) -> None:
        (tmp_path / "a.bin.part").write_bytes(b"x" * 1000)
        _fetch(base, tmp_path / "a.bin")
        assert shop.asked[-1][2] is None

    def test_a_weak_tag_is_not_trusted(self, base: str, shop: Shop, tmp_path: Path) -> None:
        shop.etag = 'W/"one"'
        shop.cuts = [1_000_000]
        _fetch(base, tmp_path / "a.bin")
        assert [asked[2] for asked in shop.asked] == [None, None]

    def test_a_server_without_ranges_sends_all_again(self, base: str, shop: Shop, tmp_path: Path) -> None:
        shop.ranges = False
        shop.cuts = [1_000_000]
        _fetch(base, tmp_path / "a.bin")
        assert shop.asked[-1][2] == "bytes=1000000-"

    def test_a_part_that_is_already_whole_is_taken(self, base: str, shop: Shop, tmp_path: Path) -> None:
        (tmp_path / "a.bin.part").write_bytes(DATA)
        (tmp_path / "a.bin.part.json").write_text(json.dumps({"etag": '"one"'}))
        _fetch(base, tmp_path / "a.bin", sha256=SUM)

    def test_a_part_that_is_too_long_starts_over(self, base: str, shop: Shop, tmp_path: Path) -> None:
        (tmp_path / "a.bin.part").write_bytes(DATA + b"more")
        (tmp_path / "a.bin.part.json").write_text(json.dumps({"etag": '"one"'}))
        _fetch(base, tmp_path / "a.bin", sha256=SUM)

    def test_a_wrong_sum_is_refused_and_deleted(self, base: str, tmp_path: Path) -> None:
        with pytest.raises(InputError, match=r"'a.bin' is not the published file \(its sha256 is"):
            _fetch(base, tmp_path / "a.bin", sha256="0" * 64)
        assert list(tmp_path.glob("a.bin*")) == []

    def test_another_size_is_refused_before_a_byte_is_taken(self, base: str, tmp_path: Path) -> None:
        with pytest.raises(InputError, match="has 3,072,000 bytes and the published one 5"):
            _fetch(base, tmp_path / "a.bin", size=5)
        assert list(tmp_path.glob("a.bin*")) == []

    def test_a_whole_file_of_an_earlier_run_is_not_fetched_again(
        self, base: str, shop: Shop, tmp_path: Path
    ) -> None:
        (tmp_path / "a.bin").write_bytes(DATA)
        _fetch(base, tmp_path / "a.bin", size=len(DATA), sha256=SUM)
        assert shop.asked == []

    @pytest.mark.parametrize("code", [429, 500, 503])
    def test_a_hub_that_is_busy_is_asked_again(
        self, base: str, shop: Shop, tmp_path: Path, code: int
    ) -> None:
        shop.fails = [code, code]
        _fetch(base, tmp_path / "a.bin")
        shop.fails = [code] * 9
        (tmp_path / "a.bin").unlink()
        with pytest.raises(InputError, match=f"the hub answered {code}"):
            _fetch(base, tmp_path / "a.bin")

    def test_a_missing_file_and_a_locked_one_have_their_sentences(
        self, base: str, shop: Shop, tmp_path: Path
    ) -> None:
        with pytest.raises(InputError, match=r"'them/model' has no file 'b.bin'"):
            Hub(base).announced("them/model", "b.bin")
        shop.fails = [403]
        with pytest.raises(InputError, match="it asks for an account there"):
            _fetch(base, tmp_path / "a.bin")

    def test_a_redirect_is_followed_and_what_the_hub_said_first_is_kept(
        self, base: str, shop: Shop, tmp_path: Path
    ) -> None:
        shop.redirect = "HERE"
        shop.linked = {"X-Linked-Size": str(len(DATA)), "X-Linked-Etag": f'"{SUM}"'}
        announced = Hub(base).announced("them/model", "a.bin")
        assert (announced.bytes, announced.sha256) == (len(DATA), SUM)
        assert [asked[0] for asked in shop.asked] == ["HEAD", "HEAD"]
        shop.cuts = [1_000_000]
        _fetch(base, tmp_path / "a.bin")
        assert shop.asked[-1][2] == "bytes=1000000-"

    def test_a_redirect_away_from_https_is_refused(self, base: str, shop: Shop, tmp_path: Path) -> None:
        shop.redirect = "http://example.com/a.bin"
        with pytest.raises(InputError, match="which is not https"):
            _fetch(base, tmp_path / "a.bin")

    def test_a_full_disk_has_its_sentence(
        self, base: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        class _Full:
            free = 1000

        monkeypatch.setattr(fetch.shutil, "disk_usage", lambda _: _Full())
        with pytest.raises(OutputError, match=r"no space left for 'a.bin'"):
            _fetch(base, tmp_path / "a.bin")

    def test_a_disk_that_fills_on_the_way_keeps_what_came(
        self, base: str, shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from hitpoint.engine.store.partial import PartialFile

        real = PartialFile.write
        written = []

        def write(self: PartialFile, file: Any, block: bytes) -> None:
            if sum(written) > 1_000_000:
                file = _Broken()
            written.append(len(block))
            real(self, file, block)

        class _Broken:
            def write(self, _: object) -> int:
                raise OSError(28, "No space left on device")

        monkeypatch.setattr(PartialFile, "write", write)
        with pytest.raises(OutputError, match=r"no space left to write 'a.bin'"):
            _fetch(base, tmp_path / "a.bin")
        assert (tmp_path / "a.bin.part").stat().st_size > 1_000_000
        monkeypatch.setattr(PartialFile, "write", real)
        _fetch(base, tmp_path / "a.bin")
        assert shop.asked[-1][2] is not None

    def test_offline_is_said(self, tmp_path: Path) -> None:
        with pytest.raises(InputError, match=r"http://127.0.0.1:9 cannot be reached .*check the network"):
            Hub("http://127.0.0.1:9").announced("them/model", "a.bin")

    @pytest.mark.parametrize("base", ["http://example.com", "ftp://localhost", "localhost", "file:///etc"])
    def test_only_https_or_this_machine(self, base: str) -> None:
        with pytest.raises(OptionError, match="give an https address, or http on this machine"):
            Hub(base)


def _entry(name: str, kind: str, *names: str, **more: Any) -> Published:
    template = next(entry for entry in published() if entry.kind == kind and entry.repository)
    files = {file.name: file for file in template.files}
    kept = tuple(files[name] for name in names) if names else template.files
    return replace(template, name=name, files=kept, **more)


class TestModels:
    def test_a_model_comes_with_the_parts_it_needs_and_is_imported(
        self, base: str, shop: Shop, tmp_path: Path
    ) -> None:
        checkpoints.write_musicgen(tmp_path / "mg")
        checkpoints.save(tmp_path / "mg" / "compression_state_dict.bin", checkpoints.POINTER)
        checkpoints.write_text(tmp_path / "t5")
        checkpoints.write_encodec(tmp_path / "codec")
        serve_folder(shop, "facebook/musicgen-small", tmp_path / "mg")
        serve_folder(shop, "google-t5/t5-base", tmp_path / "t5")
        serve_folder(shop, "facebook/encodec_32khz", tmp_path / "codec")
        lines: list[tuple[str, int]] = []
        got = get(
            "musicgen-small",
            base=base,
            precisions=("fp32",),
            tell=lambda line: lines.append((line, sum(asked[0] == "GET" for asked in shop.asked))),
        )
        told = "\n".join(line for line, _ in lines)
        assert "musicgen-small: " in told
        assert "MB from https://huggingface.co/facebook/musicgen-small" in told
        assert "weights CC-BY-NC-4.0 (no commercial work)" in told
        # Each is said before the first byte of it: t5-base has three files, the model two.
        assert [line.split(":")[0] for line, _ in lines] == ["t5-base", "musicgen-small", "encodec"]
        assert [fetched for _, fetched in lines] == [0, 3, 5]
        assert isinstance(got.card, ModelCard)
        assert got.card.commercial is False
        assert check(find("musicgen-small")) == ()
        recorded = got.card.extra["downloaded"]["state_dict.bin"]["sha256"]
        assert recorded == hashlib.sha256((tmp_path / "mg" / "state_dict.bin").read_bytes()).hexdigest()
        assert find_part("encodec") is not None
        assert not (downloads_dir() / "musicgen-small").exists()
        # The parts are there: a second model fetches its own two files only.
        shop.asked.clear()
        get("musicgen-small", base=base, precisions=("fp32",), tell=lambda line: None)
        assert sum(asked[0] == "GET" for asked in shop.asked) == 2

    def test_a_file_that_changed_since_its_first_download_is_refused(
        self, base: str, shop: Shop, tmp_path: Path
    ) -> None:
        checkpoints.write_encodec(tmp_path / "codec")
        serve_folder(shop, "facebook/encodec_32khz", tmp_path / "codec")
        get("encodec", base=base, tell=lambda line: None)
        shop.files["facebook/encodec_32khz/config.json"] += b" "
        with pytest.raises(InputError, match="has changed since it was first downloaded"):
            get("encodec", base=base, tell=lambda line: None)
        assert find_part("encodec") is not None

    def test_a_file_that_stands_in_for_another_is_taken(self, base: str, shop: Shop, tmp_path: Path) -> None:
        checkpoints.write_encodec(tmp_path / "codec")
        (tmp_path / "codec" / "model.safetensors").rename(tmp_path / "codec" / "pytorch_model.bin")
        serve_folder(shop, "facebook/encodec_32khz", tmp_path / "codec")
        got = get("encodec", base=base, tell=lambda line: None)
        assert set(got.files) == {"config.json", "pytorch_model.bin"}

    def test_the_sum_in_the_manifest_is_held_against_the_hub(
        self, base: str, shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        checkpoints.write_encodec(tmp_path / "codec")
        serve_folder(shop, "facebook/encodec_32khz", tmp_path / "codec")
        entry = _entry("encodec", "codec", "config.json")
        pinned = replace(entry, files=(replace(entry.files[0], sha256="1" * 64),))
        monkeypatch.setattr(download, "find_published", lambda name: pinned)
        with pytest.raises(InputError, match="is not the published file"):
            get("encodec", base=base, tell=lambda line: None)

    def test_names_that_cannot_be_got_say_what_to_do(self) -> None:
        with pytest.raises(OptionError, match="there is no model 'nothing' to get: choose musicgen-small"):
            get("nothing", tell=lambda line: None)
        with pytest.raises(
            OptionError, match="download that folder yourself, then run hitpoint models import"
        ):
            get("gvmgen", tell=lambda line: None)

    def test_the_address_may_come_from_the_environment(
        self, base: str, shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv(fetch.VARIABLE, base)
        checkpoints.write_encodec(tmp_path / "codec")
        serve_folder(shop, "facebook/encodec_32khz", tmp_path / "codec")
        assert get("encodec", tell=lambda line: None).card is None


def test_the_manifest_names_models_with_licences_and_invents_no_sums() -> None:
    names = [entry.name for entry in published()]
    assert len(set(names)) == len(names)
    assert {"gvmgen", "musicgen-small", "musicgen-melody", "musicgen-stereo-large", "encodec", "t5-base"} < {
        *names
    }
    for entry in published():
        assert entry.weights_licence
        assert entry.code_licence
        assert all(part in names for part in entry.parts)
        assert all(file.sha256 is None or len(file.sha256) == 64 for file in entry.files)
