"""The renderer: exact onsets, files of the promised length, the same bytes every time, a bounded memory."""

from __future__ import annotations

import hashlib
import os
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import soundfile
from fakes.sound_fonts import Preset, impulse, saw, sine, span, write_sf2
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hitpoint.engine.audio.attack import attack_s
from hitpoint.engine.errors import Cancelled, EngineFault, InputError, OutputError
from hitpoint.engine.progress import Cancel, Progress, Step, silent
from hitpoint.engine.sketch import soundfont as sf
from hitpoint.engine.sketch.render import BLOCK, render, wave_header
from hitpoint.engine.sketch.room import RATE, Room, impulse_response
from hitpoint.engine.sketch.voices import Voice
from hitpoint.engine.types import Note, Stem

Array = npt.NDArray[np.float32]
LOOPED = {sf.SAMPLE: 1, sf.LOOP_MODE: 1}
CLICK = Voice("click", "drums", 0, 0, room=0.0)
TONE = Voice("tone", "pads", 0, 1, room=0.3)


@pytest.fixture(scope="module")
def font(tmp_path_factory: pytest.TempPathFactory) -> Path:
    click = {sf.SAMPLE: 0, sf.KEY_RANGE: span(0, 127)}
    hats = [
        {sf.SAMPLE: 1, sf.LOOP_MODE: 1, sf.KEY_RANGE: span(key, key), sf.EXCLUSIVE_CLASS: 1}
        for key in (42, 46)
    ]
    presets = [Preset([click]), Preset([LOOPED], program=1), Preset(hats, program=2)]
    return write_sf2(tmp_path_factory.mktemp("font") / "tiny.sf2", [impulse(), sine(), saw()], presets)


def played(
    folder: Path,
    font: Path | None,
    notes: list[Note],
    voices: tuple[Voice, ...] = (CLICK, TONE),
    *,
    samples: int = RATE,
    handles: tuple[int, int] = (0, 0),
    stems: tuple[str, ...] = ("drums", "pads"),
    block: int = BLOCK,
    progress: Progress = silent,
    cancel: Cancel | None = None,
    seed: int = 3,
    fade_from: int | None = None,
) -> tuple[Stem, ...]:
    return render(
        notes,
        voices,
        samples=samples,
        handle_samples=handles,
        seed=seed,
        folder=folder,
        stems=stems,
        progress=progress,
        cancel=cancel or Cancel(),
        font=font,
        block=block,
        fade_from=fade_from,
    )


def read(stem: Stem) -> Array:
    sound, rate = soundfile.read(stem.path, dtype="float32", always_2d=True)
    assert rate == 48_000
    return sound


def onsets(sound: Array) -> list[int]:
    """Frames where a click lies (behind it the shelf for soft notes rings a little)."""
    return [int(at) for at in np.flatnonzero(sound[:, 0] > 0.1)]


def click(at: int) -> Note:
    return Note("drums", at, 480, 60, 127, "click")


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    starts=st.sets(st.integers(0, 150_000), min_size=1, max_size=12),
    head=st.integers(0, 5000),
    block=st.integers(9000, 90_000),
)
def test_every_onset_is_on_its_sample(
    tmp_path: Path, font: Path, starts: set[int], head: int, block: int
) -> None:
    stems = played(
        tmp_path, font, [click(at) for at in starts], samples=160_000, handles=(head, 700), block=block
    )
    sound = read(stems[0])
    assert len(sound) == head + 160_000 + 700
    assert onsets(sound) == sorted(head + at for at in starts)


def test_a_fade_turns_every_stem_down_to_silence_at_the_cues_end(tmp_path: Path, font: Path) -> None:
    notes = [Note("pads", 0, 2 * RATE, 69, 100, "tone"), click(10), click(90_000)]
    plain, faded = (
        [
            read(stem)
            for stem in played(
                tmp_path / name,
                font,
                notes,
                samples=2 * RATE,
                handles=(1000, 500),
                block=40_000,
                fade_from=at,
            )
        ]
        for name, at in (("plain", None), ("faded", RATE))
    )
    first, end = 1000 + RATE, 1000 + 2 * RATE
    for before, after in zip(plain, faded, strict=True):
        np.testing.assert_array_equal(before[:first], after[:first])
        place = (np.arange(first, end) - first) / RATE
        gain = np.cos(np.pi / 2 * place) ** 2
        np.testing.assert_allclose(after[first:end], before[first:end] * gain[:, None], atol=1e-6)
        assert not after[end:].any()
    assert np.abs(plain[1][end - 20_000 : end - 10_000]).max() > 0.01


