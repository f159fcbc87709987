"""The engine's own jobs through its process: the same bytes, once under a name, and never a changed file."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from films import timeline
from hitpoint.engine.errors import Cancelled, EngineFault, InputError, OptionError, OutputError
from hitpoint.engine.generator import NeuralOptions, TakeRequest
from hitpoint.engine.kept import take_key
from hitpoint.engine.plan.plan import make_plan
from hitpoint.engine.plan.score import make_score
from hitpoint.engine.progress import Cancel, silent
from hitpoint.engine.serial import canonical, from_json, to_json
from hitpoint.engine.store.journal import Journal
from hitpoint.engine.store.previews import previews_dir
from hitpoint.engine.types import Take
from hitpoint.engine.worker.messages import EngineError
from hitpoint.plugin.client import Client
from hitpoint.plugin.distant import GENERATE, DistantGenerator
from hitpoint.plugin.generators import choose_generator
from hitpoint.plugin.options import ScoreOptions, Selection
from hitpoint.plugin.parcel import pack, unpack
from hitpoint.plugin.remote import analyse_remotely, models_remotely
from hitpoint.plugin.score import look_at, read
from neural_models import options, tiny_home

MODEL = "tiny-gvmgen"


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return timeline(tmp_path_factory.mktemp("film"))


@pytest.fixture(scope="module")
def request_of_film(film: Path) -> TakeRequest:
    _, cues = read(film, Selection())
    (picture,) = look_at(cues, silent, Cancel())
    score = make_score(seed=3, style="piano", cues=cues)
    return TakeRequest(cues[0], picture, score, make_plan(cues[0], picture, score), (0, 24))


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Holds the tiny model, and a journal and a cache of its own."""
    home = tmp_path / "home"
    (home / "data").mkdir(parents=True)
    (home / "data" / "models").symlink_to(tiny_home(MODEL) / "data" / "models")
    monkeypatch.setenv("HITPOINT_HOME", str(home))
    return home


@pytest.fixture
def client(home: Path) -> Iterator[Client]:
    with Client() as client:
        yield client


def neural(request: TakeRequest) -> TakeRequest:
    from dataclasses import replace

    return replace(request, neural=NeuralOptions(guide="none", candidates=1))


def made_here(name: str, film: Path, request: TakeRequest, folder: Path) -> Take:
    asked: ScoreOptions = options(film, folder, name, candidates=request.neural.candidates)
    generator = choose_generator(asked).make(folder, None)
    return generator.generate(request, progress=silent, cancel=Cancel())


def test_a_request_survives_the_way(request_of_film: TakeRequest) -> None:
    sent = json.loads(json.dumps(to_json(request_of_film)))
    assert from_json(TakeRequest, sent) == request_of_film
    made_by: dict[str, str] = {}
    assert take_key(from_json(TakeRequest, sent), made_by, Cancel()) == take_key(
        request_of_film, made_by, Cancel()
    )


@pytest.mark.parametrize("name", ["sketch", MODEL])
def test_a_take_has_the_same_bytes_in_process_and_through_the_process(
    name: str, client: Client, film: Path, request_of_film: TakeRequest, tmp_path: Path
) -> None:
    request = request_of_film if name == "sketch" else neural(request_of_film)
    here = made_here(name, film, request, tmp_path / "here")
    steps: list[Any] = []
    heard: list[Any] = []
    generator = DistantGenerator(client, name, tmp_path / "there")
    there = generator.generate(
        request, progress=steps.append, cancel=Cancel(), heard=lambda *told: heard.append(told)
    )
    assert [(stem.name, stem.sha256) for stem in there.stems] == [
        (stem.name, stem.sha256) for stem in here.stems
    ]
    for stem in there.stems:
        assert Path(stem.path).parent == tmp_path / "there"
        assert Path(stem.path).read_bytes() == (tmp_path / "here" / Path(stem.path).name).read_bytes()
    assert there.notes == here.notes
    assert there.provenance == here.provenance
    assert "generate" in {step.stage for step in steps}
    if name == "sketch":
        ((path, from_s, to_s),) = heard
        assert (Path(path).parent, from_s) == (previews_dir(), 0.0)
        assert to_s >= 3.5
    assert not [path.name for path in (tmp_path / "there").iterdir() if path.name.startswith(".")]
    asked = choose_generator(options(film, tmp_path, name)).make(tmp_path, None)
    assert generator.made_by(request) == asked.made_by(request)


def test_a_refusal_comes_through_and_leaves_nothing(
    client: Client, request_of_film: TakeRequest, tmp_path: Path
) -> None:
    there = DistantGenerator(client, "tiny-nothing", tmp_path / "there")
    with pytest.raises(OptionError, match="there is no model 'tiny-nothing'"):
        there.generate(request_of_film, progress=silent, cancel=Cancel())
    assert not list((tmp_path / "there").iterdir())
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="written"):
        DistantGenerator(client, "sketch", tmp_path / "file").generate(
            request_of_film, progress=silent, cancel=Cancel()
        )


