"""Which decoder runs where: nothing is asked of a card that is not there."""

from __future__ import annotations

from collections.abc import Iterator
from unittest import mock

import pytest

from hitpoint.engine.errors import OptionError
from hitpoint.engine.generator import NeuralOptions
from hitpoint.engine.models import backends
from hitpoint.engine.models.backends import choose_backend
from hitpoint.engine.models.library import Installed, find
from neural_models import tiny_home


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> Iterator[Installed]:
    monkeypatch.setenv("HITPOINT_HOME", str(tiny_home("tiny-gvmgen")))
    yield find("tiny-gvmgen")


def test_a_cpu_takes_onnx_in_8_bits_and_published_mode_32(installed: Installed) -> None:
    with mock.patch.object(backends, "_cuda", return_value=False):
        usual = choose_backend(installed, NeuralOptions())
        published = choose_backend(installed, NeuralOptions(mode="published"))
    assert (usual.decoder, usual.precision, usual.encoder_precision) == ("onnx", "int8", "int8")
    assert (published.decoder, published.precision, published.encoder_precision) == ("onnx", "fp32", "fp32")
    assert usual.graphs_device == "cpu"


@pytest.mark.parametrize("half", ["bf16", "fp16"])
def test_a_card_takes_torch_while_its_graphs_run_where_onnx_runtime_can(
    installed: Installed, half: str
) -> None:
    """torch for CUDA beside ONNX Runtime for a CPU is a common installation."""
    with (
        mock.patch.object(backends, "_cuda", return_value=True),
        mock.patch.object(backends, "_half", return_value=half),
        mock.patch.object(backends, "_graphs_on_card", return_value=False),
    ):
        chosen = choose_backend(installed, NeuralOptions())
        published = choose_backend(installed, NeuralOptions(mode="published"))
    assert (chosen.decoder, chosen.device, chosen.precision) == ("torch", "cuda", half)
    assert (chosen.graphs_device, chosen.encoder_precision) == ("auto", "int8")
    assert (published.precision, published.encoder_precision) == ("fp32", "fp32")


def test_a_decoder_without_its_extra_names_the_command(installed: Installed) -> None:
    with (
        mock.patch.object(backends, "_cuda", return_value=False),
        mock.patch.object(backends.importlib.util, "find_spec", return_value=None),
        pytest.raises(
            OptionError, match=r"--decoder torch needs torch: run pip install 'hitpoint\[neural\]'"
        ),
    ):
        choose_backend(installed, NeuralOptions(decoder="torch"))
