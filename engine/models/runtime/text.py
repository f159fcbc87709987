"""Prompts to what a text-conditioned decoder attends to: T5 on ONNX Runtime, its tokens by `tokenizers`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ...errors import InputError
from ..config import Precision
from .session import Device, graph_path, open_session

if TYPE_CHECKING:
    import onnxruntime

Floats = npt.NDArray[np.float32]
Flags = npt.NDArray[np.bool_]

TOKENIZER_FILE = "tokenizer.json"


def text_file(precision: Precision) -> str:
    return f"text-{precision}.onnx"


class TextEncoder:
    """audiocraft's `T5Conditioner` for inference: T5, the projection, and nothing where there is no token."""

    def __init__(
        self, folder: Path, precision: Precision, *, device: Device = "auto", threads: int | None = None
    ) -> None:
        self._folder = folder
        self._precision = precision
        self._device = device
        self._threads = threads

    def memory(self, prompts: Sequence[str]) -> tuple[Floats, Flags]:
        """(memory float32 [B, N, D], mask [B, N]) for B prompts, padded to the longest one's N tokens.

        A mask of False is a memory of zero. An empty prompt has no token at all: it is the null condition.
        """
        ids, mask = self._tokenizer.numbers(prompts)
        (memory,) = self._session.run(None, {"ids": ids, "mask": mask.astype(np.int64)})
        return memory, mask

    def close(self) -> None:
        """Frees the session; the next call opens it again."""
        self.__dict__.pop("_session", None)

    @cached_property
    def _session(self) -> onnxruntime.InferenceSession:
        path = graph_path(self._folder, text_file(self._precision))
        return open_session(path, device=self._device, threads=self._threads)

    @cached_property
    def _tokenizer(self) -> PromptTokenizer:
        return PromptTokenizer(graph_path(self._folder, TOKENIZER_FILE))


class PromptTokenizer:
    """T5's tokens from a `tokenizer.json`. An end follows every prompt, padding fills the shorter ones."""

    def __init__(self, path: Path) -> None:
        """InputError when `path` is no tokenizer, or one without T5's end and padding tokens."""
        from tokenizers import Tokenizer

        text = path.read_text(encoding="utf-8")
        _check(text, path)
        self._tokenizer: Any = Tokenizer.from_str(text)
        self._tokenizer.no_padding()
        # As published: a prompt is never cut.
        self._tokenizer.no_truncation()
        self._end = self._special("</s>", path)
        self._padding = self._special("<pad>", path)

    def numbers(self, prompts: Sequence[str]) -> tuple[npt.NDArray[np.int64], Flags]:
        """(ids int64 [B, N], mask [B, N]); the end of an empty prompt is masked like padding."""
        rows = [self._row(prompt) for prompt in prompts]
        longest = max(map(len, rows))
        ids = np.full((len(rows), longest), self._padding, np.int64)
        mask = np.zeros(ids.shape, np.bool_)
        for index, (prompt, row) in enumerate(zip(prompts, rows, strict=True)):
            ids[index, : len(row)] = row
            mask[index, : len(row)] = prompt != ""
        return ids, mask

    def _row(self, prompt: str) -> list[int]:
        row: list[int] = self._tokenizer.encode(prompt).ids
        # A tokenizer converted from a bare sentencepiece model may lack the step that appends it.
        return row if row[-1:] == [self._end] else [*row, self._end]

    def _special(self, token: str, path: Path) -> int:
        number = self._tokenizer.token_to_id(token)
        if number is None:
            raise InputError(f"{_place(path)} has no token {token}: it is not the tokenizer of a T5 model")
        return int(number)


def _check(text: str, path: Path) -> None:
    # `tokenizers` itself raises nothing that could be told from a fault of ours.
    try:
        parts = json.loads(text)
    except ValueError as error:
        raise InputError(f"{_place(path)} is not readable as JSON: import the model again") from error
    model = parts.get("model") if isinstance(parts, dict) else None
    if not isinstance(model, dict) or "vocab" not in model:
        raise InputError(f"{_place(path)} holds no tokenizer with a vocabulary: import the model again")


def _place(path: Path) -> str:
    return f"{path.name} of the model '{path.parent.name}'"