class Changed(Client):
    """An engine of which a file changes before its client looks."""

    change = staticmethod(lambda result: None)

    def do(self, *words: Any, **how: Any) -> dict[str, Any]:
        result = super().do(*words, **how)
        self.change(result)
        return result


def test_a_file_that_is_not_the_one_told_of_is_not_handed_over(
    home: Path, request_of_film: TakeRequest, tmp_path: Path
) -> None:
    with Changed() as client:
        generator = DistantGenerator(client, "sketch", tmp_path / "there")

        def ask() -> Take:
            return generator.generate(request_of_film, progress=silent, cancel=Cancel())

        def flip(path: str) -> None:
            data = bytearray(Path(path).read_bytes())
            data[-1] ^= 1
            Path(path).unlink()
            Path(path).write_bytes(data)

        for change in (
            lambda result: flip(result["files"][1]["path"]),
            lambda result: flip(result["take"]["path"]),
            lambda result: Path(result["files"][0]["path"]).unlink(),
            lambda result: result["files"].pop(),
        ):
            client.change = change
            with pytest.raises(EngineError, match="ask for it again") as caught:
                ask()
            assert caught.value.kind == "changed"
        client.change = lambda result: None
        assert ask().stems


def test_a_job_is_done_once_under_its_name_and_again_when_a_file_is_gone(
    home: Path, request_of_film: TakeRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = tmp_path / "points"
    monkeypatch.setenv("HITPOINT_POINTS_LOG", str(log))
    parcel = to_json(pack(tmp_path / "request.json", canonical(request_of_film)))
    params = {"request": parcel, "model": "sketch", "use": "any", "folder": str(tmp_path / "there")}
    with Client() as client:
        first = client.do(GENERATE, "one", params)
        begun = log.read_text().count("object.synced")
        assert begun
        assert client.do(GENERATE, "one", params) == first
        # Not in the memory of one engine: in the journal.
    with Client() as client:
        assert client.do(GENERATE, "one", params) == first
        assert Journal().jobs("placed")[0].fence == 1
        with pytest.raises(EngineFault, match="asked for in other words before"):
            client.do(GENERATE, "one", {**params, "use": "client"})
        Path(first["files"][0]["path"]).unlink()
        assert client.do(GENERATE, "one", params) == first
        assert Path(first["files"][0]["path"]).exists()
    assert log.read_text().count("object.synced") == begun, "what was kept was made again"


@pytest.mark.skipif(sys.platform == "win32", reason="it kills with POSIX signals")
def test_a_job_that_killed_two_workers_is_refused_by_every_later_engine_in_the_same_words(
    home: Path, request_of_film: TakeRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    parcel = to_json(pack(tmp_path / "request.json", canonical(request_of_film)))
    params = {"request": parcel, "model": "sketch", "use": "any", "folder": str(tmp_path / "there")}
    monkeypatch.setenv("HITPOINT_CRASH_AT", "take.made")
    with Client() as client, pytest.raises(EngineError, match="ended 2 times over this job") as first:
        client.do(GENERATE, "bad", params)
    (known,) = Journal().jobs("quarantined")
    assert (known.id, known.deaths, known.result["error"]) == ("bad", 2, str(first.value))
    monkeypatch.delenv("HITPOINT_CRASH_AT")
    with Client() as client:
        with pytest.raises(EngineError) as again:
            client.do(GENERATE, "bad", params)
        assert (str(again.value), again.value.kind) == (str(first.value), "quarantined")
        assert again.value.log_id == first.value.log_id != ""
        # What was asked is not what is bad.
        assert unpack_take(client.do(GENERATE, "good", params)).stems


def test_a_job_that_was_stopped_is_known_as_such_and_can_be_asked_for_again(
    home: Path, request_of_film: TakeRequest, tmp_path: Path
) -> None:
    parcel = to_json(pack(tmp_path / "request.json", canonical(request_of_film)))
    params = {"request": parcel, "model": "sketch", "use": "any", "folder": str(tmp_path / "there")}
    cancel = Cancel()
    with Client() as client:
        with pytest.raises(Cancelled):
            client.do(GENERATE, "one", params, progress=lambda step: cancel.set(), cancel=cancel)
        # The next answer comes after what is written behind this one.
        client.do("models", "after", {})
        assert [job.id for job in Journal().jobs("cancelled")] == ["one"]
        assert not list((tmp_path / "there").iterdir())
        assert unpack_take(client.do(GENERATE, "one", params)).stems


@pytest.mark.skipif(sys.platform == "win32", reason="it kills with POSIX signals")
def test_deaths_under_different_engines_are_counted_together(
    home: Path, film: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first time its client gives up, so that nobody sets it aside."""
    out = str(tmp_path / "out")
    params = {"source": str(film), "out": out, "selection": to_json(Selection())}
    Journal().plan("job", "analyse", params)
    assert Journal().died("job") == 1
    monkeypatch.setenv("HITPOINT_CRASH_AT", f"run.built:{tmp_path / 'mark'}")
    with Client() as client, pytest.raises(EngineError, match="ended 2 times") as caught:
        client.do("analyse", "job", params)
    assert caught.value.kind == "quarantined"


@pytest.mark.skipif(sys.platform == "win32", reason="it kills with POSIX signals")
def test_a_journal_that_cannot_be_written_takes_no_supervisor_down(
    home: Path, request_of_film: TakeRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / "state").mkdir(exist_ok=True)
    (home / "state" / "journal.sqlite3").write_bytes(b"this is no database, and as long as a header" * 9)
    jobs = (sys.executable, "-I", str(Path(__file__).with_name("engine_jobs.py")))
    with Client(worker=jobs) as client:
        pid = client.hello()["pid"]
        with pytest.raises(EngineError, match="set aside"):
            client.do("score", "a", {"do": "die", "by": "SIGKILL"})
        assert client.hello()["pid"] == pid
    entries = [json.loads(line) for line in (home / "state" / "hitpoint.log").read_text().splitlines()]
    assert [entry["job"] for entry in entries if entry["event"] == "journal not written"] == ["a"] * 3


def test_an_analysis_is_answered_from_the_journal_and_bad_input_is_refused(
    client: Client, film: Path, tmp_path: Path
) -> None:
    params = {"source": str(film), "out": str(tmp_path / "out"), "selection": to_json(Selection())}
    first = client.do("analyse", "a", params)
    assert client.do("analyse", "a", params) == first
    with pytest.raises(InputError):
        analyse_remotely(client, tmp_path / "none.otio", None, Selection())
    # The next answer comes after what is written behind this one.
    client.do("models", "after", {})
    assert {job.state for job in Journal().jobs()} == {"placed", "failed"}


def test_the_models_are_listed_with_the_hashes_of_their_weights(client: Client) -> None:
    from hitpoint.engine.models.library import find

    listed = {model.name: model for model in models_remotely(client)}
    tiny, card = listed[MODEL], find(MODEL).card
    assert (tiny.kind, tiny.origin, tiny.usable) == ("gvmgen", "random", True)
    assert tiny.weights_sha256 == card.weights_sha256
    assert tiny.bytes == sum(fact.bytes for fact in card.files.values())
    away = [model for model in listed.values() if not model.usable]
    assert away
    assert all(model.why_not and not model.weights_sha256 for model in away)
    assert "hitpoint models get musicgen-small" in listed["musicgen-small"].why_not


def test_nobody_listens_on_a_port_while_the_engine_works(
    client: Client, request_of_film: TakeRequest, tmp_path: Path
) -> None:
    if not sys.platform.startswith("linux"):
        pytest.skip("it reads /proc")
    looked: list[int] = []

    def look(_: object) -> None:
        family = [os.getpid(), *_below(supervisor)]
        assert len(family) >= 3
        for pid in family:
            looked.append(pid)
            assert not _listening(pid)

    supervisor = client.hello()["pid"]
    DistantGenerator(client, "sketch", tmp_path).generate(request_of_film, progress=look, cancel=Cancel())
    assert looked


def _below(pid: int) -> list[int]:
    """The process and all under it."""
    found = [pid]
    for parent in found:
        for task in Path(f"/proc/{parent}/task").iterdir():
            found += map(int, (task / "children").read_text().split())
    return found


def _listening(pid: int) -> set[str]:
    """Of the sockets of process `pid` those that wait for others: TCP, bound UDP, and named local ones."""
    waiting = set()
    for table in ("tcp", "tcp6", "udp", "udp6"):
        for line in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]:
            words = line.split()
            if words[3] in ("0A", "07"):
                waiting.add(f"socket:[{words[9]}]")
    for line in Path(f"/proc/{pid}/net/unix").read_text().splitlines()[1:]:
        words = line.split()
        if int(words[3], 16) & 0x10000:
            waiting.add(f"socket:[{words[6]}]")
    own = set()
    for entry in Path(f"/proc/{pid}/fd").iterdir():
        try:
            own.add(str(entry.readlink()))
        except OSError:
            continue
    return waiting & own


def unpack_take(result: dict[str, Any]) -> Take:
    from hitpoint.plugin.parcel import Parcel

    return from_json(Take, unpack(from_json(Parcel, result["take"])))
