"""What stays open between jobs: lent again while it is the same and there is room, and never heard."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hitpoint.engine.errors import Cancelled
from hitpoint.engine.generator import NeuralOptions, TakeRequest
from hitpoint.engine.models import warm as warm_module
from hitpoint.engine.models.backends import choose_backend
from hitpoint.engine.models.gvmgen import picture_conditioner
from hitpoint.engine.models.library import Installed, find
from hitpoint.engine.models.memory import Phase
from hitpoint.engine.models.musicgen import text_conditioner
from hitpoint.engine.models.neural import NeuralGenerator
from hitpoint.engine.models.runtime import decoder as runtime_decoder
from hitpoint.engine.models.warm import WARM, Warm, model_of, warm_decoder
from hitpoint.engine.progress import Cancel, Step, silent
from hitpoint.engine.types import Take
from neural_models import tiny_home
from tools.made import take_request

NEEDS = Phase("part", 100)


class Thing:
    def __init__(self) -> None:
        self.closed = 0

    def close(self) -> None:
        self.closed += 1


class Shelf:
    """A lender in a machine with that much room, which every open thing takes 100 of."""

    def __init__(self, room: int = 10_000) -> None:
        self.room = room
        self.opened: list[Thing] = []
        self.warm = Warm(lambda: self.room - 100 * self.open(), lambda: None, spare=50)

    def open(self) -> int:
        return sum(not thing.closed for thing in self.opened)

    def make(self) -> Thing:
        self.opened.append(Thing())
        return self.opened[-1]

    def lend(self, part: str = "decoder", model: str = "a", key: str = "int8") -> Thing:
        with self.warm.lent(part, model, key, self.make, Thing.close, NEEDS) as thing:
            assert not thing.closed
        return thing


def test_the_same_is_lent_again_and_what_is_asked_otherwise_is_opened_anew() -> None:
    shelf = Shelf()
    first = shelf.lend()
    assert shelf.lend() is first and not first.closed
    other = shelf.lend(key="fp32")
    assert other is not first and first.closed == 1
    assert shelf.warm.parts() == ("decoder",)


def test_another_model_closes_all_of_the_one_before() -> None:
    shelf = Shelf()
    before = [shelf.lend(part) for part in ("encoder", "temporal", "decoder", "codec")]
    kept = shelf.lend("encoder", model="b")
    assert [thing.closed for thing in before] == [1, 1, 1, 1] and not kept.closed
    assert shelf.warm.model() == "b"


def test_what_was_lent_longest_ago_makes_room_first() -> None:
    shelf = Shelf(room=400)
    encoder, temporal = shelf.lend("encoder"), shelf.lend("temporal")
    # Two are open and 200 are left: enough for a third beside the spare, not for a fourth.
    shelf.lend("decoder")
    shelf.lend("codec")
    assert encoder.closed and not temporal.closed
    assert shelf.open() <= 3


def test_nothing_stays_open_on_the_editors_account() -> None:
    shelf = Shelf(room=120)
    assert shelf.lend().closed == 1
    assert shelf.warm.parts() == ()


def test_nothing_stays_open_while_memory_has_run_out() -> None:
    shelf = Shelf()
    shelf.warm.holds = False
    assert shelf.lend().closed == 1


def test_what_failed_is_not_lent_again_and_what_was_stopped_is() -> None:
    shelf = Shelf()
    with (
        pytest.raises(ValueError),
        shelf.warm.lent("decoder", "a", "k", shelf.make, Thing.close, NEEDS) as broken,
    ):
        raise ValueError
    assert broken.closed == 1
    with (
        pytest.raises(Cancelled),
        shelf.warm.lent("decoder", "a", "k", shelf.make, Thing.close, NEEDS) as whole,
    ):
        raise Cancelled("stopped")
    assert not whole.closed and shelf.lend(key="k") is whole


def test_two_who_ask_at_once_get_one_each_and_one_stays() -> None:
    shelf = Shelf()
    with shelf.warm.lent("decoder", "a", "k", shelf.make, Thing.close, NEEDS) as one:
        other = shelf.lend(key="k")
        assert other is not one
    assert shelf.open() == 1 and shelf.warm.parts() == ("decoder",)


def test_a_forked_process_opens_its_own_and_leaves_its_parents_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shelf = Shelf()
    parents = shelf.lend()
    monkeypatch.setattr(warm_module.os, "getpid", lambda: -1)
    assert shelf.lend() is not parents and not parents.closed


def test_close_all_closes_what_is_open_and_says_whether_there_was_any() -> None:
    shelf = Shelf()
    shelf.lend("encoder"), shelf.lend("decoder")
    assert shelf.warm.close_all() and shelf.open() == 0
    assert not shelf.warm.close_all()


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("mn"), st.sampled_from("kl")), max_size=30))
def test_whatever_is_asked_in_whatever_order_at_most_one_model_is_open_and_within_the_room(
    asked: list[tuple[str, str, str]],
) -> None:
    shelf = Shelf(room=300)
    for part, model, key in asked:
        shelf.lend(part, model, key)
        assert shelf.room - 100 * shelf.open() >= 50
        assert shelf.open() == len(shelf.warm.parts())
        assert all(thing.closed <= 1 for thing in shelf.opened)


def test_many_threads_never_share_one_thing() -> None:
    shelf = Shelf(room=1 << 40)
    lent: set[int] = set()
    guard = threading.Lock()
    shared: list[Thing] = []

    def work() -> None:
        for _ in range(200):
            with shelf.warm.lent("decoder", "a", "k", shelf.make, Thing.close, NEEDS) as thing:
                with guard:
                    if id(thing) in lent:
                        shared.append(thing)
                    lent.add(id(thing))
                with guard:
                    lent.discard(id(thing))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not shared and shelf.open() == 1


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    def use(name: str) -> None:
        models = tmp_path / "data" / "models"
        models.mkdir(parents=True, exist_ok=True)
        (models / name).symlink_to(tiny_home(name) / "data" / "models" / name)

    for name in ("tiny-gvmgen", "tiny-musicgen"):
        use(name)
    monkeypatch.setenv("HITPOINT_HOME", str(tmp_path))
    WARM.close_all()
    yield tmp_path
    WARM.close_all()


@pytest.fixture
def loaded(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The graphs of decoders in the order in which they were opened."""
    seen: list[str] = []
    really = runtime_decoder.open_session

    def opened(path: Path, **options: object) -> object:
        seen.append(path.name)
        return really(path, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(runtime_decoder, "open_session", opened)
    return seen


def asked(**options: object) -> TakeRequest:
    request = take_request(seconds=2, style="piano", energy=0.5)
    return replace(request, handle_frames=(0, 0), neural=NeuralOptions(**options))  # type: ignore[arg-type]


def take(folder: Path, request: TakeRequest, name: str = "tiny-gvmgen") -> Take:
    folder.mkdir()
    make = picture_conditioner if name == "tiny-gvmgen" else text_conditioner
    return NeuralGenerator(find(name), folder, make).generate(request, progress=silent, cancel=Cancel())


def test_a_second_take_loads_nothing_again_and_has_the_bytes_of_a_fresh_one(
    home: Path, loaded: list[str]
) -> None:
    fresh = take(home / "a", asked())
    warm = take(home / "b", asked())
    assert len(loaded) == 1 and set(WARM.parts()) == {"encoder", "temporal", "decoder", "codec"}
    WARM.close_all()
    again = take(home / "c", asked())
    assert len(loaded) == 2
    assert fresh.stems[0].sha256 == warm.stems[0].sha256 == again.stems[0].sha256


def test_more_candidates_are_made_by_the_same_decoder_and_another_precision_by_another(
    home: Path, loaded: list[str]
) -> None:
    take(home / "a", asked())
    # Only the decoder's caches know of candidates.
    take(home / "b", asked(candidates=3))
    take(home / "c", asked(mode="published"))
    assert loaded == ["decoder-int8.onnx", "decoder-fp32.onnx"]


def test_another_model_closes_the_one_before(home: Path, loaded: list[str]) -> None:
    take(home / "a", asked())
    take(home / "b", asked(), "tiny-musicgen")
    assert WARM.model() == model_of(find("tiny-musicgen"))
    take(home / "c", asked())
    assert len(loaded) == 3


def test_a_file_that_was_replaced_is_read_again(home: Path, loaded: list[str]) -> None:
    here = home / "data" / "models" / "tiny-gvmgen"
    really = here.resolve()
    here.unlink()
    here.mkdir()
    for path in really.iterdir():
        (here / path.name).write_bytes(path.read_bytes())
    take(home / "a", asked())
    graph = here / "decoder-int8.onnx"
    data = graph.read_bytes()
    graph.unlink()
    graph.write_bytes(data)
    take(home / "b", asked())
    assert len(loaded) == 2


def test_a_take_that_was_stopped_leaves_the_decoder_empty_and_usable(home: Path, loaded: list[str]) -> None:
    cancel = Cancel()

    def hear(step: Step) -> None:
        if step.stage == "generate" and step.done > 1:
            cancel.set()

    (home / "a").mkdir()
    generator = NeuralGenerator(find("tiny-gvmgen"), home / "a", picture_conditioner)
    with pytest.raises(Cancelled):
        generator.generate(asked(), progress=hear, cancel=cancel)
    stopped = take(home / "b", asked())
    assert len(loaded) == 1
    WARM.close_all()
    assert take(home / "c", asked()).stems[0].sha256 == stopped.stems[0].sha256


def test_between_takes_no_cache_of_keys_and_values_is_held(home: Path) -> None:
    found: Installed = find("tiny-gvmgen")
    take(home / "a", asked())
    with warm_decoder(found, choose_backend(found, NeuralOptions()), 2) as decoder:
        assert isinstance(decoder, runtime_decoder.OnnxDecoder)
        assert decoder._window is None and decoder._session is not None
    WARM.close_all()
    assert decoder._session is None
