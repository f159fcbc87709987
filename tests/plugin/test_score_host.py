"""Scoring for a program that holds the timeline: the command line's music, in files that stay."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import soundfile

from films import SHOTS, timeline
from hitpoint.engine.errors import Cancelled, InputError, OptionError, OutputError, SelectionError, UserError
from hitpoint.engine.progress import Cancel, Step
from hitpoint.engine.serial import from_json
from hitpoint.engine.store.journal import Journal
from hitpoint.engine.types import Span
from hitpoint.engine.worker.supervisor import JOBS
from hitpoint.plugin import landing as landing_module
from hitpoint.plugin.asking import score_options
from hitpoint.plugin.cli import main
from hitpoint.plugin.client import Client
from hitpoint.plugin.cue_names import named_as_before
from hitpoint.plugin.here import Here
from hitpoint.plugin.hosts.base import Landing
from hitpoint.plugin.jobs import TABLE
from hitpoint.plugin.options import Selection
from hitpoint.plugin.score import score
from hitpoint.plugin.timeline.markers import sign

SPANS = [[0, 60], [144, 204]]
FRAMES = sum(SHOTS)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HITPOINT_HOME", str(tmp_path / "home"))
    for name in [name for name in os.environ if name.startswith("HITPOINT_") and name != "HITPOINT_HOME"]:
        monkeypatch.delenv(name)
    return tmp_path / "home"


@pytest.fixture
def film(tmp_path: Path) -> Path:
    return timeline(tmp_path)


@pytest.fixture
def ask(film: Path) -> Callable[..., dict[str, Any]]:
    def work(job: str = "a", **changed: Any) -> dict[str, Any]:
        params: dict[str, Any] = {
            "source": str(film),
            "given": {"model": "sketch", "style": "piano", "gates": "off"},
            "seed": 7,
            "spans": SPANS,
            "out": None,
        }
        return Here().do("score_host", job, {**params, **changed})

    return work


def landing_of(answer: dict[str, Any]) -> Landing:
    return from_json(Landing, json.loads(json.dumps(answer["landing"])))


def command(film: Path, out: Path, *words: object) -> Path:
    told = ["score", film, "-o", out, "--model", "sketch", "--style", "piano", "--seed", 7, "--in-process"]
    assert main([str(word) for word in (*told, *words)]) == 0
    return out


def test_every_job_of_the_worker_is_let_through_by_the_supervisor() -> None:
    assert sorted(JOBS) == sorted(TABLE)


def test_a_stretch_chosen_in_frames_gets_the_music_that_the_command_line_gives_it(
    film: Path, tmp_path: Path, ask: Callable[..., dict[str, Any]]
) -> None:
    # 2 s to 7 s of a timeline that begins at 01:00:00:00.
    out = command(film, tmp_path / "line", "--range", "01:00:02:00", "7")
    answer = ask("b", spans=[[48, 168]], out=str(tmp_path / "host"))
    line, host = (sorted((folder / "stems").iterdir()) for folder in (out, Path(answer["folder"])))
    assert [path.name for path in line] == [path.name for path in host]
    assert [path.read_bytes() for path in line] == [path.read_bytes() for path in host]
    assert (out / "mix.wav").read_bytes() == (tmp_path / "host" / "mix.wav").read_bytes()
    placed = {one.stem: Path(one.path).read_bytes() for one in landing_of(answer).placements}
    assert placed == {path.stem: path.read_bytes() for path in line}


def test_a_stretch_keeps_its_name_on_the_timeline_and_no_other_gets_it(
    film: Path, ask: Callable[..., dict[str, Any]]
) -> None:
    options = score_options(
        {"model": "sketch", "style": "piano", "gates": "off"},
        source=film,
        out=film.parent / "plain",
        selection=Selection(spans=(Span(0, 60), Span(150, 210))),
        seed=7,
    )
    results = score(options).results
    made = landing_of(ask())

    def names(*earlier: tuple[str, int, int]) -> list[str]:
        """After landings of such cues, each of one stem."""
        before = [
            replace(
                made,
                placements=(replace(made.placements[0], cue=cue, in_frame=first, out_frame_exclusive=last),),
            )
            for cue, first, last in earlier
        ]
        return [result.scored.cue.name for result in named_as_before(results, before)]

    assert names() == ["1m1", "1m2"]
    assert names(("1m1", 144, 240)) == ["1m2", "1m1"]
    assert names(("1m1", 144, 240), ("1m2", 0, 100)) == ["1m2", "1m1"]
    assert names(("Chase", 150, 300), ("1m1", 60, 150)) == ["1m2", "Chase"]
    # One stretch that was two, and two that were one.
    assert names(("1m1", 0, 20), ("1m2", 20, 60)) == ["1m2", "1m3"]
    assert names(("1m1", 0, 336)) == ["1m1", "1m2"]
    # A cue that was scored again elsewhere is where it was last.
    assert names(("1m1", 0, 60), ("1m1", 150, 210)) == ["1m2", "1m1"]
    told = ask("b", names=["Opening", "Door"])
    assert [cue["name"] for cue in told["summary"]["cues"]] == ["Opening", "Door"]
    assert {one.cue for one in landing_of(told).placements} == {"Opening", "Door"}
    assert {one.ident.partition("@")[0] for one in landing_of(told).markers} <= {"Opening", "Door"}


def test_the_whole_timeline_is_scored_where_nothing_is_selected(
    film: Path, tmp_path: Path, ask: Callable[..., dict[str, Any]]
) -> None:
    out = command(film, tmp_path / "line")
    answer = ask(spans=None, out=str(tmp_path / "host"))
    assert (out / "mix.wav").read_bytes() == (tmp_path / "host" / "mix.wav").read_bytes()
    assert [(one.in_frame, one.out_frame_exclusive) for one in landing_of(answer).spans] == [(0, FRAMES)]


def test_the_landing_says_where_each_stem_lies_and_its_files_are_there(
    ask: Callable[..., dict[str, Any]],
) -> None:
    answer = ask()
    landing = landing_of(answer)
    assert [(span.in_frame, span.out_frame_exclusive) for span in landing.spans] == [(0, 60), (144, 204)]
    assert {one.cue for one in landing.placements} == {"1m1", "1m2"}
    assert landing.take == "sketch, seed 7"
    assert str(landing.rate) == "24"
    report = json.loads((Path(answer["folder"]) / "report.json").read_text())
    stems = {stem["sha256"]: stem for cue in report["cues"] for stem in cue["stems"]}
    for one in landing.placements:
        path = Path(one.path)
        assert path.is_absolute() and path.name == f"{one.cue}-{one.stem}.wav"
        assert hashlib.sha256(path.read_bytes()).hexdigest() == one.sha256
        stem = stems[one.sha256]
        # 24 frames a second: 2000 samples each.
        assert stem["handle_samples"][0] == one.source_in_frame * 2000
        assert soundfile.info(path).frames == one.available_frames * 2000
        assert one.source_in_frame == (0 if one.in_frame == 0 else 48)
        assert one.track == f"Stem: {one.stem}"


def test_hits_come_as_markers_that_read_as_what_they_are(ask: Callable[..., dict[str, Any]]) -> None:
    answer = ask(spans=None)
    report = json.loads((Path(answer["folder"]) / "report.json").read_text())
    strong = [hit for hit in report["cues"][0]["hits"] if hit["strength"] >= 0.5]
    markers = landing_of(answer).markers
    assert strong and [round(hit["time_s"] * 24) for hit in strong] == [one.in_frame for one in markers]
    for marker, hit in zip(markers, strong, strict=True):
        name, kind, strength = sign(marker.name)
        assert (name, kind) == (hit["name"], hit["kind"])
        assert strength == pytest.approx(hit["strength"], abs=0.006)
        assert marker.ident == f"1m1@{marker.in_frame}"
        assert marker.out_frame_exclusive == marker.in_frame + 1
        assert marker.colour == "Yellow"
    weak = landing_of(ask("b", spans=None, given={"model": "sketch", "style": "piano", "hit_markers": "all"}))
    assert len(weak.markers) == len(report["cues"][0]["hits"]) > len(markers)


def test_what_lies_on_tracks_stays_as_it_is_when_the_next_run_takes_the_folder(
    ask: Callable[..., dict[str, Any]],
) -> None:
    first = landing_of(ask("a", spans=[[0, 108]]))
    before = {one.path: Path(one.path).read_bytes() for one in first.placements}
    # The program may play them just now: not even the folder is another for a moment.
    folder = Path(first.placements[0].path).parent.parent
    numbers = [path.stat().st_ino for path in (folder.parent, folder, Path(first.placements[0].path))]
    second = ask("b", spans=[[144, 240]])
    assert Path(second["folder"]) == Path(first.placements[0].path).parent.parent.parent
    assert {path: Path(path).read_bytes() for path in before} == before
    assert not {one.path for one in landing_of(second).placements} & set(before)
    after = [path.stat().st_ino for path in (folder.parent, folder, Path(first.placements[0].path))]
    assert after == numbers


def test_the_same_music_has_the_same_job_wherever_its_files_lie_and_other_music_another(
    tmp_path: Path, ask: Callable[..., dict[str, Any]]
) -> None:
    one = landing_of(ask("a"))
    same = landing_of(ask("b", out=str(tmp_path / "elsewhere")))
    other = landing_of(ask("c", seed=8))
    assert one.job == same.job != other.job


def test_a_job_asked_again_is_answered_with_what_is_there_and_made_again_where_it_is_gone(
    ask: Callable[..., dict[str, Any]],
) -> None:
    first = ask("a", seed=None)
    path = Path(first["landing"]["placements"][0]["path"])
    made = path.stat().st_mtime_ns
    assert ask("a", seed=None) == first
    assert path.stat().st_mtime_ns == made
    path.unlink()
    again = ask("a", seed=None)
    assert again["landing"] == first["landing"]
    assert hashlib.sha256(path.read_bytes()).hexdigest() == first["landing"]["placements"][0]["sha256"]


def test_the_summary_tells_what_was_made_and_how_well_it_meets_the_picture(
    ask: Callable[..., dict[str, Any]],
) -> None:
    answer = ask()
    summary = answer["summary"]
    assert (summary["generator"], summary["seed"], summary["style"]) == ("sketch", 7, "piano")
    assert summary["why"] and summary["degraded"] == []
    assert [cue["name"] for cue in summary["cues"]] == ["1m1", "1m2"]
    for cue in summary["cues"]:
        assert 0 <= cue["met"] <= cue["hits"]
        assert cue["loudness_lufs"] == pytest.approx(-16, abs=0.6)
    assert answer["landing_path"].endswith("landing.json")
    assert from_json(Landing, json.loads(Path(answer["landing_path"]).read_text())) == landing_of(answer)


def test_settings_of_the_engine_count_where_the_program_says_nothing(
    home: Path, ask: Callable[..., dict[str, Any]]
) -> None:
    (home / "data").mkdir(parents=True)
    (home / "data" / "config.toml").write_text('style = "ambient"\nloudness = -20\n')
    summary = ask(given={"model": "sketch", "loudness": "-18"})["summary"]
    assert summary["style"] == "ambient"
    assert [round(cue["loudness_lufs"]) for cue in summary["cues"]] == [-18, -18]


@pytest.mark.parametrize(
    ("changed", "kind", "says"),
    [
        ({"given": {"style": "polka"}}, UserError, "polka"),
        ({"given": {"stile": "piano"}}, OptionError, "there is no setting 'stile'"),
        ({"style": "piano"}, OptionError, "there is no setting 'style'"),
        ({"given": {"loudness": "loud"}}, OptionError, "loudness"),
        ({"source": "cut.otio"}, InputError, "no absolute path"),
        ({"out": "here"}, InputError, "'here' is no absolute path"),
        ({"spans": [[0, "x"]]}, InputError, "one release"),
        ({"spans": [[10]]}, InputError, "one release"),
        ({"spans": [[10, 10]]}, SelectionError, "no stretch"),
        ({"spans": [[-5, 10]]}, SelectionError, "no stretch"),
        ({"spans": [[9000, 9100]]}, SelectionError, "frames 0 to 336"),
        ({"spans": [[0, 50], [40, 90]]}, SelectionError, "overlap"),
        ({"spans": [[0, 50]], "names": ["a", "b"]}, SelectionError, "2 names"),
        ({"given": None}, InputError, "one release"),
    ],
)
def test_what_cannot_be_is_refused_in_one_sentence_and_nothing_is_written(
    changed: dict[str, Any], kind: Any, says: str, film: Path, ask: Callable[..., dict[str, Any]]
) -> None:
    with pytest.raises(kind, match=says):
        ask(**changed)
    assert sorted(path.name for path in film.parent.iterdir() if path.name.endswith(".hitpoint")) == []


def test_a_stretch_that_outlasts_the_timeline_ends_with_it(ask: Callable[..., dict[str, Any]]) -> None:
    landing = landing_of(ask(spans=[[300, FRAMES + 40]]))
    assert [(span.in_frame, span.out_frame_exclusive) for span in landing.spans] == [(300, FRAMES)]


def test_a_disk_that_refuses_the_landing_is_told_and_the_job_can_be_asked_again(
    tmp_path: Path, ask: Callable[..., dict[str, Any]]
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "placed").write_text("in the way")
    (out / "report.json").write_text(json.dumps({"input": {"name": "cut.otio"}}))
    with pytest.raises(OutputError, match="placed"):
        ask(out=str(out))
    # The stems are finished: the next try takes them up.
    assert [job.id for job in Journal().jobs("stored")] == ["a"]
    (out / "placed").unlink()
    assert landing_of(ask(out=str(out))).placements


def test_its_stages_come_in_order_and_a_cancelled_job_leaves_no_folder(
    film: Path, ask: Callable[..., dict[str, Any]]
) -> None:
    cancel = Cancel()
    seen: list[str] = []

    def progress(step: Step) -> None:
        seen.append(step.stage)
        if step.stage == "generate":
            cancel.set()

    params = {"source": str(film), "given": {"model": "sketch", "style": "piano"}, "seed": 7, "spans": SPANS}
    with pytest.raises(Cancelled):
        Here().do("score_host", "x", params, progress=progress, cancel=cancel)
    assert list(dict.fromkeys(seen)) == ["read", "picture", "plan", "generate"]
    assert not film.with_suffix(".hitpoint").exists()


def test_the_engines_process_does_it_and_answers_with_what_a_program_can_read(film: Path) -> None:
    params = {"source": str(film), "given": {"model": "sketch", "style": "piano"}, "seed": 7, "spans": SPANS}
    with Client() as engine:
        answer = engine.do("score_host", "x", {**params, "out": None})
        with pytest.raises(OptionError, match="there is no setting 'stile'"):
            engine.do("score_host", "y", {**params, "given": {"stile": "x"}, "out": None})
    landing = landing_of(answer)
    assert {one.cue for one in landing.placements} == {"1m1", "1m2"}
    assert all(Path(one.path).is_file() for one in landing.placements)


def test_a_landing_too_large_for_a_message_is_read_from_its_file(
    monkeypatch: pytest.MonkeyPatch, ask: Callable[..., dict[str, Any]]
) -> None:
    monkeypatch.setattr(landing_module, "MOST_INLINE", 100)
    answer = ask()
    assert answer["landing"] is None
    landing = from_json(Landing, json.loads(Path(answer["landing_path"]).read_text()))
    assert len(landing.placements) == sum(1 for _ in Path(answer["landing_path"]).parent.glob("*.wav"))
