"""The flag that stops work: whoever wants to know at once is called, for as long as it wants to."""

from __future__ import annotations

import threading

import pytest

from hitpoint.engine.errors import Cancelled
from hitpoint.engine.progress import Cancel


def test_whoever_listens_is_called_when_the_flag_is_set_and_not_afterwards() -> None:
    cancel, called = Cancel(), []
    with cancel.calling(lambda: called.append(threading.current_thread().name)):
        thread = threading.Thread(target=cancel.set, name="other")
        thread.start()
        thread.join()
    assert called == ["other"]
    cancel.set()
    assert called == ["other"]


def test_a_flag_that_is_set_already_is_told_at_once() -> None:
    cancel, called = Cancel(), []
    cancel.set()
    with cancel.calling(lambda: called.append(1)):
        assert called == [1]
    with pytest.raises(Cancelled):
        cancel.check()


def test_an_error_in_the_block_ends_the_listening() -> None:
    cancel, called = Cancel(), []
    with pytest.raises(ZeroDivisionError), cancel.calling(lambda: called.append(1)):
        raise ZeroDivisionError
    cancel.set()
    assert called == []
