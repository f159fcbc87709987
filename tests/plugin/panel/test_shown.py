"""What the panel only shows: waveforms, thumbnails, the film for playback. Each on its own frame."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import soundfile
from PIL import Image

from footage import cue_of, flat, numbered, video, write_film
from hitpoint.engine.audio.mixdown import timeline_blocks
from hitpoint.engine.errors import Cancelled, EngineFault
from hitpoint.engine.paths import cache_dir
from hitpoint.engine.progress import Cancel, Step, silent
from hitpoint.engine.timebase import Rate
from hitpoint.engine.types import Cue, ImageSequence, Media, Shot, Sound
from hitpoint.plugin.panel import peaks as peaks_module
from hitpoint.plugin.panel.peaks import stem_peaks
from hitpoint.plugin.panel.proxy import FACTS, SOUND, make_proxy, proxy_folder, read_facts
from hitpoint.plugin.panel.rows import model_rows
from hitpoint.plugin.panel.thumbs import make_thumbs

RATE = Rate(24)


def grey(path: Path) -> float:
    with Image.open(path) as picture:
        return float(np.asarray(picture.convert("L")).mean())


# --- Waveforms


def stem(path: Path, sound: np.ndarray) -> tuple[str, str, str]:
    soundfile.write(path, sound, 48000, subtype="PCM_24")
    return path.stem, str(path), hashlib.sha256(path.read_bytes()).hexdigest()


def test_peaks_are_the_extremes_of_each_column_of_the_cue(tmp_path: Path) -> None:
    chance = np.random.Generator(np.random.PCG64(1))
    head, samples, columns = 4800, 480 * 200, 50
    sound = chance.uniform(-0.5, 0.5, (head + samples + 999, 2))
    sound[:head] = 0.9
    told = stem(tmp_path / "bass.wav", sound)
    (found,) = stem_peaks([told], head, samples, columns, Cancel())
    parts = sound[head : head + samples].reshape(columns, -1)
    assert found["stem"] == "bass"
    assert np.allclose(found["low"], parts.min(axis=1), atol=2e-4)
    assert np.allclose(found["high"], parts.max(axis=1), atol=2e-4)
    # The same columns of another sound are others.
    assert not np.allclose(found["high"], np.roll(parts.max(axis=1), 7), atol=2e-4)


def test_a_stem_is_read_once_and_never_more_columns_than_there_is_to_tell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = stem(tmp_path / "pads.wav", np.full((48000, 2), 0.25))
    (first,) = stem_peaks([told], 0, 48000, 5000, Cancel())
    assert len(first["low"]) == 100
    monkeypatch.setattr(peaks_module, "work_blocks", None)
    (again,) = stem_peaks([told], 0, 48000, 3, Cancel())
    assert again["high"] == [0.25] * 3


def test_a_stem_that_is_gone_is_told(tmp_path: Path) -> None:
    with pytest.raises(EngineFault):
        stem_peaks([("bass", str(tmp_path / "bass.wav"), "0" * 64)], 0, 100, 10, Cancel())


# --- Thumbnails


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """72 pictures whose grey tells their number."""
    return write_film(tmp_path_factory.mktemp("film") / "numbered.mp4", numbered(72))


def thumbs(shots: list[Shot], frames: list[int], height: int = 18) -> dict[int, Path]:
    made: dict[int, Path] = {}
    make_thumbs(shots, frames, RATE, height, made.__setitem__, Cancel())
    return made


def test_each_thumbnail_shows_its_own_frame_whatever_the_order(film: Path) -> None:
    # The second shot is another stretch of the same file, backwards.
    back = replace(video(film, 24, 48, source=60), speed=Fraction(-1))
    shots = [video(film, 0, 24, source=10), back]
    made = thumbs(shots, [47, 3, 30, 0])
    assert set(made) == {0, 3, 30, 47}
    for frame, number in ((0, 10), (3, 13), (30, 54), (47, 37)):
        assert abs(grey(made[frame]) - (16 + 3 * number)) < 4, frame
        with Image.open(made[frame]) as picture:
            assert picture.size == (32, 18)


def test_what_cannot_be_seen_has_no_thumbnail(film: Path, tmp_path: Path) -> None:
    (tmp_path / "broken.mp4").write_bytes(b"no film")
    shots = [
        Shot("gap", 0, 10, "gap"),
        Shot("lost", 10, 20, "offline", Media(str(film))),
        video(tmp_path / "none.mp4", 20, 30),
        video(tmp_path / "broken.mp4", 30, 40),
        video(film, 40, 50),
    ]
    assert set(thumbs(shots, [0, 12, 25, 35, 45, 99])) == {45}
    assert thumbs([], [1]) == {}


def test_thumbnails_are_kept_until_the_medium_is_another(tmp_path: Path) -> None:
    path = write_film(tmp_path / "one.mp4", [flat(200)] * 24)
    shots = [video(path, 0, 24)]
    first = thumbs(shots, [5])[5]
    stamp = first.stat().st_mtime_ns
    assert thumbs(shots, [5])[5] == first
    assert first.stat().st_mtime_ns == stamp
    write_film(path, [flat(40)] * 30)
    other = thumbs(shots, [5])[5]
    assert other != first
    assert grey(other) < 60 < grey(first)


def test_stills_and_numbered_pictures_have_thumbnails(tmp_path: Path) -> None:
    for number in range(10):
        Image.fromarray(flat(20 * number)).save(tmp_path / f"p{number:02}.png")
    sequence = ImageSequence("p", ".png", 2, 0, 1, RATE)
    shots = [
        Shot("still", 0, 10, "still", Media(str(tmp_path / "p05.png"))),
        Shot("sequence", 10, 20, "video", Media(str(tmp_path), sequence)),
    ]
    made = thumbs(shots, [4, 13])
    assert abs(grey(made[4]) - 100) < 4
    assert abs(grey(made[13]) - 60) < 4


# --- The film for playback


def never(*_: object) -> None:
    return


def proxy(cue: Cue, told: Callable[[Path, int], None] = never, cancel: Cancel | None = None) -> Path:
    return make_proxy(cue, told, progress=silent, cancel=cancel or Cancel())[0]


def test_picture_n_of_the_proxy_is_record_frame_n_of_the_cue(film: Path) -> None:
    cue = cue_of(video(film, 48, 72, source=20), video(film, 72, 100, source=2), in_frame=48)
    counts: list[int] = []
    folder = proxy(cue, lambda _, frames: counts.append(frames))
    for record, number in ((48, 20), (71, 43), (72, 2), (99, 29)):
        assert abs(grey(folder / f"{record - 48:06}.jpg") - (16 + 3 * number)) < 4, record
    facts = read_facts(folder)
    assert facts is not None
    assert (facts.frames, facts.total, facts.complete, facts.in_frame) == (52, 52, True, 48)
    assert (facts.width, facts.height, facts.sound) == (640, 360, False)
    assert counts == [48, 52]
    assert len(list(folder.glob("*.jpg"))) == 52


def test_a_proxy_that_was_stopped_goes_on_where_it_was(film: Path) -> None:
    cue = cue_of(video(film, 0, 72))
    cancel = Cancel()
    with pytest.raises(Cancelled):
        proxy(cue, lambda *_: cancel.set(), cancel)
    folder = proxy_folder(cue)
    facts = read_facts(folder)
    assert facts is not None
    assert (facts.frames, facts.complete) == (48, False)
    kept = (folder / "000010.jpg").stat().st_mtime_ns
    counts: list[int] = []
    proxy(cue, lambda _, frames: counts.append(frames))
    assert counts == [48, 72]
    assert (folder / "000010.jpg").stat().st_mtime_ns == kept
    assert abs(grey(folder / "000050.jpg") - (16 + 3 * 50)) < 4
    # Finished, it is only told of.
    counts.clear()
    proxy(cue, lambda _, frames: counts.append(frames))
    assert counts == [72]


def test_the_films_own_sound_is_as_long_as_the_cue_and_in_its_place(film: Path, tmp_path: Path) -> None:
    click = np.zeros((48000 * 3, 2), np.float32)
    click[24000:24048] = 0.5
    soundfile.write(tmp_path / "boom.wav", click, 48000)
    cue = replace(
        cue_of(video(film, 0, 48)),
        sounds=(Sound("boom", "A1", 12, 60, Media(str(tmp_path / "boom.wav"))),),
    )
    folder = proxy(cue)
    sound, rate = soundfile.read(folder / SOUND, dtype="float32")
    assert (rate, sound.shape) == (48000, (cue.samples, 2))
    assert np.flatnonzero(sound[:, 0])[0] == cue.sample(12) + 24000
    assert np.array_equal(sound, np.concatenate(list(timeline_blocks(cue, []))))


def test_a_proxy_is_one_for_a_cue_of_any_name_and_another_for_another_edit(film: Path) -> None:
    cue = cue_of(video(film, 0, 48))
    assert proxy_folder(replace(cue, name="2m7", extra={"wishes": 1})) == proxy_folder(cue)
    assert proxy_folder(cue_of(video(film, 0, 48, source=1))) != proxy_folder(cue)


def test_what_cannot_be_seen_is_black_in_the_proxy(film: Path) -> None:
    cue = cue_of(video(film, 0, 24, source=40), Shot("gap", 24, 30, "gap"))
    folder = proxy(cue)
    assert grey(folder / "000026.jpg") < 2 < 100 < grey(folder / "000020.jpg")


def test_a_proxy_of_which_the_cache_lost_a_part_is_made_again(film: Path) -> None:
    cue = cue_of(video(film, 0, 24))
    folder = proxy(cue)
    (folder / "000023.jpg").unlink()
    assert read_facts(folder) is None
    assert (proxy(cue) / "000023.jpg").is_file()
    (folder / FACTS).write_text("{")
    assert read_facts(folder) is None
    assert folder.parent == cache_dir() / "proxies"


def test_a_proxy_tells_its_steps(film: Path) -> None:
    steps: list[Step] = []
    make_proxy(cue_of(video(film, 0, 24)), never, progress=steps.append, cancel=Cancel())
    assert steps[-1].done == steps[-1].total == 24


# --- Generators


def test_sketch_is_always_there_and_exactly_one_row_is_what_auto_takes() -> None:
    rows = model_rows("any")
    assert rows[0]["name"] == "sketch"
    assert rows[0]["usable"]
    assert sum(row["is_auto"] for row in rows) == 1
    assert all(row["usable"] or row["why_not"] for row in rows)
    assert [row["usable"] for row in rows] == sorted((row["usable"] for row in rows), reverse=True)
    assert not {"codec", "text"} & {row["kind"] for row in rows}
