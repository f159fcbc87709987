"""Messages of media readers: what is written is read, and nothing else is."""

from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from hitpoint.engine.apart import wire

shapes = arrays.array_shapes(min_dims=1, max_dims=4, min_side=0, max_side=5)
pictures = arrays.arrays(np.uint8, shapes)
sounds = arrays.arrays(np.float32, shapes, elements=st.floats(width=32, allow_nan=False))
headers = st.dictionaries(
    st.text(max_size=5).filter(lambda key: key != "arrays"), st.integers() | st.text(max_size=20), max_size=4
)


def written(header: wire.Header, bodies: list[wire.Array]) -> bytes:
    out = io.BytesIO()
    wire.write(out, header, bodies)
    return out.getvalue()


@given(st.lists(st.tuples(headers, st.lists(pictures | sounds, max_size=3)), max_size=3))
def test_messages_come_back_as_they_were_written(
    messages: list[tuple[wire.Header, list[wire.Array]]],
) -> None:
    source = io.BytesIO(b"".join(written(*message) for message in messages))
    for header, bodies in messages:
        found = wire.read(source)
        assert found is not None and found[0] == header
        for body, array in zip(bodies, found[1], strict=True):
            assert array.dtype == body.dtype and array.flags.writeable
            np.testing.assert_array_equal(array, body)
    assert wire.read(source) is None


@settings(max_examples=200)
@given(header=headers, bodies=st.lists(pictures, max_size=2), data=st.data())
def test_a_changed_or_shortened_message_is_read_or_refused_and_never_more(
    header: wire.Header, bodies: list[wire.Array], data: st.DataObject
) -> None:
    message = bytearray(written(header, bodies))
    if data.draw(st.booleans()):
        message[data.draw(st.integers(8, len(message) - 1))] = data.draw(st.integers(0, 255))
    else:
        del message[data.draw(st.integers(1, len(message) - 1)) :]
    try:
        found = wire.read(io.BytesIO(bytes(message)))
    except wire.WireError:
        return
    assert found is not None
    assert sum(array.nbytes for array in found[1]) <= len(message)


@pytest.mark.parametrize("head", [b"\xff" * 8, b"\x02\0\0\0\xff\xff\xff\xff{}", b"\xff\xff\xff\xff\0\0\0\0"])
def test_lengths_that_no_reader_writes_take_no_memory(head: bytes) -> None:
    with pytest.raises(wire.WireError):
        wire.read(io.BytesIO(head))
