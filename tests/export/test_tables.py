"""Cue sheet, marker list and credits say what is in the music, in forms that other programs read."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

from hitpoint.engine.timebase import Rate
from hitpoint.engine.types import (
    Cue,
    Hit,
    Picture,
    Plan,
    Provenance,
    Score,
    Shot,
    Stem,
    Take,
    TempoSegment,
)
from hitpoint.export.credits import credits, write_credits
from hitpoint.export.cuesheet import cue_sheet
from hitpoint.export.markers import marker_list
from hitpoint.export.scored import ScoredCue
from hitpoint.export.tables import csv_bytes

RATE = Rate(30000, 1001)


def scored(name: str, first: int, last: int, *, weights: str | None = None) -> ScoredCue:
    cue = Cue(name, RATE, first, last, (Shot("s", first, last, "gap"),), 107_892, True)
    hits = (
        Hit(first + 60, cue.sample(first + 60), "must", 1.0, "=title, big"),
        Hit(first + 30, 48_048, "would", 0.25),
    )
    segments = (TempoSegment(0, 96_000, (4,)), TempoSegment(96_000, 192_000, (4, 1)))
    plan = Plan(name, cue.samples, hits, segments, (), (), 0)
    made = Provenance(
        "gvmgen" if weights else "sketch", "0.1.0", 42, "cinematic", "", "gvmgen-small" if weights else "",
        weights, "CC BY-NC 4.0" if weights else None, {"hitpoint.sf3": "12ab MIT"},
    )  # fmt: skip
    stems = tuple(
        Stem(stem, f"/out/stems/{stem}.wav", f"{stem}-hash", 10, (0, 0)) for stem in ("hits", "drums")
    )
    score = Score(42, "cinematic", 10, (80.0, 120.0), (), {})
    picture = Picture(RATE, first, (), (), (), (), (), ())
    return ScoredCue(cue, picture, Take(name, stems, plan, made), score)


CUES = [scored("cue 2", 3600, 5400, weights="ff" * 32), scored("cue 1", 0, 1800)]


def rows(data: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(data.decode(), newline="")))


def test_the_cue_sheet_names_place_length_author_tempo_and_key() -> None:
    first, second = rows(cue_sheet(CUES, title="Film"))
    assert first == {
        "cue": "cue 1", "in": "01:00:00;00",
        "out": "01:01:00;02", "duration": "1:00.1",
        "title": "Film: cue 1", "use": "background instrumental",
        "composer": "Hitpoint 0.1.0, sketch, seed 42", "tempo_bpm": "120.0-150.0", "key": "B flat",
    }  # fmt: skip
    assert second["composer"] == "Hitpoint 0.1.0, gvmgen (gvmgen-small), seed 42"


def test_markers_come_in_time_with_timecode_and_frame() -> None:
    found = rows(marker_list(CUES))
    assert [(row["timecode"], row["frame"], row["kind"]) for row in found[:2]] == [
        ("01:00:01;00", "30", "would"),
        ("01:00:02;00", "60", "must"),
    ]
    assert float(found[1]["seconds"]) == 2.002
    assert [row["cue"] for row in found] == ["cue 1", "cue 1", "cue 2", "cue 2"]


def test_a_name_is_never_a_formula() -> None:
    assert rows(marker_list(CUES))[1]["name"] == "'=title, big"
    assert csv_bytes(("a",), [("+1",), ("a\nb",)]) == b'a\r\n\'+1\r\n"a\nb"\r\n'


def test_credits_name_weights_licences_seeds_sounds_and_hashes(tmp_path: Path) -> None:
    write_credits(tmp_path / "credits.json", CUES, notices=["FluidR3: MIT"])
    data = json.loads((tmp_path / "credits.json").read_text())
    assert data == credits(CUES, notices=["FluidR3: MIT"])
    first, second = data["cues"]
    assert (first["cue"], first["weights"], first["model"]) == ("cue 1", None, None)
    assert second["weights"] == {"sha256": "ff" * 32, "licence": "CC BY-NC 4.0"}
    assert first["stems"] == [
        {"name": "drums", "file": "drums.wav", "sha256": "drums-hash"},
        {"name": "hits", "file": "hits.wav", "sha256": "hits-hash"},
    ]
    assert data["sounds"] == {"hitpoint.sf3": "12ab MIT"}
    assert data["notices"] == ["FluidR3: MIT"]
