from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import clicks
from cutlists import cut_list
from hitpoint.engine.audio.onset import onset_curve
from hitpoint.engine.audio.wav import work_blocks, work_frames
from hitpoint.engine.errors import Cancelled
from hitpoint.engine.fit.beats import find_beats
from hitpoint.engine.fit.fit import fit_take
from hitpoint.engine.fit.match import met, straight
from hitpoint.engine.progress import Cancel, Step, silent
from hitpoint.engine.types import Hit, Problem, Take

SECOND = 48_000


def _fit(request: clicks.TakeRequest, take: Take, folder: Path) -> Take:
    return fit_take(request, take, folder, progress=silent, cancel=Cancel())


def _sound(path: str) -> np.ndarray:
    return np.concatenate(list(work_blocks(Path(path))))


def _strong_met(sound: np.ndarray, request: clicks.TakeRequest) -> tuple[int, int]:
    """(strong hits with a beat's onset within 40 ms, strong hits), on a sound as it is."""
    target = request.cue.samples + sum(request.handle_samples)
    onsets = find_beats(onset_curve(sound)).audible_onsets
    strong = [hit for hit in request.plan.hits if hit.strong]
    return sum(met(onsets, strong, straight(target), head_samples=request.handle_samples[0])), len(strong)


def test_drifting_music_meets_the_cuts_after_the_fit_and_not_before(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = after = hits = 0
    for seed in range(5):
        cuts = cut_list(seed, 3.5, seconds=40)
        request = clicks.cut_request(cuts)
        music = clicks.click_music(seed + 50, clicks.music_seconds(request), off_beats=True)
        folder = tmp_path / str(seed)
        folder.mkdir()
        take = _fit(request, clicks.take_of({"music": music.sound}, request, folder), folder)
        before += _strong_met(music.sound, request)[0]
        found, wanted = _strong_met(_sound(take.stems[0].path), request)
        after, hits = after + found, hits + wanted
    with capsys.disabled():
        print(f"\nstrong hits within 40 ms: {after} of {hits} fitted, {before} of {hits} unfitted")
    assert after >= 0.95 * hits
    assert before < 0.6 * hits


def test_stems_are_exactly_as_long_as_cue_and_handles(tmp_path: Path) -> None:
    hits = [Hit(25, SECOND, "must", 1.0), Hit(203, round(8.12 * SECOND), "would", 1.0)]
    request = clicks.fit_request(hits, seconds=12.32, handle_frames=(7, 50))
    music = clicks.click_music(4, clicks.music_seconds(request), channels=2)
    take = _fit(request, clicks.take_of({"music": music.sound}, request, tmp_path), tmp_path)
    (stem,) = take.stems
    assert work_frames(Path(stem.path)) == (sum(request.handle_samples) + request.cue.samples, SECOND)
    assert stem.sample_rate == SECOND and stem.handle_samples == request.handle_samples
    assert sorted(path.name for path in tmp_path.iterdir()) == ["music.fitted.wav", "music.wav"]


def test_music_that_would_go_on_is_let_go_of_by_the_cues_end(tmp_path: Path) -> None:
    request = clicks.fit_request([], seconds=12.0, handle_frames=(25, 50))
    music = clicks.click_music(4, clicks.music_seconds(request), channels=2)
    take = _fit(request, clicks.take_of({"music": music.sound}, request, tmp_path), tmp_path)
    head, tail = request.handle_samples
    sound = np.abs(_sound(take.stems[0].path))
    end = len(sound) - tail
    before, last = (
        sound[head + 7 * SECOND : end - 3 * SECOND].max(),
        sound[end - round(0.3 * SECOND) : end].max(),
    )
    assert last < 0.06 * before and sound[end:].max() == 0
    curve = onset_curve(sound)
    assert not [at for at in find_beats(curve).clear_onsets if at >= end - round(0.3 * SECOND)]


def test_a_hit_near_the_end_is_not_faded(tmp_path: Path) -> None:
    hits = [Hit(275, 11 * SECOND, "must", 1.0)]
    request = clicks.fit_request(hits, seconds=12.0, handle_frames=(25, 50))
    music = clicks.click_music(4, clicks.music_seconds(request), channels=2)
    take = _fit(request, clicks.take_of({"music": music.sound}, request, tmp_path), tmp_path)
    assert _strong_met(_sound(take.stems[0].path), request) == (1, 1)


def test_the_plan_tells_the_beats_that_are_heard(tmp_path: Path) -> None:
    request = clicks.cut_request(cut_list(3, 3.5, seconds=30))
    music = clicks.click_music(8, clicks.music_seconds(request))
    take = _fit(request, clicks.take_of({"music": music.sound}, request, tmp_path), tmp_path)
    heard = find_beats(onset_curve(_sound(take.stems[0].path))).audible_onsets - request.handle_samples[0]
    inside = [beat for beat in take.plan.downbeats if 0 <= beat < request.cue.samples]
    assert len(inside) > 8
    assert max(np.abs(heard - beat).min() for beat in inside) < 0.010 * SECOND
    # The music fades in the end.
    beats = [beat for beat in take.plan.beats if 0 <= beat < request.cue.samples - 2.5 * SECOND]
    assert np.mean([np.abs(heard - beat).min() < 0.020 * SECOND for beat in beats]) > 0.95
    assert take.plan.hits == request.plan.hits and take.beats == "plan"
    assert len(take.plan.energy) == len(take.plan.bars)


def test_what_was_done_is_told_in_values_of_json(tmp_path: Path) -> None:
    request = clicks.cut_request(cut_list(1, 3.5, seconds=30))
    music = clicks.click_music(9, clicks.music_seconds(request), off_beats=True)
    take = _fit(request, clicks.take_of({"music": music.sound}, request, tmp_path), tmp_path)
    told = json.loads(json.dumps(take.extra["fit"]))
    assert told["beats"] == "measured" and told["confidence"] > 0.9
    assert told["met"] > told["met_unfitted"] and told["hits"] == len(request.plan.hits)
    assert all(abs(stretch - 1) <= 0.0401 for stretch in told["stretches"])
    assert len(told["anchors_s"]) == len(told["stretches"]) + 1
    assert take.extra["backend"] == "none"


def test_several_stems_go_along_the_same_warp(tmp_path: Path) -> None:
    request = clicks.cut_request(cut_list(2, 3.5, seconds=20))
    music = clicks.click_music(9, clicks.music_seconds(request), channels=2)
    parts = {"drums": 0.75 * music.sound, "bass": 0.25 * music.sound, "other": 0 * music.sound}
    take = _fit(request, clicks.take_of(parts, request, tmp_path, rate=SECOND), tmp_path)
    assert [stem.name for stem in take.stems] == ["drums", "bass", "other"]
    drums, bass, other = (_sound(stem.path) for stem in take.stems)
    assert len(drums) == len(bass) == len(other) and not other.any()
    assert max(abs(stretch - 1) for stretch in take.extra["fit"]["stretches"]) > 0.005
    first, second = (find_beats(onset_curve(sound)).beats for sound in (drums, bass))
    assert np.abs(first - second).max() < 0.005 * SECOND


def test_music_without_a_pulse_keeps_the_plan_s_tempo_map_and_says_so(tmp_path: Path) -> None:
    request = clicks.cut_request(cut_list(2, 3.5, seconds=20))
    random = np.random.Generator(np.random.PCG64(1))
    size = round(clicks.music_seconds(request) * SECOND)
    noise = (0.1 * random.standard_normal((size, 1))).astype(np.float32)
    take = _fit(request, clicks.take_of({"music": noise}, request, tmp_path), tmp_path)
    assert take.plan.segments == request.plan.segments
    assert "none found" in take.extra["fit"]["beats"] and take.extra["fit"]["bpm"] is None


def test_a_must_that_stays_unmet_is_told(tmp_path: Path) -> None:
    hits = [Hit(100, 4 * SECOND, "must", 1.0)]
    request = clicks.fit_request(hits, seconds=10)
    plan = replace(request.plan, problems=(Problem("must-unmet", "of the plan"), Problem("other", "stays")))
    request = replace(request, plan=plan)
    silence = np.zeros((round(clicks.music_seconds(request) * SECOND), 1), np.float32)
    take = _fit(request, clicks.take_of({"music": silence}, request, tmp_path), tmp_path)
    assert [problem.kind for problem in take.plan.problems] == ["other", "must-unmet"]
    assert "4.00 s" in take.plan.problems[1].text


def test_the_same_take_gives_the_same_bytes(tmp_path: Path) -> None:
    request = clicks.cut_request(cut_list(2, 3.5, seconds=20))
    music = clicks.click_music(9, clicks.music_seconds(request))
    found = []
    for name in ("a", "b"):
        folder = tmp_path / name
        folder.mkdir()
        found.append(_fit(request, clicks.take_of({"music": music.sound}, request, folder), folder))
    assert found[0].stems[0].sha256 == found[1].stems[0].sha256


@pytest.mark.parametrize("stage", ["reading", "finding beats", "stretching"])
def test_it_stops_when_asked_and_leaves_nothing(tmp_path: Path, stage: str) -> None:
    request = clicks.cut_request(cut_list(2, 3.5, seconds=10))
    music = clicks.click_music(9, clicks.music_seconds(request))
    sounds = {"drums": music.sound, "other": music.sound}
    take = clicks.take_of(sounds, request, tmp_path)
    cancel = Cancel()
    steps: list[Step] = []

    def progress(step: Step) -> None:
        steps.append(step)
        if step.text == stage:
            cancel.set()

    with pytest.raises(Cancelled):
        fit_take(request, take, tmp_path, progress=progress, cancel=cancel)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["drums.wav", "other.wav"]
    assert all(0 < step.done <= step.total for step in steps)
