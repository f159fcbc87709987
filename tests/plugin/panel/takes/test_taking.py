"""A take is made once, into a folder of its own, with the bytes that `hitpoint score` would write."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import mido
import pytest

from hitpoint.engine.errors import Cancelled, InputError, OptionError
from hitpoint.engine.plan.score import make_score
from hitpoint.engine.progress import Cancel
from hitpoint.engine.serial import from_json, to_json
from hitpoint.engine.store.stages import Stages
from hitpoint.engine.types import Score
from hitpoint.engine.wishes import HitWish, Wishes, with_wishes
from hitpoint.plugin.options import ScoreOptions, Selection
from hitpoint.plugin.panel import taking
from hitpoint.plugin.panel.taking import finished_result, finished_take, unfinished_orders
from hitpoint.plugin.score import score
from hitpoint.ui.session import Controls, TakeEntry

if TYPE_CHECKING:
    from conftest import Film


def hashes(entry: TakeEntry) -> dict[str, str]:
    """Of the bytes that are there now."""
    return {name: hashlib.sha256(Path(path).read_bytes()).hexdigest() for name, path, _ in entry.stems}


def test_a_take_has_the_bytes_that_the_command_writes(film: Film, tmp_path: Path) -> None:
    # As the command calls the first cue of a range: its name is part of what is asked.
    entry = film.take("t0010", cue=replace(film.cue, name="cue01"))
    told = {name: sha256 for name, _, sha256 in entry.stems}
    assert told == hashes(entry)
    done = score(
        ScoreOptions(
            source=film.source,
            out=tmp_path / "out",
            selection=Selection(range_text=("0", "6")),
            model="sketch",
            style="piano",
            seed=3,
            loudness=None,
            handles=2.0,
            format="otio",
            split="none",
        ),
        stages=None,
    )
    (cue,) = done.report["cues"]
    assert told == {stem["name"]: stem["sha256"] for stem in cue["stems"]}
    assert (entry.lufs is None) == (cue["loudness_lufs"] is None)
    assert entry.lufs == pytest.approx(cue["loudness_lufs"], abs=0.01)
    strong = [hit for hit in cue["hits"] if hit["kind"] == "must" or hit["strength"] >= 0.5]
    assert entry.hits == sum(hit["kind"] != "avoid" for hit in strong)


def test_an_entry_tells_what_a_player_and_a_list_need(film: Film) -> None:
    entry = film.take("t0001")
    assert (entry.id, entry.name, entry.generator, entry.style, entry.seed) == (
        "t0001",
        "Take 1",
        "sketch",
        "piano",
        3,
    )
    assert (entry.samples, entry.head) == (film.cue.samples, 0)
    assert "--" not in entry.why
    folder = Path(entry.folder)
    assert folder == film.takes / "t0001"
    assert Path(entry.mix) == folder / "mix.wav"
    assert Path(entry.mix).is_file()
    assert len(mido.MidiFile(folder / "score.mid").tracks) > 1
    assert not [path.name for path in folder.iterdir() if path.name.startswith(".")]


def test_a_finished_take_is_answered_and_not_made_again(film: Film, monkeypatch: pytest.MonkeyPatch) -> None:
    entry = film.take("t0001")
    monkeypatch.setattr(taking, "CueMaker", None)
    assert film.take("t0001") == entry
    told = finished_take(film.takes / "t0001")
    assert told is not None
    assert told.entry == entry


def test_what_was_measured_comes_back_from_the_folder(film: Film) -> None:
    entry = film.take("t0001")
    kept = finished_result(Path(entry.folder))
    assert kept is not None
    told, order, result = kept
    assert order == film.order("t0001")
    strong = [measure.met for measure in result.hits.wanted if measure.hit.strong]
    assert (entry.hits_met, entry.hits) == (sum(strong), len(strong))
    assert result.scored.picture == film.picture
    assert set(result.finished.onsets) >= {name for name, *_ in entry.stems}
    assert told.fingerprint


def test_a_folder_that_moved_is_still_whole(film: Film, tmp_path: Path) -> None:
    entry = film.take("t0001")
    moved = tmp_path / "t0001"
    Path(entry.folder).rename(moved)
    told = finished_take(moved)
    moved.rename(entry.folder)
    assert told is not None
    assert all(Path(path).parent.parent == moved for _, path, _ in told.entry.stems)
    assert told.entry.mix == str(moved / "mix.wav")


def test_a_take_that_lost_a_stem_is_made_again_with_the_same_bytes(film: Film) -> None:
    entry = film.take("t0001")
    Path(entry.stems[0][1]).unlink()
    assert finished_take(Path(entry.folder)) is None
    assert film.take("t0001") == entry
    assert hashes(entry) == {name: sha256 for name, _, sha256 in entry.stems}


def test_another_order_under_the_same_id_moves_the_first_aside(film: Film) -> None:
    first = film.take("t0002")
    second = film.take("t0002", seed=4)
    assert (first.seed, second.seed) == (3, 4)
    aside = finished_take(film.takes / "t0002-1")
    assert aside is not None
    assert aside.entry.seed == 3
    assert hashes(second) != hashes(aside.entry)


def test_more_like_this_keeps_the_themes_and_writes_other_notes(film: Film) -> None:
    model, like = film.take("t0001"), film.take("t0003", seed=9, like_take="t0001")
    other = film.take("t0004", seed=10)

    def told(entry: TakeEntry) -> tuple[Score, list[Any]]:
        kept = finished_result(Path(entry.folder))
        assert kept is not None
        assert kept[2].scored.score is not None
        return kept[2].scored.score, [to_json(note) for note in kept[2].scored.take.notes]

    (a, notes_a), (b, notes_b), (c, notes_c) = told(model), told(like), told(other)
    assert (b.themes, b.tonic, b.tempo_family_bpm, b.palette) == (
        a.themes,
        a.tonic,
        a.tempo_family_bpm,
        a.palette,
    )
    assert notes_b != notes_a
    assert (c.themes, c.tonic) != (a.themes, a.tonic)
    assert notes_c != notes_b


def test_to_be_like_a_take_that_is_gone_is_refused(film: Film) -> None:
    with pytest.raises(InputError, match="'t0099' is not there any more"):
        film.take("t0005", like_take="t0099")
    assert not (film.takes / "t0005").exists()


@pytest.mark.parametrize(
    "controls",
    [Controls(model="none-such"), Controls(model="sketch", style="none-such"), Controls(mood="nope")],
)
def test_what_cannot_be_is_refused_and_leaves_no_folder(film: Film, controls: Controls) -> None:
    with pytest.raises(OptionError):
        film.take("t0005", controls=controls)
    assert not (film.takes / "t0005").exists()


def test_a_cancelled_take_leaves_no_folder(film: Film) -> None:
    cancel = Cancel()
    cancel.set()
    with pytest.raises(Cancelled):
        film.take("t0005", seed=77, cancel=cancel)
    assert not (film.takes / "t0005").exists()


def test_a_begun_take_is_told_of_until_it_is_known_and_goes_on_with_its_own_score(
    new_film: Callable[[], Film], monkeypatch: pytest.MonkeyPatch
) -> None:
    film = new_film()
    whole = film.take("t0001")
    with monkeypatch.context() as patch:

        def die(*_: object) -> None:
            raise RuntimeError("as if killed")

        patch.setattr(taking, "keep_onsets", die)
        with pytest.raises(RuntimeError):
            film.take("t0002", seed=5)
    # What nobody asked for, and what somebody left half begun.
    (film.takes / "t0009").mkdir()
    (film.takes / "notes.txt").write_text("mine")
    found = list(unfinished_orders(film.takes, {"t0001"}))
    assert [order for order, _ in found] == [film.order("t0002", seed=5)]
    assert found[0][1] == film.picture
    assert [order.take_id for order, _ in unfinished_orders(film.takes, set())] == ["t0001", "t0002"]
    # Meanwhile another score was saved for the film: what was begun keeps its own.
    before = json.loads((film.takes / "t0002" / "score.json").read_text())
    saved = make_score(seed=1234, style="piano", cues=[film.cue])
    (film.takes.parents[1] / "score.json").write_text(json.dumps(to_json(saved)))
    entry = film.take("t0002", seed=5)
    assert json.loads((film.takes / "t0002" / "score.json").read_text()) == before
    assert hashes(entry) == {name: sha256 for name, _, sha256 in entry.stems}
    assert hashes(entry) != hashes(whole)
    # A new one belongs to the film, with parts of its own.
    film.take("t0003", seed=6)
    later = from_json(Score, json.loads((film.takes / "t0003" / "score.json").read_text()))
    assert (later.themes, later.tonic, later.seed) == (saved.themes, saved.tonic, 6)


def test_wishes_travel_with_the_cue(film: Film) -> None:
    wishes = Wishes(hits=(HitWish(100, "must", 1.0, "slam"),))
    entry = film.take("t0006", cue=with_wishes(film.cue, wishes))
    assert entry.wishes == wishes
    kept = finished_result(Path(entry.folder))
    assert kept is not None
    (slam,) = [hit for hit in kept[2].scored.plan.hits if hit.name == "slam"]
    assert (slam.frame, slam.kind) == (100, "must")


def test_a_damaged_take_is_told_of_in_one_sentence(film: Film) -> None:
    entry = film.take("t0007")
    path = Path(entry.folder) / "take.json"
    whole = path.read_bytes()
    for damage in (whole[:-10], b"[]", b'{"schema": "hitpoint.finished_take.9"}'):
        path.write_bytes(damage)
        with pytest.raises(InputError) as refused:
            finished_take(Path(entry.folder))
        assert "\n" not in str(refused.value)
    path.write_bytes(whole)
    assert replace(film.take("t0007")) == entry


def test_stages_are_found_by_the_command_and_by_takes_alike(film: Film) -> None:
    """Another take of the same request costs no composing: the finished cue is in the store."""
    film.take("t0001")
    told: list[tuple[str, bool]] = []
    taking.make_take(
        film.source,
        film.takes / "t0008",
        film.order("t0008"),
        film.picture,
        stages=Stages(told=lambda kind, made: told.append((kind, made))),
        progress=lambda step: None,
        cancel=Cancel(),
        heard=lambda *_: None,
    )
    assert told == [("finish", False)]
