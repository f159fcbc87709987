"""Whoever asks a host gets the same from it in its own process and over a pipe, in the same words."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from fakes import made_host
from fakes.made_host import TITLE, MadeHost
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hitpoint.engine.manifest import version
from hitpoint.engine.timebase import Rate
from hitpoint.engine.types import Placement, Span
from hitpoint.plugin.hosts import wire
from hitpoint.plugin.hosts.base import Host, HostError, HostMarker, Landing, Seen
from hitpoint.plugin.hosts.piped import PipedHost
from hitpoint.plugin.hosts.wire import CALLS, PROTOCOL, RemoteHost, answer

# A host with these switches, as it is asked.
Make = Callable[..., Host]


def words(folder: Path, **switches: object) -> list[str]:
    return [sys.executable, "-I", made_host.__file__, str(folder), json.dumps(switches)]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HITPOINT_HOME", str(tmp_path / "home"))


@pytest.fixture(params=["in its process", "as messages", "over a pipe"])
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Make]:
    made: list[Host] = []

    def host(**switches: Any) -> Host:
        if request.param == "over a pipe":
            made.append(PipedHost.attached("resolve", words(tmp_path, **switches)))
        else:
            host = MadeHost(tmp_path, **switches)
            made.append(host if request.param == "in its process" else RemoteHost(_messages(host)))
        return made[-1]

    yield host
    for one in made:
        one.close()


def _messages(host: Host) -> Callable[[str, dict[str, Any]], dict[str, Any]]:
    """As text, both ways."""

    def ask(method: str, params: dict[str, Any]) -> dict[str, Any]:
        message = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        told: dict[str, Any] = json.loads(json.dumps(answer(host, json.loads(json.dumps(message)))))
        return told

    return ask


def landing(seen: tuple[Seen, ...] = (), *, job: str = "a") -> Landing:
    stems = ("drums", "pads")
    placements = tuple(
        Placement(f"Stem: {one}", "1m1", one, f"/music/{one}.wav", "0" * 64, 24, 72, 24, 120) for one in stems
    )
    hit = HostMarker("1m1@48", 48, 49, "must: dør ☂", "", "Green")
    return Landing(job, "sketch, seed 7", Rate(24000, 1001), placements, (hit,), "timeline-1", seen)


def test_what_it_tells_of_itself_and_its_timeline_arrives_whole(make: Make, tmp_path: Path) -> None:
    host = make()
    facts = host.facts()
    assert (facts.title, facts.road, facts.notes) == (TITLE, "script", ("a note",))
    assert facts.capabilities.can("place")
    read, here = host.read(), MadeHost(tmp_path)
    assert read == here.read()
    assert Path(read.path).read_bytes() == here.otio
    assert host.glance() == here.glance()
    assert host.selected().spans == (Span(0, 96),)
    assert "nothing is selected" in host.selected().rule


def test_playhead_and_markers_are_set_and_told(make: Make) -> None:
    host = make()
    assert host.playhead() == 0
    host.set_playhead(77)
    assert host.playhead() == 77
    ours = HostMarker("1m1@48", 48, 49, "must: dør", "ü", "Green")
    other = HostMarker("1m2@60", 60, 61, "would", "", "Blue")
    host.write_markers((ours,), "1m1@")
    host.write_markers((other,), "1m2@")
    host.write_markers((), "1m1@")
    assert [marker.ident for marker in host.markers()] == ["", "1m2@60"]
    assert host.markers()[1] == other


def test_a_playhead_outside_the_timeline_is_told_as_none(make: Make) -> None:
    assert make(at=None).playhead() is None


def test_stems_are_placed_verified_and_removed(make: Make) -> None:
    host = make()
    read = host.read()
    landed = host.place(landing(read.seen))
    assert landed.added == ("Stem: drums", "Stem: pads")
    assert host.place(landing(read.seen)) == landed
    assert host.verify("a") == ()
    assert host.verify("b") == ("nothing is placed as b",)
    again = host.place(landing(read.seen, job="b"))
    assert (again.replaced, again.kept) == (("Stem: drums", "Stem: pads"), ())
    assert host.remove("b").replaced == landed.added
    host.save()


def test_a_refusal_has_its_words_and_its_kind(make: Make) -> None:
    host = make(refuses={"selected": "refused", "playhead": "busy"})
    read = host.read()
    for ask, kind, text in (
        (host.selected, "refused", "the program does not selected now: try again"),
        (host.playhead, "busy", "the program does not playhead now: try again"),
        (lambda: host.place(landing(read.seen[:1])), "stale", "the edit under the music has changed"),
    ):
        with pytest.raises(HostError, match=text) as refused:
            ask()
        assert refused.value.kind == kind
    assert host.glance() == host.glance()


def test_a_timeline_of_thirty_thousand_items_comes_whole_and_is_placed_against(make: Make) -> None:
    host = make(items=30_000)
    read = host.read()
    assert len(read.seen) == 30_000
    assert read.seen[-1].out_frame_exclusive == 720_000
    assert host.place(landing(read.seen)).added


@pytest.fixture(params=["as messages", "over a pipe"])
def far(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Make]:
    made: list[PipedHost] = []

    def host(**switches: Any) -> Host:
        if request.param == "as messages":
            return RemoteHost(_messages(MadeHost(tmp_path, **switches)))
        made.append(PipedHost.attached("resolve", words(tmp_path, **switches)))
        return made[-1]

    yield host
    for one in made:
        one.close()


def test_what_no_host_should_raise_becomes_a_sentence_that_names_program_and_call(
    far: Make, tmp_path: Path
) -> None:
    host = far(fails="read")
    with pytest.raises(HostError, match=rf"{TITLE} could not do 'timeline.read' \(AttributeError"):
        host.read()
    logged = (tmp_path / "home" / "state" / "hitpoint.log").read_text()
    assert "in read" in logged
    assert logged.count("Traceback") == 1
    assert host.playhead() == 0


def test_names_that_cannot_be_written_as_text_are_refused_and_the_pipe_goes_on(tmp_path: Path) -> None:
    host = PipedHost.attached("resolve", words(tmp_path, name="a name of \udcff bytes"))
    with pytest.raises(HostError, match=r"the answer to 'timeline.read' cannot be sent"):
        host.read()
    with pytest.raises(HostError, match=r"'stems.verify' cannot be asked"):
        host.verify("a job of \udcff bytes")
    assert host.playhead() == 0
    host.close()


def test_prints_of_python_and_c_break_no_message(tmp_path: Path) -> None:
    host = PipedHost.attached("resolve", words(tmp_path, prints=True))
    for _ in range(5):
        assert len(host.read().seen) == 4
    host.close()


def test_a_timeline_that_does_not_fit_a_message_lies_in_our_cache_while_it_is_told(
    tmp_path: Path,
) -> None:
    reply = answer(
        MadeHost(tmp_path, items=30_000), {"id": 1, "method": "timeline.read", "params": {"json": {}}}
    )
    (letter,) = (tmp_path / "home" / "cache" / "panel").iterdir()
    assert reply["result"]["file"]["path"] == str(letter)
    letter.write_bytes(b"{}")
    with pytest.raises(HostError, match="makes no sense"):
        RemoteHost(lambda *_: reply).read()


@pytest.mark.parametrize(
    "message",
    [
        {},
        {"id": None, "method": "hello"},
        {"id": 1},
        {"id": 1, "method": 5},
        {"id": 1, "method": "hello", "params": []},
        {"id": [1], "method": "hello", "params": {}},
    ],
)
def test_what_is_no_request_is_refused(message: dict[str, Any], tmp_path: Path) -> None:
    assert answer(MadeHost(tmp_path), message)["error"]["message"] == "this is no request"


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("playhead.set", {}),
        ("playhead.set", {"json": {}}),
        ("playhead.set", {"json": {"frame": "7"}}),
        ("playhead.set", {"json": {"frame": None}}),
        ("playhead.set", {"file": {"path": "/nowhere", "sha256": "", "bytes": 1}}),
        ("stems.place", {"json": {"schema": "hitpoint.landing.9"}}),
        ("stems.place", {"json": 7}),
        ("os.system", {"json": {"job": "rm"}}),
        ("facts", {"json": {}}),
    ],
)
def test_what_it_cannot_take_is_refused_in_a_sentence_and_changes_nothing(
    method: str, params: dict[str, Any], tmp_path: Path
) -> None:
    host = MadeHost(tmp_path)
    reply = answer(host, {"id": 1, "method": method, "params": params})
    assert len(reply["error"]["message"]) > 20
    assert (host.at, host.tracks, host.calls) == (0, [], [])


@pytest.mark.parametrize("protocol", [[2, 0], "1.0", None, [], [[1]]])
def test_another_major_protocol_is_refused_in_one_plain_sentence_on_both_sides(
    protocol: object, tmp_path: Path
) -> None:
    host = MadeHost(tmp_path)
    reply = answer(host, {"id": 1, "method": "hello", "params": {"protocol": protocol}})
    there = reply["error"]["message"]
    assert "install both from one release with 'hitpoint hosts install resolve'" in there

    def ask(method: str, params: dict[str, Any]) -> dict[str, Any]:
        told = answer(host, {"id": 1, "method": method, "params": params})
        told["result"]["protocol"] = protocol
        return told

    with pytest.raises(HostError, match="install both from one release"):
        RemoteHost(ask).hello()


def test_a_newer_minor_protocol_is_understood(tmp_path: Path) -> None:
    asked = {"id": 1, "method": "hello", "params": {"protocol": [PROTOCOL[0], 99], "more": 1}}
    assert answer(MadeHost(tmp_path), asked)["result"]["build"] == version()


def test_a_part_of_another_release_is_noted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    host = PipedHost.attached("resolve", words(tmp_path))
    assert host.known_facts().notes == ("a note",)
    host.close()
    monkeypatch.setattr("hitpoint.plugin.hosts.piped.version", lambda: "99.0")
    host = PipedHost.attached("resolve", words(tmp_path))
    assert "hitpoint hosts install resolve" in host.known_facts().notes[-1]
    host.close()


@pytest.mark.parametrize(
    "reply",
    [
        {"id": 1},
        {"id": 1, "result": None},
        {"id": 1, "result": {}},
        {"id": 1, "result": {"json": {}}},
        {"id": 1, "result": {"json": {"schema": "hitpoint.read.1", "path": 5}}},
        {"id": 1, "error": "no"},
        {"id": 1, "error": {"message": 5, "data": {"kind": "gone"}}},
        {"id": 1, "error": {"message": "no"}},
    ],
)
def test_answers_without_sense_are_one_sentence(reply: dict[str, Any]) -> None:
    with pytest.raises(HostError, match="install Hitpoint and its part there from one release"):
        RemoteHost(lambda *_: reply).read()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
LETTER = st.fixed_dictionaries({}, optional={"json": JSON, "file": JSON, "protocol": JSON})
PROBLEM = st.fixed_dictionaries({}, optional={"message": JSON, "data": JSON | LETTER})
ANYTHING = settings(max_examples=150, deadline=None, suppress_health_check=[*HealthCheck])


@ANYTHING
@given(method=st.sampled_from(("hello", *CALLS)) | JSON, params=LETTER | JSON, ident=st.integers() | JSON)
def test_whatever_is_asked_is_answered_and_never_raises(
    tmp_path: Path, method: object, params: object, ident: object
) -> None:
    reply = answer(MadeHost(tmp_path), {"id": ident, "method": method, "params": params})
    assert ("result" in reply) != ("error" in reply)
    if "error" in reply:
        assert 10 < len(reply["error"]["message"]) < 800
    json.dumps(reply, allow_nan=False)


@ANYTHING
@given(reply=st.fixed_dictionaries({}, optional={"result": LETTER | JSON, "error": PROBLEM | JSON}))
def test_whatever_a_program_answers_is_a_value_or_one_sentence(tmp_path: Path, reply: dict[str, Any]) -> None:
    host = RemoteHost(lambda *_: reply)
    for ask in (host.hello, host.read, host.playhead, host.markers, host.save):
        with suppress(HostError):
            ask()


def test_every_call_of_the_table_has_its_method_in_the_remote_host(tmp_path: Path) -> None:
    asked: list[str] = []

    def ask(method: str, params: dict[str, Any]) -> dict[str, Any]:
        asked.append(method)
        return answer(MadeHost(tmp_path), {"id": 1, "method": method, "params": params})

    host = RemoteHost(ask)
    host.hello(), host.read(), host.glance(), host.selected(), host.playhead(), host.set_playhead(1)
    host.markers(), host.write_markers((), ""), host.verify("a"), host.remove("a"), host.save()
    with pytest.raises(HostError):
        host.place(Landing("a", "", Rate(24), ()))
    assert set(asked) == {*CALLS, "hello"}
    assert wire.__doc__ is not None
    for method in CALLS:
        assert method.partition(".")[2] in wire.__doc__
