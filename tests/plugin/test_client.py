"""The engine as a process of its own: it answers, it is stopped, it dies, and its caller goes on."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from hitpoint.engine.errors import Cancelled, HitpointError, InputError
from hitpoint.engine.progress import Cancel, Step
from hitpoint.engine.worker.messages import EngineError
from hitpoint.plugin.client import Client

JOBS = (sys.executable, "-I", str(Path(__file__).with_name("engine_jobs.py")))
QUICK = {"silent_s": 2.0, "term_s": 0.5, "cancel_s": 0.5, "most_crashes": 100}

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="it kills with POSIX signals")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HITPOINT_HOME", str(tmp_path / "home"))


@pytest.fixture
def make() -> Iterator[Callable[..., Client]]:
    made: list[Client] = []

    def client(**limits: float) -> Client:
        made.append(Client(worker=JOBS, limits=json.dumps({**QUICK, **limits})))
        return made[-1]

    yield client
    for one in made:
        one.close()


def _alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except OSError:
        return False
    return state != "Z"


def _children(pid: int) -> list[int]:
    """All processes under `pid`."""
    table = subprocess.run(["ps", "-eo", "pid,ppid"], capture_output=True, text=True, check=True).stdout
    pairs = [tuple(map(int, line.split())) for line in table.splitlines()[1:]]
    found, new = [], [pid]
    while new:
        new = [child for child, parent in pairs if parent in new]
        found += new
    return found


def _until(true: Callable[[], Any], seconds: float = 5.0) -> Any:
    deadline = time.monotonic() + seconds
    while not (found := true()) and time.monotonic() < deadline:
        time.sleep(0.01)
    return found


def _begun(
    client: Client, job: str, params: dict[str, Any], **how: Any
) -> tuple[threading.Thread, list[Any]]:
    """Do a job in a thread; returns when it has begun. The list gets its result or its error."""
    begun, out = threading.Event(), []

    def do() -> None:
        try:
            out.append(client.do("score", job, params, progress=lambda step: begun.set(), **how))
        except HitpointError as error:
            out.append(error)

    thread = threading.Thread(target=do)
    thread.start()
    assert begun.wait(10)
    return thread, out


def test_a_job_is_answered_whatever_libraries_print(make: Any) -> None:
    client = make()
    text = "Überraschung " * 1_000
    assert client.do("score", "j", {"do": "echo", "text": text}) == {"echo": text}
    assert client.hello()["protocol"] == "1.0"
    client.ping()


def test_the_worker_stays_warm_between_jobs(make: Any) -> None:
    client = make()
    first = client.do("score", "a", {"do": "count", "steps": 1})["pid"]
    assert client.do("score", "b", {"do": "count", "steps": 1})["pid"] == first


def test_an_unused_worker_gives_its_memory_back(make: Any) -> None:
    client = make(idle_s=0.2)
    pid = client.do("score", "a", {"do": "count", "steps": 1})["pid"]
    assert _until(lambda: not _alive(pid))
    assert client.do("score", "b", {"do": "count", "steps": 1})["pid"] != pid


def test_errors_come_through_as_what_they_were(make: Any) -> None:
    client = make()
    with pytest.raises(InputError, match=r"^'x' is bad: mend it$"):
        client.do("score", "a", {"do": "refuse"})
    with pytest.raises(EngineError, match="KeyError") as caught:
        client.do("score", "b", {"do": "fail"})
    assert caught.value.log_id == "log-id"


def test_progress_is_told_at_most_ten_times_a_second_and_previews_arrive(make: Any) -> None:
    client, steps, heard = make(), [], []
    start = time.monotonic()
    client.do("score", "a", {"do": "count", "steps": 1_000}, progress=steps.append)
    assert 2 <= len(steps) <= 10 * (time.monotonic() - start) + 4
    assert all(isinstance(step, Step) for step in steps)
    client.do("score", "b", {"do": "preview"}, heard=lambda *told: heard.append(told))
    assert heard == [("first.wav", 0.0, 8.0)]


def test_stages_that_come_and_go_are_told_no_more_often(make: Any) -> None:
    client, steps = make(), []
    client.do("score", "warm", {"do": "count", "steps": 1})
    start = time.monotonic()
    client.do("score", "a", {"do": "waver", "steps": 500}, progress=steps.append)
    assert 2 <= len(steps) <= 10 * (time.monotonic() - start) + 2


def test_what_a_listener_raises_ends_the_job_and_is_raised_to_its_caller(make: Any) -> None:
    client = make(cancel_s=5.0)

    def refuse(*_: object) -> None:
        raise ZeroDivisionError("a listener's mistake")

    with pytest.raises(ZeroDivisionError):
        client.do("score", "a", {"do": "listen"}, progress=refuse)
    with pytest.raises(ZeroDivisionError):
        client.do("score", "b", {"do": "preview"}, heard=refuse)
    assert client.do("score", "c", {"do": "echo", "text": "x"}) == {"echo": "x"}


def test_what_fits_no_message_is_a_sentence_either_way(make: Any) -> None:
    client = make()
    with pytest.raises(EngineError, match=r"too much to ask at once .*put it into a file"):
        client.do("score", "a", {"do": "echo", "text": "x" * 2_000_000})
    # As an answer it is the engine's fault, and no reason to die over.
    pid = client.do("score", "b", {"do": "count", "steps": 1})["pid"]
    with pytest.raises(EngineError, match="1048576 are allowed") as caught:
        client.do("score", "c", {"do": "long", "bytes": 2_000_000})
    assert caught.value.log_id == "log-id"
    # It fits as the client's request, and not under the job's longer name.
    with pytest.raises(EngineError, match="1048576 are allowed"):
        client.do("score", "d" * 200, {"do": "echo", "text": "x" * ((1 << 20) - 320)})
    assert client.do("score", "e", {"do": "count", "steps": 1})["pid"] == pid


def test_the_trace_of_our_mistakes_comes_along_and_of_the_users_none(make: Any) -> None:
    client = make()
    with pytest.raises(EngineError) as caught:
        client.do("score", "a", {"do": "fail"})
    assert "do_fail" in caught.value.trace
    with pytest.raises(EngineError, match="set aside before") as caught:
        client.do("score", "b", {"do": "refuse_as_kept"})
    assert (caught.value.kind, caught.value.log_id, caught.value.trace) == ("quarantined", "kept", "")


def test_a_job_that_makes_no_step_is_replaced_although_its_heart_beats(make: Any) -> None:
    client = make(silent_s=30.0, stuck_s=1.5, deaths_of_a_job=1)
    with pytest.raises(EngineError, match="made no step"):
        client.do("score", "a", {"do": "deaf"})
    assert client.do("score", "b", {"do": "echo", "text": "x"}) == {"echo": "x"}


@pytest.mark.parametrize("by", ["SIGKILL", "SIGSEGV"])
def test_a_worker_that_dies_is_replaced_and_its_job_done_again(make: Any, tmp_path: Path, by: str) -> None:
    client = make()
    done = client.do("score", "a", {"do": "die", "by": by, "mark": str(tmp_path / "mark")})
    assert _alive(done["pid"])


def test_what_becomes_of_the_engine_is_told_in_order(tmp_path: Path) -> None:
    told: list[str] = []
    with Client(worker=JOBS, limits=json.dumps(QUICK), told=told.append) as client:
        client.do("score", "a", {"do": "die", "by": "SIGKILL", "mark": str(tmp_path / "mark")})
    assert len(told) == 2
    assert told[0].startswith("the engine ended: SIGKILL")
    assert told[1] == "the engine runs again and goes on"


def test_a_supervisor_that_died_over_a_job_is_told_of() -> None:
    told: list[str] = []
    with Client(worker=JOBS, limits=json.dumps(QUICK), told=told.append) as client:
        pids = [client.hello()["pid"]]

        def kill(step: Step) -> None:
            if pids:
                os.kill(pids.pop(), signal.SIGKILL)

        assert client.do("score", "a", {"do": "count", "steps": 300}, progress=kill)["pid"]
    assert told == ["the engine ended: it was started again and goes on"]


def test_a_client_that_was_ended_starts_no_engine(make: Any) -> None:
    client = make()
    client.do("score", "a", {"do": "echo", "text": "x"})
    client.end()
    with pytest.raises(EngineError, match="start Hitpoint again") as caught:
        client.do("score", "b", {"do": "echo", "text": "x"})
    assert caught.value.kind == "stopped"


def test_a_job_that_kills_two_workers_is_set_aside_and_others_go_on(make: Any) -> None:
    client = make()
    with pytest.raises(EngineError, match="set aside") as caught:
        client.do("score", "a", {"do": "die", "by": "SIGKILL"})
    assert (caught.value.kind, len(caught.value.log_id)) == ("quarantined", 8)
    assert client.do("score", "b", {"do": "echo", "text": "x"}) == {"echo": "x"}


def test_an_engine_that_dies_again_and_again_is_not_started_any_more(make: Any) -> None:
    client = make(most_crashes=2, deaths_of_a_job=9)
    with pytest.raises(EngineError, match="not started again"):
        client.do("score", "a", {"do": "die", "by": "SIGKILL"})
    with pytest.raises(EngineError, match="hitpoint doctor"):
        client.do("score", "b", {"do": "echo", "text": "x"})


def test_a_cancelled_job_stops_within_one_step_and_the_worker_stays(make: Any) -> None:
    client, cancel = make(cancel_s=5.0), Cancel()
    pid = client.do("score", "warm", {"do": "count", "steps": 1})["pid"]
    thread, out = _begun(client, "a", {"do": "listen"}, cancel=cancel)
    cancel.set()
    thread.join(3)
    assert isinstance(out[0], Cancelled)
    assert client.do("score", "b", {"do": "count", "steps": 1})["pid"] == pid


@pytest.mark.parametrize("do", ["deaf", "hold"])
def test_a_job_that_does_not_listen_is_killed_when_cancelled(make: Any, do: str) -> None:
    client, cancel = make(), Cancel()
    thread, out = _begun(client, "a", {"do": do}, cancel=cancel)
    cancel.set()
    thread.join(5)
    assert isinstance(out[0], Cancelled)
    assert client.do("score", "b", {"do": "echo", "text": "x"}) == {"echo": "x"}


def test_a_model_that_loads_is_not_waited_for(make: Any) -> None:
    client, cancel = make(cancel_s=60.0), Cancel()
    thread, out = _begun(client, "a", {"do": "deaf", "stage": "load"}, cancel=cancel)
    cancel.set()
    thread.join(5)
    assert isinstance(out[0], Cancelled)


@pytest.mark.parametrize("stop", ["SIGSTOP", "lock"])
def test_a_worker_that_stands_still_is_replaced(make: Any, tmp_path: Path, stop: str) -> None:
    client = make(deaths_of_a_job=1)
    pid = client.do("score", "warm", {"do": "count", "steps": 1})["pid"]
    thread, out = _begun(client, "a", {"do": "hold" if stop == "lock" else "deaf"})
    if stop == "SIGSTOP":
        os.kill(pid, signal.SIGSTOP)
    thread.join(10)
    assert "silent" in str(out[0])
    assert not _alive(pid)
    assert client.do("score", "b", {"do": "echo", "text": "x"}) == {"echo": "x"}


def test_a_job_over_which_the_supervisor_dies_is_done_again_by_a_new_one(make: Any) -> None:
    client = make()
    supervisor = client.hello()["pid"]
    thread, out = _begun(client, "a", {"do": "count", "steps": 500})
    os.kill(supervisor, signal.SIGKILL)
    thread.join(10)
    assert "pid" in out[0]
    assert client.hello()["pid"] != supervisor


def test_too_many_jobs_are_refused_and_the_others_done(make: Any) -> None:
    client = make(most_waiting=2)
    cancel = Cancel()
    busy = [_begun(client, "first", {"do": "listen"}, cancel=cancel)]
    out: list[Any] = []

    def do(job: str) -> None:
        try:
            out.append(client.do("score", job, {"do": "echo", "text": job}))
        except EngineError as error:
            out.append(error.kind)

    threads = [threading.Thread(target=do, args=(job,)) for job in "abc"]
    for thread in threads:
        thread.start()
    _until(lambda: out)
    assert out == ["busy"]
    cancel.set()
    for thread in [*threads, busy[0][0]]:
        thread.join(10)
    assert len(out) == 3


def test_another_protocol_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hitpoint.plugin.client.PROTOCOL", (2, 0))
    with pytest.raises(EngineError, match="install both from one release"):
        Client(worker=JOBS).hello()


CALLER = """
import sys, threading
from hitpoint.plugin.client import Client
client = Client(worker=tuple(sys.argv[2:]))
print(client.hello()["pid"], flush=True)
client.do("score", "a", {"do": sys.argv[1]}, progress=lambda step: print("begun", flush=True))
"""


@pytest.mark.parametrize("do", ["deaf", "hold", "child"])
@pytest.mark.parametrize("whom", ["caller", "supervisor", "worker"])
def test_nobody_outlives_a_killed_caller_supervisor_or_worker(do: str, whom: str) -> None:
    caller = subprocess.Popen([sys.executable, "-c", CALLER, do, *JOBS], stdout=subprocess.PIPE, text=True)
    try:
        assert caller.stdout is not None
        supervisor = int(caller.stdout.readline())
        assert caller.stdout.readline() == "begun\n"
        time.sleep(0.4)
        family = _children(caller.pid)
        worker = _children(supervisor)[0]
        assert len(family) == (3 if do == "child" else 2)
        os.kill({"caller": caller.pid, "supervisor": supervisor, "worker": worker}[whom], signal.SIGKILL)
        dead = [pid for pid in family if whom != "worker" or pid != supervisor]
        assert _until(lambda: not any(map(_alive, dead)), 5), "somebody outlives"
    finally:
        caller.kill()
        caller.communicate()
        _until(lambda: not any(map(_alive, family)))


def test_nobody_listens_on_a_port(make: Any) -> None:
    client = make()
    thread, out = _begun(client, "a", {"do": "count", "steps": 300})
    family = [client.hello()["pid"], *_children(client.hello()["pid"])]
    for pid in family:
        for table in ("tcp", "tcp6", "udp", "udp6"):
            listening = {
                line.split()[9]
                for line in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]
                if line.split()[3] in ("0A", "07")
            }
            own = {str(entry.readlink()) for entry in Path(f"/proc/{pid}/fd").iterdir() if entry.exists()}
            assert not {f"socket:[{inode}]" for inode in listening} & own
    thread.join(10)
    assert "pid" in out[0]


LIGHT = """
import sys
from hitpoint.plugin import client, distant
from hitpoint.engine.worker import ledger, main
from hitpoint.engine.store import journal
ours = {name for name in sys.modules if name.split(".")[0] not in sys.stdlib_module_names}
print(sorted(name for name in ours if name.split(".")[0] not in ("hitpoint", "__main__")
             and not name.startswith(("_distutils_hack", "__editable__", "sitecustomize"))))
"""


def test_the_client_and_the_supervisor_need_the_standard_library_alone() -> None:
    """What a host's Python imports, and what must not be taken down by anything heavy."""
    found = subprocess.run([sys.executable, "-I", "-c", LIGHT], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
