"""Opening a graph: what is damaged is said in a sentence, and two runtimes at once are refused."""

from __future__ import annotations

import importlib.metadata
from pathlib import Path

import pytest

from hitpoint.engine.errors import InputError, OptionError
from hitpoint.engine.models.runtime import session
from neural_models import tiny_home


@pytest.mark.parametrize("keep", [0, 300, 20_000])
def test_a_graph_cut_short_is_refused_in_a_sentence(tmp_path: Path, keep: int) -> None:
    whole = tiny_home("tiny-gvmgen") / "data" / "models" / "tiny-gvmgen" / "decoder-int8.onnx"
    damaged = tmp_path / "decoder-int8.onnx"
    damaged.write_bytes(whole.read_bytes()[:keep])
    with pytest.raises(InputError, match=r"'decoder-int8.onnx' of the model .* is damaged, .* import"):
        session.open_session(damaged)


def test_both_runtimes_at_once_are_refused_with_the_command_that_mends_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(importlib.metadata, "version", lambda name: "1.31")
    with pytest.raises(OptionError, match="pip uninstall -y onnxruntime onnxruntime-gpu"):
        session.check_runtime()


def test_no_runtime_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(name: str) -> str:
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "version", absent)
    with pytest.raises(OptionError, match="hitpoint\\[cpu\\]"):
        session.check_runtime()
