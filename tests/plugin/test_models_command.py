"""`hitpoint models` and `hitpoint onnx` as a user sees them: plain lines, one sentence for a mistake."""

from __future__ import annotations

import hashlib
import importlib.util
import json
from pathlib import Path

import onnx
import pytest

import checkpoints
from hitpoint.engine.models.importing.random import install_random
from hitpoint.engine.models.library import find, installed, models_dir
from hitpoint.engine.models.tiny import tiny_gvmgen, tiny_musicgen
from hitpoint.plugin.cli import main
from hubs import Shop, serve_folder, serving


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HITPOINT_HOME", str(tmp_path / "home"))
    checkpoints.read_in_process(monkeypatch)
    monkeypatch.delenv("HITPOINT_DEBUG", raising=False)
    monkeypatch.chdir(tmp_path)


def _run(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, str, str]:
    capsys.readouterr()
    code = main([str(word) for word in words])
    out, err = capsys.readouterr()
    return code, out, err


def _tiny(name: str = "noise") -> None:
    config, state = tiny_gvmgen()
    install_random(config, name, state=state, precisions=("fp32",))


def test_list_names_licence_size_and_what_is_missing(capsys: pytest.CaptureFixture[str]) -> None:
    _tiny()
    code, out, _ = _run(capsys, "models", "list")
    assert code == 0
    lines = {line.split()[0]: line for line in out.splitlines()}
    assert "CC-BY-NC-4.0" in lines["musicgen-small"]
    assert lines["musicgen-small"].endswith("no (get)")
    assert lines["gvmgen"].endswith("no (import)")
    assert "Apache-2.0" in lines["t5-base"]
    assert " MB " in lines["noise"]
    assert lines["noise"].endswith("yes, random weights")


def test_list_names_a_damaged_model(capsys: pytest.CaptureFixture[str]) -> None:
    _tiny()
    (models_dir() / "noise" / "model.json").write_text("{")
    code, out, _ = _run(capsys, "models", "list")
    assert code == 0
    assert "note: 'noise' is damaged" in out


def test_a_published_folder_is_imported_checked_exported_and_its_graph_written(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    checkpoints.write_gvmgen(tmp_path / "gv", pointer=True)
    checkpoints.write_encodec(tmp_path / "codec")
    code, out, err = _run(
        capsys, "models", "import", "gv", "--name", "mine", "--codec", "codec", "--precision", "fp32"
    )
    assert code == 0, err
    assert "'mine' is on this machine" in out
    assert "hitpoint score INPUT --model mine" in out
    code, out, _ = _run(capsys, "models", "check")
    assert (code, out.strip()) == (0, f"{len(installed())} models, every file as it was imported")
    code, out, _ = _run(capsys, "models", "export", "mine", "out")
    assert code == 0
    assert "state_dict.bin" in out
    assert (tmp_path / "out" / "compression_state_dict.bin").is_file()
    code, out, _ = _run(capsys, "onnx", "mine", "graph.onnx")
    assert code == 0
    assert hashlib.sha256((tmp_path / "graph.onnx").read_bytes()).hexdigest() in out
    graph = onnx.load(tmp_path / "graph.onnx").graph
    assert [value.name for value in graph.output] == ["memory", "temporal_kv"]
    code, _, err = _run(capsys, "onnx", "mine", "graph.onnx")
    assert code == 2
    assert "'graph.onnx' is there already" in err


def test_a_graph_in_another_precision_is_exported_when_asked_for(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    _tiny()
    assert "encoder-int8.onnx" not in find("noise").card.files
    code, _, err = _run(capsys, "onnx", "noise", "int8.onnx", "--precision", "int8")
    assert code == 0, err
    assert [value.name for value in onnx.load(tmp_path / "int8.onnx").graph.output] == [
        "memory",
        "temporal_kv",
    ]


def test_get_says_size_and_licence_and_tells_the_sums(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkpoints.write_encodec(tmp_path / "codec")
    shop = Shop()
    serve_folder(shop, "facebook/encodec_32khz", tmp_path / "codec")
    with serving(shop) as address:
        monkeypatch.setenv("HITPOINT_HUB_URL", address)
        code, out, err = _run(capsys, "models", "get", "encodec")
    assert code == 0, err
    first, *sums, last = out.splitlines()
    assert first.startswith("encodec: ")
    assert "weights CC-BY-NC-4.0 (no commercial work), code MIT" in first
    weights = hashlib.sha256((tmp_path / "codec" / "model.safetensors").read_bytes()).hexdigest()
    assert any(line.startswith("model.safetensors: ") and line.endswith(weights) for line in sums)
    assert last == "'encodec' is on this machine"
    _, out, _ = _run(capsys, "models", "list")
    assert next(line for line in out.splitlines() if line.startswith("encodec")).endswith("yes")


def test_check_names_what_has_changed(capsys: pytest.CaptureFixture[str]) -> None:
    _tiny()
    path = models_dir() / "noise" / "codec-decode.onnx"
    path.write_bytes(path.read_bytes()[:-1] + b"\0")
    code, out, err = _run(capsys, "models", "check")
    assert code == 2
    assert "'codec-decode.onnx' of the model 'noise' has changed" in out
    assert "1 of the files of models" in err
    path.unlink()
    code, out, _ = _run(capsys, "models", "check")
    assert code == 2
    assert "'codec-decode.onnx' of the model 'noise' is missing" in out


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("models", "get", "nothing"), "there is no model 'nothing' to get"),
        (("models", "get", "gvmgen"), "then run hitpoint models import DIR --name gvmgen"),
        (("models", "import", "nowhere"), "'nowhere' is not there: give the folder of a model"),
        (("models", "export", "musicgen-small", "out"), "run hitpoint models get musicgen-small"),
        (("onnx", "nothing", "x.onnx"), "there is no model 'nothing'"),
        (("onnx", "nothing", "x.txt"), "'x.txt' should end in .onnx"),
        (("onnx", "nothing", "x.onnx", "--precision", "int4"), "--precision cannot be 'int4'"),
    ],
)
def test_a_mistake_is_one_sentence_and_exit_code_2(
    capsys: pytest.CaptureFixture[str], words: tuple[str, ...], sentence: str
) -> None:
    code, out, err = _run(capsys, *words)
    assert code == 2
    assert sentence in err
    assert len(err.strip().splitlines()) == 1
    assert out == ""


def test_a_text_model_has_no_picture_side(capsys: pytest.CaptureFixture[str]) -> None:
    config, state = tiny_musicgen()
    install_random(config, "words", state=state, precisions=("fp32",))
    code, _, err = _run(capsys, "onnx", "words", "x.onnx")
    assert code == 2
    assert "has no picture side" in err


def test_without_torch_import_says_what_to_install(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "gv").mkdir()
    real = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *a: None if name == "torch" else real(name, *a)
    )
    code, _, err = _run(capsys, "models", "import", "gv")
    assert code == 2
    assert "pip install 'hitpoint[cpu,neural,export]'" in err


def test_what_was_resolved_is_in_the_card(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    checkpoints.write_gvmgen(tmp_path / "gv")
    code, _, err = _run(capsys, "models", "import", "gv", "--precision", "fp32")
    assert code == 0, err
    card = json.loads((models_dir() / "gvmgen" / "model.json").read_text())
    assert card["schema"] == "hitpoint.model.1"
    assert card["weights_sha256"] == hashlib.sha256((tmp_path / "gv/state_dict.bin").read_bytes()).hexdigest()
