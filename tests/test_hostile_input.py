"""Whatever is named as input, as temp track or as media: one sentence, exit code 2, and no wait."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import pytest

from footage import numbered, write_film
from hitpoint.engine.audio.decode import SoundFile
from hitpoint.engine.errors import InputError
from hitpoint.engine.picture.decode import probe, small_frames
from hitpoint.engine.progress import Cancel, silent
from hitpoint.engine.timebase import Rate
from hitpoint.plugin.cli import main
from hitpoint.plugin.like import listen_to
from hitpoint.plugin.timeline.read import read_timeline
from hitpoint.plugin.timeline.select import select_cues

posix = pytest.mark.skipif(os.name != "posix", reason="such files are a Unix matter")


@pytest.fixture
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to work in; Hitpoint's own home lies elsewhere."""
    monkeypatch.setenv("HITPOINT_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("HITPOINT_DEBUG", raising=False)
    folder = tmp_path / "room"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


def _pipe(path: Path) -> None:
    os.mkfifo(path)


def _folder(path: Path) -> None:
    path.mkdir()


def _to(target: str) -> Callable[[Path], None]:
    return lambda path: path.symlink_to(target)


def _loop(path: Path) -> None:
    path.symlink_to(path.name)


def _empty(path: Path) -> None:
    path.touch()


KINDS: dict[str, Callable[[Path], None]] = {
    "a pipe": _pipe,
    "a folder": _folder,
    "a link to a device without end": _to("/dev/zero"),
    "a link to the kernel's files": _to("/proc/self/environ"),
    "a link to nothing": _to("gone"),
    "a link to itself": _loop,
    "an empty file": _empty,
}


@posix
@pytest.mark.parametrize("suffix", [".otio", ".otioz", ".edl", ".fcpxml", ".xml", ".aaf", ".mov", ".mp4"])
@pytest.mark.parametrize("kind", sorted(KINDS))
def test_what_is_no_file_of_its_kind_is_refused_in_a_sentence_that_names_it(
    room: Path, kind: str, suffix: str
) -> None:
    path = room / f"cut{suffix}"
    KINDS[kind](path)
    with pytest.raises(InputError, match=rf"cut\{suffix}'.*: ."):
        read_timeline(path, rate=Rate(25))


@posix
@pytest.mark.parametrize("named", ["pipe.mov", "/dev/zero", "/proc/self/environ"])
def test_such_an_input_ends_the_command_with_one_sentence(
    room: Path, capsys: pytest.CaptureFixture[str], named: str
) -> None:
    _pipe(room / "pipe.mov")
    assert main(["score", named, "-o", "out", "--in-process"]) == 2
    captured = capsys.readouterr()
    (line,) = [line for line in captured.err.splitlines() if line.startswith("hitpoint: ")]
    assert named.rpartition("/")[2][-40:] in line
    assert [found.name for found in room.iterdir()] == ["pipe.mov"]


def _clip(url: str) -> str:
    def time(frames: float) -> dict[str, object]:
        return {"OTIO_SCHEMA": "RationalTime.1", "rate": 24, "value": frames}

    span = {"OTIO_SCHEMA": "TimeRange.1", "start_time": time(0), "duration": time(48)}
    reference = {"OTIO_SCHEMA": "ExternalReference.1", "target_url": url}
    clip = {"OTIO_SCHEMA": "Clip.1", "name": "a", "source_range": span, "media_reference": reference}
    track = {"OTIO_SCHEMA": "Track.1", "kind": "Video", "name": "V1", "children": [clip]}
    stack = {"OTIO_SCHEMA": "Stack.1", "name": "tracks", "children": [track]}
    return json.dumps({"OTIO_SCHEMA": "Timeline.1", "name": "t", "tracks": stack})


@pytest.mark.parametrize("name", ["x" * 5000, "x" * 300 + ".otiod"])
def test_names_that_no_file_system_takes_are_refused_in_a_sentence(room: Path, name: str) -> None:
    (room / "cut.otio").write_text(_clip("gone.mov"))
    document = read_timeline(room / "cut.otio")
    (cue,) = select_cues(document)
    for read in (
        lambda: read_timeline(room / name),
        lambda: read_timeline(room / "cut.otio", media_dirs=(room / name,)),
        lambda: listen_to(name, cue, progress=silent, cancel=Cancel()),
        lambda: probe(room / name),
        lambda: SoundFile(room / name),
    ):
        with pytest.raises(InputError, match=name[-40:]):
            read()


@posix
@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_temp_track_that_is_no_sound_gets_one_sentence(
    room: Path, capsys: pytest.CaptureFixture[str], kind: str
) -> None:
    (room / "cut.otio").write_text(_clip("gone.mov"))
    KINDS[kind](room / "temp.wav")
    assert main(["score", "cut.otio", "--like", "temp.wav", "--in-process"]) == 2
    assert "temp.wav" in capsys.readouterr().err


def _ffconcat(folder: Path, inner: Path) -> str:
    return f"ffconcat version 1.0\nfile '{inner.name}'\n"


def _ffconcat_of_a_protocol(folder: Path, inner: Path) -> str:
    return "ffconcat version 1.0\nfile 'http://127.0.0.1:9/film.mp4'\n"


def _hls(folder: Path, inner: Path) -> str:
    return f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{inner.name}\n#EXT-X-ENDLIST\n"


def _dash(folder: Path, inner: Path) -> str:
    return (
        '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" mediaPresentationDuration="PT1S">'
        f'<Period><AdaptationSet mimeType="video/mp4"><Representation id="1"><BaseURL>{inner.name}</BaseURL>'
        "</Representation></AdaptationSet></Period></MPD>"
    )


def _session(folder: Path, inner: Path) -> str:
    return "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 9 RTP/AVP 96\n"


@pytest.mark.parametrize("make", [_ffconcat, _ffconcat_of_a_protocol, _hls, _dash, _session])
@pytest.mark.parametrize("suffix", [".mov", ".wav", ".m3u8"])
def test_lists_of_other_files_open_none_of_them_whatever_they_are_called(
    tmp_path: Path, make: Callable[[Path, Path], str], suffix: str
) -> None:
    inner = write_film(tmp_path / "inner.mp4", numbered(3), sound=True)
    path = tmp_path / f"list{suffix}"
    path.write_text(make(tmp_path, inner))
    for read in (
        lambda: probe(path),
        lambda: next(small_frames(path, Fraction(0), Fraction(1))),
        lambda: SoundFile(path),
    ):
        with pytest.raises(InputError, match=path.name):
            read()
    # The film itself is fine.
    assert probe(inner).has_audio
    SoundFile(inner).close()


@posix
def test_a_file_that_becomes_a_pipe_after_it_was_looked_at_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from hitpoint.engine.apart import door

    path = tmp_path / "film.mov"
    path.write_bytes(b"x")
    checked = door.plain_file(path)

    def swapped(path: Path) -> Path:
        path.unlink()
        os.mkfifo(path)
        return checked

    monkeypatch.setattr(door, "plain_file", swapped)
    with pytest.raises(InputError, match="not a plain file"), door.opened_file(path):
        pass


def test_pictures_and_sound_are_never_decoded_in_the_process_that_asks(tmp_path: Path) -> None:
    film = write_film(tmp_path / "film.mp4", numbered(5), sound=True)
    code = (
        "import sys; from fractions import Fraction; from pathlib import Path\n"
        "from hitpoint.engine.audio.decode import SoundFile\n"
        "from hitpoint.engine.picture.decode import probe, shown_pictures, small_frames\n"
        f"path = Path({str(film)!r})\n"
        "probe(path); list(small_frames(path, Fraction(0), Fraction(1)))\n"
        "list(shown_pictures(path, [Fraction(0)])); SoundFile(path).read(100)\n"
        "print('av' in sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
    assert done.stderr == ""