def test_the_first_note_is_the_first_sample_of_the_cue(tmp_path: Path, font: Path) -> None:
    (drums, _) = played(tmp_path, font, [click(0)], handles=(96_096, 96_096))
    assert onsets(read(drums)) == [96_096] and 96_096 == 96_096 == drums.handle_samples[0]


def test_a_note_in_the_head_handle_and_one_across_its_edge_are_heard(tmp_path: Path, font: Path) -> None:
    notes = [click(-500), Note("pads", -3000, 9600, 60, 127, "tone")]
    drums, pads = played(
        tmp_path, font, notes, (CLICK, Voice("tone", "pads", 0, 1, room=0)), handles=(1000, 0)
    )
    assert onsets(read(drums)) == [500]
    late = played(
        tmp_path / "b",
        font,
        [Note("pads", 0, 9600, 60, 127, "tone")],
        (Voice("tone", "pads", 0, 1, room=0),),
        handles=(1000, 0),
    )[1]
    assert np.array_equal(read(pads)[480:5000], read(late)[3480:8000])
    # What began before the file comes in without a click.
    assert np.abs(read(pads)[0]).max() == 0


def test_a_held_note_is_heard_when_it_was_written_and_ends_then(tmp_path: Path) -> None:
    at = 2 * RATE
    note = Note("pads", at, 2 * RATE, 60, 75, "strings")
    slow, prompt = (
        read(
            played(
                tmp_path / str(held),
                None,
                [note],
                (Voice("strings", "pads", 0, 49, room=0.0, held=held),),
                samples=7 * RATE,
                stems=("pads",),
            )[0]
        ).mean(axis=1)
        for held in (False, True)
    )
    first = int(np.flatnonzero(prompt)[0])
    assert at - RATE // 4 <= first < at - RATE // 50
    assert abs(attack_s(prompt[first:], RATE) - (at - first) / RATE) < 0.01
    assert attack_s(slow[at:], RATE) > 0.08
    # Let go at its written end: what is left 0.3 s later has fallen alike in both.
    fall = [
        np.abs(x[at + 115_000 : at + 120_000]).max() / np.abs(x[at + 90_000 : at + 95_000]).max()
        for x in (slow, prompt)
    ]
    assert fall[0] == pytest.approx(fall[1], rel=0.5)


def test_stems_have_the_order_length_and_hash_that_was_promised(tmp_path: Path, font: Path) -> None:
    stems = played(
        tmp_path, font, [click(5)], samples=1234, handles=(10, 20), stems=("pads", "drums", "melody")
    )
    assert [stem.name for stem in stems] == ["pads", "drums", "melody"]
    for stem in stems:
        assert stem.samples == 1264
        assert stem.handle_samples == (10, 20)
        assert stem.sha256 == hashlib.sha256(Path(stem.path).read_bytes()).hexdigest()
        info = soundfile.info(stem.path)
        assert (info.frames, info.channels, info.samplerate, info.subtype) == (1264, 2, 48_000, "FLOAT")
    assert not np.any(read(stems[0]))
    assert not np.any(read(stems[2]))


def song(seconds: int) -> list[Note]:
    rng = np.random.Generator(np.random.PCG64(5))
    out = []
    for at in range(0, seconds * RATE, RATE // 8):
        out.append(
            Note(
                "pads",
                at,
                int(rng.integers(4000, 90_000)),
                int(rng.integers(48, 72)),
                int(rng.integers(40, 127)),
                "tone",
            )
        )
        out.append(Note("drums", at, 4800, 60, int(rng.integers(40, 127)), "click"))
    return out


def test_the_size_of_blocks_does_not_matter(tmp_path: Path, font: Path) -> None:
    notes = song(6)
    one, two, three = (
        [read(stem) for stem in played(tmp_path / str(block), font, notes, samples=7 * RATE, block=block)]
        for block in (BLOCK, 30_001, 7 * RATE)
    )
    for a, b, c in zip(one, two, three, strict=True):
        assert np.max(np.abs(a)) > 0.05
        assert np.allclose(a, b, rtol=0, atol=1e-6)
        assert np.allclose(a, c, rtol=0, atol=1e-6)


PROGRAM = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[3])
from hitpoint.engine.progress import Cancel, silent
from hitpoint.engine.sketch.render import render
from hitpoint.engine.sketch.voices import Voice
from hitpoint.engine.types import Note
voices = (Voice("kit", "drums", 128, 0),
          Voice("strings", "pads", 0, 48, room=.4), Voice("fx:riser", "hits", -1, 0))
