"""Lets audiocraft be imported where packages that it names, and its language model never uses, are missing.

audiocraft 1.3.0 imports xformers, spacy, torchaudio, num2words, torchmetrics and librosa at its head and pins
versions of them that install beside nothing current. Of all these its `LMModel` calls two functions of
`xformers.ops`, which torch has as well. For the rest an empty module does: it exists while audiocraft is
imported or run, and is gone afterwards, so that no other code takes it for the real package.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from types import ModuleType
from typing import Any

import torch
import torch.nn.functional as F

from ...errors import OptionError

INSTALL = "pip install 'hitpoint[audiocraft-compat]' && pip install --no-deps audiocraft==1.3.0"


@contextmanager
def audiocraft_imports() -> Iterator[None]:
    """Stand-ins for the packages that are missing here, and only within the block.

    OptionError when audiocraft itself, or a package that it really needs, is not installed or does not load.
    """
    added: dict[str, ModuleType] = {}
    try:
        # Looks round for torchaudio and others at import: it must not find, and remember, a stand-in.
        from transformers import RobertaTokenizer, T5EncoderModel, T5Tokenizer  # noqa: F401

        added = {name: module for name, module in _standins().items() if name not in sys.modules}
        sys.modules.update(added)
        yield
    except ImportError as error:
        raise OptionError(f"audiocraft's own decoder does not load here ({error}): run {INSTALL}") from error
    finally:
        for name, module in added.items():
            if sys.modules.get(name) is module:
                del sys.modules[name]


@cache
def _standins() -> dict[str, ModuleType]:
    """Modules by name for the packages of the list that Python cannot find."""
    out: dict[str, ModuleType] = {}
    for package, make in _MAKERS.items():
        if importlib.util.find_spec(package) is None:
            out |= make()
    return out


def _xformers() -> dict[str, ModuleType]:
    ops = _module(
        "xformers.ops",
        unbind=torch.unbind,
        memory_efficient_attention=_attention,
        LowerTriangularMask=_LowerTriangularMask,
    )
    return {"xformers": _module("xformers", ops=ops), "xformers.ops": ops}


def _torchaudio() -> dict[str, ModuleType]:
    transforms = _module("torchaudio.transforms", MelSpectrogram=_Absent, Spectrogram=_Absent)
    return {"torchaudio": _module("torchaudio", transforms=transforms), "torchaudio.transforms": transforms}


def _librosa() -> dict[str, ModuleType]:
    filters = _module("librosa.filters", chroma=_Absent)
    return {"librosa": _module("librosa", filters=filters), "librosa.filters": filters}


_MAKERS: dict[str, Callable[[], dict[str, ModuleType]]] = {
    "xformers": _xformers,
    "torchaudio": _torchaudio,
    "librosa": _librosa,
    "spacy": lambda: {"spacy": _module("spacy")},
    "num2words": lambda: {"num2words": _module("num2words", num2words=_Absent)},
    "torchmetrics": lambda: {"torchmetrics": _module("torchmetrics", Metric=_Absent)},
}


class _LowerTriangularMask:
    """Marks attention as causal."""


class _Absent:
    """Of a package that is not there: may be imported and derived from, never made."""

    def __init__(self, *_: Any, **__: Any) -> None:
        raise OptionError(
            "this part of audiocraft needs packages that are missing here; only its language model runs"
        )


def _attention(
    query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, mask: Any = None, p: float = 0.0
) -> torch.Tensor:
    """xformers' layout is [B, T, H, head_dim], torch's [B, H, T, head_dim]."""
    query, key, value = query.transpose(1, 2), key.transpose(1, 2), value.transpose(1, 2)
    causal = isinstance(mask, _LowerTriangularMask)
    out = F.scaled_dot_product_attention(query, key, value, dropout_p=p, is_causal=causal)
    return out.transpose(1, 2)


def _module(name: str, **attributes: Any) -> ModuleType:
    out = ModuleType(name, "Stands in for a package that is not installed.")
    for key, value in attributes.items():
        setattr(out, key, value)
    return out
