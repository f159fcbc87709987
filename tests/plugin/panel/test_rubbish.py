"""Cycles are collected by the interface's thread, and by no other."""

from __future__ import annotations

import gc
import sys
import threading
import weakref

from pytestqt.qtbot import QtBot

from hitpoint.plugin.panel.rubbish import Rubbish


class _Ring:
    def __init__(self) -> None:
        self.me = self


def _rings(number: int) -> None:
    for _ in range(number):
        _Ring()


def test_another_thread_s_cycles_wait_for_the_interface_and_then_go(qtbot: QtBot) -> None:
    before = gc.isenabled(), sys.getswitchinterval()
    rubbish = Rubbish()
    try:
        ring = _Ring()
        gone = weakref.ref(ring)
        del ring
        maker = threading.Thread(target=_rings, args=(20_000,))
        maker.start()
        maker.join()
        assert gone() is not None
        qtbot.waitUntil(lambda: gone() is None, timeout=10_000)
    finally:
        rubbish.close()
    rubbish.close()
    assert (gc.isenabled(), sys.getswitchinterval()) == before
