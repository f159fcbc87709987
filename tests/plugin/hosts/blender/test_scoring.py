"""Scoring from the side bar: what is asked, what is shown, and what is placed or is not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from fakes.made_host import MadeHost

from hitpoint.engine.progress import Step
from hitpoint.engine.serial import pretty, to_json
from hitpoint.engine.timebase import Rate
from hitpoint.engine.types import Placement, Span
from hitpoint.plugin.hosts.base import HostError, HostMarker, Landing
from hitpoint.plugin.hosts.blender.asking import Asking, Kind, News
from hitpoint.plugin.hosts.blender.scoring import STAGES, Choices, Scoring, Wanted, choices_of


class Heard(Asking):
    """An engine that says what the test says."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[tuple[str, str, str, dict[str, Any]]] = []
        self.cancelled: list[str] = []

    def ask(self, python: str, method: str, job: str, params: dict[str, Any]) -> None:
        self.asked.append((python, method, job, params))

    def cancel(self, job: str) -> None:
        self.cancelled.append(job)

    def say(self, kind: Kind, **more: Any) -> None:
        self.news.put(News(self.asked[-1][2], kind, **more))


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture
def scoring(heard: Heard) -> Scoring:
    return Scoring(heard)


@pytest.fixture
def host(tmp_path: Path) -> MadeHost:
    return MadeHost(tmp_path)


def landing() -> Landing:
    one = Placement(
        track="Stem: drums", stem="drums", cue="1m1", path="/music/drums.wav", sha256="0" * 64,
        in_frame=0, out_frame_exclusive=48, source_in_frame=0, available_frames=48,
    )  # fmt: skip
    return Landing("job-1", "sketch, seed 7", Rate(24), (one,), (HostMarker("1m1@24", 24, 25, "must: door"),))


def made(heard: Heard) -> None:
    summary = {"generator": "sketch", "why": "it was asked for", "seed": 7, "cues": []}
    heard.say("done", result={"folder": "/music", "landing": to_json(landing()), "summary": summary})


def begin(scoring: Scoring, host: MadeHost, **wanted: Any) -> None:
    scoring.begin("/engine/python", host.read(), (Span(0, 48),), Wanted(**wanted))


def test_what_is_chosen_is_what_the_engine_is_asked(scoring: Scoring, heard: Heard, host: MadeHost) -> None:
    begin(scoring, host, model="sketch", style="noir", mood="dark", seed=7, loudness=-20.0, use="client")
    ((python, method, _, params),) = heard.asked
    assert (python, method) == ("/engine/python", "score_host")
    assert params == {
        "source": host.read().path,
        "given": {"model": "sketch", "style": "noir", "mood": "dark", "loudness": "-20", "use": "client"},
        "seed": 7,
        "spans": [[0, 48]],
        "out": None,
    }


def test_the_whole_edit_is_asked_for_without_spans_and_no_seed_is_made_up(
    scoring: Scoring, heard: Heard, host: MadeHost
) -> None:
    scoring.begin("/engine/python", host.read(), (), Wanted())
    params = heard.asked[0][3]
    assert params["spans"] is None
    assert params["seed"] is None
    # The user's own settings hold: none is said over them.
    assert params["given"] == {}


def test_the_bar_never_goes_back_and_is_full_when_the_music_is_made(
    scoring: Scoring, heard: Heard, host: MadeHost
) -> None:
    begin(scoring, host)
    seen = [scoring.fraction]
    for stage in (*STAGES[:4], "picture", *STAGES[4:]):
        for done in (0.0, 0.5, 1.0):
            heard.say("step", step=Step(stage, done, 1.0, "at it"))
            assert scoring.step()
            seen.append(scoring.fraction)
            assert scoring.stage == stage
    assert seen == sorted(seen)
    made(heard)
    scoring.step()
    assert (scoring.phase, scoring.fraction, scoring.seed) == ("made", 1.0, 7)


def test_finished_music_is_placed_on_the_edit_that_was_read(
    scoring: Scoring, heard: Heard, host: MadeHost
) -> None:
    begin(scoring, host)
    made(heard)
    scoring.step()
    landed = scoring.place(host)
    assert landed.added == ("Stem: drums",)
    assert scoring.phase == "placed"
    assert [marker.ident for marker in host.hits] == ["", "1m1@24"]


def test_a_landing_too_large_for_a_message_is_read_from_its_file(
    scoring: Scoring, heard: Heard, host: MadeHost, tmp_path: Path
) -> None:
    begin(scoring, host)
    path = tmp_path / "landing.json"
    path.write_bytes(pretty(landing()))
    result = {"landing": None, "landing_path": str(path), "summary": {"seed": 7}}
    heard.say("done", result=result)
    scoring.step()
    scoring.place(host)
    assert [track.job for track in host.tracks] == ["job-1"]


def test_without_markers_wished_none_is_placed(scoring: Scoring, heard: Heard, host: MadeHost) -> None:
    begin(scoring, host, markers=False)
    made(heard)
    scoring.step()
    scoring.place(host)
    assert [marker.ident for marker in host.hits] == [""]


