from __future__ import annotations

import importlib
import importlib.util
import sys

import pytest

torch = pytest.importorskip("torch", reason="needs the extra [neural]")
pytest.importorskip("transformers", reason="needs [audiocraft-compat]")

from hitpoint.engine.errors import OptionError  # noqa: E402
from hitpoint.engine.models.generate.audiocraft_standins import audiocraft_imports  # noqa: E402

NAMES = ("xformers", "spacy", "torchaudio", "num2words", "torchmetrics", "librosa")
MISSING = [name for name in NAMES if importlib.util.find_spec(name) is None]


def test_stand_ins_are_there_within_the_block_only() -> None:
    with audiocraft_imports():
        assert [name for name in MISSING if name not in sys.modules] == []
    assert [name for name in MISSING if name in sys.modules] == []


def test_stand_ins_are_gone_after_an_error() -> None:
    with pytest.raises(RuntimeError), audiocraft_imports():
        raise RuntimeError
    assert [name for name in MISSING if name in sys.modules] == []


def test_a_package_that_is_installed_is_never_replaced() -> None:
    present = [name for name in NAMES if name not in MISSING]
    with audiocraft_imports():
        assert all(getattr(sys.modules.get(name), "__spec__", True) for name in present)


def test_blocks_may_lie_within_each_other() -> None:
    with audiocraft_imports():
        with audiocraft_imports():
            pass
        assert [name for name in MISSING if name not in sys.modules] == []


def test_a_missing_package_is_said_with_the_command_that_installs_it() -> None:
    with (
        pytest.raises(OptionError, match=r"pip install --no-deps audiocraft==1\.3\.0"),
        audiocraft_imports(),
    ):
        importlib.import_module("a_package_that_is_not_there")


@pytest.mark.skipif("xformers" not in MISSING, reason="the real xformers is here")
def test_attention_in_xformers_layout_is_torchs() -> None:
    query, key, value = torch.randn(3, 2, 5, 4, 8, generator=torch.Generator().manual_seed(1))
    with audiocraft_imports():
        ops = importlib.import_module("xformers.ops")
    sides = [side.transpose(1, 2) for side in (query, key, value)]
    for mask, causal in ((None, False), (ops.LowerTriangularMask(), True)):
        wanted = torch.nn.functional.scaled_dot_product_attention(*sides, is_causal=causal)
        out = ops.memory_efficient_attention(query, key, value, mask)
        torch.testing.assert_close(out, wanted.transpose(1, 2))