notes = [Note("drums", 6000 * i, 4800, (36, 42, 38, 46)[i % 4], 60 + i % 7 * 9, "kit") for i in range(40)]
notes += [Note("pads", 48_000 * i, 47_000, 55 + i, 80, "strings") for i in range(5)]
notes += [Note("hits", 20_000, 70_000, 50, 100, "fx:riser")]
stems = render(notes, voices, samples=300_000, handle_samples=(0, 0), seed=9, folder=Path(sys.argv[1]),
               stems=sys.argv[2].split(), progress=silent, cancel=Cancel())
print(" ".join(stem.sha256 for stem in stems))
"""


def test_two_processes_write_the_same_bytes(tmp_path: Path) -> None:
    def run(name: str, hash_seed: str, threads: str) -> str:
        changed = {"PYTHONHASHSEED": hash_seed, "OMP_NUM_THREADS": threads, "OPENBLAS_NUM_THREADS": threads}
        command = [sys.executable, "-c", PROGRAM, str(tmp_path / name), "drums pads hits", str(tmp_path)]
        done = subprocess.run(
            command, env=os.environ | changed, capture_output=True, text=True, check=True, cwd=tmp_path
        )
        return done.stdout

    first = run("a", "1", "1")
    assert first == run("b", "77", "2")
    assert len(set(first.split())) == 3


def test_another_seed_is_another_room(tmp_path: Path, font: Path) -> None:
    notes = [Note("pads", 0, 20_000, 60, 100, "tone")]
    a, b = (played(tmp_path / str(seed), font, notes, seed=seed)[1] for seed in (1, 2))
    assert a.sha256 != b.sha256


def test_an_open_hi_hat_is_cut_off_by_a_closed_one(tmp_path: Path, font: Path) -> None:
    hat = Voice("hat", "drums", 0, 2, room=0.0)
    long = Note("drums", 0, 40_000, 46, 127, "hat")
    alone = read(played(tmp_path / "a", font, [long], (hat,))[0])
    cut = read(played(tmp_path / "b", font, [long, Note("drums", 12_000, 480, 42, 127, "hat")], (hat,))[0])
    only = read(played(tmp_path / "c", font, [Note("drums", 12_000, 480, 42, 127, "hat")], (hat,))[0])
    assert np.array_equal(cut[:12_000], alone[:12_000])
    assert np.allclose(cut[12_480:], only[12_480:])
    assert not np.allclose(alone[12_480:20_000], only[12_480:20_000])


def test_a_tail_cut_by_the_end_of_the_file_does_not_click(tmp_path: Path, font: Path) -> None:
    pads = read(played(tmp_path, font, [Note("pads", 0, 4 * RATE, 60, 127, "tone")])[1])
    assert np.max(np.abs(pads[-5:])) < 0.002
    assert np.max(np.abs(pads[-2000:-1000])) > 0.05


def test_progress_tells_of_every_block(tmp_path: Path, font: Path) -> None:
    steps: list[Step] = []
    played(tmp_path, font, [click(0)], samples=3 * RATE, block=RATE, progress=steps.append)
    assert [(step.stage, step.done, step.total) for step in steps] == [
        ("generate", n, 3.0) for n in (1, 2, 3)
    ]


def test_cancelling_stops_within_a_block_and_leaves_nothing(tmp_path: Path, font: Path) -> None:
    cancel = Cancel()
    steps: list[Step] = []

    def stop(step: Step) -> None:
        steps.append(step)
        cancel.set()

    with pytest.raises(Cancelled):
        played(tmp_path / "out", font, song(6), samples=7 * RATE, block=RATE, progress=stop, cancel=cancel)
    assert len(steps) == 1
    assert list((tmp_path / "out").iterdir()) == []


def test_mistakes_are_named_and_nothing_is_left(tmp_path: Path, font: Path) -> None:
    out = tmp_path / "out"
    with pytest.raises(EngineFault, match="tuba"):
        played(out, font, [Note("drums", 0, 10, 60, 100, "tuba")])
    with pytest.raises(EngineFault, match="brass"):
        played(out, font, [Note("brass", 0, 10, 60, 100, "tone")])
    with pytest.raises(InputError, match=r"nothing\.sf2"):
        played(out, tmp_path / "nothing.sf2", [click(0)])
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OutputError, match="file"):
        played(tmp_path / "file", font, [click(0)])
    assert not out.exists()


def test_files_from_4_gb_on_are_rf64() -> None:
    small = wave_header(48_000)
    assert struct.unpack("<4sI4s", small[:12]) == (b"RIFF", len(small) - 8 + 8 * 48_000, b"WAVE")
    frames = 2**30
    large = wave_header(frames)
    assert large[:12] == b"RF64\xff\xff\xff\xffWAVE"
    name, size, riff, data, count, table = struct.unpack("<4sIQQQI", large[12:48])
    assert (name, size, table) == (b"ds64", 28, 0)
    assert (riff, data, count) == (len(large) - 8 + 8 * frames, 8 * frames, frames)
    assert large[-8:] == b"data\xff\xff\xff\xff"


def test_rf64_is_read_by_libsndfile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, font: Path) -> None:
    monkeypatch.setattr("hitpoint.engine.sketch.render._RIFF_LIMIT", 1000)
    (drums, _) = played(tmp_path, font, [click(77)])
    assert soundfile.info(drums.path).format == "RF64"
    assert onsets(read(drums)) == [77]


# --- the room -----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module", params=[1, 2, 3, 40])
def response(request: pytest.FixtureRequest) -> Array:
    return impulse_response(request.param)


def band(response: Array, low: float, high: float) -> Array:
    hertz = np.fft.rfftfreq(response.shape[1], 1 / RATE)
    spectrum = np.fft.rfft(response.astype(float), axis=1) * ((hertz >= low) & (hertz < high))
    return np.fft.irfft(spectrum, response.shape[1], axis=1).astype(np.float32)


def test_the_room_has_unit_energy_and_a_sensible_decay(response: Array) -> None:
    assert np.sum(response.astype(float) ** 2, axis=1) == pytest.approx([1, 1], abs=1e-4)
    assert 1.4 * RATE <= response.shape[1] <= 1.9 * RATE + 1
    for low, high in ((300, 700), (1000, 2000)):
        energy = np.sum(band(response, low, high).astype(float) ** 2, axis=0)
        fall = 10 * np.log10(np.cumsum(energy[::-1])[::-1] / np.sum(energy) + 1e-12)
        # Schroeder's integral from -5 to -25 dB, times three
        rt60 = 3 * (np.argmax(fall < -25) - np.argmax(fall < -5)) / RATE
        assert 1.0 < rt60 < 2.2


def test_treble_dies_before_the_middle(response: Array) -> None:
    def left_after_half_a_second(low: float, high: float) -> float:
        energy = np.sum(band(response, low, high).astype(float) ** 2, axis=0)
        return float(np.sum(energy[RATE // 2 : RATE]) / np.sum(energy[: RATE // 4]))

    assert left_after_half_a_second(8000, 12_000) < 0.3 * left_after_half_a_second(500, 1500)


def test_bass_is_mono_and_the_fold_down_keeps_the_room(response: Array) -> None:
    low = band(response, 20, 90)
    assert np.sum((low[0] - low[1]) ** 2) < 0.05 * np.sum(low**2)
    middle = response.sum(axis=0) / 2
    assert 10 * np.log10(np.sum(middle.astype(float) ** 2)) > -3
    # and it is wide where it may be
    high = band(response, 500, 6000)
    assert abs(np.corrcoef(high)[0, 1]) < 0.6


@settings(max_examples=15, deadline=None)
@given(blocks=st.lists(st.booleans(), min_size=1, max_size=6), size=st.integers(3000, 40_000))
def test_streaming_is_the_whole_convolution(blocks: list[bool], size: int) -> None:
    rng = np.random.Generator(np.random.PCG64(2))
    response = (
        rng.standard_normal((2, 20_000)).astype(np.float32)
        * np.exp(-np.arange(20_000) / 4000).astype(np.float32)
        / 40
    )
    sound = np.concatenate([rng.standard_normal(size) * sounding for sounding in blocks]).astype(np.float32)
    room = Room(response, size)
    got = np.zeros((len(sound), 2), np.float32)
    for number, sounding in enumerate(blocks):
        part = slice(number * size, (number + 1) * size)
        room.add(
            {"a": sound[part]} if sounding else {}, {"a": got[part], "b": np.zeros((size, 2), np.float32)}
        )
    length = len(sound) + response.shape[1]
    spectrum = np.fft.rfft(sound.astype(float), length) * np.fft.rfft(response.astype(float), length)
    whole = np.fft.irfft(spectrum, length)[:, : len(sound)].T
    assert np.allclose(got, whole, atol=2e-5)