def test_music_for_an_edit_that_changed_is_not_placed_unasked_and_is_when_asked(
    scoring: Scoring, heard: Heard, host: MadeHost
) -> None:
    begin(scoring, host)
    host.edit(0)
    made(heard)
    scoring.step()
    with pytest.raises(HostError):
        scoring.place(host)
    assert scoring.phase == "stale"
    assert "has changed" in scoring.sentence
    assert host.tracks == []
    scoring.place(host, anyway=True)
    assert (scoring.phase, scoring.sentence) == ("placed", "")
    assert [track.job for track in host.tracks] == ["job-1"]


def test_an_edit_that_changed_elsewhere_takes_the_music(
    scoring: Scoring, heard: Heard, host: MadeHost
) -> None:
    begin(scoring, host)
    host.edit(3)
    made(heard)
    scoring.step()
    scoring.place(host)
    assert scoring.phase == "placed"


def test_music_of_another_scene_is_not_placed_though_asked(
    scoring: Scoring, heard: Heard, host: MadeHost
) -> None:
    begin(scoring, host)
    host.ident = "timeline-2"
    made(heard)
    scoring.step()
    with pytest.raises(HostError, match="another scene"):
        scoring.place(host, anyway=True)
    assert scoring.phase == "stale"
    assert host.tracks == []


def test_a_refusal_keeps_the_music_to_be_placed_again(scoring: Scoring, heard: Heard, host: MadeHost) -> None:
    begin(scoring, host)
    made(heard)
    scoring.step()
    host.refuses["place"] = "refused"
    with pytest.raises(HostError):
        scoring.place(host)
    assert scoring.phase == "failed"
    host.refuses.clear()
    scoring.place(host)
    assert scoring.phase == "placed"


def test_another_file_opened_meanwhile_gets_no_music(scoring: Scoring, heard: Heard, host: MadeHost) -> None:
    begin(scoring, host)
    job = heard.asked[0][2]
    scoring.leave()
    assert heard.cancelled == [job]
    made(heard)
    scoring.step()
    assert scoring.phase == "cancelled"
    assert "another file" in scoring.sentence
    with pytest.raises(HostError, match="no music to place"):
        scoring.place(host)


def test_music_that_waits_to_be_placed_is_not_placed_into_another_file(
    scoring: Scoring, heard: Heard, host: MadeHost
) -> None:
    begin(scoring, host)
    made(heard)
    scoring.step()
    scoring.leave()
    assert (scoring.phase, scoring.landing) == ("idle", None)


def test_cancelling_is_asked_of_the_engine_and_its_answer_ends_the_work(
    scoring: Scoring, heard: Heard, host: MadeHost
) -> None:
    begin(scoring, host)
    scoring.cancel()
    assert scoring.phase == "working"
    heard.say("cancelled")
    scoring.step()
    assert scoring.phase == "cancelled"
    begin(scoring, host)
    assert (scoring.phase, scoring.sentence) == ("working", "")


def test_a_second_job_beside_the_first_is_refused(scoring: Scoring, host: MadeHost) -> None:
    begin(scoring, host)
    with pytest.raises(HostError, match="already"):
        begin(scoring, host)


def test_what_the_engine_could_not_do_is_its_sentence(scoring: Scoring, heard: Heard, host: MadeHost) -> None:
    begin(scoring, host)
    heard.say("failed", text="there is no style 'x': choose one of noir")
    scoring.step()
    assert (scoring.phase, scoring.sentence) == ("failed", "there is no style 'x': choose one of noir")


@pytest.mark.parametrize(
    "result", [{}, {"landing": {}}, {"landing": {"schema": "hitpoint.landing.9"}, "summary": {}}]
)
def test_an_answer_without_sense_is_one_sentence(
    scoring: Scoring, heard: Heard, host: MadeHost, result: dict[str, Any]
) -> None:
    begin(scoring, host)
    heard.say("done", result=result)
    scoring.step()
    assert scoring.phase == "failed"
    assert "one release" in scoring.sentence


def test_what_becomes_of_the_engine_is_shown_and_the_job_goes_on(
    scoring: Scoring, heard: Heard, host: MadeHost
) -> None:
    begin(scoring, host)
    heard.say("told", text="the engine ended: it was started again and goes on")
    scoring.step()
    assert scoring.phase == "working"
    assert scoring.notes[-1] == "the engine ended: it was started again and goes on"


def test_of_the_models_those_that_can_be_used_come_first_and_the_rest_say_why_not() -> None:
    models = [
        {"name": "gvmgen", "kind": "gvmgen", "usable": False, "why_not": "run hitpoint models import DIR"},
        {"name": "mine", "kind": "musicgen", "usable": True, "why_not": ""},
        {"name": "encodec", "kind": "codec", "usable": False, "why_not": "a part"},
    ]
    assert choices_of({"models": models, "styles": ["noir"]}) == Choices(
        ("auto", "sketch", "mine", "gvmgen"),
        ("auto", "noir"),
        {"gvmgen": "run hitpoint models import DIR"},
    )
