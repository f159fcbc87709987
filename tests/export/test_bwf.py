"""A stem file says the truth about itself to other people's readers, and holds the very samples it was
given.
"""

from __future__ import annotations

import hashlib
import json
import struct
import subprocess
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import soundfile
import wavinfo
from hypothesis import given
from hypothesis import strategies as st

from hitpoint.engine.errors import EngineFault, OutputError
from hitpoint.engine.timebase import Rate
from hitpoint.export.bwf import BwfInfo, bwf_header, bwf_writer
from judges import need_program

NTSC = Rate(30000, 1001)
INFO = BwfInfo(
    description="Stem: drums of cue 'café'",
    project="Böse & <Film>",
    rate=NTSC,
    start_frame=107_892 - 60,
    drop_frame=True,
    reference="job 7",
    cue_points=(96_096, 120_000),
    loudness_lufs=-16.04,
    loudness_range_lu=5.6,
    true_peak_dbtp=-1.1,
)


def noise(samples: int) -> npt.NDArray[np.int32]:
    draw = np.random.default_rng(4)
    return draw.integers(-(2**23), 2**23, (samples, 2), dtype=np.int32)


def write(path: Path, sound: npt.NDArray[np.int32], info: BwfInfo = INFO) -> str:
    with bwf_writer(path, info, len(sound)) as put:
        for start in range(0, len(sound), 1000):
            put(sound[start : start + 1000])
    return put.sha256


def test_libsndfile_reads_back_every_bit_and_the_hash_is_the_files(tmp_path: Path) -> None:
    sound = noise(4321)
    sound[0] = (-(2**23), 2**23 - 1)
    digest = write(tmp_path / "a.wav", sound)
    back, rate = soundfile.read(tmp_path / "a.wav", dtype="int32", always_2d=True)
    assert rate == 48_000
    np.testing.assert_array_equal(back >> 8, sound)
    assert soundfile.info(tmp_path / "a.wav").subtype == "PCM_24"
    assert hashlib.sha256((tmp_path / "a.wav").read_bytes()).hexdigest() == digest


def test_chunks_come_in_the_order_that_readers_expect(tmp_path: Path) -> None:
    write(tmp_path / "a.wav", noise(10))
    data = (tmp_path / "a.wav").read_bytes()
    assert struct.unpack("<I", data[4:8])[0] == len(data) - 8
    names, at = [], 12
    while at < len(data):
        name, size = struct.unpack("<4sI", data[at : at + 8])
        names.append(name)
        at += 8 + size + size % 2
    assert names == [b"fmt ", b"bext", b"iXML", b"cue ", b"data"]
    assert at == len(data)


def test_wavinfo_finds_timecode_loudness_and_hits(tmp_path: Path) -> None:
    write(tmp_path / "a.wav", noise(10))
    info = wavinfo.WavInfoReader(str(tmp_path / "a.wav"))
    bext = info.bext
    assert bext.version == 2
    assert bext.description == "Stem: drums of cue 'cafe'"
    assert bext.originator == "Hitpoint"
    assert (bext.originator_date, bext.originator_time) == ("2000-01-01", "00:00:00")
    assert bext.time_reference == round((107_892 - 60) * 1001 * 48_000 / 30_000) == NTSC.sample(107_832)
    assert bext.loudness_value == pytest.approx(-16.04)
    assert bext.loudness_range == pytest.approx(5.6)
    assert bext.max_true_peak == pytest.approx(-1.1)
    assert info.ixml.project == "Böse & <Film>"
    text = info.ixml.source
    assert text is not None
    speed = {
        name: info.ixml._get_text_value(f"./SPEED/{name}") for name in ("TIMECODE_RATE", "TIMECODE_FLAG")
    }
    assert speed == {"TIMECODE_RATE": "30000/1001", "TIMECODE_FLAG": "DF"}
    assert [cue.sample_offset for cue in info.cues.cues] == [96_096, 120_000]


@pytest.mark.judge
def test_ffprobe_reads_the_time_reference(tmp_path: Path) -> None:
    write(tmp_path / "a.wav", noise(48_000))
    out = subprocess.run(
        [need_program("ffprobe"), "-v", "error", "-show_format", "-show_streams", "-of", "json",
         tmp_path / "a.wav"],
        capture_output=True, check=True, timeout=60,
    )  # fmt: skip
    probed = json.loads(out.stdout)
    assert int(probed["format"]["tags"]["time_reference"]) == NTSC.sample(107_832)
    assert probed["streams"][0]["bits_per_raw_sample"] == "24"
    assert float(probed["streams"][0]["duration"]) == 1.0


@given(
    frame=st.integers(0, 24 * 3600 * 60),
    rate=st.sampled_from([Rate(24), Rate(24000, 1001), Rate(60000, 1001)]),
)
def test_the_time_reference_survives_its_two_halves(frame: int, rate: Rate) -> None:
    header = bwf_header("a.wav", BwfInfo("", "", rate, frame), 1)
    at = header.index(b"bext") + 8 + 338
    low, high = struct.unpack("<II", header[at : at + 8])
    assert low + (high << 32) == rate.sample(frame)


def test_unknown_loudness_is_marked_unknown(tmp_path: Path) -> None:
    header = bwf_header("a.wav", BwfInfo("", "", Rate(24), 0, loudness_lufs=float("-inf")), 1)
    at = header.index(b"bext") + 8 + 412
    assert struct.unpack("<5h", header[at : at + 10]) == (0x7FFF,) * 5


def test_more_than_four_gigabytes_are_refused_with_a_sentence(tmp_path: Path) -> None:
    with (
        pytest.raises(OutputError, match=r"'long\.wav' would hold 4\.\d hours.*--range"),
        bwf_writer(tmp_path / "long.wav", INFO, 2**32 // 6),
    ):
        pass
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("fault", ["short", "long", "loud", "float", "mono"])
def test_a_faulty_block_leaves_no_file(tmp_path: Path, fault: str) -> None:
    block: npt.NDArray[np.int32] = np.zeros((10, 2), np.int32)
    if fault == "loud":
        block[3, 1] = 2**23
    elif fault == "float":
        block = block.astype(np.float32)  # type: ignore[assignment]
    elif fault == "mono":
        block = block[:, :1]
    announced = {"short": 11, "long": 9}.get(fault, 10)
    with pytest.raises(EngineFault), bwf_writer(tmp_path / "a.wav", INFO, announced) as put:
        put(block)
    assert list(tmp_path.iterdir()) == []


def test_the_same_request_gives_the_same_bytes(tmp_path: Path) -> None:
    assert write(tmp_path / "a.wav", noise(100)) == write(tmp_path / "b.wav", noise(100))
