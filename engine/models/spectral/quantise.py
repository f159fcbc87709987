"""Residual quantisers: a vector as the sum of one codeword from each book."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]

_AT_ONCE = 2048


def nearest(vectors: Floats, book: Floats) -> Ints:
    """Index of the codeword [cardinality, d] nearest to each vector [n, d]; the first of equals."""
    half = 0.5 * np.square(book).sum(axis=1)
    parts = [
        np.argmax(vectors[at : at + _AT_ONCE] @ book.T - half, axis=1)
        for at in range(0, len(vectors), _AT_ONCE)
    ]
    return np.concatenate(parts) if parts else np.zeros(0, np.int64)


def encode(vectors: Floats, books: Sequence[Floats]) -> Ints:
    """Codes [len(books), n]: every book takes the nearest to what the books before it left."""
    left = vectors
    out = []
    for book in books:
        codes = nearest(left, book)
        left = left - book[codes]
        out.append(codes)
    return np.stack(out)


def decode(codes: Ints, books: Sequence[Floats]) -> Floats:
    """Vectors [n, d] of codes [len(books), n]."""
    out: Floats = books[0][codes[0]]
    for book, row in zip(books[1:], codes[1:], strict=True):
        out = out + book[row]
    return out
