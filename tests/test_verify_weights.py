"""`make verify-weights` from a hub of our own, with toy weights: fetched, checked, compared, played."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import soundfile

import checkpoints
from hubs import Shop, serve_folder, serving
from tools import verify_weights


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HITPOINT_HOME", str(tmp_path / "home"))
    checkpoints.read_in_process(monkeypatch)
    monkeypatch.setattr(verify_weights, "SECONDS", 1)


def _arguments(tmp_path: Path) -> list[str]:
    return ["--out", str(tmp_path / "report.md"), "--music", str(tmp_path / "music")]


def test_a_model_is_fetched_checked_compared_and_played(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    checkpoints.write_musicgen(tmp_path / "mg")
    # audiocraft knows T5 by the names of its sizes: this toy is as wide as t5-small.
    checkpoints.write_text(tmp_path / "t5", whole=False)
    shop = Shop()
    serve_folder(shop, "facebook/musicgen-small", tmp_path / "mg")
    serve_folder(shop, "google-t5/t5-base", tmp_path / "t5")
    with serving(shop) as address:
        monkeypatch.setenv("HITPOINT_HUB_URL", address)
        from hitpoint.engine.models.library import parts_dir

        parts_dir().mkdir(parents=True)
        (parts_dir() / "t5-small").symlink_to(tmp_path / "t5")
        assert verify_weights.main(["musicgen-small", *_arguments(tmp_path)]) == 0
        out = capsys.readouterr().out
        assert out.index("CC-BY-NC-4.0") < out.index("the known answer")
        page = (tmp_path / "report.md").read_text()
        assert "| musicgen-small | CC-BY-NC-4.0 | the same |" in page
        data = json.loads(page.split("```json\n")[1].split("\n```")[0])
        (one,) = data["models"]
        assert len(one["tokens"]) == 4
        assert {len(row) for row in one["tokens"]} == {20}
        assert one["distinct"] > 5
        assert len(one["files"]["state_dict.bin"]["sha256"]) == 64
        sound, rate = soundfile.read(tmp_path / "music" / "musicgen-small.wav")
        assert (len(sound), rate) == (32_000, 32_000)
        assert verify_weights.known_answers(tmp_path / "report.md") == {"musicgen-small": one["tokens"]}

        # Another answer than the last report's is a fault, and the exit says so.
        one["tokens"][0][0] += 1
        (tmp_path / "report.md").write_text(f"```json\n{json.dumps(data)}\n```\n")
        assert verify_weights.main(["musicgen-small", *_arguments(tmp_path)]) == 1
    assert "fault: musicgen-small: the known answer differs" in (tmp_path / "report.md").read_text()


def test_a_gvmgen_folder_is_verified_from_made_pictures(tmp_path: Path) -> None:
    checkpoints.write_gvmgen(tmp_path / "gv")
    assert verify_weights.main(["--gvmgen", str(tmp_path / "gv"), *_arguments(tmp_path)]) == 0
    page = (tmp_path / "report.md").read_text()
    assert "| gvmgen | CC-BY-NC-4.0 | not asked |" in page
    assert (tmp_path / "music" / "gvmgen.wav").is_file()


def test_without_a_network_the_report_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HITPOINT_HUB_URL", "http://127.0.0.1:9")
    assert verify_weights.main(_arguments(tmp_path)) == 1
    page = (tmp_path / "report.md").read_text()
    assert "fault: musicgen-small: http://127.0.0.1:9 cannot be reached" in page
